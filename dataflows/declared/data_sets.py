"""Datasets: name, description and the schema they are made from."""

from __future__ import annotations

from functools import partial

from connectors import audit
from dataflows.declared.change import Change, Entry, as_far_as
from dataflows.declared.desk import Desk
from dataflows.declared.problems import Place
from dataflows.declared.shape import DataSet
from dataflows.models import Dataset, Schema
from dataflows.runs import dataset_making

KIND = "dataSet"


def entry(dataset: Dataset) -> Entry:
    return {
        "name": dataset.name,
        "description": dataset.description,
        "schemaRef": {"title": dataset.schema.title},
    }


def plan(wanted: DataSet, at: Place, desk: Desk) -> Change | None:
    """Notes what is wrong; the schema of a dataset cannot be changed."""
    desk.schema(wanted.schemaRef.title, (*at, "schemaRef", "title"))
    after = wanted.model_dump(exclude_unset=True, exclude_none=True)
    dataset = Dataset.objects.filter(name=wanted.name).select_related("schema").first()
    if dataset is None:
        return Change(KIND, wanted.name, {}, after, partial(_make, wanted, desk))
    before = as_far_as(entry(dataset), after)
    if before == after:
        return None
    if before["schemaRef"] != after["schemaRef"]:
        message = f"The dataset has the schema “{dataset.schema}”, and that cannot be changed."
        desk.problems.add((*at, "schemaRef"), message, "Name that schema, or declare a dataset of another name.")
    return Change(KIND, wanted.name, before, after, partial(_describe, dataset, wanted, desk))


def _make(wanted: DataSet, desk: Desk) -> None:
    schema = Schema.objects.get(title=wanted.schemaRef.title)
    made = dataset_making.make(wanted.name, wanted.description or "", schema, by=desk.by)
    audit.record(desk.by, made, audit.ADDED)


def _describe(dataset: Dataset, wanted: DataSet, desk: Desk) -> None:
    dataset_making.rename(dataset, wanted.name, wanted.description or "")
    audit.record(desk.by, dataset, audit.CHANGED)
