"""Which days a backfill reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dataflows import scheduling
from dataflows.models import Dataflow
from dataflows.monitoring.forms import RunNowForm
from dataflows.runs import backfilling

MISSING, EVERY = "missing", "every"


class BackfillForm(RunNowForm):
    """Always bound: what is not given is the whole range of the dataflow, and of it what is missing or failed."""

    which = forms.ChoiceField(
        label=_("Days to read"),
        choices=[
            (MISSING, _("Only missing and failed days")),
            (EVERY, _("Every day; loaded days are read again and replaced")),
        ],
        widget=forms.RadioSelect,
    )

    def __init__(self, data: Mapping[str, Any], *, flow: Dataflow, now: datetime) -> None:
        first, last = backfilling.range_of(flow, now)
        usual = {"first_day": first.isoformat(), "last_day": last.isoformat(), "which": MISSING}
        super().__init__(usual | {name: data[name] for name in usual if name in data}, flow=flow, now=now)
        self.flow = flow
        for name in ("first_day", "last_day"):
            self.fields[name].required = True

    @property
    def chosen(self) -> Sequence[date]:
        """The days, increasing; call it only when the form is valid."""
        days = scheduling.days_between(self.cleaned_data["first_day"], self.cleaned_data["last_day"])
        return days if self.cleaned_data["which"] == EVERY else backfilling.unsettled(self.flow, days)
