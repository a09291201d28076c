"""Taking over a mapping from another dataflow or from a file: it replaces all rows, and *Undo* brings them back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q
from django.utils.translation import gettext_lazy as lazy

from connectors.form_layout import PageForm
from connectors.roles import User
from dataflows.mapper import csv_files
from dataflows.mapper.csv_files import CsvInvalid
from dataflows.mapper.rows import EditedRow, read_stored
from dataflows.models import Dataflow
from dataflows.models.dataflow import DataflowQuerySet
from dataflows.runs import remapping

LISTED = 50


class FileForm(PageForm, forms.Form):
    """``rows`` after validation."""

    file = forms.FileField(
        label=lazy("CSV file"),
        help_text=lazy("Columns sourceType, source, destination, name, description; UTF-8; at most 2,000 rows."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
        error_messages={"required": lazy("Choose a file."), "empty": lazy("The file is empty.")},
    )
    rows: Sequence[EditedRow] = ()

    def clean_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        try:
            self.rows = csv_files.read(file.read(csv_files.LARGEST_FILE + 1))
        except CsvInvalid as error:
            raise forms.ValidationError(f"{error} {error.remedy}") from error
        return file


@dataclass(frozen=True)
class Candidate:
    """A dataflow whose mapping can be taken over; ``same_schema`` as the one it is taken over to."""

    flow: Dataflow
    rows: int
    same_schema: bool


def candidates(flow: Dataflow, user: User, text: str) -> list[Candidate]:
    """Other dataflows with a mapping, those of the same schema first, then the newest."""
    others = _others(flow, user).select_related("dataset__schema", "new_dataset_schema").defer("sample")
    if text:
        named = Q(name__icontains=text) | Q(project_name__icontains=text) | Q(dataset__name__icontains=text)
        others = others.filter(named)
    found = [Candidate(other, len(other.mapping), other.schema == flow.schema) for other in others[:LISTED]]
    return sorted(found, key=lambda candidate: not candidate.same_schema)


def rows_of(flow: Dataflow, user: User, pk: str) -> list[EditedRow] | None:
    """The rows of another dataflow; None if there is no such one."""
    if not (pk.isascii() and pk.isdigit() and len(pk) < 19):
        return None
    other = _others(flow, user).filter(pk=int(pk)).first()
    return read_stored(other.mapping) if other else None


def _others(flow: Dataflow, user: User) -> DataflowQuerySet:
    return Dataflow.objects.visible_to(user).exclude(pk=flow.pk).exclude(mapping=[])


def replace(flow: Dataflow, rows: Sequence[EditedRow], revision: int, *, now: datetime) -> bool:
    """Put ``rows`` in place of those that are being edited; false when somebody else saved since ``revision``."""
    stored, before = [row.stored for row in rows], remapping.edited(flow)
    return remapping.keep_rows(flow, revision, stored, now=now, mapping_before=before)
