"""Rolling back to an earlier snapshot, and the history that is left."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from connectors.errors import LakeConflict, LakeUnavailable
from connectors.lake.inspect import DayContent, UnknownSnapshot, live_files
from connectors.lake.table import LakeTable
from tests.connectors.lake.events import FLOW, day, ids, publish

OTHER = "c1d0c1d0-0000-4000-8000-000000000002"


def current(table: LakeTable) -> int:
    return table.snapshots()[0].id


def back(table: LakeTable, to: int, by: str = "ada") -> int:
    return table.roll_back(to, seen=current(table), by=by)


@pytest.fixture
def three(table: LakeTable) -> list[int]:
    """Snapshots of day 1, then day 2, then day 1 replaced; oldest first."""
    publish(table, {day(1): 2}, token="one")
    publish(table, {day(2): 3}, token="two", flow=OTHER)
    publish(table, {day(1): 5}, token="three")
    return [info.id for info in reversed(table.snapshots())]


class TestRollingBack:
    def test_restores_the_rows_of_every_dataflow(self, table: LakeTable, three: list[int]) -> None:
        back(table, three[0])
        assert (table.days(FLOW), table.days(OTHER)) == ({day(1): 2}, {})
        assert ids(table) == ["one-0", "one-1"]

    def test_is_a_commit_that_says_who_and_where_to(self, table: LakeTable, three: list[int]) -> None:
        new = back(table, three[1], by="ada")
        found = table.snapshots()[0]
        assert (found.id, found.rolled_back_to, found.by, found.token) == (new, three[1], "ada", "")
        assert (found.rows_added, found.rows_removed, found.total_rows) == (2, 5, 5)

    def test_can_be_undone(self, table: LakeTable, three: list[int]) -> None:
        back(table, three[0])
        back(table, three[2])
        assert table.days() == {day(1): 5, day(2): 3}

    def test_writes_no_data_file(self, table: LakeTable, three: list[int]) -> None:
        before = set(Path(table.folder, "data").rglob("*.parquet"))
        back(table, three[0])
        assert set(Path(table.folder, "data").rglob("*.parquet")) == before

    def test_to_what_is_there_already_commits_nothing(self, table: LakeTable, three: list[int]) -> None:
        assert back(table, three[2]) == three[2]
        assert len(table.snapshots()) == 3

    def test_to_nowhere_is_refused(self, table: LakeTable, three: list[int]) -> None:
        with pytest.raises(UnknownSnapshot):
            back(table, 4711)

    def test_over_many_days_is_one_quick_commit(self, table: LakeTable) -> None:
        first = publish(table, {day(1): 1}, token="one").snapshot_id
        assert first is not None
        publish(table, {day(1) + timedelta(days=n): 1 for n in range(300)}, token="two")
        back(table, first)
        assert table.days() == {day(1): 1}
        assert len(table.snapshots()) == 3


class TestMeanwhile:
    def test_a_publication_since_the_decision_is_not_lost(self, table: LakeTable, three: list[int]) -> None:
        publish(table, {day(4): 9}, token="late")
        with pytest.raises(LakeConflict):
            table.roll_back(three[0], seen=three[2], by="ada")
        assert table.days() == {day(1): 5, day(2): 3, day(4): 9}

    def test_a_publication_that_is_about_to_commit_comes_on_top(self, table: LakeTable, three: list[int]) -> None:
        asked: list[int] = []

        def still_mine() -> bool:
            if not asked:
                back(table, three[0])
            asked.append(1)
            return True

        publish(table, {day(4): 9}, token="late", still_mine=still_mine)
        assert len(asked) == 2
        assert table.days() == {day(1): 2, day(4): 9}

    def test_files_that_were_cleared_away_are_not_brought_back(self, table: LakeTable, three: list[int]) -> None:
        old = {file.file_path for file in live_files(table.load())}
        back(table, three[0])
        for path in old - {file.file_path for file in live_files(table.load())}:
            Path(path).unlink()
        with pytest.raises(LakeUnavailable, match="gone"):
            back(table, three[2])
        assert table.days() == {day(1): 2}


class TestHistory:
    def test_passes_over_what_was_rolled_back(self, table: LakeTable, three: list[int]) -> None:
        rolled = back(table, three[0])
        last = publish(table, {day(7): 1}, token="four").snapshot_id
        assert last is not None
        assert [info.id for info in table.history(last)] == [last, rolled, three[0]]
        assert [info.token for info in table.history(three[2])] == ["three", "two", "one"]

    def test_lets_a_publication_be_made_again_that_was_rolled_back(self, table: LakeTable, three: list[int]) -> None:
        back(table, three[1])
        assert table.days(FLOW) == {day(1): 2}
        publish(table, {day(1): 5}, token="three")
        assert table.days(FLOW) == {day(1): 5}

    def test_remembers_a_publication_that_was_not(self, table: LakeTable, three: list[int]) -> None:
        back(table, three[1])
        before = len(table.snapshots())
        assert publish(table, {day(1): 2}, token="one").snapshot_id == three[0]
        assert len(table.snapshots()) == before

    def test_tells_the_contents_of_any_snapshot(self, table: LakeTable, three: list[int]) -> None:
        assert table.contents(three[1]) == {
            (FLOW, day(1)): DayContent(2, frozenset({"one"})),
            (OTHER, day(2)): DayContent(3, frozenset({"two"})),
        }
