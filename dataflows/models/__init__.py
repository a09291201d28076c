from dataflows.models.coverage import Day, DayStatus
from dataflows.models.dataflow import Dataflow, DataflowStatus, Frequency
from dataflows.models.dataset import Dataset, Schema
from dataflows.models.heartbeat import Heartbeat
from dataflows.models.mapping_version import MappingVersion, StoredRows
from dataflows.models.run import IllegalMove, PauseReason, Run, RunStatus, Trigger
from dataflows.models.window import Window, WindowStatus

__all__ = [
    "Dataflow",
    "DataflowStatus",
    "Dataset",
    "Day",
    "DayStatus",
    "Frequency",
    "Heartbeat",
    "IllegalMove",
    "MappingVersion",
    "PauseReason",
    "Run",
    "RunStatus",
    "Schema",
    "StoredRows",
    "Trigger",
    "Window",
    "WindowStatus",
]
