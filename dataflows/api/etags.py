"""Etags: a fingerprint of what an entity says, quoted as HTTP wants it (fact sheet section 5.7)."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.http import HttpRequest

from dataflows.api.errors import ApiError

# What changes while nobody changes the entity.
PASSING = frozenset(("lastRunDetails", "lastOperation", "etag", "version"))


def stamped(item: dict[str, Any]) -> dict[str, Any]:
    """The entity with its ``etag``, and the same as its ``version``."""
    lasting = {name: value for name, value in item.items() if name not in PASSING}
    found = hashlib.sha256(json.dumps(lasting, sort_keys=True, default=str).encode()).hexdigest()
    etag = f'"{found[:8]}-0000-0200-0000-{found[8:16]}"'
    return {**item, "version": etag, "etag": etag}


def check(request: HttpRequest, item: dict[str, Any], *, needed: bool = True) -> None:
    """Raises ApiError 1403-400 without If-Match, 1404-412 when the entity is another by now."""
    given = request.headers.get("If-Match")
    if given is None:
        if not needed:
            return
        raise ApiError(
            "1403-400",
            "If-Match missing",
            "A change needs the header If-Match with the etag of the entity.",
            remedy="Get the entity and send its etag.",
            ours="if_match_missing",
        )
    if given.strip().strip('"') != item["etag"].strip('"'):
        raise ApiError(
            "1404-412",
            "Version not matching",
            "The entity was changed since the etag in If-Match was read.",
            remedy="Get the entity again and repeat the change.",
            ours="etag_mismatch",
        )
