"""What a file of declarations holds, in the names of the API. Unknown keys are mistakes in writing and are refused."""

from __future__ import annotations

from collections.abc import Mapping, Set
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


def checked(value: Any, problems: Problems) -> Document:
    """Notes what is not of this shape. Raises DeclarationsInvalid where the rest cannot be looked at any further."""
    value = {} if value is None else value
    try:
        document = Document.model_validate(value)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)
        for each in found:
            problems.add(each["loc"], *_words(each["type"], each["loc"], each["msg"]))
        if any(each["type"] != "extra_forbidden" for each in found):
            problems.check()
        document = Document.model_validate(_without(value, {each["loc"] for each in found}))
    _check_names(document, problems)
    return document


def _without(value: Any, places: Set[Place], at: Place = ()) -> Any:
    """``value`` less what stands at ``places``."""
    if isinstance(value, Mapping):
        kept = (name for name in value if (*at, name) not in places)
        return {name: _without(value[name], places, (*at, name)) for name in kept}
    if isinstance(value, list):
        return [_without(each, places, (*at, number)) for number, each in enumerate(value)]
    return value


def _words(kind: str, place: Place, message: str) -> tuple[str, str]:
    if "password" in place and kind != "missing" and place[-1] in {"password", "env"}:
        return (
            "A secret never stands in the file.",
            "Name the environment variable that holds it, in capitals: password: {env: NAME}.",
        )
    if kind == "missing":
        return "This is needed.", "Add it."
    if kind == "extra_forbidden":
        return _unknown_key(place)
    return f"{message}.", ""


def _unknown_key(place: Place) -> tuple[str, str]:
    names = tuple(part for part in place[:-1] if isinstance(part, str))
    known = list(MODELS[names].model_fields)
    close = get_close_matches(str(place[-1]), known, n=1, cutoff=0.6)
    folded = [name for name in known if name.lower() == str(place[-1]).lower()]
    if proposed := folded or close:
        return "There is no such key here.", f"Did you mean {proposed[0]}?"
    return "There is no such key here.", f"The keys are {', '.join(known)}."


def _check_names(document: Document, problems: Problems) -> None:
    """Names are identities: each may be used once."""
    for kind, key in (("connections", "name"), ("schemas", "title"), ("dataSets", "name"), ("flows", "name")):
        seen: set[str] = set()
        for index, each in enumerate(getattr(document, kind)):
            name = getattr(each, key)
            if name in seen:
                problems.add((kind, index, key), f"The name “{name}” is used twice.", "Rename one, or remove it.")
            seen.add(name)
