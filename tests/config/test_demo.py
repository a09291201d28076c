"""The main job as a stranger runs it, in processes of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import duckdb
import pytest
from pyiceberg.table import StaticTable

from tests.services import free_port

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.worker, pytest.mark.xdist_group("workers")]


def demo(folder: Path, port: int, sample: int, *arguments: str) -> subprocess.Popen[str]:
    places = {"DATA_DIR": str(folder), "PORT": str(port), "MIXPANEL_EXTRA_HOSTS": f"http://127.0.0.1:{sample}"}
    clean = {name: value for name, value in os.environ.items() if name not in {"PLAIN_STATIC_FILES", "DATABASE_URL"}}
    return subprocess.Popen(
        [sys.executable, "manage.py", "demo", *arguments],
        cwd=ROOT,
        env=clean | places,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())


def processes_of(folder: Path) -> list[str]:
    """Command lines of processes that were started for this data folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if f"DATA_DIR={folder}".encode() in (entry / "environ").read_bytes():
                found.append((entry / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


class TestOnce:
    def test_ends_with_its_accounting_as_one_json_object(self, tmp_path):
        done = demo(tmp_path, free_port(), free_port(), "--once")
        output, errors = done.communicate(timeout=600)
        assert done.returncode == 0, output + errors
        told = json.loads(output.splitlines()[-1])
        assert told["received"] == told["loaded"] + told["duplicate"] + told["rejected"] + told["filtered"]
        files = duckdb.read_parquet(f"{told['dataset']}/data/**/*.parquet").count("*").fetchall()
        assert files == [(told["loaded"],)]
        assert min(told["duplicate"], told["rejected"]) > 0
        assert processes_of(tmp_path) == []


class TestServing:
    def test_loads_what_the_sample_served_and_stops_in_order(self, tmp_path):
        port, sample = free_port(), free_port()
        served = demo(tmp_path, port, sample)
        lines = []
        for line in served.stdout:
            lines.append(line)
            if line.startswith("Serving at"):
                break
        assert any("7 of 7 days" in line for line in lines)
        assert "Log in" in get(f"http://127.0.0.1:{port}/login/")
        assert f"The sample Mixpanel is at http://127.0.0.1:{sample}\n" in lines
        told = json.loads(get(f"http://127.0.0.1:{sample}/sample/served"))
        served.send_signal(signal.SIGINT)
        assert served.wait(120) == 0
        (accounting,) = [line for line in lines if line.lstrip().startswith("received")]
        received = int(accounting.split()[1].replace(",", ""))
        assert received == sum(next(iter(told["by_project"].values()))["days"].values())
        (metadata,) = {line.split("'")[1] for line in lines if "from_metadata" in line}
        assert StaticTable.from_metadata(metadata).scan().to_arrow().num_rows < received
        assert processes_of(tmp_path) == []
        self._second_time(tmp_path, port, sample)

    def _second_time(self, folder: Path, port: int, sample: int) -> None:
        began = time.monotonic()
        again = demo(folder, port, sample)
        for line in again.stdout:
            if line.startswith("The pages are at"):
                assert time.monotonic() - began < 30
            if line.startswith("Serving at"):
                break
        again.send_signal(signal.SIGINT)
        assert again.wait(120) == 0


class TestBadStarts:
    def test_a_busy_port_is_one_sentence(self, tmp_path):
        import socket

        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            done = demo(tmp_path, taken.getsockname()[1], free_port(), "--once")
            _, errors = done.communicate(timeout=60)
        assert done.returncode == 1
        assert "cannot be used" in errors
        assert "Traceback" not in errors
