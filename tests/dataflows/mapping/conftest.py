import json

import pytest

from dataflows.mapping import MappingRow, TimeReading, bind, compile_plan
from dataflows.schemas import XdmSchema, mixpanel_events

UTC_READING = TimeReading("utc", "UTC")


def make_schema(properties, required=()):
    """A schema of a class without fields of its own."""
    return XdmSchema.from_json(
        {
            "$id": "https://ns.example/test",
            "title": "Test",
            "meta:class": "https://ns.adobe.com/xdm/context/profile",
            "type": "object",
            "properties": properties,
            "required": list(required),
        }
    )


def rows_of(mapping):
    """``{"destination": "source"}``; a source written ``=text`` is STATIC."""
    return [
        MappingRow("STATIC", source[1:], target) if source.startswith("=") else MappingRow("ATTRIBUTE", source, target)
        for target, source in mapping.items()
    ]


def make_plan(mapping, schema, reading=UTC_READING):
    return compile_plan(bind(rows_of(mapping), schema), reading)


def event(**properties):
    """A record's line with a usable time, unless ``time`` says otherwise."""
    return json.dumps({"event": "E", "properties": {"time": 1788249600, **properties}}).encode() + b"\n"


@pytest.fixture(scope="session")
def mixpanel_schema():
    return XdmSchema.from_json(mixpanel_events())
