"""Copy: Mixpanel's answer, as received, to the landing zone."""

from __future__ import annotations

import time

from django.conf import settings

from connectors import budget
from connectors.base import DayRange, Landed
from connectors.errors import BudgetEmpty, ConnectorError
from connectors.models import ExportRequest
from dataflows import stores
from dataflows.models import Trigger, Window, WindowStatus
from dataflows.runs.leases import Lease

# The three-a-second limit frees within a moment: waiting here is cheaper than another round through the queue.
SHORT_WAIT_SECONDS = 5.0


def copy(window: Window, lease: Lease) -> None:
    """Land the window's days; afterwards it is ``landed``, or ``waiting`` again when the answer was empty once.

    A day without events and some failures look alike (an empty 200, BasedHardware/omi issue 7197), so an empty
    answer is believed only the second time. Raises ConnectorError, LeaseLost.
    """
    window.move(WindowStatus.COPYING, events_done=0, started_at=window.started_at or lease.clock())
    landed = _request(window, lease)
    if landed.empty and window.empty_answers == 0:
        stores.landing().delete(landed.key)
        window.move(WindowStatus.WAITING, empty_answers=1)
        return
    window.move(WindowStatus.LANDED, landed_key=landed.key, landed_size=landed.size, bytes_done=landed.size)


def _request(window: Window, lease: Lease) -> Landed:
    """One entry in the ledger, one request, one landed file."""
    flow = window.run.dataflow
    source = flow.reads_from.open()
    lease.when_lost(source.abort)
    entry = _reserve(window, lease)

    def progress(received: int) -> None:
        lease.bytes_done = received
        lease.check()

    try:
        days = DayRange(window.first_day, window.last_day)
        landed: Landed = source.copy(flow.project_id, days, stores.landing(), landing_key(window), progress)
    except ConnectorError as error:
        if lease.is_lost:
            # We cut the connection ourselves: that is no failure of Mixpanel's.
            budget.finish(entry, size=lease.bytes_done)
            lease.check()
        budget.fail(entry, error)
        raise
    except BaseException:
        budget.finish(entry, size=lease.bytes_done)
        raise
    finally:
        source.close()
    budget.finish(entry, status=landed.status, size=landed.size)
    budget.heed(entry, landed.announced)
    return landed


def landing_key(window: Window) -> str:
    """Unique to the attempt: two workers that both believe they own a window never write one file."""
    flow = window.run.dataflow
    return f"raw/{flow.account_id}/{flow.project_id}/{window.first_day}_{window.last_day}/{window.pk}-{window.owner}"


def _reserve(window: Window, lease: Lease) -> ExportRequest:
    flow = window.run.dataflow
    give_up = time.monotonic() + SHORT_WAIT_SECONDS
    while True:
        lease.check()
        try:
            return budget.reserve(
                flow.reads_from,
                flow.project_id,
                ExportRequest.Purpose.RUN,
                reference=window.reference,
                days=(window.first_day, window.last_day),
                spare=settings.EXPORTS_RESERVED if window.run.trigger == Trigger.BACKFILL else 0,
            )
        except BudgetEmpty as error:
            wait = error.retry_after or SHORT_WAIT_SECONDS
            if time.monotonic() + wait > give_up:
                raise
            time.sleep(wait)
