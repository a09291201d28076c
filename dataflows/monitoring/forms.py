"""What can be asked of the lists, and the dates of a run on demand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.choices import BaseChoiceIterator
from django.utils.translation import gettext_lazy as _

from connectors.form_layout import PageForm
from connectors.long_select import LongSelect
from connectors.models import Account
from connectors.roles import User
from dataflows import scheduling
from dataflows.models import Dataflow, DataflowStatus, Dataset, RunStatus, Trigger

# Mixpanel's raw export knows no events before 2011.
OLDEST_DAY = date(2011, 1, 1)


class FilterForm(forms.Form):
    """A form of optional fields read from the query string; a value that makes no sense is left out."""

    use_required_attribute = False

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data, auto_id="filter-%s", label_suffix="")
        for field in self.fields.values():
            field.required = False
            field.widget.attrs["class"] = _look(field)

    @property
    def chosen(self) -> dict[str, Any]:
        """What was asked for, by field."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class Names(BaseChoiceIterator):
    """Rows to choose from, read when they are shown."""

    def __init__(self, rows: QuerySet[Any], none: str) -> None:
        self._rows, self._none = rows, none

    def __iter__(self) -> Iterator[tuple[Any, str]]:
        yield "", self._none
        yield from self._rows.values_list("pk", "name")


class DataflowFilter(FilterForm):
    q = forms.CharField(label=_("Name or project"), max_length=255)
    status = forms.ChoiceField(label=_("Status"), choices=[("", _("All")), *DataflowStatus.choices])
    account = forms.ModelChoiceField(label=_("Account"), queryset=Account.objects.none(), empty_label=_("All"))
    dataset = forms.ModelChoiceField(label=_("Dataset"), queryset=Dataset.objects.none(), empty_label=_("All"))
    sort = forms.ChoiceField(
        label=_("Sort by"), choices=[("", _("Newest first")), ("name", _("Name")), ("next", _("Next run"))]
    )
    attention = forms.BooleanField(label=_("Needs attention"))

    def __init__(self, data: Mapping[str, Any], user: User) -> None:
        super().__init__(data)
        _offer(self, "account", Account.objects.visible_to(user))
        _offer(self, "dataset", Dataset.objects.visible_to(user))

    @property
    def narrows(self) -> bool:
        return bool(self.chosen.keys() - {"sort"})


class RunFilter(FilterForm):
    """``frame`` is the time frame in which runs began."""

    FRAMES = (("24h", _("Last 24 hours")), ("7d", _("Last 7 days")), ("30d", _("Last 30 days")), ("all", _("All time")))

    frame = forms.ChoiceField(label=_("Time frame"), choices=FRAMES)
    dataflow = forms.ModelChoiceField(label=_("Dataflow"), queryset=Dataflow.objects.none(), empty_label=_("All"))
    status = forms.ChoiceField(label=_("Status"), choices=[("", _("All")), *RunStatus.choices])
    trigger = forms.ChoiceField(label=_("Trigger"), choices=[("", _("All")), *Trigger.choices])
    failures = forms.BooleanField(label=_("Show failures only"))

    def __init__(self, data: Mapping[str, Any], user: User) -> None:
        super().__init__(data)
        _offer(self, "dataflow", Dataflow.objects.visible_to(user).live())

    @property
    def frame_words(self) -> str:
        return str(dict(self.FRAMES)[self.chosen.get("frame", "24h")])


class HistoryFilter(FilterForm):
    """The runs of one dataflow."""

    status = forms.ChoiceField(label=_("Status"), choices=[("", _("All")), *RunStatus.choices])


class RunNowForm(PageForm, forms.Form):
    """The days of a run on demand; both empty means what the schedule would read now."""

    first_day = forms.DateField(
        label=_("First day"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    last_day = forms.DateField(
        label=_("Last day"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, flow: Dataflow, now: datetime) -> None:
        super().__init__(data)
        self.newest = scheduling.last_day(now, flow.timezone, include_today=True)

    def clean_first_day(self) -> date | None:
        return self._within("first_day")

    def clean_last_day(self) -> date | None:
        return self._within("last_day")

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        first, last = found.get("first_day"), found.get("last_day")
        if not self.errors and bool(first) != bool(last):
            self.add_error("last_day" if first else "first_day", _("Give both days, or neither."))
        if first and last and last < first:
            self.add_error("last_day", _("The last day lies before the first."))
        return found

    @property
    def days(self) -> list[date] | None:
        first, last = self.cleaned_data.get("first_day"), self.cleaned_data.get("last_day")
        return scheduling.days_between(first, last) if first and last else None

    def _within(self, name: str) -> date | None:
        day: date | None = self.cleaned_data[name]
        if day and day > self.newest:
            newest = {"day": self.newest.isoformat()}
            raise forms.ValidationError(_("Mixpanel has no later day than %(day)s yet."), params=newest)
        if day and day < OLDEST_DAY:
            raise forms.ValidationError(_("Mixpanel holds no events before 2011."))
        return day


def _offer(form: forms.Form, name: str, rows: QuerySet[Any]) -> None:
    """There may be thousands; of each only id and name are read."""
    field = form.fields[name]
    if isinstance(field, forms.ModelChoiceField):
        field.queryset = rows.order_by("name", "pk")
        field.widget = LongSelect(attrs=field.widget.attrs)
        field.widget.choices = Names(field.queryset, str(field.empty_label))


def _look(field: forms.Field) -> str:
    if isinstance(field, forms.BooleanField):
        return "form-check-input"
    return "form-select" if isinstance(field, forms.ChoiceField) else "form-control"
