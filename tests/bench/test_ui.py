"""The benchmark of the lists, small: every list answers, and its times are told by name."""

import json
import subprocess
import sys

import pytest


@pytest.mark.services
def test_asks_for_every_list_and_tells_its_time():
    command = [sys.executable, "-m", "bench.ui", "--flows", "12", "--runs", "200", "--requests", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert {told["flows"], told["runs"]} == {12, 200}
    assert {"API: flows", "API: runs", "API: batches", "page: dataflows", "page: monitoring"} <= told["p95_ms"].keys()
