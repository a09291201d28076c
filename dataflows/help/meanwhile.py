"""What Tributary does by itself when a code appears, so that a reader knows what need not be done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connectors.errors import ConnectorError, Fate
from dataflows.runs.lifecycle import PAUSING

AGAIN = (
    "Tries the same days again by itself, after a pause that doubles each time up to an hour. If it goes on failing, "
    "the days are marked as failed; what the dataset has of them stays as it is."
)
STOPPED = "Ends the work on these days without publishing any of them. What the dataset has of them stays as it is."
PAUSED = f"{STOPPED} The dataflow is paused until a person has changed something, so that it does not fail on and on."
KEPT = (
    "Keeps the record with its raw text, its line and this reason (unless error diagnostics are off), counts it, and "
    "loads the others. Above the error threshold nothing of that day is published."
)
REFUSED = (
    "Saves nothing and starts no run with a mapping that has this problem; what was typed stays on the page. A run "
    "that meets it publishes nothing."
)
COUNTED = "Loads the events and counts how many there are, with a sample on the page of the run."

OF_FATE: Mapping[Fate, str] = {Fate.RETRY: AGAIN, Fate.ASK_USER: STOPPED, Fate.SKIP_ROW: KEPT}
OF_GROUP: Mapping[str, str] = {
    "mapping": REFUSED,
    "ingest": KEPT,
    "run": STOPPED,
    "connector": STOPPED,
    "api": "Refuses the request and changes nothing. The answer names the place in the request that is wrong.",
}
OWN: Mapping[str, str] = {
    "429050": "Answers the other requests of the client again after the time in the header Retry-After.",
    "1103-503": "Changes nothing. Runs that need the same service try again by themselves.",
    "1400-500": "Changes nothing that was not complete, and writes the traceback to the log.",
    "rate_limited": "Waits for as long as Mixpanel asks, for all dataflows of the project, then goes on. Waiting does "
    "not count as a failed attempt.",
    "budget_empty": "Waits until a request is free, then goes on. Waiting does not count as a failed attempt.",
    "export_timeout": f"{AGAIN} From the second time on it asks for half as many days at once.",
    "connection_cut": f"{AGAIN} From the second time on it asks for half as many days at once.",
    "incomplete_export": f"{AGAIN} From the second time on it asks for half as many days at once.",
    "lake_conflict": "Publishes again on top of the other change. Nothing is copied or read again.",
    "history_gate": f"{STOPPED} Older days of the same run are not asked for, because the answer would be the same.",
    "future_day": f"{STOPPED} The other days of the run go on.",
    "plan_forbids": f"{STOPPED} When only the comparison of counts is refused, exports go on without it.",
    "worker_lost": "Another worker takes over when the lease of the dead one ends, and goes on where it stopped; what "
    "had landed is not asked for again. After several deaths the days are marked as failed.",
    "too_many_rejected": "Publishes nothing of that day; the days below the threshold are published. The raw answer "
    "and the rejected records are kept, so the day can be reprocessed without asking Mixpanel.",
    "day_shrunk": "Keeps both: the old data stays in the dataset, the new answer stays in the landing zone until "
    "somebody decides.",
    "landing_expired": "Starts nothing. What the dataset has of the day stays as it is.",
    "rows_without_insert_id": COUNTED,
    "rows_conflicting": COUNTED,
    "nonexistent_local_time": COUNTED,
    "ambiguous_local_time": COUNTED,
    "CONNECTOR-1001-500": "Tries again what may pass by itself (limits, outages, broken connections) and ends at once "
    "what only a person can change. Nothing half copied is ever loaded.",
    "CONNECTOR-2001-500": "Publishes the days that could be processed and leaves the others as they were. The raw "
    "answer is kept, so that they can be reprocessed without asking Mixpanel.",
    "CONNECTOR-3001-500": "Tries to publish again, without copying again. A day is published whole or not at all.",
    "INGEST-1211-400": "Counts the rejected records by code and field, but keeps none of them.",
    "INGEST-1212-400": "Loads the records without errors and keeps the others with their raw text, to be downloaded, "
    "looked at by group, and reprocessed.",
}


def meanwhile(code: str, group: str) -> str:
    """What happens by itself: said for this code, or for all codes of its fate or group."""
    if code in OWN:
        return OWN[code]
    if code in PAUSING:
        return PAUSED
    fate = _fates().get(code)
    return OF_FATE[fate] if fate else OF_GROUP[group]


def _fates() -> dict[str, Fate]:
    return {kind.code: kind.fate for kind in _kinds(ConnectorError)}


def _kinds(kind: type[ConnectorError]) -> Iterator[type[ConnectorError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _kinds(child)
