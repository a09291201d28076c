"""Step 3: where the events go, what the dataflow is called, what happens to bad records."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from dataflows.models import Dataflow, Dataset, Schema
from dataflows.runs import sharing
from dataflows.wizard import proposals
from dataflows.wizard.forms.step import StepForm
from dataflows.wizard.outcome import Go, Outcome

NEW, EXISTING = "new", "existing"
GENERATE = "generate"
LONG_TEXT = forms.Textarea(attrs={"rows": 2})


class DatasetForm(StepForm):
    slug = "dataset"
    partial_actions = ("draft", GENERATE)
    target = forms.ChoiceField(
        label=lazy("Target dataset"),
        choices=[(NEW, lazy("New dataset")), (EXISTING, lazy("Existing dataset"))],
        widget=forms.RadioSelect,
    )
    dataset = forms.ModelChoiceField(
        Dataset.objects.none(),
        label=lazy("Dataset"),
        required=False,
        empty_label=lazy("Choose…"),
        help_text=lazy("It brings its schema; several dataflows may write to one dataset."),
    )
    new_dataset_name = forms.CharField(
        label=lazy("Dataset name"),
        required=False,
        max_length=255,
        error_messages={"required": lazy("Name the dataset.")},
    )
    new_dataset_description = forms.CharField(
        label=lazy("Dataset description"), required=False, max_length=2000, widget=LONG_TEXT
    )
    new_dataset_schema = forms.ModelChoiceField(
        Schema.objects.none(), label=lazy("Schema"), required=False, empty_label=lazy("Choose…")
    )
    name = forms.CharField(
        label=lazy("Dataflow name"), max_length=255, error_messages={"required": lazy("Name the dataflow.")}
    )
    description = forms.CharField(label=lazy("Dataflow description"), required=False, max_length=2000, widget=LONG_TEXT)
    partial_ingestion = forms.BooleanField(
        label=lazy("Partial ingestion"),
        required=False,
        help_text=lazy(
            "On: a day with some bad records is loaded without them, and they are kept aside. "
            "Off: a day with any bad record is not loaded."
        ),
    )
    error_threshold = forms.DecimalField(
        label=lazy("Error threshold (percent)"),
        required=False,
        min_value=Decimal("0.01"),
        max_value=Decimal(100),
        max_digits=5,
        decimal_places=2,
        help_text=lazy(
            "With partial ingestion: how many percent of a day's records may be bad before the day is not loaded."
        ),
        error_messages={
            "min_value": lazy(
                "The threshold must be greater than 0. To allow no bad record, turn partial ingestion off."
            ),
            "max_value": lazy("The threshold is a percentage: at most 100."),
        },
    )
    error_diagnostics = forms.BooleanField(
        label=lazy("Error diagnostics"),
        required=False,
        help_text=lazy("Keeps the raw text and the reason of every bad record. Always on with partial ingestion."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["dataset"].queryset = Dataset.objects.visible_to(self.user).order_by("name")  # type: ignore[attr-defined]
        self.fields["new_dataset_schema"].queryset = Schema.objects.visible_to(self.user)  # type: ignore[attr-defined]

    @classmethod
    def stored(cls, draft: Dataflow) -> dict[str, Any]:
        """Where nothing is stored, what the wizard proposes."""
        schema = draft.new_dataset_schema or proposals.schema()
        return {
            "target": EXISTING if draft.dataset_id else NEW,
            "dataset": draft.dataset_id,
            "new_dataset_name": draft.new_dataset_name or proposals.dataset_name(draft),
            "new_dataset_description": draft.new_dataset_description,
            "new_dataset_schema": schema.pk if schema else None,
            "name": draft.name or proposals.dataflow_name(draft, timezone.now().date()),
            "description": draft.description,
            "partial_ingestion": draft.partial_ingestion,
            "error_threshold": draft.error_threshold,
            "error_diagnostics": draft.error_diagnostics,
        }

    @staticmethod
    def is_complete(draft: Dataflow) -> bool:
        named = bool(draft.dataset_id) or bool(draft.new_dataset_name and draft.new_dataset_schema_id)
        return named and bool(draft.name)

    def clean_new_dataset_name(self) -> str:
        name = str(self.cleaned_data["new_dataset_name"])
        if self.data.get("target") == NEW and Dataset.objects.filter(name=name).exists():
            raise forms.ValidationError(
                _("There is a dataset of this name. Choose it above as existing, or another name.")
            )
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.partial:
            self._require(cleaned)
        return cleaned

    def _require(self, cleaned: dict[str, Any]) -> None:
        """What is required depends on the choice of the target and of partial ingestion."""
        required = {
            NEW: {"new_dataset_name": _("Name the dataset."), "new_dataset_schema": _("Choose a schema.")},
            EXISTING: {"dataset": _("Choose a dataset.")},
        }.get(cleaned.get("target", ""), {})
        if cleaned.get("partial_ingestion"):
            required = {**required, "error_threshold": _("Say how many percent of bad records are allowed.")}
        for field, message in required.items():
            if not cleaned.get(field) and field not in self.errors:
                self.add_error(field, message)
        if cleaned.get("target") == EXISTING and cleaned.get("dataset"):
            self._require_alone(cleaned["dataset"])

    def _require_alone(self, dataset: Dataset) -> None:
        if other := sharing.other_writer(self.draft, dataset):
            words = _(
                "“%(flow)s” already loads this project into this dataset: every event would be there twice. Choose "
                "another dataset, or delete that dataflow first; its rows are then replaced day by day."
            )
            self.add_error("dataset", words % {"flow": other})

    def perform(self, *, now: datetime) -> Outcome:
        """A schema is generated on a page of its own, which leads back to what is saved here."""
        outcome = super().perform(now=now)
        if self.action != GENERATE or outcome.go is not Go.LEAVE:
            return outcome
        address = reverse("dataflows:schema_generate") + f"?dataflow={self.draft.pk}"
        return Outcome(Go.ELSEWHERE, target=address)

    def changes(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        changes: dict[str, Any] = {
            name: cleaned[name]
            for name in ("new_dataset_name", "new_dataset_description", "name", "description", "partial_ingestion")
            if name in cleaned
        }
        changes["new_dataset_schema"] = cleaned.get("new_dataset_schema")
        changes["dataset"] = cleaned.get("dataset") if cleaned.get("target") == EXISTING else None
        if cleaned.get("error_threshold") is not None:
            changes["error_threshold"] = cleaned["error_threshold"]
        # Partial ingestion without diagnostics would drop records without a trace.
        changes["error_diagnostics"] = bool(cleaned.get("error_diagnostics") or cleaned.get("partial_ingestion"))
        return changes
