"""The projects an account can see, from what is remembered on the account or else from the source."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from connectors import accounts
from connectors.base import Project
from connectors.errors import ConnectorError, UnknownProject, UnknownTimezone, ZoneDiffers
from connectors.mixpanel import timezones
from connectors.models import Account

# Two zones must agree where the data is and where the schedule will be.
YEARS_COMPARED = timedelta(days=2 * 365)
NAMED = 5


@dataclass(frozen=True)
class Discovered:
    """``error`` says why nothing could be discovered; a project id can be typed all the same."""

    projects: Sequence[Project]
    error: ConnectorError | None = None

    def find(self, project_id: str) -> Project | None:
        return next((project for project in self.projects if project.id == project_id), None)


def remembered(account: Account) -> Discovered:
    return Discovered([Project(**entry) for entry in account.projects])


def discovered(account: Account) -> Discovered:
    """Asks Mixpanel only when nothing is remembered."""
    known = remembered(account)
    if known.projects:
        return known
    try:
        accounts.refresh_projects(account)
    except ConnectorError as error:
        return Discovered([], error)
    return remembered(account)


def check(account: Account, project_id: str, zone: str) -> None:
    """Raises UnknownProject and ZoneDiffers, as far as the account has shown which projects it sees.

    Mixpanel itself answers a project it does not show like wrong credentials.
    """
    known = remembered(account)
    if known.projects and known.find(project_id) is None:
        with suppress(ConnectorError):
            accounts.refresh_projects(account)
        known = remembered(account)
    project = known.find(project_id)
    if known.projects and project is None:
        seen = [f"{each.id} ({each.name})" for each in known.projects]
        more = ", …" if len(seen) > NAMED else ""
        raise UnknownProject(f"Asked for was project {project_id}; it sees {', '.join(seen[:NAMED])}{more}.")
    if project and (own := zone_of(project)) and not same_zone(zone, own):
        raise ZoneDiffers(f"This is {zone}, but Mixpanel says that the project “{project.name}” is in {own}.")


def zone_of(project: Project) -> str:
    """The zone Mixpanel gives, as IANA spells it; "" when it gives none or one that nobody knows."""
    try:
        return timezones.canonical(project.timezone) if project.timezone else ""
    except UnknownTimezone:
        return ""


def same_zone(zone: str, known: str) -> bool:
    today = timezone.now().date()
    return timezones.same_rules(zone, known, today - YEARS_COMPARED, today + YEARS_COMPARED / 2)
