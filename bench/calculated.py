"""Ten calculated fields of the common kind, added to the benchmark's fifteen mapped ones."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

TENANT = "_tributary"
TEXT, FLAG = {"type": "string"}, {"type": "boolean"}
WHOLE = {"type": "integer", "minimum": -(2**53), "maximum": 2**53}
INSTANT = {"type": "string", "format": "date-time"}
FIELDS: dict[str, tuple[dict[str, Any], str, str]] = {
    "label": (TEXT, "EXPRESSION", 'concat(event, " / ", properties.item_name)'),
    "city_lower": (TEXT, "EXPRESSION", "lower(properties.$city)"),
    "screen": (TEXT, "EXPRESSION", 'iif(properties.$screen_height > 1000, "large", "small")'),
    "campaign": (TEXT, "EXPRESSION", 'coalesce(properties.utm_campaign, properties.utm_source, "direct")'),
    "minute": (INSTANT, "EXPRESSION", 'date(dformat(properties.time * 1000, "yyyy-MM-dd HH:mm"))'),
    "browser_version": (WHOLE, "EXPRESSION", "to_integer(properties.$browser_version)"),
    "user_hash": (TEXT, "EXPRESSION", "sha256(properties.$user_id)"),
    "is_red": (FLAG, "EXPRESSION", 'matches_regex(properties.$current_url, ".*/red-.*")'),
    "first_sku": (TEXT, "EXPRESSION", "properties.items[0].sku"),
    "channel": (TEXT, "STATIC", "web"),
}


def extended(document: dict[str, Any]) -> dict[str, Any]:
    """The schema with the ten fields."""
    made = deepcopy(document)
    made["properties"][TENANT]["properties"] |= {name: kind for name, (kind, _, _) in FIELDS.items()}
    return made


def rows() -> list[dict[str, str]]:
    return [
        {"sourceType": kind, "source": source, "destination": f"{TENANT}.{name}"}
        for name, (_, kind, source) in FIELDS.items()
    ]
