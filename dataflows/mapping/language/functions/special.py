"""Functions that need the run or its key, and those that cannot be had."""

from __future__ import annotations

from dataflows.mapping.language.function import Example, Function, Parameter
from dataflows.mapping.language.kinds import ANY, DATE, INTEGER, SCALAR, STRING

CATEGORY = "Special"
DATES = "Date and time"
DESTINATIONS = "It belongs to destinations: it takes a function as an argument, which a source mapping cannot."
ANALYTICS = "It reads the product strings of Adobe Analytics, which Mixpanel does not have."
UNPUBLISHED = "How it computes is not published, so its result could not be vouched for."
NO_LAMBDA = "It belongs to destinations. Use join() after join_arrays() instead."


def _refused(name: str, reason: str, description: str, *aliases: str) -> Function:
    anything = (Parameter("value", ANY, optional=True, repeated=True),)
    return Function(name, "Not available", description, anything, aliases=aliases, refused=reason)


FUNCTIONS = (
    Function("now", DATES, "The moment at which the run was started, the same for all its records.", (), DATE,
        (Example("now()", "2021-10-26T10:10:24Z"),), lazy=True, varies=True),
    Function("timestamp", DATES, "The same moment in milliseconds since 1970.", (), INTEGER,
        (Example("timestamp()", 1635243024000),), lazy=True, varies=True),
    Function("uuid", CATEGORY, "An identifier that no other record of the run has, and that the next run makes anew.",
        (), STRING, (), lazy=True, varies=True, aliases=("guid",)),
    Function("keyed_hash", CATEGORY,
        "SHA-256 with a key that only this installation has (HMAC): equal inputs stay equal, and nobody can guess "
        "them by hashing what they know. Not one of Adobe's functions.",
        (Parameter("input", SCALAR, "The text."),), STRING, (), lazy=True, keyed=True),
    _refused("fpid_to_ecid", UNPUBLISHED, "Turns a first-party id into an Experience Cloud id."),
    _refused("array_to_string", NO_LAMBDA, "Flattens an array and joins it.", "arrayToString"),
    _refused("filterArray", DESTINATIONS, "Keeps the elements for which a function is true."),
    _refused("transformArray", DESTINATIONS, "Applies a function to every element."),
    _refused("flattenArray", "It belongs to destinations. Use join_arrays() instead.", "Makes one level of several."),
    *(_refused(f"aa_get_{name}", ANALYTICS, "Reads Adobe Analytics data.") for name in (
        "event_id", "event_value", "product_categories", "product_names", "product_quantities", "product_prices",
        "product_event_values", "product_evars")),
)  # fmt: skip
