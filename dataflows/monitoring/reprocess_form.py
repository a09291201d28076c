"""Which days are promoted again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dataflows.models import Dataflow
from dataflows.monitoring.forms import RunNowForm
from dataflows.runs import reprocessing

TROUBLED, EVERY = "troubled", "every"


class ReprocessForm(RunNowForm):
    """Days whose raw answers are kept; of them those with rejected records or a failure unless told otherwise."""

    which = forms.ChoiceField(
        label=_("Days to promote again"),
        choices=[
            (TROUBLED, _("Days that failed or have rejected records")),
            (EVERY, _("Every day whose raw answer is kept")),
        ],
        widget=forms.RadioSelect,
        initial=TROUBLED,
    )

    def __init__(self, data: Any, *, flow: Dataflow, **options: Any) -> None:
        super().__init__(data, flow=flow, **options)
        self.flow = flow

    @property
    def chosen(self) -> Sequence[date]:
        """The days, oldest first; call it only when the form is valid."""
        rows = reprocessing.kept(self.flow)
        if span := self.days:
            rows = rows.filter(day__range=(span[0], span[-1]))
        if self.cleaned_data["which"] == TROUBLED:
            rows = reprocessing.troubled(rows)
        return list(rows.order_by("day").values_list("day", flat=True))
