"""How schemas are called: ``$id`` and ``meta:altId``, and the media type that names a version."""

from __future__ import annotations

from django.db.models import Q

from connectors.roles import User
from dataflows.api import errors
from dataflows.models import Schema

KIND = "schema"


def schema_id(schema: Schema) -> str:
    """The ``$id`` of the schema's document."""
    return str(schema.document["$id"])


def matching(user: User, wanted: str) -> Schema | None:
    """By ``$id`` or ``meta:altId``."""
    visible = Schema.objects.visible_to(user).select_related("created_by")
    return visible.filter(Q(**{"document__$id": wanted}) | Q(**{"document__meta:altId": wanted})).first()


def find(user: User, wanted: str) -> Schema:
    """Raises ApiError 1101-404."""
    found = matching(user, wanted)
    if found is None:
        raise errors.not_found(KIND, wanted)
    return found


def version_of(schema: Schema) -> str:
    return f"application/vnd.adobe.xed-full+json;version={schema.version}"
