"""Identity descriptors: which fields say who an event belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

KIND = "xdm:descriptorIdentity"


@dataclass(frozen=True)
class Identity:
    """``namespace`` is the code of an identity namespace, ``primary`` marks the one that owns the record."""

    primary: bool
    namespace: str


def read(descriptor: Mapping[str, Any]) -> tuple[tuple[str, ...], Identity]:
    """The field and the identity that an ``xdm:descriptorIdentity`` object speaks of.

    Raises KeyError for a missing key, TypeError for a value of another type.
    """
    source, namespace = descriptor["xdm:sourceProperty"], descriptor["xdm:namespace"]
    if not isinstance(source, str) or not isinstance(namespace, str):
        raise TypeError("xdm:sourceProperty and xdm:namespace are texts")
    path = tuple(source.removeprefix("/").split("/"))
    return path, Identity(primary=descriptor.get("xdm:isPrimary") is True, namespace=namespace)


def descriptor(path: Sequence[str], namespace: str, *, primary: bool) -> dict[str, Any]:
    """The ``xdm:descriptorIdentity`` object of a string field."""
    return {
        "@type": KIND,
        "xdm:sourceProperty": "/" + "/".join(path),
        "xdm:namespace": namespace,
        "xdm:property": "xdm:code",
        "xdm:isPrimary": primary,
    }
