"""Proposed fields as rows that a person may tick, rename and retype.

Sent as ``source-N``, which says what the row is about, ``pick-N``, ``name-N`` and ``kind-N``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from dataflows.schema_workspace.forms import KINDS
from dataflows.schemas.building import BuildRefused, check_own_name, with_field
from dataflows.schemas.generating import Proposal
from dataflows.schemas.nodes import node_of

PROPOSED = "proposed"
SOURCE = re.compile(r"source-([0-9]{1,5})")
LONGEST_SAMPLE = 60
KIND_WORDS = dict(KINDS)


@dataclass(frozen=True)
class ProposalRow:
    """``name`` is the path below the tenant's object, dotted. ``kind`` is a word of ``KINDS``, or "proposed" for an
    array whose type is kept as proposed. ``error`` says what is wrong with the row."""

    number: int
    proposal: Proposal
    chosen: bool
    name: str
    kind: str
    error: str = ""

    @property
    def target(self) -> tuple[str, ...]:
        return (f"_{settings.TENANT}", *self.name.split("."))

    @property
    def node(self) -> dict[str, Any]:
        """A type that a person chose is kept as chosen, with the source's name as title."""
        if self.kind in (PROPOSED, self.proposal.kind):
            return self.proposal.node
        return node_of(self.kind, title=self.proposal.seen.names[-1])

    @property
    def variance(self) -> str:
        """The types of the values seen with their shares: ``number 98 %, string 2 %``."""
        shares = self.proposal.seen.types.items()
        return ", ".join(f"{kind} {_share(share)}" for kind, share in shares) or _("no value seen")

    @property
    def sample(self) -> str:
        """The first value seen, "" if there was none."""
        values = self.proposal.seen.values[:1]
        return "".join(map(_shown, values))

    @property
    def described(self) -> str:
        """The proposed type where the list of types has no word for it."""
        if self.proposal.kind == "array":
            inner = self.proposal.node["items"]
            return _("Array of %s") % str(inner.get("format") or inner["type"])
        if self.proposal.kind == "object array":
            return _("Array of objects (%s)") % ", ".join(list(self.proposal.node["items"]["properties"])[:6])
        return ""

    @property
    def notes(self) -> list[str]:
        found = []
        if self.proposal.fitting < 1:
            found.append(_("Only %s of the values seen fit this type.") % _share(self.proposal.fitting))
        if self.proposal.unfit:
            found.append(_("Would be left out, for example: %s.") % ", ".join(map(_shown, self.proposal.unfit)))
        if self.proposal.kind == "string" and len(self.proposal.seen.types) > 1:
            found.append(_("Text, because the values are of several types and no other type fits nearly all."))
        if self.proposal.left_out:
            found.append(_("Left out, for XDM does not allow the names: %s.") % ", ".join(self.proposal.left_out[:5]))
        return found


def offered(proposals: Sequence[Proposal], data: Mapping[str, Any] | None) -> list[ProposalRow]:
    """As proposed, or as sent."""
    if data is None:
        return [_proposed(number, proposal) for number, proposal in enumerate(proposals)]
    sent = {str(data[name]): found[1] for name in data if (found := SOURCE.fullmatch(name))}
    return [_sent(number, each, data, sent.get(each.seen.source)) for number, each in enumerate(proposals)]


def checked(rows: Sequence[ProposalRow], document: dict[str, Any]) -> tuple[list[ProposalRow], dict[str, Any]]:
    """The rows with what is wrong in each chosen one, and the document with those that are right."""
    found = []
    for row in rows:
        error = ""
        if row.chosen:
            try:
                for part in row.name.split("."):
                    check_own_name(part)
                document = with_field(document, row.target, row.node)
            except BuildRefused as refused:
                error = f"{refused.message} {refused.remedy}"
        found.append(replace(row, error=error))
    return found, document


def _proposed(number: int, proposal: Proposal) -> ProposalRow:
    kind = proposal.kind if proposal.kind in KIND_WORDS else PROPOSED
    return ProposalRow(number, proposal, True, ".".join(proposal.path), kind)


def _sent(number: int, proposal: Proposal, data: Mapping[str, Any], sent: str | None) -> ProposalRow:
    """``sent`` is the number under which the row came; what was not on the page that was sent is not chosen."""
    row = _proposed(number, proposal)
    kind = str(data.get(f"kind-{sent}", row.kind))
    return replace(
        row,
        chosen=sent is not None and f"pick-{sent}" in data,
        name=str(data.get(f"name-{sent}", row.name)).replace("\x00", "").strip()[:500],
        kind=kind if kind in KIND_WORDS or kind == row.kind else row.kind,
    )


def _shown(value: Any) -> str:
    return (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))[:LONGEST_SAMPLE]


def _share(part: float) -> str:
    """Rounded down: only what is whole is shown as 100 %."""
    percent = int(100 * part + 1e-9)
    return f"{percent}\N{NO-BREAK SPACE}%" if percent else "<\N{NO-BREAK SPACE}1\N{NO-BREAK SPACE}%"
