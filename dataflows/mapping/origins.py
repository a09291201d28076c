"""Where the value of a mapping row comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dataflows.mapping.language import Program
from dataflows.mapping.paths import Part
from dataflows.schemas import Field


@dataclass(frozen=True)
class FromRecord:
    """``parts`` start with "event" or "properties"."""

    parts: tuple[Part, ...]


@dataclass(frozen=True)
class FromDerived:
    """``name`` is a key of ``derived.FIELDS``."""

    name: str


@dataclass(frozen=True)
class Constant:
    """A value already of the target's type."""

    value: Any


@dataclass(frozen=True)
class Computed:
    """A calculated field."""

    program: Program


Origin = FromRecord | FromDerived | Constant | Computed


Inner = tuple[Part, ...]


@dataclass(frozen=True)
class Member:
    """One row: the place it fills, and ``leaf``, what its values become there."""

    inner: Inner
    origin: Origin
    leaf: Field


@dataclass(frozen=True)
class Assembled:
    """What several rows fill together."""

    members: tuple[Member, ...]


def paths_of(origin: Origin | Assembled) -> Iterator[tuple[Part, ...]]:
    """The paths of the record that are read for it."""
    match origin:
        case FromRecord():
            yield origin.parts
        case Computed():
            yield from origin.program.paths
        case Assembled():
            for member in origin.members:
                yield from paths_of(member.origin)


def programs_of(origin: Origin | Assembled) -> Iterator[Program]:
    """The expressions that are computed for it."""
    match origin:
        case Computed():
            yield origin.program
        case Assembled():
            for member in origin.members:
                yield from programs_of(member.origin)
