"""The classes and field groups that a schema can be made of: those of XDM that suit events, and our own.

Ids and field names are those of the public XDM library where it has them; of each group the part that product
events fill is shipped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dataflows.schemas.nodes import array_of, node_of, object_of
from dataflows.schemas.standard import class_fields, mixpanel_object
from dataflows.schemas.xdm import EXPERIENCE_EVENT

PROFILE = "https://ns.adobe.com/xdm/context/profile"
IDENTITY_MAP = "https://ns.adobe.com/xdm/context/identitymap"
COMMERCE = "https://ns.adobe.com/xdm/context/experienceevent-commerce"
WEB = "https://ns.adobe.com/xdm/context/experienceevent-web"
BOTH = (EXPERIENCE_EVENT, PROFILE)
# What XDM's own classes refer to and what adds no field of its own to a schema.
WITHOUT_FIELDS = frozenset(
    (
        "https://ns.adobe.com/xdm/data/time-series",
        "https://ns.adobe.com/xdm/data/record",
        "https://ns.adobe.com/xdm/common/auditable",
        "https://ns.adobe.com/xdm/common/extensible",
        "https://ns.adobe.com/xdm/common/extensible#/definitions/@context",
        "https://ns.adobe.com/xdm/common/extensible%23/definitions/@context",
    )
)


@dataclass(frozen=True)
class Component:
    """A class or a field group. ``extends`` are the classes a field group suits, none for a class itself."""

    id: str
    title: str
    description: str
    properties: Mapping[str, Any]
    required: Sequence[str] = ()
    extends: Sequence[str] = ()

    @property
    def fragment(self) -> dict[str, Any]:
        """As a schema that refers to it gets it."""
        return {"type": "object", "properties": dict(self.properties), "required": list(self.required)}


def classes() -> dict[str, Component]:
    """By id."""
    event = Component(
        EXPERIENCE_EVENT,
        "XDM ExperienceEvent",
        "Something that happened at one instant: the class for events.",
        class_fields(),
        required=("_id", "timestamp"),
    )
    profile = Component(
        PROFILE,
        "XDM Individual Profile",
        "What is known of one person: the class for records without an instant.",
        {"_id": node_of("string", title="Identifier"), "personID": node_of("string", title="Person ID")},
    )
    return {each.id: each for each in (event, profile)}


def field_groups(tenant: str) -> dict[str, Component]:
    """By id, in the order in which they are offered."""
    found = (
        Component(
            mixpanel_group_id(tenant),
            "Mixpanel standard fields",
            "The properties that Mixpanel itself and its libraries set, under the tenant's namespace.",
            {f"_{tenant}": mixpanel_object()},
            extends=(EXPERIENCE_EVENT,),
        ),
        Component(
            IDENTITY_MAP,
            "Identity map",
            "Any number of identities of a person, by namespace.",
            {"identityMap": _identity_map()},
            extends=BOTH,
        ),
        Component(
            COMMERCE,
            "Commerce details",
            "Orders, and the products an event is about with SKU, name, quantity and price.",
            _commerce(),
            extends=(EXPERIENCE_EVENT,),
        ),
        Component(WEB, "Web details", "Page, referrer and link of an event on a web site.", _web(), extends=BOTH[:1]),
    )
    return {each.id: each for each in found}


def by_id(tenant: str, others: Iterable[Mapping[str, Any]] = ()) -> dict[str, Mapping[str, Any]]:
    """What a reference may name: the parts that are shipped, and of ``others`` those that have an id."""
    shipped = {each.id: each.fragment for each in (*classes().values(), *field_groups(tenant).values())}
    return shipped | {each["$id"]: each for each in others if isinstance(each.get("$id"), str)}


def mixpanel_group_id(tenant: str) -> str:
    return f"https://ns.adobe.com/{tenant}/mixins/mixpanel-standard"


def _identity_map() -> dict[str, Any]:
    item = object_of(
        {
            "id": node_of("string", title="Identifier"),
            "primary": node_of("boolean", title="Primary"),
            "authenticatedState": node_of(
                "string", title="Authenticated state", enum=["ambiguous", "authenticated", "loggedOut"]
            ),
        }
    )
    return {"type": "object", "title": "Identity map", "additionalProperties": array_of(item)}


def _commerce() -> dict[str, Any]:
    item = object_of(
        {
            "SKU": node_of("string", title="SKU", description="The stock keeping unit, the product's id."),
            "name": node_of("string", title="Name"),
            "quantity": node_of("integer", title="Quantity"),
            "priceTotal": node_of("double", title="Price total", description="For all of the quantity."),
            "currencyCode": node_of("string", title="Currency", pattern="^[A-Z]{3}$"),
        }
    )
    order = {
        "purchaseID": node_of("string", title="Purchase ID"),
        "priceTotal": node_of("double", title="Price total"),
        "currencyCode": node_of("string", title="Currency", pattern="^[A-Z]{3}$"),
    }
    measures = ("checkouts", "productListAdds", "productListViews", "productViews", "purchases")
    counted = {name: object_of({"value": node_of("double", title="Count")}) for name in measures}
    return {
        "commerce": object_of({"order": object_of(order, "Order"), **counted}, "Commerce"),
        "productListItems": array_of(item) | {"title": "Product list items"},
    }


def _web() -> dict[str, Any]:
    page = {
        "name": node_of("string", title="Page name"),
        "URL": node_of("string", title="Page address"),
        "siteSection": node_of("string", title="Site section"),
        "server": node_of("string", title="Server"),
        "isErrorPage": node_of("boolean", title="Error page"),
        "pageViews": object_of({"value": node_of("double", title="Count")}, "Page views"),
    }
    referrer = {"URL": node_of("string", title="Referrer address"), "type": node_of("string", title="Referrer type")}
    link = {
        "name": node_of("string", title="Link name"),
        "URL": node_of("string", title="Link address"),
        "linkClicks": object_of({"value": node_of("double", title="Count")}, "Link clicks"),
    }
    parts = {"webPageDetails": page, "webReferrer": referrer, "webInteraction": link}
    titles = ("Page", "Referrer", "Interaction")
    inside = {name: object_of(fields, title) for (name, fields), title in zip(parts.items(), titles, strict=True)}
    return {"web": object_of(inside, "Web")}
