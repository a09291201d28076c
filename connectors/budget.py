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

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from connectors.errors import BudgetEmpty, ConnectorError, RateLimited
from connectors.models import Account, ExportRequest, RateBudget

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
# A request whose end was never written (its worker was killed) stops counting as "at once" after this long.
ABANDONED = timedelta(hours=2)


@dataclass(frozen=True)
class BudgetState:
    """Requests of the last hour, the limit, and when the next one is free (``None``: now)."""

    used: int
    limit: int
    free_at: datetime | None

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


def _measure(budget: RateBudget, now: datetime) -> BudgetState:
    recent = budget.requests.filter(sent_at__gt=now - HOUR, counted=True)
    times = list(recent.order_by("-sent_at").values_list("sent_at", flat=True)[: settings.EXPORTS_PER_HOUR])
    waits = [budget.blocked_until] if budget.blocked_until and budget.blocked_until > now else []
    if len(times) >= settings.EXPORTS_PER_HOUR:
        waits.append(times[-1] + HOUR)
    burst = [sent for sent in times if sent > now - SECOND]
    if len(burst) >= settings.EXPORTS_PER_SECOND:
        waits.append(burst[settings.EXPORTS_PER_SECOND - 1] + SECOND)
    running = budget.requests.filter(ended_at=None, sent_at__gt=now - ABANDONED).count()
    if running >= settings.EXPORTS_AT_ONCE:
        waits.append(now + SECOND)
    return BudgetState(recent.count(), settings.EXPORTS_PER_HOUR, max(waits, default=None))


def _reserve(account: Account, project_id: str, request: ExportRequest, now: datetime) -> ExportRequest | None:
    """Count, insert and raise the version in one transaction; ``None`` when somebody else was first."""
    budget, _ = RateBudget.objects.get_or_create(project=project_key(account, project_id))
    with transaction.atomic():
        seen = RateBudget.objects.get(pk=budget.pk)
        measured = _measure(seen, now)
        if measured.free_at is not None:
            wait = max(0.2, (measured.free_at - now).total_seconds())
            raise BudgetEmpty(f"{measured.used} of {measured.limit} requests used this hour", retry_after=wait)
        won = RateBudget.objects.filter(pk=seen.pk, version=seen.version).update(version=F("version") + 1)
        if not won:
            return None
        request.budget, request.sent_at = seen, now
        request.save(force_insert=True)
    return request


def reserve(
    account: Account,
    project_id: str,
    purpose: str,
    *,
    reference: str = "",
    days: tuple[date, date] | None = None,
    now: datetime | None = None,
) -> ExportRequest:
    """Enter one request into the ledger. Raises BudgetEmpty with ``retry_after`` when the limits say no."""
    first, last = days or (None, None)
    reserved = None
    while reserved is None:
        blank = ExportRequest(account=account, purpose=purpose, reference=reference, first_day=first, last_day=last)
        reserved = _reserve(account, project_id, blank, now or timezone.now())
    return reserved


def finish(request: ExportRequest, *, status: int | None = None, size: int = 0) -> None:
    ExportRequest.objects.filter(pk=request.pk).update(ended_at=timezone.now(), status=status, size=size)


def fail(request: ExportRequest, error: ConnectorError) -> None:
    """Write what went wrong; a 429 closes the project's budget until Mixpanel wants to hear from us again."""
    now = timezone.now()
    ExportRequest.objects.filter(pk=request.pk).update(
        ended_at=now,
        status=error.status,
        code=error.code,
        detail=error.detail[:2000],
        counted=error.status not in {401, 402, 403, 429},
    )
    if isinstance(error, RateLimited) and error.retry_after:
        until = now + timedelta(seconds=error.retry_after)
        RateBudget.objects.filter(pk=request.budget_id).update(blocked_until=until)


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
