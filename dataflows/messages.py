"""What a code means to a person: what happened, why, what to do. Asks the connectors and the mapping for theirs."""

from __future__ import annotations

from connectors import messages as connector_messages
from connectors.messages import Message
from dataflows.mapping import messages as mapping_messages

RUN_MESSAGES = {
    "worker_lost": Message(
        "The worker that held these days died several times.",
        "It was killed from outside, most often because the machine ran out of memory.",
        "Check the memory of the worker machine, then press Retry.",
    ),
    "too_many_rejected": Message(
        "More records were rejected than the error threshold allows, so nothing of such a day was published.",
        "The mapping does not fit these records, or the threshold is too low for this project.",
        "Look at the reasons and samples, fix the mapping or raise the threshold, then reprocess; Mixpanel is not "
        "asked again.",
    ),
    "day_shrunk": Message(
        "A day came back much smaller than it is in the dataset, so the new answer is held.",
        "Mixpanel may have deleted old events (retention, a plan change, a clean-up), or its answer was not whole.",
        "Compare both counts on the dataflow's page, then keep the old data or accept the new.",
    ),
    "landing_expired": Message(
        "The raw answer of a day is no longer in the landing zone.",
        "Raw answers are deleted after their retention time.",
        "Run the day on demand instead; that asks Mixpanel again.",
    ),
    "unbalanced": Message(
        "The accounting of a day does not balance, so nothing was published.",
        "The parts do not add up to what was received; this is a defect of Tributary, its traceback is kept.",
        "Press Retry; if it happens again, send the run page to whoever maintains this installation.",
    ),
    "mapping_invalid": Message(
        "The mapping does not fit the dataset's schema any more.",
        "The schema or the mapping was changed after the dataflow was set up.",
        "Open the mapping, correct the rows that are marked, save, then run again.",
    ),
    "internal": Message(
        "Something unexpected happened inside Tributary.",
        "This is a defect; its traceback is kept with the run.",
        "Press Retry; if it happens again, send the traceback to whoever maintains this installation.",
    ),
    "rows_without_insert_id": Message(
        "Some events have no $insert_id.",
        "Mixpanel and Tributary tell a second copy of an event by its $insert_id; of events without one only identical "
        "lines are merged, so a copy that was sent again with another property is loaded as a second event.",
        "Nothing has to be done. To be sure of the counts, let whatever sends these events set $insert_id.",
    ),
    "rows_conflicting": Message(
        "Copies of one event do not agree.",
        "Their event, distinct_id, time and $insert_id are the same but other values differ; the copy that Mixpanel "
        "processed last is in the dataset, as in Mixpanel's own reports.",
        "Look at the sample. If both are events of their own, let whatever sends them set different $insert_ids.",
    ),
    "nonexistent_local_time": Message(
        "Some events have a local time that never was.",
        "This project stores local time, and these lie in the time that was skipped when clocks went forward; they "
        "were moved forward by as much. The raw time is kept.",
        "Nothing has to be done. Usually a device had not changed its clock yet.",
    ),
    "ambiguous_local_time": Message(
        "Some events have a local time that was twice.",
        "This project stores local time, and these lie in the time that was repeated when clocks went back; nothing "
        "tells which of both it was, so the first was taken. The raw time is kept.",
        "Nothing has to be done. Events that were not imported carry Mixpanel's receipt, which settles it.",
    ),
    "INGEST-1502-400": Message(
        "A record's time lies outside the days that were asked for.",
        "Mixpanel answered with an event of another day; loading it here would put it there twice.",
        "Check the project's time zone and time semantic; the record is kept with its raw text.",
    ),
}

# What Adobe Experience Platform says of a run as a whole: the phase that failed, and errors in the records.
ADOBE_MESSAGES = {
    "CONNECTOR-1001-500": Message(
        "A problem occurred while data was copied from the source.",
        "Mixpanel refused or broke off the export, or its answer could not be kept in the landing zone.",
        "Read the cause that is named beside this code and follow its advice; it tells whether anything is to be done.",
    ),
    "CONNECTOR-2001-500": Message(
        "A problem occurred while the copied data was processed.",
        "Parsing, mapping or validation refused too much of it, or a worker could not finish.",
        "Look at the rejected records by group, fix the mapping, then reprocess: Mixpanel is not asked again.",
    ),
    "CONNECTOR-3001-500": Message(
        "A problem occurred while the data was published into the dataset.",
        "The lake's storage or catalog did not take it: it is away, full, or was changed by somebody else.",
        "Read the cause that is named beside this code. Nothing was half published.",
    ),
    "INGEST-1211-400": Message(
        "There are errors in the data, and error diagnostics are off.",
        "The dataflow counts rejected records by reason without keeping them.",
        "Turn error diagnostics on in the dataflow, then reprocess these days to see the records.",
    ),
    "INGEST-1212-400": Message(
        "There are errors in the data; the records without errors were ingested.",
        "Some records did not fit the mapping or the schema. Each of them has a code of its own.",
        "Look at the rejected records by group, fix the mapping, then reprocess: Mixpanel is not asked again.",
    ),
}


def message_for(code: str) -> Message:
    """The message of any code a run, a window or a record can carry. Raises KeyError for an unknown one."""
    for catalogue in (RUN_MESSAGES, ADOBE_MESSAGES, connector_messages.MESSAGES, mapping_messages.MESSAGES):
        if code in catalogue:
            return catalogue[code]
    raise KeyError(code)
