"""What becomes of a window that did not go well: again later, or the end with a reason a person can act on."""

from __future__ import annotations

import logging
import random
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F

from connectors import budget
from connectors.errors import (
    BudgetEmpty,
    ConnectionCut,
    ConnectorError,
    ExportTimeout,
    Fate,
    FutureDay,
    HistoryGate,
    IncompleteExport,
    RateLimited,
)
from dataflows import stores
from dataflows.mapping import MappingInvalid
from dataflows.models import Run, RunStatus, Window, WindowStatus
from dataflows.models.window import WindowQuerySet
from dataflows.scheduling import days_between

logger = logging.getLogger(__name__)

LONGEST_WAIT = timedelta(hours=1)
ASKED_TO_WAIT = (BudgetEmpty, RateLimited)
# What a long answer runs into more easily than a short one.
TOO_LONG = (IncompleteExport, ConnectionCut, ExportTimeout)
HALVED_AFTER = 2


def abandoned(window: Window, *, now: datetime) -> bool:
    """Count a predecessor that died holding the window; fail the window when too many did. True when it failed."""
    if window.status not in {WindowStatus.COPYING, WindowStatus.PROMOTING}:
        return False
    found = Window.objects.filter(pk=window.pk, owner=window.owner)
    found.update(
        attempts=F("attempts") + 1, error_code="worker_lost", error_detail="Its worker ended; another goes on."
    )
    window.attempts += 1
    budget.abandon(window.reference)
    if window.attempts < settings.WINDOW_ATTEMPTS:
        return False
    _fail(window, "worker_lost", f"{window.attempts} workers died holding these days.", now)
    return True


def release(window: Window) -> None:
    """Give the lease back after a step that went well."""
    Window.objects.filter(pk=window.pk, owner=window.owner).update(lease_until=None)


def release_lost(window: Window, *, now: datetime) -> None:
    """The run is being cancelled, or somebody else has the window: then the filter finds nothing to change."""
    cancelling = Window.objects.filter(pk=window.pk, owner=window.owner, run__status=RunStatus.CANCELLING)
    cancelling.open().update(status=WindowStatus.CANCELLED, lease_until=None, finished_at=now)


def record(window: Window, error: ConnectorError, *, now: datetime) -> None:
    """Its fate decides: a date to try again, or the end of the window."""
    if error.fate is Fate.ASK_USER:
        _fail(window, error.code, error.detail, now)
        _fail_others(_same_reason(window, error), error.code, error.detail, now)
        return
    attempts = window.attempts if isinstance(error, ASKED_TO_WAIT) else window.attempts + 1
    if attempts >= settings.WINDOW_ATTEMPTS:
        _fail(window, error.code, error.detail, now, attempts=attempts)
        return
    _retry(window, error, attempts, now)


def record_mapping(window: Window, error: MappingInvalid, *, now: datetime) -> None:
    """The mapping fits no window of the run."""
    detail = " ".join(problem.message for problem in error.problems)
    _fail(window, "mapping_invalid", detail, now)
    _fail_others(window.run.windows.all(), "mapping_invalid", detail, now)


def record_bug(window: Window, trace: str, *, code: str, now: datetime) -> None:
    """A defect of ours fails the run, with its traceback kept."""
    detail = trace.strip().splitlines()[-1]
    _fail(window, code, detail, now, error_trace=trace)
    _fail_others(window.run.windows.all(), code, detail, now)
    Run.objects.filter(pk=window.run_id).update(error_trace=trace)


def wait_before(attempt: int, error: ConnectorError) -> timedelta:
    """What the other side asked for, otherwise doubling from RETRY_SECONDS, with jitter, an hour at most."""
    if error.retry_after is not None:
        return min(timedelta(seconds=error.retry_after), LONGEST_WAIT)
    doubled = timedelta(seconds=settings.RETRY_SECONDS * 2 ** max(0, attempt - 1))
    return min(doubled, LONGEST_WAIT) * random.uniform(0.8, 1.2)  # noqa: S311  # jitter, not a secret


def _halve(window: Window, attempts: int, not_before: datetime) -> None:
    """Ask for the older half of the days in a request of its own: a shorter answer is more likely to arrive whole."""
    middle = window.first_day + (window.last_day - window.first_day) // 2
    with transaction.atomic():
        mine = Window.objects.filter(pk=window.pk, owner=window.owner, status=WindowStatus.WAITING)
        if mine.update(first_day=middle + timedelta(days=1)):
            older = {"first_day": window.first_day, "last_day": middle, "attempts": attempts, "not_before": not_before}
            reason = {"error_code": window.error_code, "error_detail": window.error_detail}
            Window.objects.create(run_id=window.run_id, **older, **reason)


def ask_by_day(window: Window) -> None:
    """Ask for each day in a request of its own, because the answer has records that tell no day."""
    logger.info("window %s: records without a day; each day is asked for by itself", window.pk)
    fresh = {"landed_key": "", "landed_size": 0, "bytes_done": 0, "events_done": 0, "attempts": 0}
    with transaction.atomic():
        mine = Window.objects.filter(pk=window.pk, owner=window.owner, status=WindowStatus.PROMOTING)
        if not mine.update(first_day=window.last_day, status=WindowStatus.WAITING, lease_until=None, **fresh):
            return
        older = days_between(window.first_day, window.last_day)[:-1]
        Window.objects.bulk_create(Window(run_id=window.run_id, first_day=day, last_day=day) for day in older)
    stores.landing().delete(window.landed_key)


def _retry(window: Window, error: ConnectorError, attempts: int, now: datetime) -> None:
    copied = window.status == WindowStatus.PROMOTING and not isinstance(error, IncompleteExport)
    fields: dict[str, Any] = {} if copied else {"landed_key": "", "landed_size": 0}
    if window.landed_key and not copied:
        stores.landing().delete(window.landed_key)
    not_before = now + wait_before(attempts, error)
    window.error_code, window.error_detail = error.code, error.detail
    Window.objects.filter(pk=window.pk, owner=window.owner).open().update(
        status=WindowStatus.LANDED if copied else WindowStatus.WAITING,
        lease_until=None,
        attempts=attempts,
        not_before=not_before,
        error_code=error.code,
        error_detail=error.detail,
        **fields,
    )
    if isinstance(error, TOO_LONG) and attempts >= HALVED_AFTER and window.first_day < window.last_day:
        _halve(window, attempts, not_before)


def _fail(window: Window, code: str, detail: str, now: datetime, **fields: Any) -> None:
    window.move(WindowStatus.FAILED, lease_until=None, finished_at=now, error_code=code, error_detail=detail, **fields)


def _same_reason(window: Window, error: ConnectorError) -> WindowQuerySet:
    """The windows of the run that would fail for the same reason: there is no point in asking again for each."""
    every: WindowQuerySet = window.run.windows.all()
    if isinstance(error, FutureDay):
        return every.none()
    return every.filter(last_day__lt=window.first_day) if isinstance(error, HistoryGate) else every


def _fail_others(windows: WindowQuerySet, code: str, detail: str, now: datetime) -> None:
    unheld = windows.filter(lease_until=None)
    unheld.open().update(status=WindowStatus.FAILED, finished_at=now, error_code=code, error_detail=detail)
