"""What a file of declarations holds, in the names of the API. Unknown keys are mistakes in writing and are refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from dataflows.api.flowservice import ids
from dataflows.declared.problems import Place, Problems

Digits = Annotated[str, BeforeValidator(lambda value: str(value) if type(value) is int else value)]
Name = Annotated[str, Field(min_length=1, max_length=255, pattern=r"\S")]
Description = Annotated[str | None, Field(max_length=2000)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Secret(Strict):
    """A reference; the file never holds a secret."""

    env: str = Field(pattern=r"^[A-Z_][A-Z0-9_]*$", max_length=120)


class AuthParams(Strict):
    """``host`` is an export host or a region (us, eu, in); left out it is found out."""

    username: str = Field("", max_length=255)
    password: Secret
    host: str = Field("", max_length=255)


class Auth(Strict):
    specName: str = ids.BASIC
    params: AuthParams


class Connection(Strict):
    name: Name
    description: Description = None
    auth: Auth


class SchemaDeclared(Strict):
    """``document`` is the XDM document; ``path`` names a JSON or YAML file beside this one that holds it."""

    title: Name
    document: dict[str, Any] | None = None
    path: str | None = Field(None, max_length=400)


class SchemaRef(Strict):
    title: str


class DataSet(Strict):
    name: Name
    description: Description = None
    schemaRef: SchemaRef


class SourceParams(Strict):
    projectId: Digits
    timezone: str
    timeSemantic: Literal["utc", "legacy"] | None = None


class Row(Strict):
    sourceType: Literal["ATTRIBUTE", "EXPRESSION", "STATIC"] = "ATTRIBUTE"
    source: str
    destination: str
    name: str = ""
    description: str = ""


class Options(Strict):
    """Without ``partialIngestionPercent`` a day with any bad record is not loaded."""

    errorDiagnosticsEnabled: bool = True
    partialIngestionPercent: float | None = Field(None, gt=0, le=100)


class ScheduleParams(Strict):
    """The values are checked where the API checks them."""

    frequency: Any = None
    interval: Any = None
    cron: Any = None
    startTime: Any = None
    timezone: Any = None
    backfill: Any = None
    historyFrom: Any = None
    lookbackDays: Any = None


class Flow(Strict):
    """``baseConnection`` and ``dataSet`` are names of entries of the file, or of what is there already.

    ``newDataSet`` is for drafts alone: the dataset that finishing the draft will make.
    """

    name: Name
    description: Description = None
    state: Literal["enabled", "disabled", "draft"] | None = None
    baseConnection: str | None = None
    params: SourceParams | None = None
    dataSet: str | None = None
    newDataSet: DataSet | None = None
    options: Options | None = None
    mappings: list[Row] | None = None
    scheduleParams: ScheduleParams | None = None


class Document(Strict):
    connections: list[Connection] = []
    schemas: list[SchemaDeclared] = []
    dataSets: list[DataSet] = []
    flows: list[Flow] = []


MODELS: Mapping[tuple[str, ...], type[Strict]] = {
    (): Document,
    ("connections",): Connection,
    ("connections", "auth"): Auth,
    ("connections", "auth", "params"): AuthParams,
    ("connections", "auth", "params", "password"): Secret,
    ("schemas",): SchemaDeclared,
    ("dataSets",): DataSet,
    ("dataSets", "schemaRef"): SchemaRef,
    ("flows",): Flow,
    ("flows", "params"): SourceParams,
    ("flows", "newDataSet"): DataSet,
    ("flows", "newDataSet", "schemaRef"): SchemaRef,
    ("flows", "options"): Options,
    ("flows", "mappings"): Row,
    ("flows", "scheduleParams"): ScheduleParams,
}


NAMES = {"connections": "name", "schemas": "title", "dataSets": "name", "flows": "name"}
# What pydantic calls a mistake → what is wrong and what to do, in the words of the file.
WORDS: Mapping[str, tuple[str, str]] = {
    "missing": ("This is needed.", "Add it."),
    "list_type": ("A list is needed here.", "Begin each entry with a dash."),
    "string_type": ("A text is needed here.", "Write a text, a number in quotes."),
    "string_too_short": ("This is empty.", "Write at least one character."),
    "string_too_long": ("This has more than {max_length} characters.", "Shorten it."),
    "string_pattern_mismatch": ("This is blank.", "Write at least one letter or digit."),
    "literal_error": ("This is none of the values that are possible here.", "Write {expected}."),
    "bool_type": ("This is neither true nor false.", "Write true or false."),
    "bool_parsing": ("This is neither true nor false.", "Write true or false."),
    "float_type": ("A number is needed here.", "Write digits without quotes."),
    "float_parsing": ("A number is needed here.", "Write digits without quotes."),
    "greater_than": ("This is too small.", "Write a number above {gt:g}."),
    "less_than_equal": ("This is too large.", "Write a number up to {le:g}."),
}


@dataclass(frozen=True)
class Reading:
    """What of a file can be judged.

    ``positions`` tells where the entries of ``document`` stand in their lists. ``unread`` are the lists, entries and
    keys of entries that are left out, which is noted; ``names`` are those of all entries, left out or not.
    """

    document: Document
    positions: Mapping[str, Sequence[int]]
    unread: Set[Place]
    names: Mapping[str, Set[str]]

    def declares(self, kind: str, name: str) -> bool:
        """Whether the file has, or may have, an entry of this name."""
        return (kind,) in self.unread or name in self.names[kind]

    def unread_keys(self, at: Place) -> set[str]:
        """Of the entry at ``at``."""
        return {str(place[2]) for place in self.unread if len(place) > 2 and place[:2] == at}


def checked(value: Any, problems: Problems) -> Reading:
    """Notes what is not of this shape. Raises DeclarationsInvalid for what is no file of declarations at all."""
    value = {} if value is None else value
    if not isinstance(value, Mapping):
        problems.add((), *_mapping_needed(()))
        problems.check()
    errors = _errors(value)
    for each in errors:
        problems.add(each["loc"], *_words(each))
    known = _without(value, {each["loc"] for each in errors if each["type"] == "extra_forbidden"})
    unread = {_unreadable(each["loc"]) for each in errors if each["type"] != "extra_forbidden"}
    reading = _reading(known, unread)
    _check_names(reading, problems)
    return reading


def _errors(value: Any) -> list[Any]:
    try:
        Document.model_validate(value)
    except ValidationError as error:
        return list(error.errors(include_input=False, include_url=False))
    return []


def _unreadable(place: Place) -> Place:
    """The smallest part that can be left out: a key that an entry may be without, the entry, or the whole list."""
    if len(place) < 3:
        return place
    field = MODELS[(str(place[0]),)].model_fields[str(place[2])]
    return place[:2] if field.is_required() else place[:3]


def _reading(value: Mapping[str, Any], unread: Set[Place]) -> Reading:
    listed = {kind: value.get(kind, []) if (kind,) not in unread else [] for kind in NAMES}
    positions = {kind: [at for at in range(len(listed[kind])) if (kind, at) not in unread] for kind in NAMES}
    kept = _without(listed, unread)
    document = Document.model_validate({kind: [kept[kind][at] for at in positions[kind]] for kind in NAMES})
    names = {kind: set(_texts(listed[kind], key)) for kind, key in NAMES.items()}
    return Reading(document, positions, unread, names)


def _without(value: Any, places: Set[Place], at: Place = ()) -> Any:
    """``value`` less what stands at ``places``."""
    if isinstance(value, Mapping):
        kept = (name for name in value if (*at, name) not in places)
        return {name: _without(value[name], places, (*at, name)) for name in kept}
    if isinstance(value, list):
        return [_without(each, places, (*at, number)) for number, each in enumerate(value)]
    return value


def _texts(entries: Sequence[Any], key: str) -> Iterator[str]:
    for each in entries:
        if isinstance(each, Mapping) and isinstance(each.get(key), str):
            yield each[key]


def _words(error: Mapping[str, Any]) -> tuple[str, str]:
    kind, place = error["type"], error["loc"]
    if "password" in place and kind != "missing" and place[-1] in {"password", "env"}:
        return (
            "A secret never stands in the file.",
            "Name the environment variable that holds it, in capitals: password: {env: NAME}.",
        )
    if kind == "extra_forbidden":
        return _unknown_key(place)
    if kind in ("model_type", "dict_type"):
        return _mapping_needed(place)
    what, remedy = WORDS.get(kind, (f"{error['msg']}.", ""))
    known = {
        name: str(value).replace("'", "") if name == "expected" else value
        for name, value in error.get("ctx", {}).items()
    }
    return what.format(**known), remedy.format(**known)


def _mapping_needed(place: Place) -> tuple[str, str]:
    model = MODELS.get(_names(place))
    keys = f": {', '.join(model.model_fields)}" if model else ""
    return "Keys with values are needed here.", f"Write key: value{keys and ', with the keys'}{keys}."


def _names(place: Place) -> tuple[str, ...]:
    return tuple(part for part in place if isinstance(part, str))


def _unknown_key(place: Place) -> tuple[str, str]:
    known = list(MODELS[_names(place[:-1])].model_fields)
    close = get_close_matches(str(place[-1]), known, n=1, cutoff=0.6)
    folded = [name for name in known if name.lower() == str(place[-1]).lower()]
    if proposed := folded or close:
        return "There is no such key here.", f"Did you mean {proposed[0]}?"
    return "There is no such key here.", f"The keys are {', '.join(known)}."


def _check_names(reading: Reading, problems: Problems) -> None:
    """Names are identities: each may be used once."""
    for kind, key in NAMES.items():
        seen: set[str] = set()
        for position, each in zip(reading.positions[kind], getattr(reading.document, kind), strict=True):
            name = getattr(each, key)
            if name in seen:
                problems.add((kind, position, key), f"The name “{name}” is used twice.", "Rename one, or remove it.")
            seen.add(name)
