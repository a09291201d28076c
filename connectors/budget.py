"""The rate budget of a Mixpanel project: one ledger for all dataflows, previews and tests of all workers.

Mixpanel allows 60 export requests per rolling hour, 3 per second and 100 at once, per project, shared by
every client (rate limits page). A request is reserved here before it is sent; when nothing is free the
caller is told when to come back and sends nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from connectors.errors import Announced, BudgetEmpty, ConnectorError, RateLimited, TooManyAtOnce
from connectors.models import Account, ExportRequest, RateBudget

# Mixpanel counts when a request arrives, not when it was entered here: the margins cover what lies between.
HOUR = timedelta(hours=1, seconds=5)
SECOND = timedelta(seconds=2)
# After a 429 that does not say how long (fact sheet 3.9): a minute, doubled up to a quarter of an hour.
FIRST_WAIT, LONGEST_WAIT = 60, 900
# Limits that were announced or felt may be raised again; they are believed for so long.
BELIEVED = timedelta(hours=1)
# A request whose end was never written (its worker was killed) stops counting as "at once" after this long.
ABANDONED = timedelta(hours=2)


@dataclass(frozen=True)
class BudgetState:
    """Requests of the last hour, the limit, and when the next one is free (``None``: now).

    ``foreign`` of the used ones were not ours; ``spare`` are kept for others.
    """

    used: int
    limit: int
    free_at: datetime | None
    foreign: int = 0
    spare: int = 0

    @property
    def left(self) -> int:
        return max(0, self.limit - self.used)


def project_key(account: Account, project_id: str) -> str:
    return f"{account.kind}:{account.region}:{project_id or f'account-{account.pk}'}"


def state(account: Account, project_id: str, *, now: datetime | None = None) -> BudgetState:
    """What is used and left for a project, without reserving anything."""
    budget = RateBudget.objects.filter(project=project_key(account, project_id)).first()
    if budget is None:
        return BudgetState(0, settings.EXPORTS_PER_HOUR, None)
    return _measure(budget, now or timezone.now())


def _measure(budget: RateBudget, now: datetime, spare: int = 0) -> BudgetState:
    hourly, at_once, foreign = _limits(budget, now)
    spare = spared(hourly, spare)
    recent = budget.requests.filter(sent_at__gt=now - HOUR, counted=True)
    times = list(recent.order_by("-sent_at").values_list("sent_at", flat=True)[:hourly])
    waits = [budget.blocked_until] if budget.blocked_until and budget.blocked_until > now else []
    waits += _hour_is_full(budget, times, hourly - spare, foreign, now)
    burst = [sent for sent in times if sent > now - SECOND]
    if len(burst) >= settings.EXPORTS_PER_SECOND:
        waits.append(burst[settings.EXPORTS_PER_SECOND - 1] + SECOND)
    if _running(budget, now) >= at_once:
        waits.append(now + SECOND)
    return BudgetState(recent.count() + foreign, hourly, max(waits, default=None), foreign, spare)


def _limits(budget: RateBudget, now: datetime) -> tuple[int, int, int]:
    """Requests an hour, at once, and how many of the hour others have used. The settings are never exceeded."""
    hourly, at_once = settings.EXPORTS_PER_HOUR, settings.EXPORTS_AT_ONCE
    if budget.heard_until and budget.heard_until > now:
        hourly = min(hourly, budget.hourly if budget.hourly is not None else hourly)
        at_once = min(at_once, budget.at_once if budget.at_once is not None else at_once)
        return hourly, at_once, _foreign(budget, now)
    return hourly, at_once, 0


def _foreign(budget: RateBudget, now: datetime) -> int:
    """At the time the headers named, one request of others has left the hour for sure; the next answer tells more."""
    is_whole = budget.foreign_until is not None and budget.foreign_until > now
    return budget.foreign if is_whole else max(0, budget.foreign - 1)


def _hour_is_full(
    budget: RateBudget, times: list[datetime], allowed: int, foreign: int, now: datetime
) -> list[datetime]:
    """When the hour has room again: a request of ours leaves it, or those of others do."""
    own = max(0, allowed - foreign)
    if len(times) < own:
        return []
    leave = [times[own - 1] + HOUR] if own else []
    leave += [moment for moment in (budget.foreign_until, budget.heard_until) if foreign and moment and moment > now]
    return [min(leave)] if leave else []


def spared(hourly: int, wanted: int) -> int:
    """How many requests of the hour are kept for others: never more than half, or nobody else would ever be served."""
    return min(wanted, hourly // 2)


def _running(budget: RateBudget, now: datetime) -> int:
    return budget.requests.filter(ended_at=None, sent_at__gt=now - ABANDONED).count()


def _reserve(
    account: Account, project_id: str, request: ExportRequest, spare: int, at: datetime | None
) -> ExportRequest | None:
    """Count, insert and raise the version in one transaction; ``None`` when somebody else was first."""
    budget, _ = RateBudget.objects.get_or_create(project=project_key(account, project_id))
    with transaction.atomic():
        # Asked inside, because SQLite may have kept us waiting for its lock.
        now = at or timezone.now()
        seen = RateBudget.objects.get(pk=budget.pk)
        measured = _measure(seen, now, spare)
        if measured.free_at is not None:
            wait = max(0.2, (measured.free_at - now).total_seconds())
            raise BudgetEmpty(_used(measured), retry_after=wait)
        won = RateBudget.objects.filter(pk=seen.pk, version=seen.version).update(version=F("version") + 1)
        if not won:
            return None
        request.budget, request.sent_at = seen, now
        request.save(force_insert=True)
    return request


def _used(state: BudgetState) -> str:
    others = f", {state.foreign} of them by others" if state.foreign else ""
    kept = f"; {state.spare} are kept for scheduled runs" if state.spare else ""
    return f"{state.used} of {state.limit} requests used this hour{others}{kept}"


def reserve(
    account: Account,
    project_id: str,
    purpose: str,
    *,
    reference: str = "",
    days: tuple[date, date] | None = None,
    spare: int = 0,
    now: datetime | None = None,
) -> ExportRequest:
    """Enter one request into the ledger, leaving ``spare`` of the hour to others.

    Raises BudgetEmpty with ``retry_after`` when the limits say no.
    """
    first, last = days or (None, None)
    reserved = None
    while reserved is None:
        blank = ExportRequest(account=account, purpose=purpose, reference=reference, first_day=first, last_day=last)
        reserved = _reserve(account, project_id, blank, spare, now)
    return reserved


def finish(request: ExportRequest, *, status: int | None = None, size: int = 0) -> None:
    ExportRequest.objects.filter(pk=request.pk).update(ended_at=timezone.now(), status=status, size=size)
    if status == 200:
        RateBudget.objects.filter(pk=request.budget_id, refusals__gt=0).update(refusals=0)


def heed(request: ExportRequest, announced: Announced | None, *, now: datetime | None = None) -> None:
    """Believe the limits in the headers of an answer, and what they tell of requests that were not ours."""
    if announced is None:
        return
    now = now or timezone.now()
    found: dict[str, Any] = {"heard_until": now + BELIEVED, "at_once": announced.at_once, "hourly": announced.hourly}
    if announced.hourly is not None and announced.left is not None:
        ours = ExportRequest.objects.filter(budget=request.budget_id, sent_at__gt=now - HOUR, counted=True).count()
        found["foreign"] = max(0, announced.hourly - announced.left - ours)
        found["foreign_until"] = now + (timedelta(seconds=announced.resets_in) if announced.resets_in else HOUR)
    _change(request, **found)


def _change(request: ExportRequest, **fields: Any) -> None:
    """Write the project's limits; a reservation that has read the old ones starts again."""
    RateBudget.objects.filter(pk=request.budget_id).update(version=F("version") + 1, **fields)


def fail(request: ExportRequest, error: ConnectorError) -> None:
    """Write what went wrong; a 429 closes the project's budget until Mixpanel wants to hear from us again.

    One for too many exports at the same time does not: fewer are sent at once for an hour.
    """
    now = timezone.now()
    ExportRequest.objects.filter(pk=request.pk).update(
        ended_at=now,
        status=error.status,
        code=error.code,
        detail=error.detail[:2000],
        counted=error.status not in {401, 402, 403, 429},
    )
    heed(request, error.announced, now=now)
    if isinstance(error, TooManyAtOnce):
        _send_fewer_at_once(request, now)
    elif isinstance(error, RateLimited):
        _close(request, error, now)


def _send_fewer_at_once(request: ExportRequest, now: datetime) -> None:
    budget = RateBudget.objects.get(pk=request.budget_id)
    fewer = max(1, _running(budget, now) // 2)
    _change(request, at_once=fewer, heard_until=now + BELIEVED)


def _close(request: ExportRequest, error: RateLimited, now: datetime) -> None:
    _change(request, refusals=F("refusals") + 1)
    refusals = RateBudget.objects.values_list("refusals", flat=True).get(pk=request.budget_id)
    doubled = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (min(refusals, 10) - 1))
    # The window waits as long as the budget: it reads the wait from the error.
    error.retry_after = error.retry_after or doubled
    until = now + timedelta(seconds=error.retry_after)
    _change(request, blocked_until=until)


def abandon(reference: str) -> None:
    """End the entries whose worker died before it could."""
    open_entries = ExportRequest.objects.filter(reference=reference, ended_at=None)
    open_entries.update(ended_at=timezone.now(), code="worker_lost", detail="The worker ended before the answer did.")


@contextmanager
def spending(
    account: Account, project_id: str, purpose: str, *, reference: str = "", days: tuple[date, date] | None = None
) -> Iterator[ExportRequest]:
    """Reserve, run the block, write the outcome; set ``status`` and ``size`` on the yielded row to report them."""
    request = reserve(account, project_id, purpose, reference=reference, days=days)
    try:
        yield request
    except ConnectorError as error:
        fail(request, error)
        raise
    except BaseException:
        finish(request, status=request.status, size=request.size)
        raise
    finish(request, status=request.status or 200, size=request.size)
