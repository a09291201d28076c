"""Which source fields look like they say who somebody is, and what can be done so that they do not.

Names decide, or what most of the values seen look like. It is a guess for a person to look at; nothing is hidden by
itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from dataflows.mapping.names import words_of
from dataflows.mapping.source_fields import SourceField


class Personal(StrEnum):
    EMAIL = "email"
    PHONE = "phone"
    NAME = "name"
    IP = "ip"


EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
# With a plus, or with signs between the digits: bare digits are more often an id than a telephone.
PHONE = re.compile(r"\+[0-9][0-9 ()/.-]{6,18}|\(?0?[0-9]{2,5}\)?[ /-][0-9][0-9 /-]{4,12}[0-9]")
# Version 6 in full, or with the double colon that no time of day has.
IP = re.compile(r"([0-9]{1,3}\.){3}[0-9]{1,3}|([0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}|(?=.*::)[0-9a-fA-F:]{2,39}")
LOOKS: Mapping[Personal, re.Pattern[str]] = {Personal.EMAIL: EMAIL, Personal.PHONE: PHONE, Personal.IP: IP}

SAYS: Mapping[Personal, frozenset[str]] = {
    Personal.EMAIL: frozenset(("email", "mail", "emailaddress")),
    Personal.PHONE: frozenset(("phone", "telephone", "mobile", "cellphone", "phonenumber", "msisdn")),
    Personal.IP: frozenset(("ip", "ipaddress", "ipv4", "ipv6")),
    Personal.NAME: frozenset(("surname", "firstname", "lastname", "fullname", "username", "middlename")),
}
# A name of what? These belong to people; item_name and event_name do not.
WHOSE = frozenset(("first", "last", "full", "family", "given", "middle", "user", "customer", "person", "contact"))


def personal(field: SourceField) -> Personal | None:
    """What the field seems to say about a person. Only texts count, and fields without any value seen."""
    if field.types and field.type != "string":
        return None
    return _by_name(words_of(field.names[-1])) or _by_values([str(value) for value in field.samples])


def _by_name(words: frozenset[str]) -> Personal | None:
    for kind, known in SAYS.items():
        if words & known:
            return kind
    return Personal.NAME if words == {"name"} or ("name" in words and words & WHOSE) else None


def _by_values(values: Sequence[str]) -> Personal | None:
    for kind, pattern in LOOKS.items():
        alike = sum(1 for value in values if pattern.fullmatch(value.strip()))
        if alike * 2 > len(values):
            return kind
    return None


@dataclass(frozen=True)
class Mask:
    """A way to say less: ``expression`` makes a calculated field of a source path."""

    slug: str
    expression: Callable[[str], str]


HASH = Mask("sha256", lambda path: f"sha256({path})")
KEYED = Mask("keyed_hash", lambda path: f"keyed_hash({path})")
TRUNCATED: Mapping[Personal, Mask] = {
    Personal.EMAIL: Mask("truncate", lambda path: f"left({path}, 2)"),
    Personal.PHONE: Mask("truncate", lambda path: f"left({path}, 4)"),
    Personal.NAME: Mask("truncate", lambda path: f"left({path}, 1)"),
    Personal.IP: Mask("truncate", lambda path: rf'first(extract_regex({path}, "^[0-9a-fA-F]+[.:][0-9a-fA-F]+"))'),
}


def masks(kind: Personal) -> tuple[Mask, ...]:
    return (KEYED, HASH, TRUNCATED[kind])
