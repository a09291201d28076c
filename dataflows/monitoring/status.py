"""The status page, and the two questions a load balancer asks."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from connectors.base import StepState
from connectors.models import RateBudget
from connectors.roles import viewer_required
from dataflows.models import Heartbeat
from dataflows.monitoring import health

HOUR = timedelta(hours=1)
BUDGETS_SHOWN = 50
PACKAGES = ("tributary", "Django", "celery", "pyiceberg", "pyarrow", "tzdata")


@dataclass(frozen=True)
class BudgetRow:
    """Export requests of the last hour of one project, at ``region`` (a name or an address)."""

    region: str
    project: str
    used: int
    limit: int
    blocked_until: datetime | None


@require_GET
@viewer_required
def status(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    parts = [*health.stores_and_broker(), *health.processes(now)]
    context = {
        "parts": parts,
        "all_well": all(part.state == StepState.OK for part in parts),
        "budgets": budgets(now),
        "heartbeats": Heartbeat.objects.all(),
        "versions": versions(),
        "now": now,
    }
    return render(request, "dataflows/monitoring/status.html", context)


@login_not_required
@require_GET
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers; nothing else is asked."""
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
@require_GET
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """503 when a store or the broker does not answer: ``{"ready": bool, "parts": {name: state}}``.

    Scheduler and workers are named, but do not decide: pages stay useful while they are away, and a balancer
    that took the pages away would hide the status page from whoever wants to mend it.
    """
    needed = list(health.stores_and_broker())
    ready = all(part.state != StepState.FAILED for part in needed)
    try:
        behind = list(health.processes(timezone.now()))
    except DatabaseError:
        behind = []
    states = {part.slug: part.state.value for part in [*needed, *behind]}
    return JsonResponse({"ready": ready, "parts": states}, status=200 if ready else 503)


def budgets(now: datetime) -> list[BudgetRow]:
    """The projects asked lately first."""
    recent = Count("requests", filter=Q(requests__sent_at__gt=now - HOUR, requests__counted=True))
    rows = RateBudget.objects.annotate(used=recent).order_by("-used", "project")[:BUDGETS_SHOWN]
    return [_budget_row(row.project, row.used, row.blocked_until, now) for row in rows]


def versions() -> list[tuple[str, str]]:
    found = [("Python", platform.python_version())]
    for package in PACKAGES:
        try:
            found.append((package, version(package)))
        except PackageNotFoundError:
            continue
    return found


def _budget_row(key: str, used: int, blocked_until: datetime | None, now: datetime) -> BudgetRow:
    """Keys are ``kind:region:project``, and a region can be an address with colons in it."""
    region, _, project = key.partition(":")[2].rpartition(":")
    waiting = blocked_until if blocked_until and blocked_until > now else None
    return BudgetRow(region, project, used, settings.EXPORTS_PER_HOUR, waiting)
