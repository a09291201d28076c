"""Mapping sets in their versions, those of dataflows made on the pages included.

The mapping set of a dataflow that was mapped on the pages has the dataflow's own UUID as its id, and the dataflow's
mapping versions as its versions.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from connectors.roles import User, person
from dataflows.api import errors
from dataflows.api.errors import ApiError
from dataflows.api.filters import uuid_of
from dataflows.models import Dataflow, MappingSet, MappingSetVersion, Schema

KIND = "mapping set"
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Found:
    """A mapping set in one version. ``stored`` is ``None`` when it is that of ``flow`` alone."""

    id: uuid.UUID
    name: str
    schema: Schema | None
    version: int
    rows: Rows
    created_at: datetime
    updated_at: datetime
    author: Any
    stored: MappingSet | None = None
    flow: Dataflow | None = None


def find(user: User, mapping_id: Any, version: int | None = None) -> Found:
    """Raises ApiError 1101-404, 1412-400 for a version there is not."""
    wanted = uuid_of(mapping_id) if isinstance(mapping_id, str) else None
    visible = MappingSet.objects.visible_to(user).select_related("schema", "created_by")
    stored = visible.filter(uuid=wanted).first() if wanted else None
    flows = Dataflow.objects.visible_to(user).select_related("dataset__schema", "new_dataset_schema", "created_by")
    flow = flows.filter(uuid=wanted).first() if wanted else None
    if stored is not None:
        return _stored(stored, version, flow)
    if flow is not None and flow.mapping:
        return of_flow(flow, version)
    raise errors.not_found(KIND, str(mapping_id))


def _stored(found: MappingSet, version: int | None, flow: Dataflow | None) -> Found:
    number = found.version if version is None else version
    row = found.versions.filter(number=number).first()
    if row is None:
        if flow is not None:
            return of_flow(flow, number)
        raise _no_version(number)
    return _as_found(found, number, row.rows)


def newest(sets: Iterable[MappingSet]) -> list[Found]:
    """Stored mapping sets in their newest versions, with one query for the rows of all."""
    known = list(sets)
    current = MappingSetVersion.objects.filter(mapping_set__in=known, number=F("mapping_set__version"))
    rows = dict(current.values_list("mapping_set_id", "rows"))
    return [_as_found(each, each.version, rows.get(each.pk, [])) for each in known]


def _as_found(each: MappingSet, number: int, rows: Rows) -> Found:
    author = each.created_by
    return Found(each.uuid, each.name, each.schema, number, rows, each.created_at, each.updated_at, author, stored=each)


def of_flow(flow: Dataflow, version: int | None = None) -> Found:
    """The mapping of a dataflow as a mapping set. Raises ApiError 1412-400."""
    number = flow.mapping_version if version is None else version
    rows: Rows = flow.mapping
    if number != flow.mapping_version:
        old = flow.mapping_versions.filter(number=number).first()
        if old is None:
            raise _no_version(number)
        rows = old.rows
    return Found(
        flow.uuid, str(flow), flow.schema, number, rows, flow.created_at, flow.updated_at, flow.created_by, flow=flow
    )


def reference(flow: Dataflow) -> dict[str, Any]:
    """``{"mappingId", "mappingVersion"}`` of a dataflow: of the set it was given, or its own after an edit."""
    taken = flow.mapping_set is not None and flow.mapping_set_taken == flow.mapping_version
    if taken and flow.mapping_set is not None:
        return {"mappingId": flow.mapping_set.uuid.hex, "mappingVersion": flow.mapping_set_version}
    return {"mappingId": flow.uuid.hex, "mappingVersion": flow.mapping_version}


def create(name: str, schema: Schema, rows: Iterable[Mapping[str, Any]], *, by: User) -> Found:
    with transaction.atomic():
        made = MappingSet.objects.create(name=name, schema=schema, created_by=person(by))
        MappingSetVersion.objects.create(mapping_set=made, number=0, rows=list(rows))
    return _stored(made, None, None)


def replace(
    found: Found,
    name: str,
    schema: Schema,
    rows: Iterable[Mapping[str, Any]],
    *,
    by: User,
    seen: int | None = None,
) -> Found:
    """The next version of the set; dataflows go on with theirs until they are told to take it.

    Raises ApiError 1409-409 if ``seen`` is given and no longer the newest version.
    """
    with transaction.atomic():
        stored = found.stored or MappingSet.objects.create(
            uuid=found.id, name=found.name, schema=schema, version=found.version, created_by=person(by)
        )
        stored = MappingSet.objects.select_for_update().get(pk=stored.pk)
        if seen is not None and stored.version != seen:
            raise _changed_meanwhile(stored.version)
        stored.name, stored.schema, stored.version = name, schema, stored.version + 1
        stored.save()
        MappingSetVersion.objects.create(mapping_set=stored, number=stored.version, rows=list(rows))
    return _stored(stored, None, found.flow)


def delete(found: Found) -> None:
    """Raises ApiError while a dataflow has it."""
    users = list(found.stored.dataflows.all()[:5]) if found.stored else []
    if found.flow is not None and found.stored is None:
        users = [found.flow]
    if users:
        names, remedy = ", ".join(map(str, users)), "Give the dataflows another one first."
        raise errors.in_use("1447-400", KIND, names, remedy, "mapping_in_use")
    if found.stored:
        found.stored.delete()


def _no_version(number: int) -> ApiError:
    return ApiError(
        "1412-400",
        "Mapping version not valid",
        f"The mapping set has no version {number}.",
        remedy="Leave the version out to take the newest.",
        ours="mapping_version",
    )


def _changed_meanwhile(number: int) -> ApiError:
    return ApiError(
        "1409-409",
        "Changed in the meantime",
        f"Somebody made version {number} of the mapping set meanwhile.",
        remedy="Read the set again, and repeat the change on it.",
        ours="mapping_version",
    )
