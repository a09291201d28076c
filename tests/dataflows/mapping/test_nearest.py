"""The path that was probably meant."""

import pytest

from dataflows.mapping.nearest import nearest

KNOWN = [
    "event",
    "properties.$city",
    "properties.$mp_api_timestamp_ms",
    "properties.${Plan Type}",
    "tributary.timestamp",
]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("timestamp", "tributary.timestamp"),
        ("properties.city", "properties.$city"),
        ("properties.$ci", "properties.$city"),
        ("properties.ctiy", "properties.$city"),
        ("properties.${plan type}", "properties.${Plan Type}"),
        ("properties.nothing", ""),
    ],
)
def test_has_the_same_last_name_or_one_like_it(wanted: str, found: str):
    assert nearest(wanted, KNOWN) == found
