"""The versions of a mapping: who saved them, what changed, which runs used them, which days they loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Max, QuerySet

from dataflows.mapping.changes import Changes, compare
from dataflows.models import Dataflow, MappingVersion, Run
from dataflows.runs import reprocessing


@dataclass(frozen=True)
class VersionRow:
    """``changes`` against the version before, if this is not the first; ``days`` are loaded with it now."""

    version: MappingVersion
    changes: Changes
    runs: int
    last_run: Run | None
    days: int
    in_force: bool
    is_first: bool


@dataclass(frozen=True)
class Outdated:
    """Days that an older version loaded: all, those whose raw answer is kept, and of these the troubled ones."""

    days: int
    kept: int
    troubled: int


def matching(flow: Dataflow, text: str) -> list[int]:
    """The numbers of the versions that changed a row with ``text`` in its target, source or note; newest first."""
    if not text:
        return list(flow.mapping_versions.values_list("number", flat=True))
    wanted = text.casefold()
    versions = list(flow.mapping_versions.order_by("number"))
    befores = [[], *(version.rows for version in versions)]
    found = [
        version.number
        for before, version in zip(befores, versions, strict=False)
        if wanted in version.note.casefold() or _mentions(compare(before, version.rows), wanted)
    ]
    return found[::-1]


def _mentions(changes: Changes, text: str) -> bool:
    rows = [*changes.added, *changes.removed, *(row for pair in changes.changed for row in pair)]
    return any(text in f"{row['source']} {row['destination']}".casefold() for row in rows)


def version_rows(flow: Dataflow, numbers: Sequence[int]) -> list[VersionRow]:
    """Those versions as a page shows them."""
    wanted = {*numbers, *(number - 1 for number in numbers)}
    versions = flow.mapping_versions.filter(number__in=wanted).select_related("author")
    by_number = {version.number: version for version in versions}
    uses = _uses(flow, numbers)
    days = _days_by_version(flow)
    return [_row(flow, by_number, number, uses, days.get(number, 0)) for number in numbers]


def _row(
    flow: Dataflow,
    versions: Mapping[int, MappingVersion],
    number: int,
    uses: Mapping[int, tuple[int, Run]],
    days: int,
) -> VersionRow:
    before = versions.get(number - 1)
    runs, last_run = uses.get(number, (0, None))
    changes = compare(before.rows if before else [], versions[number].rows)
    return VersionRow(versions[number], changes, runs, last_run, days, number == flow.mapping_version, before is None)


def _uses(flow: Dataflow, numbers: Sequence[int]) -> dict[int, tuple[int, Run]]:
    counted = flow.runs.filter(mapping_version__in=numbers).order_by().values("mapping_version")
    found = {row["mapping_version"]: row for row in counted.annotate(runs=Count("pk"), newest=Max("pk"))}
    newest = Run.objects.only("pk").in_bulk([row["newest"] for row in found.values()])
    return {number: (row["runs"], newest[row["newest"]]) for number, row in found.items()}


def _days_by_version(flow: Dataflow) -> dict[int, int]:
    loaded = flow.days.exclude(published_at=None).exclude(window=None).order_by()
    counted = loaded.values("window__run__mapping_version").annotate(days=Count("pk"))
    return {row["window__run__mapping_version"]: row["days"] for row in counted}


def outdated(flow: Dataflow) -> Outdated:
    """What the newest version would change if those days were promoted again."""
    older = _older(flow)
    kept = reprocessing.kept(flow).filter(pk__in=older.values("pk"))
    return Outdated(older.count(), kept.count(), reprocessing.troubled(kept).count())


def _older(flow: Dataflow) -> QuerySet:  # type: ignore[type-arg]
    return flow.days.filter(window__run__mapping_version__lt=flow.mapping_version)
