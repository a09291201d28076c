"""The snapshots of a dataset with who wrote each, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.paginator import Page, Paginator

from dataflows.models import Window
from dataflows.runs.tokens import windows_behind

if TYPE_CHECKING:
    from connectors.lake import LakeTable, SnapshotInfo

PER_PAGE = 25


@dataclass(frozen=True)
class SnapshotRow:
    """``window`` is None for a roll back, and for a commit whose run is no longer known."""

    info: SnapshotInfo
    window: Window | None
    is_current: bool


def snapshot_page(table: LakeTable, *, dataflow: str, number: str | None) -> Page[Any]:
    """SnapshotRows, newest first; of one dataflow, or of all for "". Raises LakeUnavailable."""
    current = table.current_snapshot()
    every = [each for each in table.snapshots() if dataflow in ("", each.dataflow)]
    page: Page[Any] = Paginator(every, PER_PAGE).get_page(number)
    windows = windows_behind(each.token for each in page.object_list)
    page.object_list = [
        SnapshotRow(each, windows.get(each.token), current is not None and each.id == current.id)
        for each in page.object_list
    ]
    return page
