"""Mapping sets and mappings as answers show them."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping
from typing import Any

from dataflows.api import schemas
from dataflows.api.conversion.bodies import TYPES
from dataflows.api.conversion.mappings import Found
from dataflows.api.moments import millis

MIMES = {kind: mime for mime, kind in TYPES.items()}


def item(found: Found) -> dict[str, Any]:
    author = f"{found.author.get_username() if found.author else 'system'}@AdobeID"
    reference = {}
    if found.schema is not None:
        version = f"application/vnd.adobe.xed-full+json;version={found.schema.version}"
        reference = {"id": schemas.schema_id(found.schema), "contentType": version}
    return {
        "id": found.id.hex,
        "name": found.name,
        "version": found.version,
        "status": "PUBLISHED",
        "supportVersion": "1.1",
        "strictMapping": True,
        "allowNullValues": False,
        "createdDate": millis(found.created_at),
        "modifiedDate": millis(found.updated_at),
        "createdBy": author,
        "modifiedBy": author,
        "outputSchema": {"schemaRef": reference},
        "schemaRef": reference,
        "xdmSchema": reference.get("id", ""),
        "xdmVersion": "1.0",
        "mappings": mappings_of(found),
    }


def mappings_of(found: Found) -> list[dict[str, Any]]:
    return [_mapping(found, key, row) for key, row in zip(mapping_ids(found), found.rows, strict=True)]


def mapping_ids(found: Found) -> list[str]:
    """An id per row, made of the set and the destination: it stays what it is while other mappings come and go.

    Destinations occur once in a set that is right; in one that is not, later ones are counted.
    """
    seen: Counter[str] = Counter()
    ids = []
    for row in found.rows:
        nth = seen[row["destination"]]
        ids.append(uuid.uuid5(found.id, f"{row['destination']} {nth}" if nth else row["destination"]).hex)
        seen[row["destination"]] += 1
    return ids


def _mapping(found: Found, key: str, row: Mapping[str, Any]) -> dict[str, Any]:
    author = f"{found.author.get_username() if found.author else 'system'}@AdobeID"
    return {
        "id": key,
        "version": found.version,
        "createdDate": millis(found.created_at),
        "modifiedDate": millis(found.updated_at),
        "createdBy": author,
        "modifiedBy": author,
        "sourceType": MIMES.get(row["sourceType"], row["sourceType"]),
        "source": row["source"],
        "destination": row["destination"],
        "sourceAttribute": row["source"],
        "destinationXdmPath": row["destination"],
        "name": row.get("name", ""),
        "description": row.get("description", ""),
        "identity": False,
        "primaryIdentity": False,
        "matchScore": 0.0,
        "functionVersion": 0,
    }
