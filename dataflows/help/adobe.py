"""What Adobe Experience Platform calls the same thing, where it has a code for it.

Source: Adobe's error codes for sources (dataflow run pages), batch ingestion and the Flow Service; Adobe publishes
no list of mapper codes, so those of single mapping rows all belong to "mapping invalid".
"""

from __future__ import annotations

from collections.abc import Mapping

from dataflows.mapping import Code, Refusal

COPY, PROCESS, PUBLISH = "CONNECTOR-1001-500", "CONNECTOR-2001-500", "CONNECTOR-3001-500"
MAPPING_INVALID, SCHEMA_MISMATCH, TIMEOUT = "1419-400", "1425-400", "2200"

COPYING = (
    *("connector", "rate_limited", "budget_empty", "service_down", "connection_cut", "incomplete_export"),
    *("bad_credentials", "wrong_region", "no_project_access", "unknown_project", "plan_forbids", "history_gate"),
    *("future_day", "bad_request", "host_refused", "secret_unreadable", "landing_unavailable"),
)
PROCESSING = ("landing_expired", "unbalanced", "internal", "worker_lost", "time_semantic_changed")
PUBLISHING = ("lake_unavailable", "lake_conflict", "storage_full")

ADOBE: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(COPYING, (COPY,)),
    **dict.fromkeys(PROCESSING, (PROCESS,)),
    **dict.fromkeys(PUBLISHING, (PUBLISH,)),
    **dict.fromkeys(Code, (MAPPING_INVALID,)),
    **dict.fromkeys(("unreachable", "export_timeout"), (COPY, TIMEOUT)),
    "mapping_invalid": (PROCESS, MAPPING_INVALID),
    "too_many_rejected": (PROCESS, "INGEST-1212-400"),
    Code.TARGET_UNKNOWN: (MAPPING_INVALID, SCHEMA_MISMATCH),
    Refusal.UNPARSABLE: (Refusal.UNPARSABLE, "1401"),
    Refusal.REQUIRED: (Refusal.REQUIRED, "DCVS-1111-400"),
    Refusal.TRANSFORM: (Refusal.TRANSFORM, "MAPPER-3700-199"),
    Refusal.ENUM: ("DCVS-1106-400",),
    **{code: (code,) for code in (COPY, PROCESS, PUBLISH, "INGEST-1211-400", "INGEST-1212-400")},
}
