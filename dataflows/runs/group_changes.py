"""Field groups changed, and the schemas that are made of them with them: all of it or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from connectors.roles import User
from dataflows.models import FieldGroup, Schema
from dataflows.runs import schema_changes
from dataflows.runs.schema_changes import CannotChange
from dataflows.schemas import Difference, SchemaInvalid, composing

Followers = list[tuple[Schema, dict[str, Any]]]


@dataclass(frozen=True)
class Refusal:
    """Why one schema cannot follow; ``differences`` are the fields that are in the way, none where that is unknown."""

    schema: Schema
    code: str
    message: str
    remedy: str
    differences: Sequence[Difference] = ()

    def __str__(self) -> str:
        fields = "; ".join(f"{each.path}: {each.what}" for each in self.differences[:5])
        return f"“{self.schema}”: {self.message} {fields}".strip()


class SchemasRefuse(Exception):
    """Schemas that are made of the group cannot follow, and nothing was changed."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        self.refusals = tuple(refusals)
        super().__init__(" ".join(map(str, self.refusals)))


def save(group: FieldGroup, title: str, document: Mapping[str, Any], *, seen: int, by: User | None) -> list[Schema]:
    """Make ``document`` the next version of the group if ``seen`` is the current one; the schemas that followed.

    Raises SchemasRefuse, CannotChange (then nothing is changed), LakeUnavailable (the same again completes it).
    """
    with transaction.atomic():
        current = FieldGroup.objects.select_for_update().filter(pk=group.pk, version=seen).first()
        if current is None:
            text = _("Somebody changed this field group meanwhile.")
            raise CannotChange("changed_meanwhile", text, _("Look at what changed, then save again."))
        followers = _followers(current, document)
        current.title, current.document, current.version = title, dict(document), seen + 1
        store(current)
        changed = [schema for schema, wanted in followers if _follow(schema, wanted, current, by)]
    group.refresh_from_db()
    return changed


def store(group: FieldGroup) -> None:
    """Raises CannotChange when another group has its title."""
    try:
        with transaction.atomic():
            group.save()
    except IntegrityError as error:
        text = _("There is a field group called “%(title)s” already.") % {"title": group.title[:80]}
        raise CannotChange("title_taken", text, _("Choose another title.")) from error


def delete(group: FieldGroup) -> None:
    """Raises CannotChange while a schema is made of it."""
    with transaction.atomic():
        if users := [schema.title for schema in made_of(group)]:
            text = _("Schemas are made of it: %(schemas)s.") % {"schemas": ", ".join(users[:5])}
            raise CannotChange("in_use", text, _("Only a field group that no schema has can be deleted."))
        group.delete()


def made_of(group: FieldGroup) -> list[Schema]:
    """The schemas that have it; nobody else changes them before the transaction around it ends."""
    wanted = group.document["$id"]
    found = [key for key, document in Schema.objects.values_list("pk", "document") if wanted in _extends(document)]
    return list(Schema.objects.select_for_update().filter(pk__in=found).order_by("pk"))


def _followers(group: FieldGroup, document: Mapping[str, Any]) -> Followers:
    """Each schema with its next document, checked before any is written. Raises SchemasRefuse."""
    others = list(FieldGroup.objects.exclude(pk=group.pk).values_list("document", flat=True))
    found: Followers = []
    refused: list[Refusal] = []
    for schema in made_of(group):
        try:
            wanted = _recomposed(schema, [*others, group.document], [*others, document])
            schema_changes.check(schema, wanted)
            found.append((schema, wanted))
        except (CannotChange, SchemaInvalid) as error:
            refused.append(_refusal(schema, error))
    if refused:
        raise SchemasRefuse(refused)
    return found


def _recomposed(schema: Schema, before: list[Any], after: list[Any]) -> dict[str, Any]:
    """Raises SchemaInvalid."""
    tenant, references = settings.TENANT, _extends(schema.document)
    was = composing.fragment(references, before, tenant=tenant)
    return composing.recomposed(schema.document, was, composing.fragment(references, after, tenant=tenant))


def _follow(schema: Schema, wanted: dict[str, Any], group: FieldGroup, by: User | None) -> bool:
    """Whether there was anything to change. Raises SchemasRefuse, LakeUnavailable, LakeConflict."""
    seen = schema.version
    try:
        note = _("The field group “%(title)s” changed.") % {"title": group.title}
        schema_changes.save(schema, wanted, seen=seen, note=note, by=by)
    except (CannotChange, SchemaInvalid) as error:
        raise SchemasRefuse([_refusal(schema, error)]) from error
    return schema.version > seen


def _refusal(schema: Schema, error: CannotChange | SchemaInvalid) -> Refusal:
    if isinstance(error, CannotChange):
        return Refusal(schema, error.code, error.message, error.remedy, error.differences)
    return Refusal(schema, "schema_invalid", error.message, error.remedy)


def _extends(document: Mapping[str, Any]) -> list[str]:
    return list(document.get("meta:extends") or [])
