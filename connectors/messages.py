"""What a person reads about each error code: what happened, why, and what to do. Plain English, no markup.

The evidence of the single case (``ConnectorError.detail``) is shown beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Message:
    """``what`` happened in one sentence, ``why`` it usually happens, ``todo`` what the reader can do now."""

    what: str
    why: str
    todo: str


MESSAGES: Mapping[str, Message] = {
    "connector": Message(
        "The connection to the outside failed.",
        "The other side answered in a way that Tributary does not know.",
        "Read the details. If it happens again, report it together with them.",
    ),
    "rate_limited": Message(
        "Mixpanel's rate limit is used up.",
        "A Mixpanel project answers 60 export requests per hour to all its users together, other tools included.",
        "Nothing: Tributary waits and goes on by itself. If other tools export from this project, space them out.",
    ),
    "budget_empty": Message(
        "Waiting for the rate budget of this Mixpanel project.",
        "Tributary counts its own export requests and stops before Mixpanel would refuse one.",
        "Nothing: the work goes on as soon as a request is free.",
    ),
    "service_down": Message(
        "Mixpanel does not work properly right now.",
        "It answered with a server error, or something between here and Mixpanel answered in its place.",
        "Nothing at first: Tributary tries again. If it goes on, look at status.mixpanel.com and at your proxy.",
    ),
    "export_timeout": Message(
        "Mixpanel took too long to prepare the export.",
        "Days with very many events can exceed Mixpanel's own time limit.",
        "Nothing: Tributary tries again, asking for fewer days at once.",
    ),
    "unreachable": Message(
        "Mixpanel could not be reached.",
        "The name did not resolve, the connection was refused, or nothing answered in time.",
        "Check the internet connection, firewall and proxy of the machine Tributary runs on.",
    ),
    "connection_cut": Message(
        "The connection broke while data was arriving.",
        "A network, a proxy or Mixpanel ended it. What had arrived was thrown away, so nothing is half loaded.",
        "Nothing: Tributary asks again for the same days. If it goes on, check the proxy for time limits.",
    ),
    "incomplete_export": Message(
        "Mixpanel's answer was not complete.",
        "Mixpanel reported success but stopped before the end. Nothing of this answer was loaded.",
        "Nothing: Tributary asks again. If one day fails again and again, ask Mixpanel's support about that day.",
    ),
    "landing_unavailable": Message(
        "The landing zone cannot be written or read.",
        "The folder or object store for raw responses does not answer or denies access.",
        "Check that it exists, that its credentials are valid and that Tributary may write to it.",
    ),
    "lake_unavailable": Message(
        "The lake cannot be reached.",
        "Its storage or its catalog does not answer or denies access.",
        "Check the storage and the database of the catalog. Nothing was half published.",
    ),
    "lake_conflict": Message(
        "Somebody else changed the dataset at the same moment.",
        "Two writers cannot publish into the same dataset at once.",
        "Nothing: Tributary publishes again on top of the other change.",
    ),
    "storage_full": Message(
        "There is no space left.",
        "The disk or bucket for raw responses or datasets is full.",
        "Free or add space, or shorten how long raw responses are kept. Nothing was half published.",
    ),
    "bad_credentials": Message(
        "Mixpanel refused the credentials.",
        "User name or secret are wrong, the service account expired or was deleted, or its region is another one.",
        "Edit the account: enter the service account's user name and secret again, and check the region.",
    ),
    "wrong_region": Message(
        "The credentials or the project belong to another region.",
        "Every Mixpanel project lives in one region: United States, European Union or India.",
        "Edit the account and choose the region that is named in the details.",
    ),
    "no_project_access": Message(
        "The account may not read this project.",
        "The service account is not a member of the project, or its role does not allow exports.",
        "In Mixpanel, add the service account to the project as Analyst or higher (Organization settings, "
        "Service accounts).",
    ),
    "unknown_project": Message(
        "There is no such project for this account.",
        "The project id is mistyped, the project was deleted or reset, or the account is not a member of it.",
        "Choose a project from the list, or compare the id with Mixpanel's project settings.",
    ),
    "zone_differs": Message(
        "This is not the time zone of the project.",
        "Mixpanel tells the zone of each project; days and times would be read wrongly in another one.",
        "Use the zone that Mixpanel shows under Project Settings.",
    ),
    "plan_forbids": Message(
        "Your Mixpanel plan does not allow this request.",
        "Free plans export raw events but answer no queries, so counts cannot be compared with Mixpanel's.",
        "For comparing counts, upgrade the Mixpanel plan. Exports need no other plan: if one was refused, ask "
        "Mixpanel's support.",
    ),
    "history_gate": Message(
        "Mixpanel does not give out days this old.",
        "Plans limit how far back data may be read, and events are deleted after two or five years.",
        "Begin the dataflow at a later day.",
    ),
    "future_day": Message(
        "A day was asked for that has not begun yet in Mixpanel.",
        "Mixpanel's days end in the time zone of the project, which may differ from the one entered here.",
        "Check the time zone of the account; the next run asks again.",
    ),
    "bad_request": Message(
        "Mixpanel did not understand the request.",
        "A value in it is not acceptable to Mixpanel, or the address of the account leads elsewhere.",
        "Read the details, then check the settings of the account and of the dataflow.",
    ),
    "host_refused": Message(
        "Tributary does not call this host.",
        "Secrets are sent to Mixpanel's hosts and to hosts the operator allows, and never follow a redirect.",
        "Choose one of the regions, or ask the operator to add the address to MIXPANEL_EXTRA_HOSTS.",
    ),
    "secret_unreadable": Message(
        "The stored secret cannot be read.",
        "It was encrypted with a key that is no longer among TRIBUTARY_KEYS.",
        "Put the old key back, or edit the account and enter the secret again.",
    ),
    "unknown_timezone": Message(
        "This time zone is not known.",
        "Names from the IANA list (Europe/Berlin) and Windows names (Pacific Standard Time) are understood.",
        "Choose the zone that Mixpanel shows in its project settings.",
    ),
    "timezone_mismatch": Message(
        "The time zone is not the one of the project.",
        "Days would begin and end at other hours than in Mixpanel, and counts could not be compared.",
        "Choose the time zone that Mixpanel shows in its project settings.",
    ),
    "time_semantic_changed": Message(
        "The times of this project do not mean what this dataflow takes them for.",
        "The project was reset, moved or recreated in Mixpanel, or the reading was chosen wrongly at the start. "
        "Nothing was published with wrong times.",
        "Decide on the dataflow's page which reading is right; then the days can be run again.",
    ),
}


def message_for(code: str) -> Message:
    """The words for an error code; for one that is not known here, those of the general ``connector`` code."""
    return MESSAGES.get(code, MESSAGES["connector"])
