"""The events of the benchmark: days of a shop as gzip bodies on disk, made once and kept.

A record has 29 properties and about 925 bytes, 6:1 compressed; one in 200 comes twice, one in 20 has a nested
list, one in 50 text beyond ASCII. Fast to make rather than pretty: what varies per visitor is rendered once.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import IO, cast

from isal import igzip

LAST_DAY = date(2026, 9, 14)
VISITORS = 20_000
LINES_AT_ONCE = 5_000
TWICE, NESTED = 0.005, 0.05

EVENTS = (
    "Page Viewed", "Product Viewed", "Added To Cart", "Search Performed", "Checkout Started",
    "Purchase", "Signed Up", "App Opened", "Video Played", "Link Shared",
)  # fmt: skip
PLACES = (
    ("DE", "Land Berlin", "Berlin"), ("US", "California", "San Francisco"), ("FR", "Provence", "Marseille"),
    ("PL", "Mazowieckie", "Warszawa"), ("JP", "Tokyo", "Tokyo"), ("GB", "England", "London"),
    ("IN", "Karnataka", "Bengaluru"), ("BR", "Bahia", "Salvador"),
)  # fmt: skip
BEYOND_ASCII = (("PL", "Województwo łódzkie", "Łódź"), ("JP", "東京都", "東京"))
SCREENS = ((1117, 1728), (1080, 1920), (900, 1440), (844, 390))
ITEMS = [f"{kind} {thing}" for kind in ("Red", "Blue", "Steel", "Oak") for thing in ("Lamp", "Chair", "Mug", "Rug")]

LINE = (
    '{"event":"%s","properties":{"time":%s,"distinct_id":%s,"$insert_id":"%s","$mp_api_timestamp_ms":%d,'
    '"mp_processing_time_ms":%d,%s,"$current_url":"https://shop.example/catalogue/%s?ref=%08x&session=%016x",'
    '"item_id":"SKU-%04d","item_name":"%s","item_price":%s,%s}}\n'
)
# Values that are not of the type their column usually has, and text that only a patient reader takes.
OFF_PATH = (
    '"Is Gift":NaN', '"Is Gift":"\\ud83d"', '"Is Gift":1e999', '"Is Gift":123456789012345678901234567890',
)  # fmt: skip


def days(count: int) -> list[date]:
    """Newest last."""
    return [LAST_DAY - timedelta(days=number) for number in reversed(range(count))]


def make(folder: Path, events: int, count: int, mixed: int = 0) -> list[Path]:
    """A ``YYYY-MM-DD.gz`` for each of ``count`` days, about ``events`` records in all.

    ``mixed``: the percentage of records that are off the typed path.
    """
    place = folder / f"{events}-{count}-{mixed}"
    place.mkdir(parents=True, exist_ok=True)
    missing = [day for day in days(count) if not (place / f"{day}.gz").exists()]
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(partial(_make_day, place, events // count, mixed), missing))
    return [place / f"{day}.gz" for day in days(count)]


def _make_day(place: Path, events: int, mixed: int, day: date) -> None:
    part = place / f"{day}.part"
    with igzip.open(part, "wb", compresslevel=1) as file:
        for text in _texts(day, events, mixed):
            cast(IO[bytes], file).write(text.encode())
    part.rename(place / f"{day}.gz")


def _texts(day: date, events: int, mixed: int) -> Iterator[str]:
    dice = random.Random(f"{day}")  # noqa: S311  # data, not a secret
    visitors = [_visitor(dice) for _ in range(VISITORS)]
    start = int(datetime.combine(day, time(), UTC).timestamp())
    again: list[str] = []
    lines: list[str] = []
    for number in range(events):
        line = _line(dice, visitors[int(dice.random() * VISITORS)], start + number * 86_400 // events, mixed)
        lines.append(line)
        if dice.random() < TWICE:
            again.append(line)
        if len(lines) >= LINES_AT_ONCE:
            yield "".join(lines + again)
            lines, again = [], []
    yield "".join(lines + again)


def _line(dice: random.Random, visitor: tuple[str, str], instant: int, mixed: int) -> str:
    bits, chance = dice.getrandbits, dice.random
    who, properties = visitor
    item, number = bits(9), f"{bits(128):032x}"
    insert_id = f"{number[:8]}-{number[8:12]}-{number[12:16]}-{number[16:20]}-{number[20:]}"
    received = instant * 1000 + 200 + bits(12)
    name = ITEMS[item % len(ITEMS)]
    odd = mixed and chance() * 100 < mixed
    return LINE % (
        EVENTS[int(chance() * len(EVENTS))],
        f'"{instant}"' if odd and item % 2 else instant,
        item if odd and item % 3 == 0 else who,
        insert_id,
        received,
        received + 100 + bits(9),
        properties,
        name.lower().replace(" ", "-"),
        bits(32),
        bits(64),
        item,
        name,
        f"{bits(7)}.{bits(6):02d}" if odd else f'"{bits(7)}.{bits(6):02d}"',
        OFF_PATH[item % 4] if odd and item % 5 == 0 else _last(dice, item),
    )


def _last(dice: random.Random, item: int) -> str:
    count = 1 + dice.getrandbits(2)
    return f'"items":[{{"sku":"SKU-{item:04d}","qty":{count}}}]' if dice.random() < NESTED else f'"quantity":{count}'


def _visitor(dice: random.Random) -> tuple[str, str]:
    number = dice.randrange(10**6)
    country, region, city = dice.choice(BEYOND_ASCII if dice.random() < 0.02 else PLACES)
    height, width = dice.choice(SCREENS)
    referrer = dice.choice(("$direct", "www.google.com", "news.example", "duckduckgo.com"))
    properties = {
        "$device_id": f"{dice.getrandbits(128):032x}",
        "$user_id": f"user-{number}",
        "$mp_api_endpoint": "api-js.mixpanel.com",
        "mp_lib": "web",
        "$lib_version": f"2.{dice.randrange(40, 66)}.0",
        "mp_country_code": country,
        "$region": region,
        "$city": city,
        "$browser": dice.choice(("Chrome", "Safari", "Firefox", "Microsoft Edge")),
        "$browser_version": dice.randrange(90, 141),
        "$os": dice.choice(("Mac OS X", "Windows", "iOS", "Android")),
        "$screen_height": height,
        "$screen_width": width,
        "$initial_referrer": f"https://{referrer}/search?q=lamps+and+chairs+near+me",
        "$initial_referring_domain": referrer,
        "$referrer": f"https://{dice.choice(('blog', 'forum', 'mail'))}.example/",
        "plan": dice.choice(("free", "pro", "team")),
        "utm_source": dice.choice(("google", "newsletter", "instagram")),
        "utm_medium": dice.choice(("cpc", "email", "social")),
    }
    return f'"user-{number}"', json.dumps(properties, ensure_ascii=False, separators=(",", ":"))[1:-1]
