"""A disk that is full: nothing is half published, the run waits, and goes on once there is space."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dataflows import stores
from dataflows.models import RunStatus
from tests.dataflows.runs.conftest import FIRST, Bench, events

SMALL, LARGE = "64k", "64m"


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    """Only folders run full like this."""
    return str(tmp_path)


@pytest.fixture(params=["landing", "lake", "scratch"])
def disk(request: pytest.FixtureRequest, bench: Bench, settings) -> Iterator[Callable[[str], None]]:
    """One of the places on a disk of its own; call it to give the disk another size."""
    settings.RETRY_SECONDS = 1
    place = Path({"landing": settings.LANDING_URL, "scratch": settings.SCRATCH_DIR}.get(request.param, ""))
    if request.param == "lake":
        place = Path(stores.lake().open(bench.flow.dataset.table).folder.removeprefix("file://")) / "data"
    place.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", place], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip(f"a disk of its own needs the right to mount: {made.stderr.decode().strip()}")
    try:
        yield lambda size: subprocess.run(["mount", "-o", f"remount,size={size}", place], check=True) and None
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def test_the_run_says_so_waits_and_goes_on_when_there_is_space(bench: Bench, disk: Callable[[str], None]):
    bench.export(events(FIRST, 9000))
    run = bench.advance(bench.start())
    window = run.windows.get()
    assert (run.status, window.error_code, window.attempts) == (RunStatus.RUNNING, "storage_full", 1)
    assert bench.rows() == []
    disk(LARGE)
    assert bench.finish(run).status == RunStatus.SUCCEEDED
    assert len(bench.rows()) == 9000
