"""Why a request is refused, in the codes that Adobe publishes (fact sheet sections 1 and 7) and in our own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Detail:
    """One of several things that are wrong; ``place`` names the value in the request."""

    code: str
    message: str
    place: str = ""
    remedy: str = ""


class ApiError(Exception):
    """``code`` ends in its HTTP status (``1404-412``); ``ours`` is Tributary's own code for the same.

    ``place`` is the dotted name of the value that ``detail`` begins with, "" where it begins with none.
    """

    def __init__(
        self,
        code: str,
        title: str,
        detail: str,
        *,
        remedy: str = "",
        ours: str = "",
        sub: Sequence[Detail] = (),
        place: str = "",
    ) -> None:
        super().__init__(detail)
        self.code, self.title, self.detail = code, title, detail
        self.remedy, self.ours, self.sub, self.place = remedy, ours, tuple(sub), place

    @property
    def status(self) -> int:
        return int(self.code.rpartition("-")[2])


@dataclass(frozen=True)
class GatewayError(Exception):
    """What the gateway in front of the services refuses: ``{"error_code", "message"}``."""

    status: int
    code: str
    message: str
    headers: dict[str, str] = field(default_factory=dict)


# --- whole request ------------------------------------------------------------------------------------------------
def unknown_parameter(names: Sequence[str], known: Sequence[str]) -> ApiError:
    allowed = ", ".join(sorted(known)) or "none"
    return ApiError(
        "1451-400",
        "Unknown parameter",
        f"This address does not know the parameter {', '.join(sorted(names))[:200]}.",
        remedy=f"It knows: {allowed}.",
        ours="unknown_parameter",
    )


def bad_value(name: str, message: str, remedy: str = "") -> ApiError:
    detail = f"{name}: {message}"
    return ApiError("1452-400", "Value not valid", detail, remedy=remedy, ours="bad_value", place=name)


def malformed(message: str) -> ApiError:
    return ApiError(
        "1405-400", "Body not readable", message, remedy="Send one JSON document in UTF-8.", ours="malformed_json"
    )


def too_large(limit: int) -> ApiError:
    return ApiError(
        "1405-413",
        "Body too large",
        f"The body has more than {limit} bytes.",
        remedy="Send less at once.",
        ours="too_large",
    )


# --- entities -----------------------------------------------------------------------------------------------------
def not_found(kind: str, wanted: str) -> ApiError:
    return ApiError(
        "1101-404",
        "Resource not found",
        f"There is no {kind} {wanted[:200]}.",
        remedy=f"List the {plural(kind)} to see which there are.",
        ours="not_found",
    )


def in_use(code: str, kind: str, users: str, remedy: str, ours: str) -> ApiError:
    """``users``: the names of dataflows that need it."""
    return ApiError(
        code, f"{kind.capitalize()} in use", f"Dataflows use this {kind}: {users}.", remedy=remedy, ours=ours
    )


def plural(word: str) -> str:
    return word + ("es" if word.endswith(("s", "x", "ch", "sh")) else "s")


def spec_invalid(message: str, remedy: str) -> ApiError:
    return ApiError("1413-400", "Specification id not valid", message, remedy=remedy, ours="spec_invalid")


def forbidden(role: str) -> ApiError:
    return ApiError(
        "2118-403",
        "Permission missing",
        f"This needs the role {role}, and the role of this API client is another one.",
        remedy=f"Ask an administrator for a client with the role {role}.",
        ours="forbidden",
    )
