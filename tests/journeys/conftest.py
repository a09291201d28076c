"""A whole Tributary, started by its own command, and a browser in front of it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from connectors.mixpanel.sample.server import SampleServer
from tests.conftest import PLENTY
from tests.services import free_port

ROOT = Path(__file__).resolve().parents[2]
# Where pictures of the pages go, if anybody wants them: `make screenshots` sets it.
PICTURES = os.environ.get("SCREENSHOTS", "")


@dataclass(frozen=True)
class Served:
    """Where it is served, who may log in, and the sample Mixpanel behind it."""

    url: str
    password: str
    sample: SampleServer
    environment: dict[str, str]


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """``manage.py serve`` in a folder of its own."""
    port = free_port()
    with SampleServer(events_per_day=2000, export_limits=PLENTY, query_limits=PLENTY) as sample:
        own = {
            "DATA_DIR": str(tmp_path_factory.mktemp("served")),
            "PORT": str(port),
            "MIXPANEL_EXTRA_HOSTS": sample.url,
            "TICK_SECONDS": "1",
        }
        environment = {name: value for name, value in os.environ.items() if name != "PLAIN_STATIC_FILES"} | own
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        )
        try:
            yield Served(f"http://127.0.0.1:{port}", _password(process), sample, environment)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def _password(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"with the password (\S+)", line):
            return found[1]
    raise AssertionError("the server ended before it named a password")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium, closed with the last journey: while Playwright is there, Django takes its thread for asynchronous."""
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", *quiet]
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)


@pytest.fixture(scope="package")
def logged_in(browser: Browser, served: Served) -> dict[str, Any]:
    """The cookies of an administrator."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{served.url}/login/")
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / "login.png")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(served.password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(re.compile("/monitoring/"))
    state: dict[str, Any] = context.storage_state()
    context.close()
    return state


@pytest.fixture
def page(browser: Browser, logged_in: dict[str, Any], served: Served) -> Iterator[Page]:
    """A page of the administrator that fails the test on a script error or a breach of the content policy."""
    context = browser.new_context(
        storage_state=logged_in,
        base_url=served.url,
        viewport={"width": 1400, "height": 900},
        reduced_motion="reduce",
    )
    opened = context.new_page()
    opened.set_default_timeout(20_000)
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda said: complaints.append(said.text) if "Content Security Policy" in said.text else None)
    yield opened
    context.close()
    assert complaints == []


# Pages whose dark and narrow looks are kept as well; the others would only make the repository heavy.
IN_ALL_LOOKS = {
    *("catalog", "account", "wizard-mapping", "mapper-personal", "run", "dataset", "monitoring"),
    *("dataflow-held", "dataflow-backfill", "run-dry", "dataset-roll-back", "group"),
}
LOOKS = {"": ("light", 1400), "-dark": ("dark", 1400), "-narrow": ("light", 420)}


@pytest.fixture
def picture(page: Page) -> Callable[[str], None]:
    """Take pictures of the page when they are wanted."""

    def take(name: str) -> None:
        if not PICTURES:
            return
        for suffix, (scheme, width) in LOOKS.items():
            if suffix == "" or name in IN_ALL_LOOKS:
                page.set_viewport_size({"width": width, "height": 900})
                if width != 1400:
                    page.reload()  # the menu looks at the width once
                page.evaluate("theme => document.documentElement.dataset.bsTheme = theme", scheme)
                page.screenshot(path=Path(PICTURES) / f"{name}{suffix}.png", full_page=True)
        page.set_viewport_size({"width": 1400, "height": 900})
        page.evaluate("document.documentElement.dataset.bsTheme = 'light'")

    return take
