"""Step 5: when it runs, how far back it reads."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone as clock
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from connectors.errors import UnknownTimezone
from connectors.long_select import OpenSelect
from connectors.mixpanel import timezones
from dataflows.models import Dataflow, Frequency
from dataflows.scheduling import MINIMUM, SHORTEST_DISTANCE, Schedule, ScheduleInvalid, closest
from dataflows.wizard import proposals, schedule_plan
from dataflows.wizard.forms.step import StepForm
from dataflows.wizard.outcome import STAY, Outcome
from dataflows.wizard.zone_choices import zone_choices

FIRST_DAY = date(2011, 1, 1)  # Mixpanel holds nothing older
LARGEST_INTERVAL = 1000
# "Now" as a person types it has no seconds.
TYPING = timedelta(minutes=1)
WALL_CLOCK = "%Y-%m-%dT%H:%M"


class ScheduleForm(StepForm):
    slug = "schedule"
    frequency = forms.ChoiceField(label=lazy("Frequency"), choices=Frequency.choices)
    interval = forms.IntegerField(
        label=lazy("Interval"),
        required=False,
        max_value=LARGEST_INTERVAL,
        widget=forms.NumberInput(attrs={"min": 1}),
        help_text=lazy("Every so many minutes (at least 15), hours, days or weeks."),
    )
    cron = forms.CharField(
        label=lazy("Cron expression"),
        required=False,
        max_length=120,
        help_text=lazy("Five fields: minute, hour, day of month, month, day of week. For example 30 6 * * 1-5."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    start = forms.CharField(
        label=lazy("Start time"),
        required=False,
        max_length=32,
        help_text=lazy("In the time zone chosen here. Leave it empty to start now."),
        widget=forms.TextInput(attrs={"type": "datetime-local"}),
    )
    schedule_zone = forms.CharField(label=lazy("Time zone of the schedule"), required=False, widget=OpenSelect)
    backfill = forms.BooleanField(
        label=lazy("Backfill"),
        required=False,
        help_text=lazy("The first run reads everything since the day below. Off: nothing before the start time."),
    )
    history_from = forms.DateField(
        label=lazy("History from"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=lazy("The first day wanted."),
        error_messages={"invalid": lazy("Write a day as year-month-day, for example 2026-03-01.")},
    )
    lookback_days = forms.IntegerField(
        label=lazy("Look-back (days)"),
        min_value=1,
        max_value=90,
        help_text=lazy(
            "How many days each run reads again, because events arrive late. Five days is what phones need."
        ),
        error_messages={
            "min_value": lazy("At least 1 day: the day itself."),
            "max_value": lazy("At most 90 days."),
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["schedule_zone"].widget.choices = zone_choices()

    @classmethod
    def stored(cls, draft: Dataflow) -> dict[str, Any]:
        start = draft.start_at.astimezone(ZoneInfo(draft.schedule_zone)) if draft.start_at else None
        return {
            "frequency": draft.frequency,
            "interval": draft.interval,
            "cron": draft.cron,
            "start": start.strftime(WALL_CLOCK) if start else "",
            "schedule_zone": draft.schedule_zone,
            "backfill": draft.backfill,
            "history_from": draft.history_from or proposals.history_from(draft.timezone, clock.now()),
            "lookback_days": draft.lookback_days,
        }

    @staticmethod
    def is_complete(draft: Dataflow) -> bool:
        return True  # every field has a default; the review validates them all

    # --- validation -----------------------------------------------------------------------------------------

    def clean_schedule_zone(self) -> str:
        try:
            return timezones.canonical(self.cleaned_data["schedule_zone"] or "UTC")
        except UnknownTimezone as error:
            raise forms.ValidationError(str(error), code=error.code) from error

    def clean_history_from(self) -> date | None:
        day: date | None = self.cleaned_data["history_from"]
        if day is None:
            return None
        if day < FIRST_DAY:
            raise forms.ValidationError(_("Mixpanel holds nothing before 2011. Choose a later day."))
        today = clock.now().astimezone(ZoneInfo(self.draft.timezone or "UTC")).date()
        if day > today:
            raise forms.ValidationError(
                _("This day is in the future. In the project's time zone today is %(today)s.") % {"today": today}
            )
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        cleaned["start_at"] = self._start(cleaned)
        if not self.errors and cleaned.get("frequency"):
            self._check_schedule(cleaned)
        wants_history = cleaned.get("backfill") or cleaned.get("frequency") == Frequency.ONCE
        if wants_history and not cleaned.get("history_from") and "history_from" not in self.errors and not self.partial:
            self.add_error("history_from", _("Choose the first day to read."))
        return cleaned

    def _start(self, cleaned: dict[str, Any]) -> datetime | None:
        """The typed wall-clock time in the typed zone, as an instant; ``None`` for now."""
        text, zone = cleaned.get("start") or "", cleaned.get("schedule_zone")
        if not text or not zone:
            return None
        try:
            wall = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
            start = wall.astimezone(UTC)
        except (ValueError, OverflowError):
            self.add_error("start", _("Write the start as a date and a time, for example 2026-03-01T06:30."))
            return None
        if start < clock.now() - TYPING:
            self.add_error(
                "start", _("This time has passed. Choose a later one, or leave the field empty to start now.")
            )
        return start

    def _check_schedule(self, cleaned: dict[str, Any]) -> None:
        if cleaned["frequency"] in MINIMUM and cleaned.get("interval") is None:
            self.add_error("interval", _("Say how many."))
            return
        try:
            schedule = self._schedule(cleaned)
            schedule.check()
            problem = _cron_problem(schedule) if schedule.frequency == Frequency.CRON else ""
        except ScheduleInvalid as error:
            self.add_error(error.field, str(error))
            return
        if problem:
            self.add_error("cron", problem)

    @staticmethod
    def _schedule(cleaned: dict[str, Any]) -> Schedule:
        return Schedule(
            frequency=cleaned["frequency"],
            interval=cleaned.get("interval") or 0,
            cron=cleaned.get("cron", ""),
            zone=cleaned["schedule_zone"],
            start=cleaned["start_at"] or clock.now(),
        )

    # --- saving and showing -----------------------------------------------------------------------------------

    def changes(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        names = ("frequency", "cron", "start_at", "schedule_zone", "backfill", "history_from")
        changes = {name: cleaned[name] for name in names if name in cleaned}
        if cleaned.get("lookback_days"):
            changes["lookback_days"] = cleaned["lookback_days"]
        if cleaned.get("frequency") in MINIMUM and cleaned.get("interval"):
            changes["interval"] = cleaned["interval"]
        return changes

    def perform(self, *, now: datetime) -> Outcome:
        if self.action == "plan":
            self.is_valid()
            return STAY
        return super().perform(now=now)

    @cached_property
    def plan(self) -> schedule_plan.Plan | None:
        """Of what was sent, or else of what is stored; ``None`` while there are errors."""
        sent = self if self.is_bound else self.of(self.draft, self.user)
        if not sent.is_valid():
            return None
        return schedule_plan.plan(self.draft, sent.changes(), clock.now())


def _cron_problem(schedule: Schedule) -> str:
    found = closest(schedule)
    if found is None:
        return _("This expression is never due.")
    if found < SHORTEST_DISTANCE:
        return _(
            "This expression is due every %(found)d minutes at times; the shortest distance is %(least)d minutes."
        ) % {
            "found": found // timedelta(minutes=1),
            "least": SHORTEST_DISTANCE // timedelta(minutes=1),
        }
    return ""
