"""A dataset goes back to an earlier snapshot, the ledger with it, and runs go on from there."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from connectors.errors import LakeConflict
from dataflows import stores
from dataflows.models import DayStatus, RunStatus
from dataflows.runs import rolling_back, upkeep
from dataflows.runs.rolling_back import CannotRollBack
from tests.dataflows.runs.conftest import FIRST, SECOND, Bench, events


@pytest.fixture
def table(bench: Bench):
    """First ten rows of one day, then twelve of it and five of the next."""
    bench.export(events(FIRST, 10))
    bench.run(FIRST)
    bench.export(events(FIRST, 12))
    bench.run(FIRST)
    bench.export(events(SECOND, 5))
    bench.run(SECOND)
    return stores.lake().open(bench.flow.dataset.table)


@pytest.fixture
def ada(transactional_db) -> User:
    return User.objects.create_user("ada")


def back(bench: Bench, table, ada, position: int = -1):
    snapshots = table.snapshots()
    return rolling_back.roll_back(bench.flow.dataset, table, snapshots[position].id, seen=snapshots[0].id, by=ada)


def test_the_dataset_and_the_ledger_are_as_they_were(bench: Bench, table, ada):
    effect = rolling_back.effect(table, table.snapshots()[-1].id, table.snapshots()[0].id)
    assert (effect.rows_before, effect.rows_after, effect.days) == (17, 10, [FIRST, SECOND])
    back(bench, table, ada)
    assert len(bench.rows()) == 10
    first, second = bench.flow.days.order_by("day")
    assert (first.status, first.loaded, first.received) == (DayStatus.LOADED, 10, 10)
    assert (second.status, second.loaded, second.published_at) == (DayStatus.MISSING, 0, None)
    assert (table.snapshots()[0].by, table.snapshots()[0].rolled_back_to) == ("ada", table.snapshots()[-1].id)


def test_what_was_rolled_back_is_read_again_and_nothing_doubles(bench: Bench, table, ada):
    back(bench, table, ada)
    bench.holds(lambda day: events(day, 12 if day == FIRST else 5))
    assert bench.run(FIRST, SECOND).status == RunStatus.SUCCEEDED
    assert len(bench.rows()) == 17
    assert set(bench.flow.days.values_list("status", flat=True)) == {DayStatus.LOADED}


def test_a_roll_back_can_be_rolled_back(bench: Bench, table, ada):
    newest = table.snapshots()[0].id
    back(bench, table, ada)
    rolling_back.roll_back(bench.flow.dataset, table, newest, seen=table.snapshots()[0].id, by=ada)
    assert len(bench.rows()) == 17
    assert dict(bench.flow.days.values_list("day", "loaded")) == {FIRST: 12, SECOND: 5}


def test_it_is_refused_while_a_run_is_not_finished(bench: Bench, table, ada):
    bench.start(FIRST)
    with pytest.raises(CannotRollBack):
        back(bench, table, ada)


def test_it_is_refused_when_somebody_committed_meanwhile(bench: Bench, table, ada):
    oldest = table.snapshots()[-1].id
    with pytest.raises(LakeConflict):
        rolling_back.roll_back(bench.flow.dataset, table, oldest, seen=oldest, by=ada)
    assert len(bench.rows()) == 17


class TestUpkeep:
    def test_forgets_old_snapshots_but_keeps_the_newest(self, bench: Bench, table, monkeypatch):
        monkeypatch.setattr(upkeep, "SNAPSHOTS_KEPT", 2)
        upkeep.sweep_lake(now=timezone.now())
        assert len(table.snapshots()) == 3
        upkeep.sweep_lake(now=timezone.now() + timedelta(days=31))
        assert len(table.snapshots()) == 2
        assert len(bench.rows()) == 17

    def test_deletes_today_what_expired_yesterday_though_something_expires_every_day(
        self, bench: Bench, table, monkeypatch
    ):
        monkeypatch.setattr(upkeep, "SNAPSHOTS_KEPT", 1)
        later = timezone.now() + timedelta(days=31)
        with time_machine.travel(later):
            upkeep.sweep_lake(now=later)
        assert (len(table.snapshots()), bench.data_files()) == (1, 3)
        bench.export(events(SECOND, 6))
        bench.run(SECOND)
        later += timedelta(days=1)
        with time_machine.travel(later):
            upkeep.sweep_lake(now=later)
        # Of the first day's two files one is left; the second day's older one goes tomorrow.
        assert (len(table.snapshots()), bench.data_files(), len(bench.rows())) == (1, 3, 18)

    def test_keeps_every_snapshot_when_told_to(self, bench: Bench, table, settings, monkeypatch):
        monkeypatch.setattr(upkeep, "SNAPSHOTS_KEPT", 1)
        settings.SNAPSHOT_RETENTION_DAYS = 0
        upkeep.sweep_lake(now=timezone.now() + timedelta(days=400))
        assert len(table.snapshots()) == 3

    def test_deletes_files_nothing_refers_to_and_no_others(self, bench: Bench, table):
        from connectors.lake import PartWriter

        with PartWriter(table, str(bench.flow.pk), FIRST, token="dead") as writer:
            writer.write(
                stores.lake()
                .open(bench.flow.dataset.table)
                .load()
                .scan()
                .to_arrow()
                .drop_columns(["_dataflow", "_day"])
                .to_batches()[0]
            )
            writer.close()
        assert table.delete_orphans(older_than=timezone.now() - timedelta(days=1)) == 0
        assert table.delete_orphans(older_than=timezone.now() + timedelta(minutes=1)) >= 1
        assert len(bench.rows()) == 17

    def test_rejected_records_go_when_they_have_a_retention(self, bench: Bench, settings):
        writer = stores.landing().create("rejected/1/old.jsonl.gz")
        writer.write(b"x")
        writer.commit()
        later = timezone.now() + timedelta(days=40)
        assert upkeep.sweep(now=later) == 0
        settings.REJECTED_RETENTION_DAYS = 35
        assert upkeep.sweep(now=later) == 1


class TestThePage:
    def url(self, bench, table):
        return reverse("dataflows:dataset_roll_back", args=[bench.flow.dataset.pk, table.snapshots()[-1].id])

    def test_shows_what_changes_and_does_it(self, bench: Bench, table, browse, analyst):
        client = browse(analyst)
        assert self.url(bench, table) in client.get(bench.flow.dataset.get_absolute_url()).content.decode()
        html = client.get(self.url(bench, table)).content.decode()
        assert "17" in html
        assert (
            "Nothing was deleted"
            in client.post(self.url(bench, table), {"seen": table.snapshots()[0].id}, follow=True).content.decode()
        )
        assert len(bench.rows()) == 10

    def test_says_so_when_the_dataset_changed_meanwhile(self, bench: Bench, table, browse, analyst):
        answer = browse(analyst).post(self.url(bench, table), {"seen": 1}, follow=True)
        assert "changed in the meantime" in answer.content.decode()

    def test_is_for_analysts(self, bench: Bench, table, browse, viewer):
        client = browse(viewer)
        assert client.get(self.url(bench, table)).status_code == 403
        assert "roll-back" not in client.get(bench.flow.dataset.get_absolute_url()).content.decode()

    def test_knows_no_such_snapshot(self, bench: Bench, table, browse, analyst):
        url = reverse("dataflows:dataset_roll_back", args=[bench.flow.dataset.pk, 12345])
        assert browse(analyst).get(url).status_code == 404
