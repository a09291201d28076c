"""Pages of long lists: a page number that makes no sense is the nearest one that does."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest

PER_PAGE = 25


def page_of(request: HttpRequest, rows: Any, *, parameter: str = "page", size: int = PER_PAGE) -> Page[Any]:
    return Paginator(rows, size).get_page(request.GET.get(parameter))
