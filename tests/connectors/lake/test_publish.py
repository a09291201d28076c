"""Days are replaced whole or not at all, whatever happens in between."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from connectors.errors import LakeConflict, LakeUnavailable
from connectors.lake.catalog import Lake
from connectors.lake.hint import NAME
from connectors.lake.inspect import live_files
from connectors.lake.publish import ATTEMPTS, LeaseLost
from connectors.lake.replace import MERGE_AT
from connectors.lake.table import LakeTable
from tests.connectors.lake.events import FLOW, SCHEMA, day, events, ids, parts, publish
from tests.connectors.lake.processes import publish_days, run_together, write_and_die

OTHER = "c1d0c1d0-0000-4000-8000-000000000002"


def files_of(table: LakeTable) -> set[str]:
    return {file.file_path for file in live_files(table.load())}


class TestReplacing:
    def test_many_days_are_one_commit(self, table: LakeTable) -> None:
        receipt = publish(table, {day(n): n for n in range(1, 8)})
        assert (receipt.rows_added, receipt.rows_removed, receipt.files) == (28, 0, 7)
        assert table.days() == {day(n): n for n in range(1, 8)}
        assert [(info.id, info.total_rows) for info in table.snapshots()] == [(receipt.snapshot_id, 28)]

    def test_a_day_is_replaced_and_its_neighbours_keep_their_files(self, table: LakeTable) -> None:
        publish(table, {day(1): 2, day(2): 3, day(3): 4}, token="one")
        before = files_of(table)
        receipt = publish(table, {day(2): 5}, token="two")
        assert (receipt.rows_added, receipt.rows_removed) == (5, 3)
        assert table.days() == {day(1): 2, day(2): 5, day(3): 4}
        assert ids(table) == sorted(
            [f"one-{n}" for n in range(2)] + [f"two-{n}" for n in range(5)] + [f"one-{n}" for n in range(4)]
        )
        assert len(files_of(table) & before) == 2

    def test_replacing_adds_exactly_one_snapshot_and_no_data_file_of_its_own(self, table: LakeTable) -> None:
        publish(table, {day(1): 2, day(2): 3}, token="one")
        new = parts(table, day(2), 5, token="two")
        on_disk = set(Path(table.folder, "data").rglob("*.parquet"))
        table.publish(FLOW, [day(2)], new, token="two", still_mine=lambda: True)
        assert len(table.snapshots()) == 2
        assert set(Path(table.folder, "data").rglob("*.parquet")) == on_disk

    def test_replacing_reads_no_old_data_file(self, table: LakeTable) -> None:
        publish(table, {day(1): 2, day(2): 3}, token="one")
        for path in files_of(table):
            Path(path).unlink()
        publish(table, {day(1): 4}, token="two")
        assert table.days() == {day(1): 4, day(2): 3}

    def test_days_between_two_replaced_days_are_left_alone(self, table: LakeTable) -> None:
        publish(table, {day(n): 1 for n in range(1, 6)}, token="one")
        publish(table, {day(1): 9, day(5): 9}, token="two")
        assert table.days() == {day(1): 9, day(2): 1, day(3): 1, day(4): 1, day(5): 9}

    def test_another_dataflows_days_are_left_alone(self, table: LakeTable) -> None:
        publish(table, {day(1): 2}, token="one")
        receipt = publish(table, {day(1): 3}, flow=OTHER, token="two")
        assert receipt.rows_removed == 0
        assert table.days(FLOW) == {day(1): 2}
        assert table.days(OTHER) == {day(1): 3}
        assert table.days() == {day(1): 5}

    def test_dataflows_that_begin_alike_are_not_confused(self, table: LakeTable) -> None:
        twin = FLOW[:-1] + "f"
        publish(table, {day(1): 2}, token="one")
        publish(table, {day(1): 3}, flow=twin, token="two")
        publish(table, {day(1): 4}, token="three")
        assert (table.days(FLOW), table.days(twin)) == ({day(1): 4}, {day(1): 3})

    def test_a_day_without_files_becomes_empty(self, table: LakeTable) -> None:
        publish(table, {day(1): 2, day(2): 3}, token="one")
        receipt = table.publish(FLOW, [day(1), day(4)], [], token="two", still_mine=lambda: True)
        assert (receipt.rows_added, receipt.rows_removed, receipt.files) == (0, 2, 0)
        assert table.days() == {day(2): 3}

    def test_days_before_1970_have_their_place(self, table: LakeTable) -> None:
        publish(table, {date(1969, 12, 31): 2}, token="one")
        publish(table, {date(1969, 12, 31): 3}, token="two")
        assert table.days() == {date(1969, 12, 31): 3}

    def test_nested_values_read_back_equal(self, table: LakeTable) -> None:
        publish(table, {day(1): 6})
        read = table.load().scan(selected_fields=tuple(SCHEMA.names)).to_arrow().sort_by("_id").to_pylist()
        assert read == events(6, "t").to_pylist()


class TestSucceeding:
    def test_the_same_days_of_a_predecessor_go_in_the_same_commit(self, table: LakeTable) -> None:
        publish(table, {day(1): 2, day(2): 3}, flow="gone", token="old")
        publish(table, {day(1): 7}, flow="other", token="other")
        files = parts(table, day(1), 5, token="new")
        receipt = table.publish(
            FLOW, [day(1)], files, token="new", still_mine=lambda: True, predecessors=["gone", "never"]
        )
        assert (receipt.rows_added, receipt.rows_removed) == (5, 2)
        assert table.days("gone") == {day(2): 3}
        assert (table.days(FLOW), table.days("other")) == ({day(1): 5}, {day(1): 7})
        assert len(table.snapshots()) == 3


class TestRepeating:
    def test_the_same_token_writes_nothing_and_returns_its_receipt(self, table: LakeTable) -> None:
        first = publish(table, {day(1): 2, day(2): 3}, token="one")
        publish(table, {day(1): 7}, token="two")
        before = table.metadata_location
        again = publish(table, {day(1): 2, day(2): 3}, token="one")
        assert again == first
        assert table.metadata_location == before
        assert table.days() == {day(1): 7, day(2): 3}

    def test_the_same_files_under_another_token_change_nothing(self, table: LakeTable) -> None:
        files = parts(table, day(1), 4)
        table.publish(FLOW, [day(1)], files, token="one", still_mine=lambda: True)
        before = table.metadata_location
        receipt = table.publish(FLOW, [day(1)], files, token="two", still_mine=lambda: True)
        assert table.metadata_location == before
        assert receipt.rows_added == 4
        assert len(ids(table)) == 4

    def test_an_empty_day_in_an_empty_table_needs_no_snapshot(self, table: LakeTable) -> None:
        receipt = table.publish(FLOW, [day(1)], [], token="one", still_mine=lambda: True)
        assert receipt.snapshot_id is None
        assert table.snapshots() == []

    def test_a_publication_that_was_rolled_back_can_be_made_again(self, table: LakeTable) -> None:
        first = publish(table, {day(1): 2}, token="one")
        publish(table, {day(1): 5}, token="two")
        assert first.snapshot_id is not None
        table.load().manage_snapshots().rollback_to_snapshot(first.snapshot_id).commit()
        assert table.days() == {day(1): 2}
        publish(table, {day(1): 5}, token="two")
        assert table.days() == {day(1): 5}


class TestFencing:
    def test_work_that_was_taken_over_publishes_nothing(self, table: LakeTable) -> None:
        publish(table, {day(1): 2}, token="one")
        before = table.metadata_location
        listed = sorted(os.listdir(f"{table.folder}/metadata"))
        with pytest.raises(LeaseLost, match="two"):
            publish(table, {day(1): 5}, token="two", still_mine=lambda: False)
        assert table.metadata_location == before
        assert sorted(os.listdir(f"{table.folder}/metadata")) == listed

    @pytest.mark.parametrize("library_retries", ["0", "4"])
    def test_losing_the_work_after_the_question_loses_the_commit(self, table: LakeTable, library_retries: str) -> None:
        properties = {"commit.retry.num-retries": library_retries, "commit.retry.min-wait-ms": "1"}
        table.load().transaction().set_properties(properties).commit_transaction()
        answers: list[bool] = []

        def asked() -> bool:
            answers.append(not answers)
            if len(answers) == 1:
                # Right after hearing yes the worker stalls; its successor publishes the same day.
                publish(table, {day(1): 7}, token="successor")
            return answers[-1]

        with pytest.raises(LeaseLost):
            publish(table, {day(1): 5}, token="stalled", still_mine=asked)
        assert answers == [True, False]
        assert table.days() == {day(1): 7}
        assert [info.token for info in table.snapshots()] == ["successor"]

    def test_a_conflict_with_somebody_else_is_repeated_on_what_they_left(self, table: LakeTable) -> None:
        questions = iter(range(100))

        def asked() -> bool:
            if next(questions) < 2:
                publish(table, {day(2): 1}, flow=OTHER, token=f"other-{len(table.snapshots())}")
            return True

        receipt = publish(table, {day(1): 5}, token="mine", still_mine=asked)
        assert receipt.rows_added == 5
        assert table.days(FLOW) == {day(1): 5}
        assert table.days(OTHER) == {day(2): 1}
        assert len(table.snapshots()) == 3

    def test_somebody_who_is_always_faster_is_a_conflict(
        self, table: LakeTable, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("connectors.lake.publish.LONGEST_PAUSE", 0.001)
        questions: list[int] = []

        def asked() -> bool:
            questions.append(len(questions))
            publish(table, {day(2): 1}, flow=OTHER, token=f"other-{len(questions)}")
            return True

        with pytest.raises(LakeConflict):
            publish(table, {day(1): 5}, token="slow", still_mine=asked)
        assert len(questions) == ATTEMPTS
        assert table.days(FLOW) == {}

    def test_attempts_that_lost_leave_no_metadata_behind(self, table: LakeTable) -> None:
        questions = iter(range(100))

        def asked() -> bool:
            if next(questions) == 0:
                publish(table, {day(2): 1}, flow=OTHER, token="other")
            return True

        publish(table, {day(1): 5}, token="mine", still_mine=asked)
        lists = [name for name in os.listdir(f"{table.folder}/metadata") if name.startswith("snap-")]
        assert len(lists) == len(table.snapshots()) == 2


class TestWrongFiles:
    def test_a_file_of_a_day_that_is_not_replaced_is_refused(self, table: LakeTable) -> None:
        files = parts(table, day(2), 1)
        with pytest.raises(ValueError, match="day that is not being replaced"):
            table.publish(FLOW, [day(1)], files, token="t", still_mine=lambda: True)
        with pytest.raises(ValueError, match="another dataflow"):
            table.publish(OTHER, [day(2)], files, token="t", still_mine=lambda: True)
        with pytest.raises(ValueError, match="twice"):
            table.publish(FLOW, [day(2)], files * 2, token="t", still_mine=lambda: True)

    @pytest.mark.parametrize(
        "damage", [Path.unlink, lambda path: os.truncate(path, os.path.getsize(path) - 8)], ids=["gone", "cut"]
    )
    def test_a_file_that_is_not_whole_publishes_nothing(self, table: LakeTable, damage: Callable[[Path], None]) -> None:
        publish(table, {day(1): 2}, token="one")
        good, bad = parts(table, day(2), 2), parts(table, day(3), 2)
        damage(Path(bad[0].path))
        with pytest.raises(LakeUnavailable):
            table.publish(FLOW, [day(2), day(3)], good + bad, token="two", still_mine=lambda: True)
        assert table.days() == {day(1): 2}

    def test_a_file_with_other_rows_than_promised_publishes_nothing(self, table: LakeTable) -> None:
        (mine,), (others,) = parts(table, day(1), 2), parts(table, day(1), 3)
        os.replace(others.path, mine.path)
        with pytest.raises(LakeUnavailable, match="does not hold"):
            table.publish(FLOW, [day(1)], [mine], token="t", still_mine=lambda: True)


class TestManyAtOnce:
    def test_threads_on_one_table_lose_nothing(self, lake_urls: tuple[str, str]) -> None:
        lake = Lake(*lake_urls)
        table = lake.create("ds_1", SCHEMA)
        flows = [f"{n}{FLOW[1:]}" for n in range(3)]
        failures: list[BaseException] = []

        def work(flow: str) -> None:
            try:
                for n in range(1, 3):
                    publish(table, {day(n): n, day(n + 1): 1}, flow=flow, token=f"{flow}-{n}")
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(flow,)) for flow in flows]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert [table.days(flow) for flow in flows] == [{day(1): 1, day(2): 2, day(3): 1}] * 3
        assert len(table.snapshots()) == 6
        lake.close()

    @pytest.mark.worker
    def test_processes_on_one_table_lose_nothing(self, lake_urls: tuple[str, str]) -> None:
        lake = Lake(*lake_urls)
        table = lake.create("ds_1", SCHEMA)
        assert run_together(publish_days, (lake_urls, FLOW), (lake_urls, OTHER)) == [0, 0]
        assert table.days(FLOW) == table.days(OTHER) == {day(n): n for n in range(1, 4)}
        assert len(table.snapshots()) == 6
        assert len(ids(table)) == 12
        lake.close()

    @pytest.mark.worker
    def test_a_process_killed_before_publishing_changes_nothing(
        self, tmp_path: Path, lake: Lake, table: LakeTable
    ) -> None:
        publish(table, {day(1): 2}, token="one")
        urls = (f"sqlite:///{tmp_path}/catalog.db", str(tmp_path / "lake"))
        assert run_together(write_and_die, (urls,)) == [-signal.SIGKILL]
        orphans = list(Path(table.folder).rglob("dead-*.parquet"))
        assert len(orphans) == 1
        assert ids(table) == ["one-0", "one-1"]
        assert lake.open("ds_1").days() == {day(1): 2}


class TestManyCommits:
    def test_manifests_are_merged_and_nothing_is_lost_over_it(self, table: LakeTable) -> None:
        table.load().transaction().set_properties({MERGE_AT: "4"}).commit_transaction()
        expected: dict[date, int] = {}
        for n in range(10):
            expected[day(n % 6 + 1)] = n % 4 + 1
            publish(table, {day(n % 6 + 1): n % 4 + 1}, token=f"t{n}")
        current = table.load()
        snapshot = current.current_snapshot()
        assert snapshot is not None
        assert len(snapshot.manifests(current.io)) < 4
        assert table.days() == expected
        assert len(ids(table)) == sum(expected.values()) == table.snapshots()[0].total_rows

    def test_emptying_again_and_again_does_not_pile_up_manifests(self, table: LakeTable) -> None:
        for n in range(4):
            publish(table, {day(1): 1}, token=f"in{n}")
            table.publish(FLOW, [day(1)], [], token=f"out{n}", still_mine=lambda: True)
        current = table.load()
        snapshot = current.current_snapshot()
        assert snapshot is not None
        assert len(snapshot.manifests(current.io)) == 1


class TestOtherReaders:
    def test_the_version_hint_names_the_current_metadata_after_every_commit(self, table: LakeTable) -> None:
        hint = Path(table.folder, "metadata", NAME)
        for n in range(2):
            assert f"{table.folder}/metadata/{hint.read_text()}.metadata.json" == table.metadata_location
            publish(table, {day(1): 1}, token=f"t{n}")
        assert f"{table.folder}/metadata/{hint.read_text()}.metadata.json" == table.metadata_location

    def test_a_hint_that_cannot_be_written_does_not_fail_the_publication(self, table: LakeTable) -> None:
        hint = Path(table.folder, "metadata", NAME)
        hint.unlink()
        hint.mkdir()
        (hint / "x").write_text("in the way")
        assert publish(table, {day(1): 2}).rows_added == 2
        assert table.days() == {day(1): 2}

    def test_duckdb_reads_the_current_files(self, table: LakeTable) -> None:
        import duckdb

        publish(table, {day(1): 2, day(2): 3}, token="one")
        publish(table, {day(2): 5}, token="two")
        found = duckdb.execute(
            "SELECT _day, count(*), max(web.page.views) FROM read_parquet(?) GROUP BY _day ORDER BY _day",
            [sorted(files_of(table))],
        ).fetchall()
        assert found == [(day(1), 2, 1), (day(2), 5, 3)]
