"""The people of the sample shop: who they are, and what their browser or phone adds to every event.

Each visitor is rendered once, so that an event costs one string to join and not twenty values to encode.
"""

from __future__ import annotations

import json
import random
from functools import lru_cache
from typing import Any, NamedTuple

from connectors.mixpanel.sample.projects import SampleProject

POOL_SIZE = 4000
PHONE_EVERY = 3

CITIES = {
    "US": (("California", "San José"), ("Washington", "Seattle"), ("New York", "New York"), ("Texas", "Austin")),
    "CA": (("Quebec", "Montréal"), ("British Columbia", "Vancouver")),
    "MX": (("Yucatán", "Mérida"), ("Nuevo León", "Monterrey")),
    "BR": (("São Paulo", "São Paulo"), ("Paraná", "Curitiba")),
    "JP": (("東京都", "東京"), ("大阪府", "大阪")),
    "DE": (("Land Berlin", "Berlin"), ("Bayern", "München"), ("Nordrhein-Westfalen", "Köln")),
    "AT": (("Wien", "Wien"), ("Kärnten", "Klagenfurt am Wörthersee")),
    "CH": (("Zürich", "Zürich"), ("Genève", "Genève")),
    "PL": (("Województwo łódzkie", "Łódź"), ("Małopolskie", "Kraków")),
    "FR": (("Île-de-France", "Paris"), ("Auvergne-Rhône-Alpes", "Saint-Étienne")),
}
LANGUAGES = {"US": "en-US", "CA": "fr-CA", "MX": "es-MX", "BR": "pt-BR", "JP": "ja-JP", "PL": "pl-PL", "FR": "fr-FR"}
# Mixpanel's web library sends the major version as a number, other senders as text: one property, two types.
BROWSERS = (("Chrome", 140), ("Chrome", 139), ("Safari", "18.5"), ("Firefox", 142), ("Microsoft Edge", "140.0.3485.54"))
DESKTOPS = (("Windows", 1080, 1920), ("Mac OS X", 1117, 1728), ("Linux", 1440, 2560))
PHONES = (
    ("iphone", "iOS", "18.6", "iPhone17,1", "Apple", 874, 402),
    ("iphone", "iOS", "17.7.2", "iPhone15,4", "Apple", 852, 393),
    ("android", "Android", "15", "Pixel 9", "Google", 2424, 1080),
    ("android", "Android", "14", "SM-S921B", "Samsung", 2340, 1080),
)
CAMPAIGNS = (
    ("google", "cpc", "autumn-harbour"),
    ("newsletter", "email", "wochenangebot-käse"),
    ("instagram", "social", 'summer "sail" 2026'),
    (None, None, None),
)
REFERRERS = ("$direct", "https://www.google.com/", "https://duckduckgo.com/", "https://news.example/harbour")


class Visitor(NamedTuple):
    """``distinct_id`` is JSON text, ``properties`` the inside of a JSON object, ready to be joined."""

    distinct_id: str
    properties: str


@lru_cache(maxsize=8)
def visitors(project: SampleProject) -> tuple[Visitor, ...]:
    """The people of a project, always the same."""
    dice = random.Random(f"visitors/{project.id}")  # noqa: S311 - sample data, not a secret
    return tuple(_visitor(dice, project, index) for index in range(POOL_SIZE))


def nearest_phone(index: int) -> int:
    """A visitor near ``index`` who carries a phone (phones are what goes offline)."""
    return index - index % PHONE_EVERY


def inside(values: dict[str, Any]) -> str:
    """JSON text of an object without its braces."""
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))[1:-1]


def _visitor(dice: random.Random, project: SampleProject, index: int) -> Visitor:
    device = f"{dice.getrandbits(64):016x}-{index:05d}"
    known = dice.random() < 0.7
    distinct_id = f"user-{10_000 + index}" if known else f"$device:{device}"
    properties: dict[str, Any] = {"$device_id": device, "$user_id": distinct_id} if known else {"$device_id": device}
    properties |= _phone(dice) if index % PHONE_EVERY == 0 else _desktop(dice)
    properties |= _place(dice, project) | _origin(dice) | _customer(dice)
    return Visitor(json.dumps(distinct_id), inside(properties))


def _phone(dice: random.Random) -> dict[str, Any]:
    library, system, version, model, maker, height, width = dice.choice(PHONES)
    return {
        "mp_lib": library,
        "$lib_version": "4.3.1" if library == "iphone" else "8.2.0",
        "$mp_api_endpoint": "api.mixpanel.com",
        "$os": system,
        "$os_version": version,
        "$model": model,
        "$manufacturer": maker,
        "$app_version_string": dice.choice(("7.12.0", "7.11.2")),
        "$app_build_number": str(dice.randint(7100, 7130)),
        "$wifi": dice.random() < 0.6,
        "$carrier": dice.choice(("Telekom.de", "T-Mobile", "Movistar México", "")),
        "$radio": dice.choice(("LTE", "NR")),
        "$screen_height": height,
        "$screen_width": width,
    }


def _desktop(dice: random.Random) -> dict[str, Any]:
    browser, version = dice.choice(BROWSERS)
    system, height, width = dice.choice(DESKTOPS)
    return {
        "mp_lib": "web",
        "$lib_version": "2.65.0",
        "$mp_api_endpoint": "api-js.mixpanel.com",
        "$os": system,
        "$browser": browser,
        "$browser_version": version,
        "$screen_height": height,
        "$screen_width": width,
        "$initial_referrer": "$direct",
        "$initial_referring_domain": "$direct",
        "mp_keyword": dice.choice(("sailing jacket", "kopfhörer", "rope 12mm", "")),
        "$search_engine": dice.choice(("google", "duckduckgo")),
    }


def _place(dice: random.Random, project: SampleProject) -> dict[str, Any]:
    country = dice.choice(project.countries)
    region, city = dice.choice(CITIES[country])
    return {
        "mp_country_code": country,
        "$region": region,
        "$city": city,
        "language": LANGUAGES.get(country, "de-DE"),
    }


def _origin(dice: random.Random) -> dict[str, Any]:
    source, medium, campaign = dice.choice(CAMPAIGNS)
    return {
        "$referrer": dice.choice(REFERRERS),
        "utm_source": source,
        "utm_medium": medium,
        "utm_campaign": campaign,
    }


def _customer(dice: random.Random) -> dict[str, Any]:
    return {
        "Plan Type": dice.choice(("Free", "Crew", "Captain")),
        "Loyalty Points": dice.randint(0, 4800),
        "newsletter": dice.choice((True, False, "true")),
    }
