"""Schemas: by title, each with its XDM document."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

from connectors import audit
from dataflows.declared import yaml_text
from dataflows.declared.change import Change, Entry
from dataflows.declared.desk import Desk
from dataflows.declared.problems import DeclarationsInvalid, Place
from dataflows.declared.shape import SchemaDeclared
from dataflows.models import Schema
from dataflows.runs import schema_changes
from dataflows.schemas import XdmSchema, compare

KIND = "schema"
NOTE = "Set by a file."


def entry(schema: Schema) -> Entry:
    return {"title": schema.title, "document": schema.document}


def plan(wanted: SchemaDeclared, at: Place, desk: Desk) -> Change | None:
    """Notes what is wrong, a change among it that data which is loaded does not allow."""
    document, place = _document(wanted, at, desk)
    if document is None:
        return None
    with desk.problems.noting(place):
        desk.xdm[wanted.title] = XdmSchema.from_json(document)
    if wanted.title not in desk.xdm:
        return None
    if document["title"] != wanted.title:
        remedy = "Write the same title in both places."
        desk.problems.add((*place, "title"), f"The document is called “{document['title']}”.", remedy)
    return _difference(wanted.title, document, place, desk)


def _document(wanted: SchemaDeclared, at: Place, desk: Desk) -> tuple[dict[str, Any] | None, Place]:
    if (wanted.document is None) == (wanted.path is None):
        desk.problems.add(at, "A schema has either a document or a path.", "Write one of the two.")
        return None, at
    if wanted.path is None:
        return wanted.document, (*at, "document")
    return _from_file(wanted.path, (*at, "path"), desk), (*at, "path")


def _from_file(path: str, at: Place, desk: Desk) -> dict[str, Any] | None:
    folder = desk.folder.resolve()
    found = (folder / path).resolve()
    if not found.is_relative_to(folder):
        desk.problems.add(at, "The path leads out of the folder of the file.", "Put the schema beside the file.")
        return None
    try:
        value = _parsed(found)
    except DeclarationsInvalid as invalid:
        desk.problems.add(at, f"{path} cannot be read: {invalid.problems[0]}")
    except (OSError, ValueError, RecursionError) as error:
        words = getattr(error, "strerror", "") or "it is neither JSON nor YAML in UTF-8"
        desk.problems.add(at, f"{path} cannot be read: {words}.", "Correct the path or the file.")
    else:
        if isinstance(value, dict):
            return value
        desk.problems.add(at, f"{path} holds no XDM document.", "It is an object with $id, title and properties.")
    return None


def _parsed(path: Path) -> Any:
    """Raises OSError, ValueError, RecursionError, DeclarationsInvalid."""
    if path.stat().st_size > yaml_text.LARGEST:
        raise ValueError(path)
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        return json.loads(text)
    value, problems = yaml_text.read(text)
    problems.check()
    return value


def _difference(title: str, document: dict[str, Any], place: Place, desk: Desk) -> Change | None:
    schema = Schema.objects.filter(title=title).first()
    after = {"title": title, "document": document}
    if schema is None:
        if Schema.objects.filter(**{"document__$id": document["$id"]}).exists():
            remedy = "Give the schema the title that it has, or an id of its own."
            desk.problems.add((*place, "$id"), "Another schema has this id.", remedy)
        return Change(KIND, title, {}, after, partial(_create, document, desk))
    if schema.document == document:
        return None
    _check_additive(schema, desk.xdm[title], place, desk)
    return Change(KIND, title, entry(schema), after, partial(_save, schema, document, desk))


def _check_additive(schema: Schema, new: XdmSchema, place: Place, desk: Desk) -> None:
    found = compare(schema.xdm, new)
    with desk.problems.noting(place):
        if not found.additive and (holding := schema_changes.use_of(schema).with_data):
            message = f"Data is loaded with this schema into {holding[0]}, so it can only be added to."
            desk.problems.add(place, message, found.breaking[0].remedy)


def _create(document: dict[str, Any], desk: Desk) -> None:
    audit.record(desk.by, schema_changes.create(document, note=NOTE, by=desk.by), audit.ADDED)


def _save(schema: Schema, document: dict[str, Any], desk: Desk) -> None:
    schema_changes.save(schema, document, seen=schema.version, note=NOTE, by=desk.by)
    audit.record(desk.by, schema, audit.CHANGED)
