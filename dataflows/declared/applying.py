"""Making what there is equal to a file: everything is checked, then done by the calls of pages and API.

Accounts are connected first, each when the source accepts it; the rest is one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction

from connectors import accounts
from connectors.errors import ConnectorError
from connectors.messages import message_for
from connectors.roles import User
from dataflows.api.errors import ApiError
from dataflows.declared import connections, data_sets, flow_plan, schemas, shape, yaml_text
from dataflows.declared.change import Change
from dataflows.declared.desk import Desk
from dataflows.declared.problems import Place
from dataflows.mapping import MappingInvalid
from dataflows.runs import amending, dataset_making, launching, remapping, schema_changes
from dataflows.runs.cannot_start import CannotStart
from dataflows.schemas import SchemaInvalid

OVERTAKEN = (
    IntegrityError,
    accounts.NameTaken,
    dataset_making.NameTaken,
    amending.Overtaken,
    remapping.MappingConflict,
    launching.Outdated,
)


class CannotApply(Exception):
    """``kept`` are the accounts that were connected or changed before; nothing else was written."""

    def __init__(self, change: Change, message: str, remedy: str, kept: list[str]) -> None:
        super().__init__(f"{change.title}: {message} {remedy}".strip())
        self.kept = kept


@dataclass(frozen=True)
class Plan:
    """What is to be done, in order, and how much of the file is so already."""

    changes: list[Change]
    unchanged: int


def plan(text: str, *, folder: Path, environment: Mapping[str, str], by: User, now: datetime) -> Plan:
    """Writes nothing and asks Mixpanel nothing. Raises DeclarationsInvalid with all that is wrong.

    ``folder`` is where paths of schemas start; ``environment`` holds the secrets by name.
    """
    value, problems = yaml_text.read(text)
    desk = Desk(shape.checked(value, problems), problems, folder, environment, by, now)
    document = desk.file.document
    found: list[Change | None] = []
    found += _each("connections", document.connections, connections.plan, desk)
    found += _each("schemas", document.schemas, schemas.plan, desk)
    found += _each("dataSets", document.dataSets, data_sets.plan, desk)
    found += _each("flows", document.flows, flow_plan.plan, desk)
    problems.check()
    changes = [change for change in found if change is not None]
    return Plan(changes, len(found) - len(changes))


def _each(kind: str, wanted: list[Any], plan_one: Callable[[Any, Place, Desk], Change | None], desk: Desk) -> list[Any]:
    places = [(kind, position) for position in desk.file.positions[kind]]
    return [plan_one(each, place, desk) for place, each in zip(places, wanted, strict=True)]


def apply(planned: Plan) -> None:
    """Raises CannotApply; then nothing was written but the accounts it names."""
    kept: list[str] = []
    for change in planned.changes:
        with _explained(change, kept):
            change.prepare()
        if change.kind == connections.KIND:
            kept.append(change.name)
    with transaction.atomic():
        for change in planned.changes:
            with _explained(change, kept):
                change.perform()


@contextmanager
def _explained(change: Change, kept: list[str]) -> Iterator[None]:
    try:
        yield
    except ConnectorError as error:
        words = message_for(error.code)
        raise CannotApply(change, f"{words.what} {error.detail}".strip(), words.todo, kept) from error
    except ApiError as error:
        raise CannotApply(change, error.detail, error.remedy, kept) from error
    except (schema_changes.CannotChange, SchemaInvalid) as error:
        raise CannotApply(change, error.message, error.remedy, kept) from error
    except (MappingInvalid, CannotStart) as error:
        raise CannotApply(change, str(error), "", kept) from error
    except OVERTAKEN as error:
        raise CannotApply(change, "Somebody changed the same at this moment.", "Apply again.", kept) from error
