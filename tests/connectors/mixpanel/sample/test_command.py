"""``manage.py sample_mixpanel`` as a real process."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
PROGRAM = """
import sys
from django.conf import settings
settings.configure()
from connectors.management.commands.sample_mixpanel import Command
Command().run_from_argv(["manage.py", "sample_mixpanel", *sys.argv[1:]])
"""


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_prints_one_line_serves_and_ends_cleanly(number: signal.Signals) -> None:
    with start("--port", "0", "--today", "2026-03-20") as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert found
        assert "mp-service-account" in line
        with urllib.request.urlopen(found.group(), timeout=10) as answer:
            assert answer.status == 200
        process.send_signal(number)
        rest, complaints = process.communicate(timeout=10)
    assert (process.returncode, rest, complaints) == (0, "", "")


def test_a_busy_port_is_one_sentence_and_exit_1(shared_server) -> None:
    port = shared_server.url.rpartition(":")[2]
    with start("--port", port) as process:
        _, complaints = process.communicate(timeout=10)
    assert process.returncode == 1
    assert len(complaints.splitlines()) == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in complaints
