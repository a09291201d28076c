"""Schemas that were there before versions were kept."""

from __future__ import annotations

import importlib

import pytest
from django.apps import apps

from dataflows.models import SchemaVersion
from tests.dataflows.factories import make_schema

migration = importlib.import_module("dataflows.migrations.0007_schema_versions")


@pytest.mark.django_db
def test_every_schema_gets_the_version_that_it_says_it_has(analyst):
    SchemaVersion.objects.all().delete()
    schema = make_schema(version=3, created_by=analyst)
    migration.first_versions(apps, None)
    version = schema.versions.get()
    assert (version.number, version.document, version.created_by) == (3, schema.document, analyst)
