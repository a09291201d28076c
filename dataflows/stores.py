"""Where things lie: the landing zone and the lake, as the settings say."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings

from connectors.storage import Landing, open_landing

if TYPE_CHECKING:
    from connectors.lake import Lake


@cache
def landing() -> Landing:
    return open_landing(settings.LANDING_URL)


@cache
def lake() -> Lake:
    # The lake's libraries take seconds of CPU to import; most processes never open it.
    from connectors.lake import Lake

    return Lake(settings.LAKE_CATALOG_URL, settings.LAKE_URL)
