"""The stage of the stories: that of the runs' own tests, with lake and landing zone in a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dataflows.runs.conftest import bench, mixpanel, places

__all__ = ["bench", "mixpanel", "places"]


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    return str(tmp_path)
