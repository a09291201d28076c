"""The projects an account can see, from what is remembered on the account or else from Mixpanel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connectors import accounts
from connectors.base import Project
from connectors.errors import ConnectorError
from connectors.models import Account


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
