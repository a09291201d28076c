"""One catalogue of all codes: what each means, what to do, what Tributary does meanwhile, and what AEP calls it.

It is made from the catalogues of messages, so a new message has a page without anything being added here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.utils.translation import gettext_lazy as _

from connectors.messages import MESSAGES as CONNECTOR_MESSAGES
from connectors.messages import Message
from dataflows.help import origins
from dataflows.help.adobe import ADOBE
from dataflows.help.api_messages import MESSAGES as API_MESSAGES
from dataflows.help.meanwhile import meanwhile
from dataflows.mapping import Code
from dataflows.mapping.messages import MESSAGES as MAPPING_MESSAGES
from dataflows.messages import ADOBE_MESSAGES, RUN_MESSAGES

CONNECTOR, RUN, MAPPING, INGEST, API = "connector", "run", "mapping", "ingest", "api"
GROUPS: Mapping[str, Any] = {
    CONNECTOR: _("Connector"),
    RUN: _("Run"),
    MAPPING: _("Mapping"),
    INGEST: _("Ingest"),
    API: _("API"),
}
CATALOGUES = (RUN_MESSAGES, ADOBE_MESSAGES, CONNECTOR_MESSAGES, MAPPING_MESSAGES, API_MESSAGES)
# How the codes begin that Adobe gives to what happens to a single record.
RECORD_PREFIXES = ("INGEST-", "MAPPER-", "DCVS-")


@dataclass(frozen=True)
class Entry:
    """``group`` is a key of GROUPS, ``origin`` one of origins.NAMES; ``adobe`` are AEP's codes.

    ``meanwhile`` says what the product does by itself.
    """

    code: str
    group: str
    message: Message
    origin: str
    meanwhile: str
    adobe: tuple[str, ...]

    @property
    def group_name(self) -> Any:
        return GROUPS[self.group]

    @property
    def origin_name(self) -> Any:
        return origins.NAMES[self.origin]

    @property
    def text(self) -> str:
        """What a search looks at."""
        words = (self.code, self.message.what, self.message.why, self.message.todo, self.meanwhile, *self.adobe)
        return " ".join(words).casefold()


@cache
def entries() -> Mapping[str, Entry]:
    """Every code with its page, in the order of the groups, then by code."""
    found = [_entry(code, message) for catalogue in CATALOGUES for code, message in catalogue.items()]
    order = list(GROUPS)
    return {entry.code: entry for entry in sorted(found, key=lambda entry: (order.index(entry.group), entry.code))}


def search(text: str, group: str = "") -> list[Entry]:
    """The entries that hold every word of ``text``, of one group or of all."""
    wanted = text.casefold().split()
    in_group = (entry for entry in entries().values() if group in ("", entry.group))
    return [entry for entry in in_group if all(word in entry.text for word in wanted)]


def related(entry: Entry) -> list[Entry]:
    """Entries that name this one as AEP's code for them; for any other entry, what it names itself."""
    known = entries()
    named = [known[code] for code in entry.adobe if code in known and code != entry.code]
    return named + [other for other in known.values() if entry.code in other.adobe and other.code != entry.code]


def _entry(code: str, message: Message) -> Entry:
    group = _group(code)
    adobe = (str(code),) if group == API else ADOBE.get(code, ())
    return Entry(str(code), group, message, origins.origin(code, group), meanwhile(code, group), adobe)


def _group(code: str) -> str:
    if code in API_MESSAGES:
        return API
    if code.startswith(RECORD_PREFIXES):
        return INGEST
    if code in CONNECTOR_MESSAGES or code.startswith("CONNECTOR-"):
        return CONNECTOR
    return MAPPING if code in set(Code) else RUN
