"""Which source belongs to which target, guessed from names, types and values when a mapping is first shown.

A score from 0 to 1, as AEP stores in ``matchScore``: the same name 1.0, a known other name 0.9, shared words up to
0.8, values that are what the target's name asks for 0.7; a third of that if the values seen do not become the target's
type. From 0.6 on a guess is applied.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dataflows.mapping import derived
from dataflows.mapping.bind import MappingRow
from dataflows.mapping.casts import CastError, cast
from dataflows.mapping.names import plain, words_of
from dataflows.mapping.personal import Personal, personal
from dataflows.mapping.source_fields import SourceField
from dataflows.schemas import Field, XdmSchema, XdmType

APPLIED_FROM = 0.6
EXACT, ALIAS, WORDS, VALUES, MISFIT = 1.0, 0.9, 0.8, 0.7, 0.3
PRODUCER = "mixpanel"
# A word that so many sources have tells nothing about one of them.
COMMON_WORD = 200

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
# Target leaf → other names of the same thing; those of Mixpanel's own libraries among them.
ALIASES: Mapping[str, frozenset[str]] = {
    "eventtype": frozenset(("event",)),
    "eventname": frozenset(("event",)),
    "lib": frozenset(("mplib",)),
    "countrycode": frozenset(("mpcountrycode", "country")),
    "sku": frozenset(("itemid", "productid", "articleid")),
    "price": frozenset(("itemprice", "amount", "unitprice")),
    "pricetotal": frozenset(("itemprice", "total", "totalprice", "amount")),
    "quantity": frozenset(("qty", "count", "items")),
    "currencycode": frozenset(("currency",)),
    "email": frozenset(("emailaddress", "mail")),
    "emailaddress": frozenset(("email", "mail")),
    "address": frozenset(("email", "emailaddress", "mail")),
    "phone": frozenset(("phonenumber", "telephone", "mobile", "msisdn")),
    "phonenumber": frozenset(("phone", "telephone", "mobile", "msisdn")),
    "ip": frozenset(("ipaddress", "ipv4")),
    "firstname": frozenset(("givenname", "forename")),
    "lastname": frozenset(("familyname", "surname")),
    "userid": frozenset(("uid", "customerid", "memberid")),
    "deviceid": frozenset(("anonid", "anonymousid")),
    "url": frozenset(("currenturl", "pageurl", "link")),
    "currenturl": frozenset(("url", "pageurl")),
    "referrer": frozenset(("referer", "referringdomain")),
    "os": frozenset(("operatingsystem", "platform")),
    "useragent": frozenset(("ua",)),
    "postalcode": frozenset(("zip", "zipcode", "postcode")),
}
# What values must look like to stand for a target whose name matches nothing.
EVIDENCE: Mapping[str, Personal] = {
    **dict.fromkeys(("email", "emailaddress", "mail"), Personal.EMAIL),
    **dict.fromkeys(("phone", "phonenumber", "telephone"), Personal.PHONE),
    **dict.fromkeys(("ip", "ipaddress"), Personal.IP),
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


@dataclass
class Sources:
    """The sources by what their names can match; looking through all of them for each target would not end."""

    fields: Sequence[SourceField]
    by_name: dict[str, list[SourceField]] = field(default_factory=lambda: defaultdict(list))
    by_word: dict[str, list[SourceField]] = field(default_factory=lambda: defaultdict(list))
    by_values: dict[Personal, list[SourceField]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for source in self.fields:
            self.by_name[plain(source.names[-1])].append(source)
            for word in words_of(source.names[-1]):
                self.by_word[word].append(source)
            if kind := personal(source):
                self.by_values[kind].append(source)

    def candidates(self, target: Field) -> Iterator[SourceField]:
        """Those that may have a score, each once."""
        leaf = target.path[-1]
        names = [plain(leaf), *ALIASES.get(plain(leaf), ())]
        words = (self.by_word.get(word, []) for word in words_of(leaf))
        found = [source for name in names for source in self.by_name.get(name, [])]
        found += [source for each in words if len(each) <= COMMON_WORD for source in each]
        found += self.by_values.get(EVIDENCE[plain(leaf)], []) if plain(leaf) in EVIDENCE else []
        yield from {source.path: source for source in found}.values()


def propose(fields: Iterable[SourceField], schema: XdmSchema) -> list[Proposal]:
    """The best source for each target that has one, in schema order; every target and no target twice.

    Mixpanel's standard fields and the derived ones take part whether or not the sample shows them.
    """
    sources = Sources(_with_standard(fields))
    found = [_reserved(field) or _best(field, sources) for field in schema.fields() if _fillable(field)]
    return [proposal for proposal in found if proposal is not None]


def alternatives(fields: Iterable[SourceField], target: Field, most: int = 5) -> list[Proposal]:
    """Sources for a target, best first, also those too unsure to be applied."""
    if target.path in RESERVED:
        return [proposal] if (proposal := _reserved(target)) else []
    if not _fillable(target):
        return []
    scored = sorted(_scored(target, Sources(_with_standard(fields))), key=_rank)
    return [_proposal(source, target, score) for score, source in scored[:most]]


def score(source: SourceField, target: Field) -> float:
    """How well a source fits a target."""
    leaf = target.path[-1]
    named = _name_score(source.names[-1], leaf)
    if named < VALUES and plain(leaf) in EVIDENCE and personal(source) == EVIDENCE[plain(leaf)]:
        named = VALUES
    return round(named * _fit(source, target), 3)


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


def _best(field: Field, sources: Sources) -> Proposal | None:
    if field.path in RESERVED:
        return None
    scored = [(score, source) for score, source in _scored(field, sources) if score >= APPLIED_FROM]
    if not scored:
        return None
    score, source = min(scored, key=_rank)
    return _proposal(source, field, score)


def _proposal(source: SourceField, field: Field, score: float) -> Proposal:
    return Proposal(MappingRow("ATTRIBUTE", source.path, field.name), score)


def _scored(field: Field, sources: Sources) -> list[tuple[float, SourceField]]:
    scored = [(score(source, field), source) for source in sources.candidates(field)]
    return [(points, source) for points, source in scored if points > 0]


def _rank(scored: tuple[float, SourceField]) -> tuple[float, bool, int, str]:
    """Best first; of equals Mixpanel's own property, then the shorter path."""
    score, source = scored
    return -score, not source.names[-1].startswith("$"), len(source.path), source.path


def _name_score(source: str, target: str) -> float:
    one, other = plain(source), plain(target)
    if one == other and one:
        return EXACT
    if one in ALIASES.get(other, ()):
        return ALIAS
    words, wanted = words_of(source), words_of(target)
    shared = words & wanted
    return WORDS * len(shared) / len(words | wanted) if shared else 0.0


def _fit(source: SourceField, target: Field) -> float:
    """1.0 if at least half of the values seen have a type that can become the target's, and half of the samples do."""
    fitting = sum(share for kind, share in source.types.items() if kind in FITS[target.xdm_type])
    becoming = sum(1 for value in source.samples if _becomes(value, target))
    return 1.0 if fitting >= 0.5 and becoming * 2 >= len(source.samples) else MISFIT


def _becomes(value: object, target: Field) -> bool:
    try:
        cast(value, target.shape)
    except CastError:
        return False
    return True
