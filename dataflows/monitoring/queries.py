"""Numbers and rows for the lists of dataflows and runs; everything that grows is counted by the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import CharField, Count, Exists, F, OuterRef, Q, Subquery, Sum, Value
from django.db.models.expressions import OrderBy
from django.db.models.functions import Cast, Concat

from connectors import budget
from connectors.budget import BudgetState
from connectors.messages import Message
from connectors.models import ExportRequest
from connectors.roles import User
from dataflows.diagnostics.errors import words
from dataflows.models import Dataflow, Run, RunStatus, Window
from dataflows.models.dataflow import DataflowQuerySet
from dataflows.models.run import RunQuerySet
from dataflows.monitoring.schedule_words import schedule_words

FAILURES = (RunStatus.FAILED, RunStatus.PARTIAL)
FRAMES = {"24h": timedelta(days=1), "7d": timedelta(days=7), "30d": timedelta(days=30)}
SORTS: Mapping[str, tuple[str | OrderBy, ...]] = {
    "name": ("name", "pk"),
    "next": (F("next_run_at").asc(nulls_last=True), "pk"),
}
NEWEST_FIRST = ("-created_at", "-pk")
# What the lists print of a run; the rest (mapping, traceback) can be long.
RUN_HEAVY = ("mapping", "error_trace", "error_detail")
FLOW_HEAVY = (
    *("mapping", "mapping_draft", "mapping_before", "sample"),
    *("time_evidence", "description", "new_dataset_description"),
)


@dataclass(frozen=True)
class DataflowRow:
    """One line of the list. ``reason`` says why the dataflow was paused."""

    flow: Dataflow
    last_run: Run | None
    schedule: str
    reason: Message | None


@dataclass(frozen=True)
class Totals:
    """``ended`` counts runs that ended; all else is about those that were no dry runs.

    ``withheld`` are good records of days that were not loaded, ``failed_dataflows`` dataflows with a failed run.
    """

    ended: int
    received: int
    loaded: int
    rejected: int
    withheld: int
    failed_dataflows: int


def dataflows(user: User, chosen: Mapping[str, Any]) -> DataflowQuerySet:
    """The dataflows a user may see, as filtered and sorted."""
    flows = _with_last_run(Dataflow.objects.visible_to(user))
    if text := chosen.get("q"):
        flows = flows.filter(Q(name__icontains=text) | Q(project_name__icontains=text) | Q(project_id=text))
    equal = {name: chosen[name] for name in ("status", "account", "dataset") if name in chosen}
    if chosen.get("attention"):
        flows = flows.filter(_needs_attention())
    order = SORTS.get(chosen.get("sort", ""), NEWEST_FIRST)
    found: DataflowQuerySet = flows.filter(**equal).order_by(*order)
    return found.select_related("account", "dataset").defer(*FLOW_HEAVY, "account__projects", "account__last_check")


def dataflow_rows(flows: Iterable[Dataflow]) -> list[DataflowRow]:
    """Lines for dataflows that come from ``dataflows``; one query for the last runs of all."""
    known = list(flows)
    runs = Run.objects.defer(*RUN_HEAVY).in_bulk([flow.last_run_id for flow in known])  # type: ignore[attr-defined]
    return [
        DataflowRow(
            flow=flow,
            last_run=runs.get(flow.last_run_id),  # type: ignore[attr-defined]
            schedule="" if flow.is_draft else schedule_words(flow),
            reason=words(flow.status_reason) if flow.status_reason else None,
        )
        for flow in known
    ]


def attention_count(user: User, failed: Mapping[int, int]) -> int:
    """``failed`` comes from ``last_failed``: asking all dataflows for their last run twice would take as long again."""
    return Dataflow.objects.visible_to(user).filter(_stopped_or_lacking() | Q(pk__in=failed)).count()


def runs(user: User, chosen: Mapping[str, Any]) -> RunQuerySet:
    """The runs a user may see, as filtered, newest first; the time frame is not applied."""
    found = Run.objects.visible_to(user).select_related("dataflow", "requested_by")
    heavy = (*RUN_HEAVY, *(f"dataflow__{name}" for name in FLOW_HEAVY))
    equal = {name: chosen[name] for name in ("status", "trigger", "dataflow") if name in chosen}
    if chosen.get("failures"):
        found = found.filter(status__in=FAILURES)
    return found.filter(**equal).defer(*heavy)


def within(found: RunQuerySet, frame: str, now: datetime) -> RunQuerySet:
    return found.filter(created_at__gt=now - FRAMES[frame]) if frame in FRAMES else found


def last_failed(user: User) -> dict[int, int]:
    """By dataflow the last run that ended, where it failed or left days out: these want a person."""
    ended = Run.objects.filter(dataflow=OuterRef("pk"), status__in=Run.FINISHED, dry_run=False)
    newest = ended.order_by("-created_at", "-pk")
    flows = Dataflow.objects.visible_to(user).annotate(outcome=Subquery(newest.values("status")[:1]))
    failed = flows.filter(outcome__in=FAILURES).annotate(last_ended=Subquery(newest.values("pk")[:1]))
    return dict(failed.values_list("pk", "last_ended"))


def totals(found: RunQuerySet) -> Totals:
    """Distinct dataflows are counted apart: PostgreSQL reads half a million runs in parallel only without them."""
    plain = found.order_by()
    real = Q(dry_run=False)
    sums = {name: Sum(name, filter=real, default=0) for name in ("received", "loaded", "rejected", "withheld")}
    ended = Count("pk", filter=Q(status__in=Run.FINISHED))
    failed = plain.filter(real, status=RunStatus.FAILED).aggregate(dataflows=Count("dataflow", distinct=True))
    return Totals(**plain.aggregate(ended=ended, **sums), failed_dataflows=failed["dataflows"])


def requests_of(run: Run) -> Any:
    """The export requests of a run, newest first."""
    reference = Concat(Value("window:"), Cast("pk", CharField()))
    references = Window.objects.filter(run=run).annotate(ledger=reference).values("ledger")
    return ExportRequest.objects.filter(reference__in=references)


def budget_of(flow: Dataflow) -> BudgetState | None:
    """The rate budget of the project the dataflow reads; ``None`` for one whose account is gone."""
    return budget.state(flow.account, flow.project_id) if flow.account else None


def _with_last_run(flows: DataflowQuerySet) -> DataflowQuerySet:
    newest = Run.objects.filter(dataflow=OuterRef("pk")).order_by("-created_at", "-pk")
    ended = newest.filter(status__in=Run.FINISHED, dry_run=False)
    return flows.annotate(
        last_run_id=Subquery(newest.values("pk")[:1]), last_outcome=Subquery(ended.values("status")[:1])
    )


def _needs_attention() -> Q:
    return _stopped_or_lacking() | Q(last_outcome__in=FAILURES)


def _stopped_or_lacking() -> Q:
    """Paused for a reason, or without days that it wants and that no run is about to read."""
    reading = Run.objects.unfinished().filter(
        dataflow=OuterRef("pk"),
        dry_run=False,
        first_day__lte=OuterRef("lacking_first"),
        last_day__gte=OuterRef("lacking_last"),
    )
    # In this order: few lack days, and the database looks for a run of those alone.
    return ~Q(status_reason="") | (Q(lacking_days__gt=0) & Q(~Exists(reading)))
