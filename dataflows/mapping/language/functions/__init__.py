"""All functions, by every name they have. A new one is an entry in one of the modules, and its cases."""

from __future__ import annotations

from collections.abc import Mapping

from dataflows.mapping.language.function import Function, table
from dataflows.mapping.language.functions import (
    arrays,
    conversion,
    dates,
    hashing,
    logic,
    objects,
    regular_expressions,
    special,
    strings,
    urls,
    user_agents,
)

FUNCTIONS: Mapping[str, Function] = table(
    [
        *strings.FUNCTIONS,
        *regular_expressions.FUNCTIONS,
        *hashing.FUNCTIONS,
        *urls.FUNCTIONS,
        *dates.FUNCTIONS,
        *objects.FUNCTIONS,
        *arrays.FUNCTIONS,
        *logic.FUNCTIONS,
        *conversion.FUNCTIONS,
        *user_agents.FUNCTIONS,
        *special.FUNCTIONS,
    ]
)
