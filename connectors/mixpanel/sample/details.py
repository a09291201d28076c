"""What each kind of event says about itself: products, carts, searches, tickets.

Pools of ready JSON text, drawn from by number when an event is rendered.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache
from typing import Any

from connectors.mixpanel.sample.visitors import inside

POOL_SIZE = 256  # one byte of an event's random bits chooses from it
SHOP = "https://harbour.example"

PRODUCTS = (
    ("SKU-1001", "Sailing Jacket", "129.00", "EUR"),
    ("SKU-1002", "Wool Beanie", "24.50", "EUR"),
    ("SKU-1003", "Kopfhörer „Brise“", "89.90", "EUR"),
    ("SKU-1004", "Rope 12 mm, 30 m", "41.00", "USD"),
    ("SKU-1005", "Deck Shoes", "99.95", "USD"),
    ("SKU-1006", "Thermos 0.75 l", "32.00", "USD"),
    ("SKU-1007", "Chart Table Lamp", "58.40", "GBP"),
    ("SKU-1008", "航海日誌", "2980", "JPY"),
    ("SKU-1009", "Dry Bag 20 l", "27.00", "USD"),
    ("SKU-1010", "Café du Port, 500 g", "11.80", "EUR"),
)
SEARCHES = ("jacket", "rope", "geschenk für segler", "lampe", "dry bag 20l", "航海", "", 'deck "shoes"')
# The last subject holds, inside a value, the words with which Mixpanel marks an aborted export.
SUBJECTS = ("Parcel is late", "Wrong size", "Rückgabe", "Invoice please", "Payment terminated early, charged twice")
PAGES = ("/", "/new", "/sale", "/about", "/journal/knots", "/stores?city=K%C3%B6ln")


def pool(event: str) -> tuple[str, ...]:
    """The JSON texts that an event of this name may carry. Raises KeyError for a name the shop does not send."""
    return _pool(event)


@cache
def _pool(event: str) -> tuple[str, ...]:
    dice = random.Random(f"details/{event}")  # noqa: S311 - sample data, not a secret
    return tuple(inside(DETAILS[event](dice)) for _ in range(POOL_SIZE))


def _page(dice: random.Random) -> dict[str, Any]:
    return {"$current_url": SHOP + dice.choice(PAGES), "scroll_depth": round(dice.random(), 3)}


def _product(dice: random.Random) -> dict[str, Any]:
    sku, name, price, currency = dice.choice(PRODUCTS)
    return {
        "$current_url": f"{SHOP}/p/{sku}",
        "item_id": sku,
        "item_name": name,
        "item_price": price if dice.random() < 0.85 else float(price),
        "currency": currency,
    }


def _search(dice: random.Random) -> dict[str, Any]:
    return {
        "$current_url": f"{SHOP}/search",
        "query": dice.choice(SEARCHES),
        "results": dice.choice((0, 3, 12, "12", None)),
        "filters": dice.choice(([], ["in stock"], ["in stock", "sale", 20])),
    }


def _cart(dice: random.Random) -> dict[str, Any]:
    return _product(dice) | {"quantity": dice.randint(1, 4), "cart_size": dice.randint(1, 6)}


def _basket(dice: random.Random) -> dict[str, Any]:
    lines = [(dice.choice(PRODUCTS), dice.randint(1, 3)) for _ in range(dice.randint(1, 3))]
    items = [{"sku": sku, "name": name, "price": price, "qty": qty} for (sku, name, price, _), qty in lines]
    amount = round(sum(float(price) * qty for (_, _, price, _), qty in lines), 2)
    return {"$current_url": f"{SHOP}/checkout", "items": items, "amount": amount, "currency": lines[0][0][3]}


def _checkout(dice: random.Random) -> dict[str, Any]:
    return _basket(dice) | {"coupon": dice.choice((None, None, "AHOY10")), "address": _address(dice)}


def _purchase(dice: random.Random) -> dict[str, Any]:
    first = _product(dice) | _checkout(dice)
    return first | {"Is Gift": dice.choice(("true", "false")), "payment": dice.choice(("card", "paypal", "invoice"))}


def _address(dice: random.Random) -> dict[str, Any]:
    city, code = dice.choice(
        (("Köln", "50667"), ("Seattle", "98101"), ("São Paulo", "01310-100"), ("東京", "100-0001"))
    )
    point = {"lat": round(dice.uniform(-60, 60), 4), "lon": round(dice.uniform(-120, 120), 4)}
    return {"city": city, "zip": code, "geo": point}


def _order(dice: random.Random) -> dict[str, Any]:
    return _basket(dice) | {"$import": True, "$source": "warehouse", "warehouse": dice.choice(("HAM-1", "OAK-2"))}


def _sign_up(dice: random.Random) -> dict[str, Any]:
    before = f"$device:{dice.getrandbits(64):016x}"
    return {
        "$current_url": f"{SHOP}/join",
        "method": dice.choice(("email", "apple")),
        "$distinct_id_before_identity": before,
    }


def _ticket(dice: random.Random) -> dict[str, Any]:
    return {
        "$current_url": f"{SHOP}/help",
        "subject": dice.choice(SUBJECTS),
        "priority": dice.choice((1, 2, "high")),
        "order_ids": [dice.randint(10**17, 10**18) for _ in range(dice.randint(0, 2))],
    }


def _app(dice: random.Random) -> dict[str, Any]:
    return {
        "$current_url": "harbour://home",
        "$duration": round(dice.uniform(0.2, 9), 3),
        "push_enabled": dice.random() < 0.5,
    }


DETAILS: dict[str, Callable[[random.Random], dict[str, Any]]] = {
    "Page Viewed": _page,
    "Product Viewed": _product,
    "Search": _search,
    "Added To Cart": _cart,
    "Checkout Started": _checkout,
    "Purchase": _purchase,
    "Order Confirmed": _order,
    "Signed Up": _sign_up,
    "Support Ticket": _ticket,
    "App Opened": _app,
}
"""Every event the shop sends, with what makes one instance of it."""
