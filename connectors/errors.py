"""What can go wrong outside, sorted by what happens next.

    ConnectorError
    ├── Retry                      the world is busy or broken: later, by ourselves
    │   ├── RateLimited            rate_limited          429
    │   │   └── TooManyAtOnce      rate_limited          429 "too many export requests in progress"
    │   ├── BudgetEmpty            budget_empty          our own ledger says: not yet
    │   ├── ServiceDown            service_down          5xx, HTML from a proxy, load shedding
    │   ├── ExportTimeout          export_timeout        "Timeout Error." delivered as 400
    │   ├── Unreachable            unreachable           DNS, TLS, refused, no answer in time
    │   ├── ConnectionCut          connection_cut        the body ended in a network error
    │   ├── IncompleteExport       incomplete_export     200 whose body does not end well
    │   ├── LandingUnavailable     landing_unavailable   the landing zone cannot be written or read
    │   ├── LakeUnavailable        lake_unavailable      the lake or its catalog cannot be reached
    │   ├── LakeConflict           lake_conflict         somebody else committed first
    │   └── StorageFull            storage_full          no space left
    └── AskUser                    only a person can change this
        ├── BadCredentials         bad_credentials       401, 400 "Unable to authenticate"
        ├── WrongRegion            wrong_region          valid elsewhere, not here
        ├── NoProjectAccess        no_project_access     403
        ├── UnknownProject         unknown_project       the project id does not exist for this account
        ├── PlanForbids            plan_forbids          402
        ├── HistoryGate            history_gate          403 "Date range exceeds N days into the past"
        ├── FutureDay              future_day            400 "to_date cannot be later than today"
        ├── BadRequest             bad_request           any other 400, 404
        ├── HostRefused            host_refused          a host that is not allow-listed, a redirect elsewhere
        ├── SecretUnreadable       secret_unreadable     sealed with a key that is no longer in the key ring
        ├── UnknownTimezone        unknown_timezone      neither an IANA nor a Windows zone name
        ├── TimezoneMismatch       timezone_mismatch     the zone given here and the project's differ in their rules
        └── TimeSemanticChanged    time_semantic_changed the events' times do not mean what they are taken for

The type says the fate, the code names the row in ``connectors.messages``, ``detail`` is evidence for
a person and never holds a secret.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Fate(Enum):
    """What the engine does with an error."""

    RETRY = "retry"
    ASK_USER = "ask_user"
    SKIP_ROW = "skip_row"


@dataclass(frozen=True)
class Announced:
    """Rate limits as a server announces them; ``None`` for what it does not say.

    ``hourly`` requests in an hour, of which ``left`` may still be sent within ``resets_in`` seconds;
    ``at_once`` at the same time.
    """

    hourly: int | None = None
    at_once: int | None = None
    left: int | None = None
    resets_in: int | None = None


class ConnectorError(Exception):
    """Base of everything that is expected to go wrong outside.

    ``detail``: one sentence of evidence (what the other side said, trimmed and free of secrets).
    ``status``: the HTTP status, if there was one. ``retry_after``: seconds the other side asked for.
    ``announced``: the rate limits in the headers of the answer, if there was one.
    """

    code = "connector"
    fate = Fate.ASK_USER

    def __init__(self, detail: str = "", *, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status
        self.retry_after = retry_after
        self.announced: Announced | None = None


class Retry(ConnectorError):
    fate = Fate.RETRY


class AskUser(ConnectorError):
    fate = Fate.ASK_USER


class RateLimited(Retry):
    code = "rate_limited"


class TooManyAtOnce(RateLimited):
    """Other exports of the project are still being answered; the hour is not used up."""


class BudgetEmpty(Retry):
    """Our own ledger refuses the request; ``retry_after`` says when the next one is free."""

    code = "budget_empty"


class ServiceDown(Retry):
    code = "service_down"


class ExportTimeout(Retry):
    code = "export_timeout"


class Unreachable(Retry):
    code = "unreachable"


class ConnectionCut(Retry):
    code = "connection_cut"


class IncompleteExport(Retry):
    """A 200 whose body does not end as a complete export ends; nothing of it may be published."""

    code = "incomplete_export"


class LandingUnavailable(Retry):
    code = "landing_unavailable"


class LakeUnavailable(Retry):
    code = "lake_unavailable"


class LakeConflict(Retry):
    code = "lake_conflict"


class StorageFull(Retry):
    code = "storage_full"


class BadCredentials(AskUser):
    code = "bad_credentials"


class WrongRegion(AskUser):
    code = "wrong_region"


class NoProjectAccess(AskUser):
    code = "no_project_access"


class UnknownProject(AskUser):
    code = "unknown_project"


class ZoneDiffers(AskUser):
    code = "zone_differs"


class PlanForbids(AskUser):
    code = "plan_forbids"


class HistoryGate(AskUser):
    """Holds for the days asked for and for all before them."""

    code = "history_gate"


class FutureDay(AskUser):
    """Holds for the days asked for alone."""

    code = "future_day"


class BadRequest(AskUser):
    code = "bad_request"


class HostRefused(AskUser):
    code = "host_refused"


class SecretUnreadable(AskUser):
    code = "secret_unreadable"


class UnknownTimezone(AskUser):
    """``name`` is what was given, ``suggestions`` are the IANA names closest to it, best first."""

    code = "unknown_timezone"

    def __init__(self, name: str, suggestions: tuple[str, ...] = ()) -> None:
        hint = f" Did you mean {' or '.join(suggestions)}?" if suggestions else ""
        super().__init__(f"There is no time zone “{name[:80]}”.{hint}")
        self.name = name
        self.suggestions = suggestions


class TimezoneMismatch(AskUser):
    code = "timezone_mismatch"


class TimeSemanticChanged(AskUser):
    """The receipt stamps of the events contradict the reading of their times; ``detail`` says by how many."""

    code = "time_semantic_changed"
