"""Datasets made from a schema, with their table in the lake."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from connectors.roles import User, person
from dataflows import stores
from dataflows.models import Dataset, Schema


class NameTaken(Exception):
    """Another dataset has this name."""


def make(name: str, description: str, schema: Schema, *, by: User | None) -> Dataset:
    """Raises NameTaken, LakeUnavailable; then there is no dataset."""
    try:
        with transaction.atomic():
            dataset = Dataset.objects.create(name=name, description=description, schema=schema, created_by=person(by))
            stores.lake().create(dataset.table, schema.xdm.arrow_schema())
    except IntegrityError as error:
        raise NameTaken(name) from error
    return dataset


def rename(dataset: Dataset, name: str, description: str) -> None:
    """Raises NameTaken."""
    try:
        with transaction.atomic():
            Dataset.objects.filter(pk=dataset.pk).update(name=name, description=description)
    except IntegrityError as error:
        raise NameTaken(name) from error
    dataset.refresh_from_db()
