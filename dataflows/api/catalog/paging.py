"""The Catalog's lists: objects keyed by their ids, with ``limit`` and ``start`` (fact sheet section 9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from ninja import Field, Schema

from dataflows.api.errors import ApiError

MOST = 100


class CatalogQuery(Schema):
    """``orderBy`` is ``desc:created`` or ``asc:name``; ``properties`` names the fields to answer with."""

    limit: int = Field(20, ge=1, le=MOST)
    start: int = Field(0, ge=0, le=10_000_000)
    orderBy: str | None = Field(None, max_length=80)
    properties: str | None = Field(None, max_length=500)


def ordered(found: QuerySet[Any], given: str | None, columns: Mapping[str, str]) -> QuerySet[Any]:
    """Newest first if nothing else is asked for. Raises ApiError 1432-400."""
    direction, _, name = (given or "desc:created").partition(":")
    if direction not in ("asc", "desc") or name not in columns:
        raise ApiError(
            "1432-400",
            "orderBy not valid",
            f"There is no order {(given or '')[:80]}.",
            remedy=f"Write asc: or desc: before one of {', '.join(columns)}.",
            ours="orderby",
        )
    sign = "-" if direction == "desc" else ""
    return found.order_by(f"{sign}{columns[name]}", f"{sign}pk")


def projected(items: Mapping[str, Mapping[str, Any]], properties: str | None) -> dict[str, Any]:
    if not properties:
        return dict(items)
    names = [name.strip() for name in properties.split(",")]
    return {key: {name: item[name] for name in names if name in item} for key, item in items.items()}
