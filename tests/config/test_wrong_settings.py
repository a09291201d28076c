"""A wrong value in the environment ends every command with a sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def manage(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=os.environ | {"DATA_DIR": str(folder)} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("command", ["create_api_client x", "migrate", "serve", "help", "check"])
def test_every_command_says_which_and_why_and_ends_with_two(tmp_path: Path, command: str) -> None:
    done = manage(tmp_path, *command.split(), MIXPANEL_EXTRA_HOSTS="127.0.0.1:8101")
    assert done.returncode == 2
    assert done.stdout == ""
    (said,) = done.stderr.splitlines()
    assert said.startswith("MIXPANEL_EXTRA_HOSTS must hold base URLs such as https://mixpanel-proxy.example")
    assert "127.0.0.1:8101" in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MIXPANEL_EXTRA_HOSTS", "http://host:port"),
        ("MIXPANEL_EXTRA_HOSTS", "http://[::1"),
        ("DATABASE_URL", "postgresql://user@host:port/name"),
        ("DATABASE_URL", "postgresql://[host/name"),
        ("PORT", "ten"),
        ("TRIBUTARY_KEYS", "short"),
    ],
)
def test_every_wrong_value_is_a_sentence(tmp_path: Path, name: str, value: str) -> None:
    done = manage(tmp_path, "check", **{name: value})
    (said,) = done.stderr.splitlines()
    assert (done.returncode, said.split()[0].strip(":")) == (2, name)
