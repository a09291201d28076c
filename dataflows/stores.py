"""Where things lie: the landing zone and the lake, as the settings say."""

from __future__ import annotations

from functools import cache

from django.conf import settings

from connectors.lake import Lake
from connectors.storage import Landing, open_landing


@cache
def landing() -> Landing:
    return open_landing(settings.LANDING_URL)


@cache
def lake() -> Lake:
    return Lake(settings.LAKE_CATALOG_URL, settings.LAKE_URL)
