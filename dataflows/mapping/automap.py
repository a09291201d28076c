"""Which source belongs to which target, guessed from names and types when a mapping is first shown.

A score from 0 to 1, as AEP stores in ``matchScore``: the same name 1.0, a known other name 0.9, shared words up
to 0.8; a third of that if the values seen do not fit the target's type. From 0.6 on a guess is applied.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dataflows.mapping import derived
from dataflows.mapping.bind import MappingRow
from dataflows.mapping.source_fields import SourceField
from dataflows.schemas import Field, XdmSchema, XdmType

APPLIED_FROM = 0.6
EXACT, ALIAS, WORDS, MISFIT = 1.0, 0.9, 0.8, 0.3
PRODUCER = "mixpanel"

# Every Mixpanel record may have these, also if the sample shows none (raw export API page).
STANDARD: Mapping[str, str] = {
    "event": "string",
    "properties.time": "integer",
    "properties.distinct_id": "string",
    "properties.$insert_id": "string",
    "properties.$import": "boolean",
    "properties.$mp_api_endpoint": "string",
    "properties.$mp_api_timestamp_ms": "integer",
    "properties.mp_processing_time_ms": "integer",
}
# Target leaf → the names under which Mixpanel has it.
ALIASES: Mapping[str, frozenset[str]] = {
    "eventtype": frozenset(("event",)),
    "eventname": frozenset(("event",)),
    "lib": frozenset(("mplib",)),
    "countrycode": frozenset(("mpcountrycode",)),
    "sku": frozenset(("itemid",)),
    "price": frozenset(("itemprice",)),
    "pricetotal": frozenset(("itemprice",)),
    "email": frozenset(("emailaddress",)),
}
NUMBERS = frozenset(("integer", "number", "string"))
FITS: Mapping[XdmType, frozenset[str]] = {
    XdmType.STRING: NUMBERS,
    XdmType.DOUBLE: NUMBERS,
    XdmType.LONG: NUMBERS,
    XdmType.INTEGER: NUMBERS,
    XdmType.SHORT: NUMBERS,
    XdmType.BYTE: NUMBERS,
    XdmType.DATE: frozenset(("string", "integer")),
    XdmType.DATE_TIME: frozenset(("string", "integer")),
    XdmType.BOOLEAN: frozenset(("boolean", "string")),
    XdmType.ARRAY: frozenset(("array",)),
    XdmType.MAP: frozenset(("object",)),
}
# Identity and instant of an event come from all of its parts, never from one property that happens to match.
RESERVED: Mapping[tuple[str, ...], str] = {("_id",): derived.EVENT_ID, ("timestamp",): derived.TIMESTAMP}


@dataclass(frozen=True)
class Proposal:
    """A mapping row and how sure we are of it."""

    row: MappingRow
    score: float

    @property
    def source(self) -> str:
        return self.row.source

    @property
    def destination(self) -> str:
        return self.row.destination


def propose(fields: Iterable[SourceField], schema: XdmSchema) -> list[Proposal]:
    """The best source for each target that has one, in schema order; every target and no target twice.

    Mixpanel's standard fields and the derived ones take part whether or not the sample shows them.
    """
    sources = _with_standard(fields)
    found = [_reserved(field) or _best(field, sources) for field in schema.fields() if _fillable(field)]
    return [proposal for proposal in found if proposal is not None]


def alternatives(fields: Iterable[SourceField], target: Field, most: int = 5) -> list[Proposal]:
    """Other sources for a target, best first, also those too unsure to be applied."""
    if target.path in RESERVED or not _fillable(target):
        return []
    scored = sorted(_scored(target, _with_standard(fields)), key=_rank)
    return [_proposal(source, target, score) for score, source in scored[:most]]


def _with_standard(fields: Iterable[SourceField]) -> list[SourceField]:
    seen = {field.path: field for field in fields}
    for path, kind in STANDARD.items():
        if path not in seen or not seen[path].types:
            seen[path] = SourceField(path, tuple(path.split(".")), {kind: 1.0}, 0.0, ())
    return list(seen.values())


def _fillable(field: Field) -> bool:
    return field.xdm_type is not XdmType.OBJECT


def _reserved(field: Field) -> Proposal | None:
    if field.path == ("producedBy",) and field.xdm_type is XdmType.STRING and not field.enum:
        return Proposal(MappingRow("STATIC", PRODUCER, field.name), EXACT)
    if field.path in RESERVED:
        source = derived.FIELDS[RESERVED[field.path]]
        if field.xdm_type is source.xdm_type:
            return Proposal(MappingRow("ATTRIBUTE", source.path, field.name), EXACT)
    return None


def _best(field: Field, sources: Sequence[SourceField]) -> Proposal | None:
    if field.path in RESERVED:
        return None
    scored = [(score, source) for score, source in _scored(field, sources) if score >= APPLIED_FROM]
    if not scored:
        return None
    score, source = min(scored, key=_rank)
    return _proposal(source, field, score)


def _proposal(source: SourceField, field: Field, score: float) -> Proposal:
    return Proposal(MappingRow("ATTRIBUTE", source.path, field.name), score)


def _scored(field: Field, sources: Sequence[SourceField]) -> list[tuple[float, SourceField]]:
    scored = [(_name_score(source.names[-1], field.path[-1]) * _fit(source, field), source) for source in sources]
    return [(round(score, 3), source) for score, source in scored if score > 0]


def _rank(scored: tuple[float, SourceField]) -> tuple[float, bool, int, str]:
    """Best first; of equals Mixpanel's own property, then the shorter path."""
    score, source = scored
    return -score, not source.names[-1].startswith("$"), len(source.path), source.path


def _name_score(source: str, target: str) -> float:
    one, other = _plain(source), _plain(target)
    if one == other and one:
        return EXACT
    if one in ALIASES.get(other, ()):
        return ALIAS
    words, wanted = _words(source), _words(target)
    shared = words & wanted
    return WORDS * len(shared) / len(words | wanted) if shared else 0.0


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def _words(name: str) -> frozenset[str]:
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    return frozenset(word.lower() for word in re.split(r"[\W_]+", spaced) if word)


def _fit(source: SourceField, field: Field) -> float:
    """1.0 if at least half of the values seen have a type that can become the target's."""
    fitting = sum(share for kind, share in source.types.items() if kind in FITS[field.xdm_type])
    return 1.0 if fitting >= 0.5 else MISFIT
