"""How regions are called on pages, and which ones can be chosen."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from connectors.mixpanel.hosts import REGIONS


def region_label(region: str) -> str:
    """What a person reads for ``us``, ``eu``, ``in`` or the base URL of an extra host."""
    if region in REGIONS:
        return REGIONS[region].label
    return _("Sample Mixpanel (%(address)s)") % {"address": region}


def region_choices() -> list[tuple[str, Any]]:
    """``(value, label)``; the empty value stands for finding out."""
    known = [*REGIONS, *settings.MIXPANEL_EXTRA_HOSTS]
    return [("", gettext_lazy("Detect automatically")), *((region, region_label(region)) for region in known)]
