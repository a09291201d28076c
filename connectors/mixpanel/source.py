"""Mixpanel as a source of events."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from connectors.base import (
    BudgetLeft,
    CheckStep,
    DayRange,
    Landed,
    LandingZone,
    Progress,
    Project,
    Record,
    Spend,
)
from connectors.mixpanel import discovery, export
from connectors.mixpanel.checks import ConnectionTest
from connectors.mixpanel.client import MixpanelClient
from connectors.mixpanel.credentials import Credentials
from connectors.mixpanel.hosts import REGIONS, Hosts, hosts_for


class MixpanelSource:
    """One Mixpanel account in one region; implements ``connectors.base.Source``.

    ``region`` is a slug of ``regions`` or one of ``extra_hosts`` (base URLs); anything else raises HostRefused.
    Timeouts are seconds. Export requests (``copy``, ``sample``) are not counted here: who calls them owns the budget.
    """

    def __init__(
        self,
        credentials: Credentials,
        region: str,
        extra_hosts: tuple[str, ...] = (),
        *,
        connect_timeout: float = 10,
        idle_timeout: float = 300,
        regions: Mapping[str, Hosts] = REGIONS,
    ) -> None:
        self._credentials = credentials
        self._extra_hosts = tuple(extra_hosts)
        self._regions = regions
        hosts = hosts_for(region, self._extra_hosts, regions)
        self._client = MixpanelClient(credentials, hosts, connect_timeout=connect_timeout, idle_timeout=idle_timeout)

    def check(
        self, project_id: str, *, timezone: str = "", now: datetime, spend: Spend, budget_left: BudgetLeft
    ) -> Iterator[CheckStep]:
        """Test the connection step by step (see checks); ``project_id`` "" tests the account alone."""
        test = ConnectionTest(
            client=self._client,
            project_id=project_id,
            timezone=timezone,
            now=now,
            spend=spend,
            budget_left=budget_left,
            other_region=self._other_region(),
        )
        return test.steps()

    def _other_region(self) -> Callable[[], str] | None:
        """Where else to look for valid credentials: in the other regions.

        Not for an account of an extra host: what is entered for a test server is nobody else's business.
        """
        here = self._client.hosts.slug
        if here not in self._regions:
            return None
        others = {slug: hosts for slug, hosts in self._regions.items() if slug != here}
        return lambda: discovery.find_region(self._credentials, regions=others)

    def projects(self) -> list[Project]:
        """By name; empty when Mixpanel does not tell (project secrets, 403)."""
        return discovery.projects(self._client)

    def event_names(self, project_id: str) -> list[str]:
        """Events of the last 31 days. Raises PlanForbids where the plan has no query API."""
        return discovery.event_names(self._client, project_id)

    def property_names(self, project_id: str, event: str) -> list[str]:
        """Properties of one event, most used first. Raises PlanForbids where the plan has no query API."""
        return discovery.property_names(self._client, project_id, event)

    def sample(self, project_id: str, days: DayRange, limit: int) -> list[Record]:
        """At most ``limit`` (1 to 100 000) records of ``days``. Costs one export request."""
        return export.sample(self._client, project_id, days, limit)

    def copy(self, project_id: str, days: DayRange, landing: LandingZone, key: str, progress: Progress) -> Landed:
        """Land one export as received under ``key`` + ``.jsonl.gz`` or ``.jsonl``. Costs one export request."""
        return export.copy(self._client, project_id, days, landing, key, progress)

    def blocks(self, landing: LandingZone, landed_key: str) -> Iterator[bytes]:
        """Blocks of whole lines; raises IncompleteExport at the end if the export was not complete."""
        return export.blocks(landing, landed_key)

    def abort(self) -> None:
        """End what waits for an answer in another thread; nothing can be asked afterwards."""
        self._client.abort()

    def close(self) -> None:
        self._client.close()
