"""Functions for URLs. What is no URL has neither protocol nor host nor port: null."""

from __future__ import annotations

from typing import Any
from urllib.parse import SplitResult, quote, unquote, urlsplit

from dataflows.mapping.language import values
from dataflows.mapping.language.function import Example, Function, Parameter
from dataflows.mapping.language.kinds import INTEGER, OBJECT, SCALAR, STRING, TRUTH
from dataflows.mapping.language.values import failed, text

CATEGORY = "URL"
PORTS = {"http": 80, "https": 443, "ftp": 21, "ftps": 990, "sftp": 22, "ssh": 22, "ws": 80, "wss": 443, "ldap": 389}
URL = Parameter("url", SCALAR, "The address.")
QUERY = "https://example.com/ferret?name=ferret#nose"


def _parts(given: Any) -> SplitResult | None:
    try:
        found = urlsplit(text(given))
        _ = found.port
    except ValueError:
        return None
    return found


def protocol(given: Any) -> str | None:
    found = _parts(given)
    return found.scheme or None if found else None


def host(given: Any) -> str | None:
    found = _parts(given)
    return found.hostname if found and found.scheme else None


def port(given: Any) -> int | None:
    found = _parts(given)
    if found is None or not found.hostname:
        return None
    return found.port if found.port is not None else PORTS.get(found.scheme)


def path(given: Any, full: Any = True) -> str | None:
    found = _parts(given)
    if found is None or not found.scheme:
        return None
    return found.path if values.truth(full) else found.path.rsplit("/", 1)[-1]


def query(given: Any, anchor: Any) -> dict[str, str] | None:
    """The parameters by name; of a name that comes twice the first."""
    found, mode = _parts(given), text(anchor).lower()
    if mode not in ("retain", "remove", "append"):
        raise failed("What becomes of the anchor is one of retain, remove and append.")
    if found is None:
        return None
    tail = f"#{found.fragment}" if mode == "retain" and found.fragment else ""
    made: dict[str, str] = {}
    for pair in (found.query + tail).split("&"):
        name, _sign, value = pair.partition("=")
        if name:
            made.setdefault(unquote(name), unquote(value))
    if mode == "append" and found.fragment:
        made["_anchor_"] = found.fragment
    return made


def encode(given: Any) -> str:
    try:
        return values.bounded(quote(text(given), safe="").replace("~", "%7E"))
    except UnicodeEncodeError:
        raise failed("The text is not valid Unicode.") from None


def decode(given: Any) -> str:
    return unquote(text(given))


FUNCTIONS = (
    Function("get_url_protocol", CATEGORY, "The protocol of an address.", (URL,), STRING,
        (Example('get_url_protocol("https://platform.adobe.com/home")', "https"),), protocol),
    Function("get_url_host", CATEGORY, "The host of an address.", (URL,), STRING,
        (Example('get_url_host("https://platform.adobe.com/home")', "platform.adobe.com"),), host),
    Function("get_url_port", CATEGORY, "The port of an address, or that of its protocol.", (URL,), INTEGER,
        (Example('get_url_port("sftp://example.com//team/joe/employee.csv")', 22),), port),
    Function("get_url_path", CATEGORY, "The path of an address, or its last part.",
        (URL, Parameter("full_path", TRUTH, "False for the last part only.", optional=True)), STRING,
        (Example('get_url_path("sftp://example.com//team/joe/employee.csv")', "//team/joe/employee.csv"),
         Example('get_url_path("sftp://example.com//team/joe/employee.csv", false)', "employee.csv")),
        path),
    Function("get_url_query_str", CATEGORY, "The parameters of an address.",
        (URL, Parameter("anchor", SCALAR, "What becomes of the part after #: retain, remove or append.")), OBJECT,
        (Example(f'get_url_query_str("{QUERY}", "retain")', {"name": "ferret#nose"}),
         Example(f'get_url_query_str("{QUERY}", "remove")', {"name": "ferret"}),
         Example(f'get_url_query_str("{QUERY}", "append")', {"name": "ferret", "_anchor_": "nose"})), query),
    Function("get_url_encoded", CATEGORY, "The text with all special signs percent-encoded.", (URL,), STRING,
        (Example('get_url_encoded("https://example.com/partneralliance_asia-pacific_2022")',
            "https%3A%2F%2Fexample.com%2Fpartneralliance_asia-pacific_2022"),), encode),
    Function("get_url_decoded", CATEGORY, "The text with percent-encoded signs as they were.", (URL,), STRING,
        (Example('get_url_decoded("https%3A%2F%2Fexample.com%2Fpartneralliance_asia-pacific_2022")',
            "https://example.com/partneralliance_asia-pacific_2022"),), decode),
)  # fmt: skip
