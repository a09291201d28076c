"""Where Mixpanel answers: three regions, and further hosts that the operator allows.

A project lives in exactly one region, fixed when it was created (Mixpanel, "Data residency"). Raw export, query
and app APIs answer on different hosts of that region (Mixpanel API overview).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from connectors.errors import HostRefused
from connectors.http import origin


@dataclass(frozen=True)
class Hosts:
    """One region. ``data``, ``query`` and ``app`` are base URLs; the paths below them are the same everywhere."""

    slug: str
    label: str
    data: str
    query: str
    app: str

    def origins(self) -> frozenset[str]:
        return frozenset(map(origin, (self.data, self.query, self.app)))


REGIONS: Mapping[str, Hosts] = {
    "us": Hosts("us", "United States", "https://data.mixpanel.com", "https://mixpanel.com", "https://mixpanel.com"),
    "eu": Hosts(
        "eu", "European Union", "https://data-eu.mixpanel.com", "https://eu.mixpanel.com", "https://eu.mixpanel.com"
    ),
    "in": Hosts("in", "India", "https://data-in.mixpanel.com", "https://in.mixpanel.com", "https://in.mixpanel.com"),
}


def extra(base_url: str) -> Hosts:
    """A proxy, a test server or the sample Mixpanel: one base URL serves all three APIs."""
    base = base_url.strip().rstrip("/")
    origin(base)
    return Hosts(base, urlsplit(base).netloc, base, base, base)


def directory(extra_hosts: Iterable[str] = (), regions: Mapping[str, Hosts] = REGIONS) -> dict[str, Hosts]:
    """Every place that may be called, by its slug; the slug of an extra host is its base URL."""
    extras = [extra(base_url) for base_url in extra_hosts]
    return {**regions, **{hosts.slug: hosts for hosts in extras}}


def hosts_for(region_or_url: str, extra_hosts: Iterable[str] = (), regions: Mapping[str, Hosts] = REGIONS) -> Hosts:
    """Raises HostRefused for a region that does not exist or a base URL that the operator did not allow."""
    known = directory(extra_hosts, regions)
    found = known.get(region_or_url) or known.get(region_or_url.strip().rstrip("/"))
    if found is None:
        raise HostRefused(f"“{region_or_url[:80]}” is neither a Mixpanel region nor an allowed host")
    return found


def choices(extra_hosts: Iterable[str] = ()) -> list[tuple[str, str]]:
    """``(value, label)`` of everything a person may choose."""
    return [(slug, hosts.label) for slug, hosts in directory(extra_hosts).items()]


def allow_list(extra_hosts: Iterable[str] = ()) -> frozenset[str]:
    """The origins (``scheme://host:port``) of everything that may be called."""
    return frozenset().union(*(hosts.origins() for hosts in directory(extra_hosts).values()))


def region_of_domain(domain: str, regions: Mapping[str, Hosts] = REGIONS) -> str:
    """The region whose web host is ``domain`` (as ``/api/app/me`` names it per project), or ""."""
    wanted = domain.strip().lower()
    return next((slug for slug, hosts in regions.items() if urlsplit(hosts.app).netloc == wanted), "")
