"""What the wizard proposes, so that a person types as little as possible."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from dataflows.models import Dataflow, Dataset, Schema

HISTORY = timedelta(days=7)
STANDARD_SCHEMA = "Mixpanel Events (ExperienceEvent)"
LONGEST_NAME = 255


def project_title(draft: Dataflow) -> str:
    return draft.project_name or draft.project_id


def dataset_name(draft: Dataflow) -> str:
    """``Mixpanel <project>``, with a number behind it when there is a dataset of that name already."""
    base = _("Mixpanel %(project)s") % {"project": project_title(draft)}
    base = base[: LONGEST_NAME - 6]
    taken = set(Dataset.objects.filter(name__startswith=base).values_list("name", flat=True))
    numbered = (f"{base} {number}" for number in range(2, len(taken) + 3))
    return base if base not in taken else next(name for name in numbered if name not in taken)


def dataflow_name(draft: Dataflow, today: date) -> str:
    """``Mixpanel <project> <yyyy-mm-dd>``."""
    title = project_title(draft)[: LONGEST_NAME - 30]
    return _("Mixpanel %(project)s %(day)s") % {"project": title, "day": today.isoformat()}


def schema() -> Schema | None:
    """The standard schema for Mixpanel events, or the first there is."""
    return Schema.objects.filter(title=STANDARD_SCHEMA).first() or Schema.objects.first()


def history_from(zone: str, now: datetime) -> date:
    """Seven days before today in the project's zone."""
    return now.astimezone(ZoneInfo(zone or "UTC")).date() - HISTORY
