"""What piles up is cleared away, and nothing else."""

import os
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from dataflows import stores
from dataflows.runs import upkeep


def landed(key: str) -> None:
    writer = stores.landing().create(key)
    writer.write(b"{}")
    writer.commit()


@pytest.mark.usefixtures("places")
class TestSweep:
    def test_deletes_raw_answers_past_their_retention_only(self):
        landed("raw/1/42/old.jsonl")
        landed("rejected/1/kept.jsonl.gz")
        now = timezone.now()
        assert upkeep.sweep(now=now + timedelta(days=29)) == 0
        assert upkeep.sweep(now=now + timedelta(days=31)) == 1
        assert [file.key for file in stores.landing().list()] == ["rejected/1/kept.jsonl.gz"]

    def test_removes_the_scratch_of_workers_that_died(self):
        old, fresh = settings.SCRATCH_DIR / "window-old", settings.SCRATCH_DIR / "window-new"
        for folder in (old, fresh):
            folder.mkdir(parents=True)
        long_ago = (timezone.now() - timedelta(days=3)).timestamp()
        os.utime(old, (long_ago, long_ago))
        upkeep.sweep(now=timezone.now())
        assert list(settings.SCRATCH_DIR.iterdir()) == [fresh]
