"""The schema that Tributary ships for Mixpanel events.

The eleven fields from ``distinct_id`` to ``time`` carry the names and types of Adobe's documented Mixpanel
source mapping; the others are properties that Mixpanel's own libraries set (Mixpanel default properties page).
"""

from __future__ import annotations

from typing import Any

from dataflows.schemas import identities
from dataflows.schemas.xdm import EXPERIENCE_EVENT

TITLE = "Mixpanel Events (ExperienceEvent)"
NAMESPACE = "MixpanelDistinctId"
TEXT: dict[str, Any] = {"type": "string"}
FLAG: dict[str, Any] = {"type": "boolean"}
LONG: dict[str, Any] = {"type": "integer", "minimum": -(2**53), "maximum": 2**53}

FIELDS: tuple[tuple[str, dict[str, Any], str, str], ...] = (
    ("distinct_id", TEXT, "Distinct ID", "Who did it, as Mixpanel identifies users."),
    ("event_name", TEXT, "Event name", "The event's name, unchanged."),
    ("import", FLAG, "Imported", "True when the event came through Mixpanel's import API."),
    ("insert_id", TEXT, "Insert ID", "The sender's id for this event; Mixpanel may send it more than once."),
    ("item_id", TEXT, "Item ID", "The item the event is about."),
    ("item_name", TEXT, "Item name", "The name of that item."),
    ("item_price", TEXT, "Item price", "The price as it was sent, a text."),
    ("mp_api_endpoint", TEXT, "API endpoint", "The Mixpanel host that received the event."),
    ("mp_api_timestamp_ms", LONG, "Received at", "When Mixpanel received the event, UTC milliseconds."),
    ("mp_processing_time_ms", LONG, "Processed at", "When Mixpanel processed the event, UTC milliseconds."),
    ("time", LONG, "Raw time", "The event's time as Mixpanel exports it, unchanged."),
    ("user_id", TEXT, "User ID", "The known user, in projects with simplified identity merge."),
    ("device_id", TEXT, "Device ID", "The anonymous device, in projects with simplified identity merge."),
    ("city", TEXT, "City", "Derived by Mixpanel from the IP address."),
    ("region", TEXT, "Region", "Derived by Mixpanel from the IP address."),
    ("country_code", TEXT, "Country", "Two letters, derived by Mixpanel from the IP address."),
    ("browser", TEXT, "Browser", "Set by Mixpanel's web library."),
    ("os", TEXT, "Operating system", "Set by Mixpanel's libraries."),
    ("current_url", TEXT, "Page address", "The address of the page, set by Mixpanel's web library."),
    ("lib", TEXT, "Library", "Which Mixpanel library sent the event."),
)


def mixpanel_events(tenant: str = "tributary") -> dict[str, Any]:
    """The JSON Schema document of *Mixpanel Events*, its own fields under ``_<tenant>``."""
    return {
        "$id": f"https://ns.adobe.com/{tenant}/schemas/mixpanel-events",
        "meta:altId": f"_{tenant}.schemas.mixpanel-events",
        "meta:class": EXPERIENCE_EVENT,
        "title": TITLE,
        "description": "Product events of a Mixpanel project, one record per event.",
        "type": "object",
        "properties": class_fields() | {f"_{tenant}": mixpanel_object()},
        "required": ["_id", "timestamp"],
        "meta:descriptors": [identities.descriptor((f"_{tenant}", "distinct_id"), NAMESPACE, primary=True)],
    }


def class_fields() -> dict[str, Any]:
    """What every ExperienceEvent has."""
    return {
        "_id": _field(TEXT, "Identifier", "Unique per event and the same whenever the event is read again."),
        "timestamp": _field({"type": "string", "format": "date-time"}, "Timestamp", "The instant it happened, UTC."),
        "eventType": _field(TEXT, "Event type", "What kind of event it is."),
        "producedBy": _field(TEXT, "Produced by", "The system that produced the event."),
    }


def mixpanel_object() -> dict[str, Any]:
    """The object under the tenant's namespace."""
    fields = {name: _field(kind, title, description) for name, kind, title, description in FIELDS}
    return {"type": "object", "title": "Mixpanel", "properties": fields}


def _field(kind: dict[str, Any], title: str, description: str) -> dict[str, Any]:
    return {**kind, "title": title, "description": description}
