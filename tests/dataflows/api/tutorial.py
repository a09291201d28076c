"""The bodies of Adobe's Mixpanel tutorial, for the sample."""

from __future__ import annotations

from typing import Any

from connectors.mixpanel.sample.credentials import SECRET, USERNAME, UTC_PROJECT_ID

MIXPANEL_SPEC = "fd2c8ff3-1de0-4f6b-8fa8-4264784870eb"
DATA_LAKE_SPEC = "c604ff05-7f1a-43c0-8e18-33bf874cb11c"
FLOW_SPEC = "6499120c-0b15-42dc-936e-847ea3c24d72"
# How Windows calls the zone of the sample's project.
ZONE = "W. Europe Standard Time"
MAPPINGS = [
    {"sourceType": "ATTRIBUTE", "source": "tributary.event_id", "destination": "_id"},
    {"sourceType": "ATTRIBUTE", "source": "tributary.timestamp", "destination": "timestamp"},
    {"sourceType": "ATTRIBUTE", "source": "event", "destination": "_tributary.event_name"},
    {"sourceType": "ATTRIBUTE", "source": "properties.distinct_id", "destination": "_tributary.distinct_id"},
]


def base_connection(host: str, **changed: Any) -> dict[str, Any]:
    return {
        "name": "Mixpanel base connection",
        "connectionSpec": {"id": MIXPANEL_SPEC, "version": "1.0"},
        "auth": {
            "specName": "Basic Authentication",
            "params": {"username": USERNAME, "password": SECRET, "host": host},
        },
        **changed,
    }


def source_connection(base: str, **changed: Any) -> dict[str, Any]:
    return {
        "name": "Mixpanel source connection",
        "baseConnectionId": base,
        "connectionSpec": {"id": MIXPANEL_SPEC, "version": "1.0"},
        "data": {"format": "json"},
        "params": {"projectId": UTC_PROJECT_ID, "timezone": ZONE},
        **changed,
    }


def target_connection(dataset: str, **changed: Any) -> dict[str, Any]:
    return {
        "name": "Mixpanel target connection",
        "connectionSpec": {"id": DATA_LAKE_SPEC, "version": "1.0"},
        "data": {"format": "json"},
        "params": {"dataSetId": dataset},
        **changed,
    }


def mapping_set(schema: str, **changed: Any) -> dict[str, Any]:
    content = "application/vnd.adobe.xed-full+json;version=1"
    return {
        "outputSchema": {"schemaRef": {"id": schema, "contentType": content}},
        "mappings": MAPPINGS,
        **changed,
    }


def flow(source: str, target: str, mapping: str, **changed: Any) -> dict[str, Any]:
    return {
        "name": "Mixpanel dataflow",
        "flowSpec": {"id": FLOW_SPEC, "version": "1.0"},
        "sourceConnectionIds": [source],
        "targetConnectionIds": [target],
        "options": {"errorDiagnosticsEnabled": True, "partialIngestionPercent": 5},
        "transformations": [{"name": "Mapping", "params": {"mappingId": mapping, "mappingVersion": 0}}],
        "scheduleParams": {"startTime": "1625040887", "frequency": "minute", "interval": "15", "backfill": False},
        **changed,
    }
