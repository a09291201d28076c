"""What such a file holds, in the names of the API. Unknown keys are mistakes in writing and are refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class FileInvalid(Exception):
    """The message names the place in the file and what is wrong there."""


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Auth(Strict):
    """``password`` is ``${NAME}`` of an environment variable; the file never holds a secret."""

    specName: str = "Basic Authentication"
    params: dict[str, str]


class Connection(Strict):
    name: str = Field(min_length=1, max_length=255)
    description: str = Field("", max_length=2000)
    auth: Auth


class SchemaRef(Strict):
    id: str


class DataSet(Strict):
    name: str = Field(min_length=1, max_length=255)
    description: str = Field("", max_length=2000)
    schemaRef: SchemaRef


class SourceParams(Strict):
    projectId: str
    timezone: str
    timeSemantic: Literal["utc", "legacy", ""] = ""


class Mapping_(Strict):
    sourceType: Literal["ATTRIBUTE", "EXPRESSION", "STATIC"] = "ATTRIBUTE"
    source: str
    destination: str
    name: str = ""
    description: str = ""


class Options(Strict):
    errorDiagnosticsEnabled: bool = True
    partialIngestionPercent: float | None = Field(None, gt=0, le=100)


class Flow(Strict):
    """``baseConnection`` and ``dataSet`` are names of entries above, or of what is there already."""

    name: str = Field(min_length=1, max_length=255)
    description: str = Field("", max_length=2000)
    state: Literal["enabled", "disabled"] = "enabled"
    baseConnection: str
    params: SourceParams
    dataSet: str
    options: Options | None = None
    mappings: list[Mapping_] = Field(min_length=1)
    scheduleParams: dict[str, Any]


class Document(Strict):
    connections: list[Connection] = []
    dataSets: list[DataSet] = []
    flows: list[Flow] = []


def read(text: str) -> Document:
    """Raises FileInvalid."""
    try:
        loaded = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise FileInvalid(f"This is not YAML: {' '.join(str(error).split())}") from error
    try:
        document = Document.model_validate(loaded or {})
    except ValidationError as error:
        places = [f"{'.'.join(map(str, each['loc'])) or 'file'}: {each['msg']}" for each in error.errors()[:10]]
        raise FileInvalid("; ".join(places)) from error
    _check_names(document)
    return document


def _check_names(document: Document) -> None:
    for kind in ("connections", "dataSets", "flows"):
        names = [each.name for each in getattr(document, kind)]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise FileInvalid(f"{kind}: the name {sorted(twice)[0]!r} is used twice.")


def write(document: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True, width=100)


def environment_name(connection: str) -> str:
    """The variable an exported file refers to for the secret of a connection."""
    return f"{re.sub(r'[^A-Z0-9]+', '_', connection.upper()).strip('_') or 'MIXPANEL'}_PASSWORD"
