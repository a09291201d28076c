"""What piles up is cleared away: raw answers past their retention, leftovers of workers that died."""

from __future__ import annotations

import logging
import shutil
from datetime import UTC, datetime, timedelta

from django.conf import settings

from dataflows import stores

logger = logging.getLogger(__name__)

# No window takes so long: what an attempt left behind is garbage by then.
LEFT_BEHIND = timedelta(days=2)


def sweep(*, now: datetime) -> int:
    """Delete raw answers older than LANDING_RETENTION_DAYS; how many there were. Rejected records stay."""
    oldest = now - timedelta(days=settings.LANDING_RETENTION_DAYS)
    expired = [file.key for file in stores.landing().list("raw/") if file.modified < oldest]
    for key in expired:
        stores.landing().delete(key)
    stores.landing().discard_unfinished(older_than=LEFT_BEHIND)
    _sweep_scratch(now)
    logger.info("upkeep: %d raw answers past their retention deleted", len(expired))
    return len(expired)


def _sweep_scratch(now: datetime) -> None:
    for folder in settings.SCRATCH_DIR.glob("window-*"):
        if datetime.fromtimestamp(folder.stat().st_mtime, UTC) < now - LEFT_BEHIND:
            shutil.rmtree(folder, ignore_errors=True)
