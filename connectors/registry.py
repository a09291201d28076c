"""The sources there are. A new one is a folder beside ``mixpanel``, a line in SOURCES and a card in CATALOG."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

from connectors.base import Source

SOURCES = {"mixpanel": "connectors.mixpanel.source.MixpanelSource"}


@dataclass(frozen=True)
class SourceCard:
    """How a source presents itself in the catalogue."""

    kind: str
    label: str
    category: str
    description: str


CATALOG = (
    SourceCard(
        kind="mixpanel",
        label="Mixpanel",
        category="Analytics",
        description="Product events of a Mixpanel project, every day complete and kept equal to Mixpanel.",
    ),
)


def open_source(kind: str, **config: Any) -> Source:
    """The source of this kind, configured. Raises LookupError for a kind that is not in SOURCES."""
    if kind not in SOURCES:
        raise LookupError(f"there is no source of the kind “{kind}”")
    module, _, name = SOURCES[kind].rpartition(".")
    return cast(Source, getattr(import_module(module), name)(**config))


def card(kind: str) -> SourceCard:
    """The catalogue card of a kind. Raises LookupError."""
    found = next((entry for entry in CATALOG if entry.kind == kind), None)
    if found is None:
        raise LookupError(f"there is no source of the kind “{kind}”")
    return found
