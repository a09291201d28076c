"""Pages of runs: all of them, one of them, and what can be done to it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from connectors.errors import ConnectorError
from connectors.messages import message_for
from connectors.roles import analyst_required, viewer_required
from dataflows import tasks
from dataflows.diagnostics import downloads, errors, groups, overrun, proof, summary
from dataflows.diagnostics.pages import Place
from dataflows.models import Run
from dataflows.monitoring import accounting, comparison, queries
from dataflows.monitoring.accounting import DayRow
from dataflows.monitoring.forms import RunFilter
from dataflows.monitoring.paging import page_of
from dataflows.monitoring.progress import live
from dataflows.runs import lifecycle
from dataflows.runs.cannot_start import CannotStart

# htmx stops polling when it is answered with this status.
STOP_POLLING = 286
IN_BLOCK = 10
DAYS_PER_PAGE = 31
REQUESTS_SHOWN = 50
GROUPS_SHOWN = 50


@require_GET
@viewer_required
def monitoring(request: HttpRequest) -> HttpResponse:
    """All runs; htmx asks for the block of running ones alone."""
    form, now = RunFilter(request.GET, request.user), timezone.now()
    found = queries.runs(request.user, form.chosen)
    progressing = found.unfinished()
    context: dict[str, Any] = {"in_progress": progressing[:IN_BLOCK], "in_progress_count": progressing.count()}
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "dataflows/monitoring/_in_progress.html", context)
    framed = queries.within(found, form.chosen.get("frame", "24h"), now)
    failed, totals = queries.last_failed(request.user), queries.totals(framed)
    attention = framed.filter(pk__in=failed.values())
    context |= {
        "form": form,
        "totals": totals,
        "attention": attention[:IN_BLOCK],
        "attention_count": attention.count(),
        "page": page_of(request, framed.filter(status__in=Run.FINISHED), count=totals.ended),
        "ever_ran": Run.objects.visible_to(request.user).exists(),
        "paused": queries.attention_count(request.user, failed),
    }
    return render(request, "dataflows/monitoring/monitoring.html", context)


@require_GET
@viewer_required
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """One run; while it goes on, htmx asks for the part that changes and is told to stop when it has ended."""
    visible = Run.objects.visible_to(request.user).select_related(
        "dataflow__account", "dataflow__dataset", "requested_by"
    )
    found = get_object_or_404(visible, pk=pk)
    context: dict[str, Any] = {"run": found, **_changing(request, found)}
    if not request.htmx:  # type: ignore[attr-defined]
        return render(
            request,
            "dataflows/monitoring/run.html",
            {**context, **_settled(found), **_overrun(found, context["failed_days"])},
        )
    answer = render(request, "dataflows/monitoring/_run.html", context)
    if found.is_finished:
        answer.status_code = STOP_POLLING
        # The rest of the page (buttons, reasons, title) changes as well.
        answer["HX-Refresh"] = "true"
    return answer


@require_POST
@analyst_required
def run_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Run.objects.operable_by(request.user), pk=pk)
    if lifecycle.cancel(found, now=timezone.now()):
        tasks.ring(found)
        messages.success(request, _("The run is being cancelled. Days that are published stay published."))
    else:
        messages.info(request, _("The run had ended before it could be cancelled."))
    return redirect(found)


@require_POST
@analyst_required
def run_retry(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Run.objects.operable_by(request.user).select_related("dataflow"), pk=pk)
    try:
        again = lifecycle.retry(found, by=request.user, now=timezone.now())
    except CannotStart as reason:
        messages.error(request, str(reason))
        return redirect(found)
    tasks.ring(again)
    messages.success(request, _("A new run over the same days was started."))
    return redirect(again)


@require_GET
@viewer_required
def run_rejected(request: HttpRequest, pk: int, form: str) -> HttpResponseBase:
    """The rejected records (``?day=`` of one day) as JSON lines or CSV, or a page that says why there are none."""
    found = get_object_or_404(Run.objects.visible_to(request.user).select_related("dataflow"), pk=pk)
    day = _day(request)
    try:
        files = downloads.kept_files(found, day)
    except ConnectorError as error:
        context = {"run": found, "message": message_for(error.code), "detail": error.detail, "code": error.code}
        return render(request, "dataflows/monitoring/no_rejected.html", context, status=503)
    if not files:
        return render(request, "dataflows/monitoring/no_rejected.html", {"run": found}, status=404)
    return downloads.answer(files, form, f"run-{found.pk}-rejected{f'-{day}' if day else ''}")


def _day(request: HttpRequest) -> date | None:
    """Raises Http404 for a ``day`` that is none."""
    given = request.GET.get("day")
    try:
        return date.fromisoformat(given) if given else None
    except ValueError as error:
        raise Http404(f"{given} is not a day") from error


def _changing(request: HttpRequest, found: Run) -> dict[str, Any]:
    counted = accounting.windows_of(found)
    days = accounting.day_rows(counted)
    failed = accounting.failed(days)
    windows = found.windows.defer("days", "errors", "error_trace").order_by("-last_day")
    return {
        "live": live(found, timezone.now()),
        "accounting": accounting.of_windows(counted),
        "failed_days": failed,
        "failed_accounting": accounting.of_days(failed),
        "held_days": accounting.held(days),
        "anonymous": sum(row.anonymous for row in days),
        "conflicting": sum(row.conflicting for row in days),
        "days": page_of(request, days, parameter="days", size=DAYS_PER_PAGE),
        "windows": page_of(request, windows),
    }


def _settled(found: Run) -> dict[str, Any]:
    ledger, place = queries.requests_of(found), Place(found.dataflow, found)
    card, found_groups = errors.error_card(found), groups.groups(place.readings, {})
    return {
        "comparison": comparison.compare(found) if found.dry_run and found.is_finished else None,
        "budget": queries.budget_of(found.dataflow),
        "card": card,
        "groups": found_groups,
        "group_rows": [(group, place.group_url(group.key)) for group in found_groups.shown[:GROUPS_SHOWN]],
        "summary": summary.summary(found, card, found_groups),
        "has_rejected_files": any(reading.key for reading in place.readings),
        **_proof(found, place),
        "requests": ledger[:REQUESTS_SHOWN],
        "request_count": ledger.count(),
    }


def _overrun(found: Run, failed: list[DayRow]) -> dict[str, Any]:
    """About days above the error threshold, if there are any."""
    return {"overrun": overrun.overrun(found, [row.day for row in failed])} if failed and found.is_finished else {}


def _proof(found: Run, place: Place) -> dict[str, Any]:
    """What a run that did days again has repaired, or a dry run would."""
    if not proof.proves(found):
        return {}
    shown = proof.proof(found)
    return {
        "proof": shown,
        "proof_rows": [(change, place.group_url(change.key)) for change in shown.groups[:GROUPS_SHOWN]],
    }
