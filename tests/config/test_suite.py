"""What the suite itself stands on: tests that start whole systems come one after the other, on one worker."""

from __future__ import annotations

import pytest


@pytest.mark.xdist_group("workers")
def test_a_group_of_tests_stays_on_one_worker(request: pytest.FixtureRequest):
    """A runner that forgets groups fails nothing by itself: everything only gets slow and its tests disturb others."""
    if not getattr(request.config.option, "loadgroup", False):
        pytest.skip("The tests are not shared among workers.")
    assert request.node.nodeid.endswith("@workers")
