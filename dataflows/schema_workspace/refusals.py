"""Why a schema was not saved, in one shape for all pages: what, where, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from connectors.errors import ConnectorError
from connectors.messages import message_for
from dataflows.mapper.setbacks import Setback, token
from dataflows.mapping import MappingInvalid
from dataflows.runs.remapping import MappingConflict
from dataflows.runs.schema_changes import CannotChange
from dataflows.schema_workspace.effects import Unconfirmed
from dataflows.schemas import SchemaInvalid
from dataflows.schemas.building import BuildRefused


@dataclass(frozen=True)
class Place:
    """A path in the schema, or a JSON pointer into a file, and what is wrong there."""

    path: str
    what: str = ""


@dataclass(frozen=True)
class Refusal:
    """``setbacks`` can be confirmed by a box."""

    message: str
    remedy: str
    places: list[Place] = field(default_factory=list)
    setbacks: Sequence[Setback] = ()

    @property
    def confirmed(self) -> str:
        """What the box sends that confirms them."""
        return token(self.setbacks)


REFUSALS = (CannotChange, Unconfirmed, SchemaInvalid, BuildRefused, MappingInvalid, MappingConflict, ConnectorError)


def refused(act: Callable[[], object]) -> Refusal | None:
    """Do it; why it was refused, or None if it was done."""
    try:
        act()
    except REFUSALS as error:
        return refusal(error)
    return None


def refusal(error: Exception) -> Refusal:
    match error:
        case CannotChange():
            places = [Place(each.path, each.what) for each in error.differences]
            return Refusal(error.message, error.remedy, places)
        case Unconfirmed():
            return Refusal(
                _("Records that are loaded now would be rejected."),
                _("Map a field that is always there, leave the field optional, or confirm below that this is meant."),
                setbacks=error.setbacks,
            )
        case SchemaInvalid():
            remedy = error.remedy or _("Correct it at this place.")
            return Refusal(error.message, remedy, [Place(error.path)] if error.path else [])
        case BuildRefused():
            return Refusal(error.message, error.remedy, [Place(error.path)] if error.path else [])
        case MappingInvalid():
            first = error.problems[0]
            return Refusal(first.message.splitlines()[0], first.remedy)
        case MappingConflict():
            return Refusal(str(error), _("Reload the page and choose again."))
        case ConnectorError():
            message = message_for(error.code)
            return Refusal(f"{message.what} {error.detail}".strip(), message.todo)
    raise error
