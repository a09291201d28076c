"""Percentages never claim that all is there when something is missing."""

from __future__ import annotations

import pytest

from connectors.shares import percent
from connectors.templatetags import display


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [
        (5265, 5266, "99.9"),
        (1_999_999, 2_000_000, "99.9"),
        (1, 5_000_000, "0.1"),
        (5266, 5266, "100.0"),
        (0, 5266, "0.0"),
        (1, 8, "12.5"),
        (-5265, 5266, "-99.9"),
        (6000, 5000, "120.0"),
    ],
)
def test_only_the_whole_is_a_hundred_and_only_nothing_is_zero(part, whole, shown):
    assert percent(part, whole) == shown
    assert display.percent(part, whole) == f"{shown} %"


def test_whole_numbers_stay_off_both_ends_too():
    assert (percent(999, 1000, 0), percent(1, 1000, 0)) == ("99", "1")
