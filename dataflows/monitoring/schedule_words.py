"""A schedule as a person says it."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dataflows.models import Dataflow, Frequency
from dataflows.scheduling import ScheduleInvalid


def schedule_words(flow: Dataflow) -> str:
    """``Every 2 days at 06:30 (Europe/Berlin)``; the wall clock is that of the schedule's own zone."""
    start = timezone.localtime(flow.schedule.start, ZoneInfo(flow.schedule_zone))
    place = {"count": flow.interval, "time": f"{start:%H:%M}", "zone": flow.schedule_zone}
    match flow.frequency:
        case Frequency.ONCE:
            return _("Once, on %(date)s at %(time)s (%(zone)s)") % {**place, "date": f"{start:%Y-%m-%d}"}
        case Frequency.MINUTE:
            return ngettext("Every minute", "Every %(count)s minutes", flow.interval) % place
        case Frequency.HOUR:
            return ngettext("Every hour", "Every %(count)s hours", flow.interval) % place
        case Frequency.DAY:
            every = ngettext(
                "Every day at %(time)s (%(zone)s)", "Every %(count)s days at %(time)s (%(zone)s)", flow.interval
            )
            return every % place
        case Frequency.WEEK:
            return _weekly(flow.interval) % {**place, "weekday": _weekday(start)}
        case _cron:
            return _("Cron %(cron)s (%(zone)s)") % {"cron": flow.cron, "zone": flow.schedule_zone}


def upcoming(flow: Dataflow, now: datetime, count: int = 5) -> list[datetime]:
    """The next due times; none for a schedule that has ended or cannot be read."""
    try:
        return flow.schedule.upcoming(now, count)
    except ScheduleInvalid:
        return []


def _weekly(interval: int) -> str:
    return ngettext(
        "Every week on %(weekday)s at %(time)s (%(zone)s)",
        "Every %(count)s weeks on %(weekday)s at %(time)s (%(zone)s)",
        interval,
    )


def _weekday(moment: datetime) -> str:
    names = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))
    return names[moment.weekday()]
