"""What piles up is cleared away: raw answers past their retention, leftovers of workers that died."""

from __future__ import annotations

import logging
import shutil
from datetime import UTC, datetime, timedelta

from django.conf import settings

from connectors.errors import ConnectorError
from dataflows import stores
from dataflows.models import Dataset

logger = logging.getLogger(__name__)

# No window takes so long: what an attempt left behind is garbage by then.
LEFT_BEHIND = timedelta(days=2)
# The newest stay, however old: there is always something to roll back to.
SNAPSHOTS_KEPT = 10
# A publication that goes on has files nobody refers to yet; none takes a day.
ORPHANED = timedelta(days=1)


def sweep(*, now: datetime) -> int:
    """Delete raw answers (and rejected records, if they have a retention) past their time; how many there were."""
    count = _expire("raw/", settings.LANDING_RETENTION_DAYS, now)
    if settings.REJECTED_RETENTION_DAYS:
        count += _expire("rejected/", settings.REJECTED_RETENTION_DAYS, now)
    stores.landing().discard_unfinished(older_than=LEFT_BEHIND)
    _sweep_scratch(now)
    logger.info("upkeep: %d files past their retention deleted", count)
    return count


def _expire(prefix: str, days: int, now: datetime) -> int:
    oldest = now - timedelta(days=days)
    expired = [file.key for file in stores.landing().list(prefix) if file.modified < oldest]
    for key in expired:
        stores.landing().delete(key)
    return len(expired)


def sweep_lake(*, now: datetime) -> None:
    """Forget old snapshots of every dataset and delete files that nothing refers to; one that fails is tried again."""
    for dataset in Dataset.objects.all():
        try:
            _sweep_table(dataset, now)
        except (ConnectorError, LookupError):
            logger.warning("upkeep: dataset %s was left as it is", dataset.pk, exc_info=True)


def _sweep_table(dataset: Dataset, now: datetime) -> None:
    # It needs the lake's libraries, which take seconds to import; whoever sends this task does without.
    from dataflows.runs import rolling_back

    table = stores.lake().open(dataset.table)
    rolling_back.settle(dataset, table)
    # First: after an expiry nothing is deleted for a while. What is let go today is deleted tomorrow.
    deleted = table.delete_orphans(older_than=now - ORPHANED)
    logger.info("upkeep: dataset %s: %d orphan files deleted", dataset.pk, deleted)
    if settings.SNAPSHOT_RETENTION_DAYS:
        oldest = now - timedelta(days=settings.SNAPSHOT_RETENTION_DAYS)
        expired = table.expire(older_than=oldest, keep=SNAPSHOTS_KEPT)
        logger.info("upkeep: dataset %s: %d snapshots expired", dataset.pk, expired)


def _sweep_scratch(now: datetime) -> None:
    for folder in settings.SCRATCH_DIR.glob("window-*"):
        if datetime.fromtimestamp(folder.stat().st_mtime, UTC) < now - LEFT_BEHIND:
            shutil.rmtree(folder, ignore_errors=True)
