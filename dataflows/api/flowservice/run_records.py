"""The records of a run, counted: each one that came in went out, failed or was left aside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dataflows.models import DayStatus, Run, Window, WindowStatus
from dataflows.runs import counting

SKIPPED = {
    "duplicate": "Other copies of an event that was loaded.",
    "filtered": "Outside of what was asked for.",
    "day_shrunk": "Of days that Mixpanel answered with fewer records than the dataset has: a person decides.",
}
WITHHELD = "Good records of days above the error threshold: such a day is not loaded at all."


@dataclass
class Records:
    """``received`` is the sum of the shares, ``withheld`` and ``held``.

    ``withheld``: good records of days with too many bad ones. ``held``: of days that wait for a person to decide.
    ``size`` in bytes, ``reasons`` as ``Window.errors`` has them.
    """

    received: int = 0
    loaded: int = 0
    duplicate: int = 0
    rejected: int = 0
    filtered: int = 0
    withheld: int = 0
    held: int = 0
    size: int = 0
    windows: int = 0
    published: int = 0
    broken: int = 0
    reasons: list[Mapping[str, Any]] = field(default_factory=list)

    def add(self, window: Mapping[str, Any]) -> None:
        self.windows += 1
        self.published += window["status"] == WindowStatus.PUBLISHED
        self.broken += window["status"] == WindowStatus.FAILED
        self.size += window["landed_size"]
        self.reasons += window["errors"]
        # A window says nothing of days that were not loaded; its days do.
        for counts in window["days"] or [window]:
            self._count(counts)

    def _count(self, account: Mapping[str, Any]) -> None:
        counts = counting.of_day(account)
        for name in counting.COUNTS:
            setattr(self, name, getattr(self, name) + counts[name])
        if account["status"] == DayStatus.HELD:
            self.held += counts[counting.WITHHELD]
        else:
            self.withheld += counts[counting.WITHHELD]

    @property
    def failed(self) -> int:
        return self.rejected + self.withheld

    @property
    def summary(self) -> dict[str, Any]:
        """AEP's ``recordSummary``."""
        return {
            "inputRecordCount": self.received,
            "outputRecordCount": self.loaded,
            "createdRecordCount": self.loaded,
            "updatedRecordCount": 0,
            "deletedRecordCount": 0,
            "failedRecordCount": self.failed,
            "skippedRecordCount": self.duplicate + self.filtered + self.held,
            "warningRecordCount": 0,
            "failedInfo": self.failures,
            "skippedInfo": self._skipped(),
        }

    @property
    def files(self) -> dict[str, Any]:
        """AEP's ``fileSummary``."""
        return {
            "inputFileCount": self.windows,
            "outputFileCount": self.published,
            "skippedFileCount": 0,
            "failedFileCount": self.broken,
        }

    @property
    def failures(self) -> list[dict[str, Any]]:
        """One entry per code and field, most frequent first; what is withheld comes last."""
        found = _grouped([reason for reason in self.reasons if reason["kind"] == "rejected"])
        withheld = {"code": "too_many_rejected", "message": WITHHELD, "recordCount": self.withheld}
        return [*found, withheld] if self.withheld else found

    def _skipped(self) -> list[dict[str, Any]]:
        counts = {"duplicate": self.duplicate, "filtered": self.filtered, "day_shrunk": self.held}
        return [{"code": name, "message": SKIPPED[name], "recordCount": n} for name, n in counts.items() if n]


def of_runs(runs: Sequence[Run]) -> dict[int, Records]:
    """By the key of the run; one query for all."""
    found = {run.pk: Records() for run in runs}
    windows = Window.objects.filter(run__in=list(found)).order_by("-last_day")
    for window in windows.values("run_id", "status", "landed_size", "days", "errors", *counting.COUNTS):
        found[window["run_id"]].add(window)
    return found


def of_run(run: Run) -> Records:
    return of_runs([run])[run.pk]


def _grouped(reasons: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for reason in reasons:
        place = f" ({reason['field']})" if reason["field"] else ""
        words = printable(f"{reason['message']}{place}")
        line = {"code": reason["code"], "message": words, "recordCount": 0}
        found.setdefault((reason["code"], reason["field"]), line)["recordCount"] += reason["count"]
    return sorted(found.values(), key=lambda line: -line["recordCount"])


def printable(text: str) -> str:
    """Bytes that were no UTF-8 become visible escapes."""
    return text.encode("utf-8", "backslashreplace").decode()
