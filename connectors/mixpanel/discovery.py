"""What the credentials can see: projects, names of events and properties, and the region in which they are valid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from connectors.base import Project
from connectors.errors import BadCredentials, ConnectorError, NoProjectAccess, PlanForbids, Unreachable
from connectors.mixpanel.client import MixpanelClient
from connectors.mixpanel.credentials import Credentials
from connectors.mixpanel.hosts import REGIONS, Hosts, directory

ME = "/api/app/me"
EVENT_NAMES = "/api/query/events/names"
PROPERTY_NAMES = "/api/query/events/properties/top"
# Organisations with many members have answers of 10 to 30 MB (field reports on mixpanel-headless).
LARGEST_ME = 64 << 20
PROBE_TIMEOUT = 5.0


def visible_projects(client: MixpanelClient) -> list[Project]:
    """The projects of ``GET /api/app/me``, by name. Raises what Mixpanel answers, BadCredentials for 401 among it."""
    answer = client.app.get_json(ME, limit=LARGEST_ME)
    results = _mapping(_mapping(answer).get("results"))
    organizations = _mapping(results.get("organizations"))
    found = [_project(key, _mapping(entry), organizations) for key, entry in _mapping(results.get("projects")).items()]
    return sorted(found, key=lambda project: (project.name.casefold(), project.id))


def projects(client: MixpanelClient) -> list[Project]:
    """The same for a list to choose from: empty where Mixpanel does not tell.

    A project secret may not use the app API, and an account may be known but not be allowed to list (403).
    """
    if client.credentials.kind == "project_secret":
        return []
    try:
        return visible_projects(client)
    except NoProjectAccess:
        return []


def _project(key: str, entry: Mapping[str, Any], organizations: Mapping[str, Any]) -> Project:
    """Every field may be missing except the id, which is the key (field reports on mixpanel-headless)."""
    organization = _mapping(organizations.get(str(entry.get("organization_id", ""))))
    return Project(
        id=str(key),
        name=_text(entry, "name") or str(key),
        timezone=_text(entry, "timezone"),
        organization=_text(organization, "name"),
        domain=_text(entry, "domain"),
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    return value if isinstance(value, str) else ""


def event_names(client: MixpanelClient, project_id: str, limit: int = 255) -> list[str]:
    """Names seen in the last 31 days, for pickers only: hidden events may be missing. PlanForbids on free plans."""
    answer = client.query_json(EVENT_NAMES, project_id, {"type": "general", "limit": str(limit)})
    return sorted(name for name in answer if isinstance(name, str)) if isinstance(answer, list) else []


def property_names(client: MixpanelClient, project_id: str, event: str, limit: int = 2000) -> list[str]:
    """Names of the properties of one event, most used first; Mixpanel does not tell their types."""
    answer = client.query_json(PROPERTY_NAMES, project_id, {"event": event, "limit": str(limit)})
    counts = {name: _count(entry) for name, entry in _mapping(answer).items()}
    return sorted(counts, key=lambda name: (-counts[name], name))


def _count(entry: Any) -> int:
    count = _mapping(entry).get("count")
    return count if isinstance(count, int) else 0


# --- regions ------------------------------------------------------------------------------------------------


def probe(client: MixpanelClient) -> None:
    """Ask the cheapest thing that needs valid credentials; raises ConnectorError when they are not.

    A plan without query API answers 402 only after it has accepted the credentials.
    """
    if client.credentials.kind == "service_account":
        with client.app.stream(ME):
            return
    try:
        client.query_json(EVENT_NAMES, "", {"type": "general", "limit": "1"})
    except PlanForbids:
        return


def find_region(
    credentials: Credentials,
    extra_hosts: Iterable[str] = (),
    *,
    regions: Mapping[str, Hosts] = REGIONS,
    timeout: float = PROBE_TIMEOUT,
) -> str:
    """The region, or else the extra host, that accepts the credentials.

    All regions are asked at once, extra hosts only when none of them accepts. ``timeout`` is in seconds. Raises
    Unreachable when nobody answered and BadCredentials otherwise; the detail names what each one said.
    """
    extras = {slug: hosts for slug, hosts in directory(extra_hosts, {}).items() if slug not in regions}
    said: dict[str, ConnectorError] = {}
    for places in (dict(regions), extras):
        answers = _ask_all(credentials, places, timeout)
        accepted = [slug for slug, error in answers.items() if error is None]
        if accepted:
            return accepted[0]
        said.update({slug: error for slug, error in answers.items() if error is not None})
    detail = "; ".join(f"{slug}: {error.detail}" for slug, error in said.items())
    if all(isinstance(error, Unreachable) for error in said.values()):
        raise Unreachable(detail)
    raise BadCredentials(detail)


def _ask_all(credentials: Credentials, places: Mapping[str, Hosts], timeout: float) -> dict[str, ConnectorError | None]:
    if not places:
        return {}
    with ThreadPoolExecutor(len(places)) as pool:
        answers = pool.map(lambda hosts: _ask(credentials, hosts, timeout), places.values())
        return dict(zip(places, answers, strict=True))


def _ask(credentials: Credentials, hosts: Hosts, timeout: float) -> ConnectorError | None:
    client = MixpanelClient(credentials, hosts, connect_timeout=timeout, idle_timeout=timeout)
    try:
        probe(client)
    except ConnectorError as error:
        return error
    finally:
        client.close()
    return None
