"""Pages of long lists: a page number that makes no sense is the nearest one that does."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest

PER_PAGE = 25


def page_of(
    request: HttpRequest, rows: Any, *, parameter: str = "page", size: int = PER_PAGE, count: int | None = None
) -> Page[Any]:
    """``count`` spares the counting where it is known."""
    paginator = Paginator(rows, size)
    if count is not None:
        paginator.count = count
    return paginator.get_page(request.GET.get(parameter))
