from dataflows.models.api_client import ApiClient, ApiToken
from dataflows.models.connection import SourceConnection, TargetConnection
from dataflows.models.coverage import Day, DayStatus
from dataflows.models.dataflow import Dataflow, DataflowStatus, Frequency
from dataflows.models.dataset import Dataset, Schema
from dataflows.models.field_group import FieldGroup
from dataflows.models.hash_key import HashKey
from dataflows.models.heartbeat import Heartbeat
from dataflows.models.mapping_set import MappingSet, MappingSetVersion
from dataflows.models.mapping_version import MappingVersion, StoredRows
from dataflows.models.remnant import Remnant
from dataflows.models.run import IllegalMove, PauseReason, Run, RunStatus, Trigger
from dataflows.models.schema_version import SchemaVersion
from dataflows.models.source_property import PropertyState, SourceProperty
from dataflows.models.window import Window, WindowStatus

__all__ = [
    "ApiClient",
    "ApiToken",
    "Dataflow",
    "DataflowStatus",
    "Dataset",
    "Day",
    "DayStatus",
    "FieldGroup",
    "Frequency",
    "HashKey",
    "Heartbeat",
    "IllegalMove",
    "MappingSet",
    "MappingSetVersion",
    "MappingVersion",
    "PauseReason",
    "PropertyState",
    "Remnant",
    "Run",
    "RunStatus",
    "Schema",
    "SchemaVersion",
    "SourceConnection",
    "SourceProperty",
    "StoredRows",
    "TargetConnection",
    "Trigger",
    "Window",
    "WindowStatus",
]
