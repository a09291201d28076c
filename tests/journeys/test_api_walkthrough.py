"""The walk-through in docs/api.md, run line by line as it stands there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from connectors.mixpanel.sample.credentials import SECRET, USERNAME, UTC_PROJECT_ID
from tests.journeys.conftest import Served

pytestmark = [pytest.mark.worker, pytest.mark.xdist_group("browser")]

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.M | re.S)


def walk(served: Served, **changed: str) -> subprocess.CompletedProcess[str]:
    """Ends at the first line that fails."""
    script = "set -euo pipefail\n" + "\n".join(BLOCK.findall((ROOT / "docs" / "api.md").read_text()))
    assert script.count("curl") >= 2
    values = {
        "TRIBUTARY": served.url,
        "MIXPANEL_HOST": served.sample.url,
        "MIXPANEL_USERNAME": USERNAME,
        "MIXPANEL_SECRET": SECRET,
        "PROJECT_ID": UTC_PROJECT_ID,
    }
    return subprocess.run(
        ["bash", "-c", script],
        cwd=ROOT,
        env=served.environment | values | changed,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def test_the_documented_walk_through_works_verbatim_and_a_second_time(served: Served) -> None:
    for _ in range(2):
        done = walk(served)
        assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        assert '"result": true' in done.stdout
        assert "The run ended with success" in done.stdout
        assert "'inputRecordCount'" in done.stdout
        assert "'distinctId'" in done.stdout


def test_what_the_api_refuses_is_shown_where_something_is_missing(served: Served) -> None:
    done = walk(served, MIXPANEL_SECRET="wrong")
    assert done.returncode != 0
    (said,) = done.stderr.splitlines()
    assert said.startswith('No ["id"] in this answer: {')
    assert "Rejected by the source" in said
