"""Where the cause of a code lies, so that a reader knows whom to ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from connectors.errors import AskUser

MIXPANEL, RECORDS, MAPPING, SETTINGS, INSTALLATION, CALLER = (
    *("mixpanel", "records", "mapping"),
    *("settings", "installation", "caller"),
)
NAMES: Mapping[str, Any] = {
    MIXPANEL: _("Mixpanel"),
    RECORDS: _("The records"),
    MAPPING: _("The mapping"),
    SETTINGS: _("Settings of the account or the dataflow"),
    INSTALLATION: _("This installation"),
    CALLER: _("The program that calls"),
}
OF_GROUP = {"connector": MIXPANEL, "run": INSTALLATION, "mapping": MAPPING, "ingest": RECORDS, "api": CALLER}
OWN: Mapping[str, str] = {
    **dict.fromkeys(("landing_unavailable", "landing_expired", "storage_full", "secret_unreadable"), INSTALLATION),
    **dict.fromkeys(("lake_unavailable", "lake_conflict", "unreachable", "CONNECTOR-3001-500"), INSTALLATION),
    **dict.fromkeys(("1103-503", "1400-500"), INSTALLATION),
    **dict.fromkeys(("MAPPER-3700-400", "mapping_invalid", "too_many_rejected", "CONNECTOR-2001-500"), MAPPING),
    **dict.fromkeys(("rows_without_insert_id", "rows_conflicting"), RECORDS),
    **dict.fromkeys(("nonexistent_local_time", "ambiguous_local_time"), RECORDS),
    **dict.fromkeys(("day_shrunk", "1100-400"), MIXPANEL),
    "INGEST-1211-400": SETTINGS,
}


def origin(code: str, group: str) -> str:
    """A key of NAMES."""
    if code in OWN:
        return OWN[code]
    asks = {error.code for error in AskUser.__subclasses__()}
    return SETTINGS if code in asks else OF_GROUP[group]
