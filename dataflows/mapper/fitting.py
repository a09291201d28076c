"""How well the values of a row fit its target, on the records of the sample."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dataflows.mapper.rows import STATIC, EditedRow
from dataflows.mapper.values import shown
from dataflows.mapping import PreviewRow, Refusal
from dataflows.mapping.paths import Part, PathInvalid, parse_source
from dataflows.mapping.row import dig


@dataclass(frozen=True)
class Tried:
    """``number`` counts the records of the sample from 1."""

    number: int
    record: Mapping[str, Any]
    preview: PreviewRow


@dataclass(frozen=True)
class Fit:
    """Of ``tried`` records ``present`` have a value for the row, and ``unfit`` of these cannot become the target's.

    ``refused`` of the unfit ones reject their record; so does every record that lacks a required value (``absent``).
    ``example`` is an unfit value as shown, "" where no single field is taken over, ``reason`` why it does not fit.
    """

    tried: int
    present: int = 0
    unfit: int = 0
    refused: int = 0
    absent: int = 0
    example: str = ""
    reason: str = ""

    @property
    def is_poor(self) -> bool:
        """Whether the row is probably a mistake: at least half of what is there does not fit."""
        return self.unfit * 2 >= self.present > 0

    @property
    def warnings(self) -> list[str]:
        """What it means for the data, in sentences; none when everything fits."""
        return [sentence for sentence in (_unfit(self), _absent(self)) if sentence]


def fits(rows: Mapping[int, EditedRow], tried: Sequence[Tried]) -> dict[int, Fit]:
    """By the number of the row."""
    # Of a record that cannot be used at all nothing is known.
    usable = [one for one in tried if one.preview.values]
    return {number: replace(_fit(row, usable), tried=len(tried)) for number, row in rows.items()}


def _fit(row: EditedRow, tried: Sequence[Tried]) -> Fit:
    target = row.destination
    wrong = [(one, _mistake(target, one.preview)) for one in tried if target in one.preview.errors]
    counted = Counter(mistake for _one, mistake in wrong)
    unfit = counted["unfit"] + counted["refused"]
    good = sum(1 for one in tried if one.preview.values.get(target) is not None and target not in one.preview.errors)
    fit = Fit(len(tried), good + unfit, unfit, counted["refused"], counted["absent"])
    if not unfit:
        return fit
    first = next(one for one, mistake in wrong if mistake != "absent")
    path = path_of(row)
    example = shown(dig(first.record, list(path))) if path else ""
    return replace(fit, example=example, reason=first.preview.errors[target])


def _mistake(target: str, preview: PreviewRow) -> str:
    """``unfit``, ``refused`` (unfit, and its record is rejected), or ``absent`` and required."""
    rejected = preview.rejected
    if rejected is None or rejected.field != target:
        return "unfit"
    missing = rejected.code == Refusal.REQUIRED and preview.errors[target] == rejected.message
    return "absent" if missing else "refused"


def path_of(row: EditedRow) -> tuple[Part, ...]:
    """The field whose value a row takes over as it is; empty where there is no single one."""
    try:
        return parse_source(row.source) if row.source_type != STATIC else ()
    except PathInvalid:
        return ()


def _unfit(fit: Fit) -> str:
    if not fit.unfit:
        return ""
    if fit.refused:
        words = ngettext(
            "%(unfit)s of %(present)s sample values does not fit, and its record would be rejected",
            "%(unfit)s of %(present)s sample values do not fit, and their records would be rejected",
            fit.unfit,
        )
    else:
        words = ngettext(
            "%(unfit)s of %(present)s sample values does not fit and would be left out",
            "%(unfit)s of %(present)s sample values do not fit and would be left out",
            fit.unfit,
        )
    sentence = words % {"unfit": f"{fit.unfit:,}", "present": f"{fit.present:,}"}
    example = _(", for example “%(value)s”") % {"value": fit.example} if fit.example else ""
    return f"{sentence}{example}: {fit.reason}"


def _absent(fit: Fit) -> str:
    words = ngettext(
        "%(absent)s of %(tried)s sample records has no value here and would be rejected, because the field is "
        "required.",
        "%(absent)s of %(tried)s sample records have no value here and would be rejected, because the field is "
        "required.",
        fit.absent,
    )
    return words % {"absent": f"{fit.absent:,}", "tried": f"{fit.tried:,}"} if fit.absent else ""
