"""Names of fields, compared as a person would: case, separators and camel case mean nothing."""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=16_384)
def plain(name: str) -> str:
    """``$item_Price`` → ``itemprice``."""
    return re.sub(r"[\W_]", "", name).lower()


@lru_cache(maxsize=16_384)
def words_of(name: str) -> frozenset[str]:
    """``itemPrice`` → item, price."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    return frozenset(word.lower() for word in re.split(r"[\W_]+", spaced) if word)
