"""Schemas made and changed: every save is a version, and the tables of its datasets follow.

The lake goes first. A table may have a column that no version names yet, and a worker that compiled its plan before
the change writes nulls there; the other way round it would write columns that the table lacks.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from connectors.roles import User, person
from dataflows import stores
from dataflows.mapping import MappingInvalid, Problem, bind
from dataflows.models import Dataflow, DataflowStatus, Dataset, Run, Schema, SchemaVersion
from dataflows.schemas import Comparison, Difference, SchemaInvalid, XdmSchema, compare

if TYPE_CHECKING:
    from connectors.lake import LakeTable

LONGEST_TITLE = 255

logger = logging.getLogger(__name__)


class CannotChange(Exception):
    """``code`` and the message say why; ``differences`` are those that are in the way, ``remedy`` what to do."""

    def __init__(self, code: str, message: str, remedy: str = "", differences: Sequence[Difference] = ()) -> None:
        super().__init__(message)
        self.code, self.message, self.remedy, self.differences = code, message, remedy, differences


@dataclass(frozen=True)
class Use:
    """Who uses a schema. ``with_data``: datasets whose table was ever published to."""

    datasets: list[Dataset]
    with_data: list[Dataset]


def create(document: Mapping[str, Any], *, note: str = "", by: User | None) -> Schema:
    """A new schema in its first version. Raises SchemaInvalid, CannotChange when its title or id is taken."""
    xdm = XdmSchema.from_json(document)
    if any(other.get("$id") == xdm.id for other in Schema.objects.values_list("document", flat=True)):
        text = _("There is a schema with this id already: %(id)s.") % {"id": xdm.id}
        raise CannotChange("id_taken", text, _("Import the file as a new version of that schema, or as a copy."))
    try:
        with transaction.atomic():
            schema = Schema.objects.create(created_by=person(by), **_columns(document))
            SchemaVersion.objects.create(
                schema=schema, number=1, document=document, note=note[:255], created_by=person(by)
            )
    except IntegrityError as error:
        text = _("There is a schema called “%(title)s” already.") % {"title": xdm.title}
        raise CannotChange("title_taken", text, _("Choose another title.")) from error
    return schema


def save(schema: Schema, document: Mapping[str, Any], *, seen: int, note: str = "", by: User | None) -> Comparison:
    """Make ``document`` the next version if ``seen`` is still the current one; what changed, nothing if nothing did.

    Tables get the new columns first. Once a dataset has data, only additive changes are accepted; before, any.
    Raises SchemaInvalid, CannotChange (then nothing is changed), LakeUnavailable, LakeConflict (then nothing but
    columns that nobody writes to), and the same again completes it.
    """
    new = XdmSchema.from_json(document)
    with _alone(schema) as current:
        if current.version != seen:
            raise CannotChange("changed_meanwhile", *_changed_meanwhile(current))
        found = compare(current.xdm, new)
        if not found and dict(document) == current.document:
            return found
        _check(current, found, new)
        _write(current, document, note, by)
        _grow(current, new, rebuild=not found.additive)
    schema.refresh_from_db()
    return found


def check(schema: Schema, document: Mapping[str, Any]) -> None:
    """Raises what ``save`` would raise before it writes anything: SchemaInvalid, CannotChange, LakeUnavailable."""
    new = XdmSchema.from_json(document)
    with _alone(schema) as current:
        _check(current, compare(current.xdm, new), new)


def plan_for(draft: Dataflow, schema: Schema) -> bool:
    """Let a draft make its dataset of this schema, unless it writes to one already or somebody saved it meanwhile."""
    unchanged = Dataflow.objects.filter(pk=draft.pk, status=DataflowStatus.DRAFT, revision=draft.revision, dataset=None)
    return bool(unchanged.update(new_dataset_schema=schema, revision=F("revision") + 1))


def use_of(schema: Schema) -> Use:
    """Raises LakeUnavailable."""
    datasets = list(schema.datasets.all())
    return Use(datasets, [dataset for dataset in datasets if (table := _table(dataset)) and table.current_snapshot()])


def delete(schema: Schema) -> None:
    """Raises CannotChange while a dataset or a draft uses it."""
    drafts = Dataflow.objects.filter(new_dataset_schema=schema)
    users = [str(user) for user in (*schema.datasets.all(), *drafts)]
    if users:
        text = _("It is used by %(users)s.") % {"users": ", ".join(users[:5])}
        raise CannotChange("in_use", text, _("Only a schema that nothing uses can be deleted."))
    schema.delete()


def versions(schema: Schema) -> list[SchemaVersion]:
    """Newest first; a schema that was written without one has at least the version that it is."""
    found = list(schema.versions.select_related("created_by"))
    if found and found[0].number == schema.version:
        return found
    current = SchemaVersion(
        schema=schema, number=schema.version, document=schema.document, created_by=schema.created_by
    )
    current.created_at = schema.created_at
    return [current, *found]


def _columns(document: Mapping[str, Any]) -> dict[str, Any]:
    """Raises SchemaInvalid for a title that is too long for lists and names of files."""
    if len(document["title"]) > LONGEST_TITLE:
        what = f"The title has {len(document['title'])} characters, at most {LONGEST_TITLE} are allowed."
        raise SchemaInvalid("/title", what, "Shorten it.")
    return {
        "title": document["title"],
        "description": str(document.get("description", ""))[:2000],
        "document": document,
    }


@contextmanager
def _alone(schema: Schema) -> Iterator[Schema]:
    """The schema as it is now; nobody else changes it, or makes a dataset of it, before the block ends."""
    with transaction.atomic():
        yield Schema.objects.select_for_update().get(pk=schema.pk)


def _check(schema: Schema, found: Comparison, new: XdmSchema) -> None:
    if not found.additive and (holding := use_of(schema).with_data):
        text = _("Data is loaded with this schema into %(datasets)s, so it can only be added to.")
        raise CannotChange(
            "not_additive",
            text % {"datasets": ", ".join(map(str, holding[:5]))},
            found.breaking[0].remedy,
            found.breaking,
        )
    if not found.additive and (unfinished := _unfinished_run(schema)):
        text = _("A run of “%(flow)s” is not finished, and this change would take columns away from it.")
        raise CannotChange("run_unfinished", text % {"flow": unfinished.dataflow}, _("Wait for it or cancel it first."))
    for flow in Dataflow.objects.live().filter(dataset__schema=schema):
        _check_mapping(flow, schema, new)


def _check_mapping(flow: Dataflow, schema: Schema, new: XdmSchema) -> None:
    """A mapping that fitted must fit the new version too: its next run would fail otherwise."""
    if not (problems := _problems(flow, new)) or _problems(flow, schema.xdm):
        return
    text = _("The mapping of “%(flow)s” would not fit any more: %(problem)s")
    raise CannotChange(
        "mapping_invalid", text % {"flow": flow, "problem": problems[0].message}, _way_there(schema.xdm, new)
    )


def _way_there(old: XdmSchema, new: XdmSchema) -> str:
    """What to do about a mapping that would not fit: nobody can map a field before it exists."""
    if any(field.required_in_parent and not old.has(field.path) for field in new.fields()):
        return _("Add the field as an optional one, map it in every dataflow, then make it required.")
    return _("Map the field there first, or leave it optional.")


def _problems(flow: Dataflow, xdm: XdmSchema) -> Sequence[Problem]:
    try:
        bind(flow.mapping_rows(), xdm)
    except MappingInvalid as invalid:
        return invalid.problems
    return ()


def _unfinished_run(schema: Schema) -> Run | None:
    # A new run refers to its dataflow: none can start while these rows are locked.
    list(Dataflow.objects.select_for_update().filter(dataset__schema=schema).order_by("pk").values_list("pk"))
    return Run.objects.unfinished().filter(dataflow__dataset__schema=schema).select_related("dataflow").first()


def _write(current: Schema, document: Mapping[str, Any], note: str, by: User | None) -> None:
    kept = {"document": current.document, "created_by": current.created_by}
    SchemaVersion.objects.get_or_create(schema=current, number=current.version, defaults=kept)
    for name, value in _columns(document).items():
        setattr(current, name, value)
    current.version += 1
    try:
        with transaction.atomic():
            current.save()
    except IntegrityError as error:
        text = _("There is a schema called “%(title)s” already.") % {"title": current.title}
        raise CannotChange("title_taken", text, _("Choose another title.")) from error
    SchemaVersion.objects.create(
        schema=current, number=current.version, document=document, note=note[:255], created_by=person(by)
    )


def _grow(schema: Schema, new: XdmSchema, *, rebuild: bool) -> None:
    """The tables follow before the transaction is committed: nobody reads the new version until then."""
    # The lake's libraries take seconds to import, and most requests of the pages do without.
    from connectors.lake import SchemaDiffers

    wanted = new.arrow_schema()
    for dataset in schema.datasets.all():
        if (table := _table(dataset)) is None:
            continue
        try:
            changed = table.rebuild(wanted) if rebuild else table.evolve(wanted)
        except SchemaDiffers as error:
            text = _("The table of “%(dataset)s” cannot follow: %(problem)s") % {"dataset": dataset, "problem": error}
            raise CannotChange("column_taken", text, _("Choose another name for the field.")) from error
        logger.info("dataset %s: columns follow schema %s: %s", dataset.pk, schema.pk, ", ".join(changed))


def _table(dataset: Dataset) -> LakeTable | None:
    try:
        return stores.lake().open(dataset.table)
    except LookupError:
        return None


def _changed_meanwhile(current: Schema) -> tuple[str, str]:
    newest = current.versions.select_related("created_by").first()
    who = newest.created_by if newest and newest.created_by else _("somebody")
    text = _("%(who)s saved version %(number)d of this schema meanwhile.") % {"who": who, "number": current.version}
    return text, _("Look at what changed, then save again.")
