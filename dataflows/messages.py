"""What a code means to a person: what happened, why, what to do. Asks the connectors and the mapping for theirs."""

from __future__ import annotations

from connectors import messages as connector_messages
from connectors.messages import Message
from dataflows.mapping import messages as mapping_messages

RUN_MESSAGES = {
    "attempts_exhausted": Message(
        "The days could not be read after several attempts.",
        "Every attempt ended with the error shown below it.",
        "Look at the request log, then press Retry; days that are already loaded stay as they are.",
    ),
    "worker_lost": Message(
        "The worker that held these days died several times.",
        "It was killed from outside, most often because the machine ran out of memory.",
        "Check the memory of the worker machine, then press Retry.",
    ),
    "too_many_rejected": Message(
        "More records were rejected than the error threshold allows, so nothing of that day was published.",
        "The mapping does not fit these records, or the threshold is too low for this project.",
        "Look at the reasons and samples, fix the mapping or raise the threshold, then press Retry.",
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
        "received is not loaded + duplicate + rejected + filtered; this is a defect of Tributary.",
        "Press Retry; if it happens again, send the run page to whoever maintains this installation.",
    ),
    "mapping_invalid": Message(
        "The mapping does not fit the dataset's schema any more.",
        "The schema or the mapping was changed after the dataflow was set up.",
        "Open the mapping, correct the rows that are marked, save, then run again.",
    ),
    "schedule_invalid": Message(
        "The schedule cannot be read.",
        "Its cron expression or time zone is not valid.",
        "Edit the schedule of the dataflow.",
    ),
    "internal": Message(
        "Something unexpected happened inside Tributary.",
        "This is a defect; its traceback is kept with the run.",
        "Press Retry; if it happens again, send the traceback to whoever maintains this installation.",
    ),
    "INGEST-1502-400": Message(
        "A record's time lies outside the days that were asked for.",
        "Mixpanel answered with an event of another day; loading it here would put it there twice.",
        "Check the project's time zone and time semantic; the record is kept with its raw text.",
    ),
}


def message_for(code: str) -> Message:
    """The message of any code a run, a window or a record can carry. Raises KeyError for an unknown one."""
    for catalogue in (RUN_MESSAGES, connector_messages.MESSAGES, mapping_messages.MESSAGES):
        if code in catalogue:
            return catalogue[code]
    raise KeyError(code)
