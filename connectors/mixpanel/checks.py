"""The connection test: one step after the other, each saying what was tried, what was seen and what to do.

A step that needs a failed one is skipped, so the first failure is the one to look at. At most two export requests
are spent, each announced to the rate budget before it is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from connectors.base import BudgetLeft, CheckStep, DayRange, Project, Spend, StepState
from connectors.errors import (
    BadCredentials,
    BudgetEmpty,
    ConnectionCut,
    ConnectorError,
    HostRefused,
    NoProjectAccess,
    RateLimited,
    ServiceDown,
    TimezoneMismatch,
    UnknownProject,
    UnknownTimezone,
    Unreachable,
    WrongRegion,
)
from connectors.messages import message_for
from connectors.mixpanel import discovery, export, timezones
from connectors.mixpanel.client import MixpanelClient
from connectors.mixpanel.hosts import REGIONS, region_of_domain

PURPOSE = "connection test"
SAMPLE = 10
STEP_BACK = timedelta(days=30)
# Two zones count as the same when their clocks agree over the time that data is usually read for.
YEARS_COMPARED = timedelta(days=2 * 365)
PROJECTS_NAMED = 5
NOT_THERE = (Unreachable, ConnectionCut, HostRefused, ServiceDown)


class Step(NamedTuple):
    slug: str
    title: str
    needs: tuple[str, ...]
    run: Callable[[ConnectionTest], CheckStep]


@dataclass
class ConnectionTest:
    """One test of one account, and of one project if ``project_id`` is given.

    ``timezone`` is what the person entered ("" for nothing). ``other_region`` finds where else the credentials are
    valid: a region slug, or it raises ConnectorError with what was said; ``None`` asks nobody.
    """

    client: MixpanelClient
    project_id: str
    timezone: str
    now: datetime
    spend: Spend
    budget_left: BudgetLeft
    other_region: Callable[[], str] | None
    visible: list[Project] | None = None
    refusal: ConnectorError | None = None
    project: Project | None = None
    states: dict[str, StepState] = field(default_factory=dict)

    def steps(self) -> Iterator[CheckStep]:
        """The steps as they are done; the caller may show each before the next one is tried."""
        for step in STEPS:
            blocked = [slug for slug in step.needs if self.states[slug] in (StepState.FAILED, StepState.SKIPPED)]
            result = _skipped(step) if blocked else step.run(self)
            self.states[step.slug] = result.state
            yield result

    # --- reachable and credentials: one request answers both -------------------------------------------------

    def reachable(self) -> CheckStep:
        self._look_around()
        host = self.client.app.host
        if isinstance(self.refusal, NOT_THERE):
            return _failed("reachable", self.refusal)
        return _ok("reachable", f"{host} answers.")

    def _look_around(self) -> None:
        try:
            if self.client.credentials.kind == "project_secret":
                discovery.probe(self.client)
            else:
                self.visible = discovery.visible_projects(self.client)
        except ConnectorError as error:
            self.refusal = error

    def credentials(self) -> CheckStep:
        if self.refusal is None:
            return _ok("credentials", f"Accepted in the region {self.client.hosts.label}.")
        if isinstance(self.refusal, NoProjectAccess):
            return _warning("credentials", self.refusal, "Mixpanel knows the account but lists no projects for it.")
        if isinstance(self.refusal, RateLimited):
            return _warning("credentials", self.refusal, "Mixpanel's rate limit leaves no room for a look just now.")
        if isinstance(self.refusal, BadCredentials) and self.other_region is not None:
            return _failed("credentials", self._better_explanation(self.refusal, self.other_region))
        return _failed("credentials", self.refusal)

    def _better_explanation(self, refusal: ConnectorError, other_region: Callable[[], str]) -> ConnectorError:
        here = self.client.hosts.label
        try:
            region = other_region()
        except ConnectorError as elsewhere:
            return BadCredentials(f"Refused in {here} ({refusal.detail}) and everywhere else ({elsewhere.detail}).")
        return WrongRegion(f"The credentials are valid in the region “{region}”; the account is set to {here}.")

    # --- project ---------------------------------------------------------------------------------------------

    def project_visible(self) -> CheckStep:
        if self.client.credentials.kind == "project_secret":
            return _ok("project", "A project secret belongs to one project; its id is not needed.")
        if self.visible is None:
            return self._unlisted_project()
        if not self.visible:
            return _failed("project", NoProjectAccess("The service account is not a member of any project."))
        if not self.project_id:
            return _step("project", StepState.SKIPPED, f"{len(self.visible)} projects visible, none chosen yet.")
        return self._listed_project(self.visible)

    def _unlisted_project(self) -> CheckStep:
        if not self.project_id:
            return _step("project", StepState.SKIPPED, "No project chosen yet.")
        if not self.project_id.isascii() or not self.project_id.isdigit():
            return _failed("project", UnknownProject("A project id is a number."))
        return _step("project", StepState.WARNING, "The project cannot be looked up; the export will show it.")

    def _listed_project(self, visible: list[Project]) -> CheckStep:
        self.project = next((project for project in visible if project.id == self.project_id), None)
        if self.project is None:
            names = ", ".join(f"{project.name} ({project.id})" for project in visible[:PROJECTS_NAMED])
            more = f" and {len(visible) - PROJECTS_NAMED} more" if len(visible) > PROJECTS_NAMED else ""
            return _failed("project", UnknownProject(f"Visible to this account: {names}{more}."))
        region = region_of_domain(self.project.domain)
        if region and self.client.hosts.slug in REGIONS and region != self.client.hosts.slug:
            words = f"The project lives in the region “{region}”; the account is set to {self.client.hosts.label}."
            return _failed("project", WrongRegion(words))
        return _ok("project", f"{self.project.name} ({self.project.id})")

    # --- export ----------------------------------------------------------------------------------------------

    def export_works(self) -> CheckStep:
        newest = timezones.latest_day(self._zone(), self.now) - timedelta(days=1)
        attempts = (DayRange(newest, newest), DayRange(newest - STEP_BACK, newest - timedelta(days=1)))
        try:
            found = next(((days, count) for days in attempts if (count := self._export(days))), None)
        except (BudgetEmpty, RateLimited) as error:
            return _warning("export", error, "Not tried: no request is free just now.")
        except ConnectorError as error:
            return _failed("export", error)
        if found is None:
            return _step("export", StepState.WARNING, f"Works, but {attempts[1].first} to {newest} hold no events.")
        return _ok("export", f"Events of {_spelled(found[0])} arrived.")

    def _export(self, days: DayRange) -> int:
        """How many events a small export of ``days`` has. Costs one request."""
        with self.spend(PURPOSE):
            return len(export.sample(self.client, self.project_id, days, SAMPLE))

    def _zone(self) -> str:
        for name in (self.project.timezone if self.project else "", self.timezone):
            try:
                return timezones.canonical(name)
            except UnknownTimezone:
                continue
        return "UTC"

    # --- time zone and budget --------------------------------------------------------------------------------

    def timezone_agrees(self) -> CheckStep:
        theirs = self.project.timezone if self.project else ""
        try:
            ours = timezones.canonical(self.timezone) if self.timezone else ""
        except UnknownTimezone as error:
            return _failed("timezone", error)
        try:
            official = timezones.canonical(theirs)
        except UnknownTimezone:
            return _step(
                "timezone", StepState.WARNING, "Mixpanel does not tell the time zone of this project.", ASK_ZONE
            )
        if ours and not self._same_clocks(ours, official):
            return _failed("timezone", TimezoneMismatch(f"Mixpanel says {theirs}, entered was {self.timezone}."))
        return _ok("timezone", f"The project's time zone is {theirs}.")

    def _same_clocks(self, ours: str, official: str) -> bool:
        last = self.now.date()
        return timezones.same_rules(ours, official, last - YEARS_COMPARED, last)

    def budget(self) -> CheckStep:
        used, limit = self.budget_left()
        words = f"{used} of {limit} export requests used in the last hour."
        if used >= limit:
            return _warning("budget", BudgetEmpty(), words)
        return _ok("budget", words)


ASK_ZONE = "Compare the time zone with Mixpanel's project settings."

STEPS = (
    Step("reachable", "Mixpanel can be reached", (), ConnectionTest.reachable),
    Step("credentials", "The credentials are accepted", ("reachable",), ConnectionTest.credentials),
    Step("project", "The project is visible", ("credentials",), ConnectionTest.project_visible),
    Step("export", "A small export works", ("project",), ConnectionTest.export_works),
    Step("timezone", "The time zone is the project's", ("project",), ConnectionTest.timezone_agrees),
    Step("budget", "Requests are left", ("project",), ConnectionTest.budget),
)
TITLES = {step.slug: step.title for step in STEPS}


def _step(slug: str, state: StepState, detail: str, remedy: str = "", code: str = "") -> CheckStep:
    return CheckStep(slug, TITLES[slug], state, detail, remedy, code)


def _ok(slug: str, detail: str) -> CheckStep:
    return _step(slug, StepState.OK, detail)


def _warning(slug: str, error: ConnectorError, detail: str) -> CheckStep:
    return _step(slug, StepState.WARNING, detail, message_for(error.code).todo, error.code)


def _failed(slug: str, error: ConnectorError) -> CheckStep:
    words = message_for(error.code)
    detail = f"{words.what} {error.detail}".strip()
    return _step(slug, StepState.FAILED, detail, words.todo, error.code)


def _skipped(step: Step) -> CheckStep:
    needed = " and ".join(f"“{TITLES[slug]}”" for slug in step.needs)
    return _step(step.slug, StepState.SKIPPED, f"Not tried: needs {needed}.")


def _spelled(days: DayRange) -> str:
    return str(days.first) if days.first == days.last else f"{days.first} to {days.last}"
