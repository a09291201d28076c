"""Schemas as files, good and hostile."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from dataflows.models import Schema
from dataflows.runs import schema_changes
from dataflows.schemas.building import new_document, with_field
from dataflows.schemas.components import field_groups
from dataflows.schemas.nodes import node_of
from dataflows.schemas.xdm import EXPERIENCE_EVENT
from tests.dataflows.factories import make_schema

pytestmark = pytest.mark.django_db


def everything(title="Shop", key="ab"):
    document = new_document(title, "", EXPERIENCE_EVENT, list(field_groups("tributary")), tenant="tributary", key=key)
    return with_field(document, ("_tributary", "plan"), node_of("string", pattern="^x"), required=True)


def upload(browse, user, url, content, **more):
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return browse(user).post(url, {"file": SimpleUploadedFile("schema.json", raw), **more})


def exported(browse, user, schema, query=""):
    return browse(user).get(reverse("dataflows:schema_export", args=[schema.pk]) + query)


def test_an_export_imported_again_is_equal(browse, analyst):
    schema = schema_changes.create(everything(), by=None)
    answer = exported(browse, analyst, schema)
    assert answer["Content-Disposition"] == 'attachment; filename="shop-v1.json"'
    content, before = answer.content, schema.document
    schema_changes.delete(schema)
    made = upload(browse, analyst, "/schemas/import/", content)
    again = Schema.objects.get(title="Shop")
    assert made.url == again.get_absolute_url()
    assert again.document == before
    assert exported(browse, analyst, again).content == content


def test_a_file_of_a_schema_that_is_here_becomes_a_copy(browse, analyst):
    schema = schema_changes.create(everything(), by=None)
    content = exported(browse, analyst, schema).content
    assert (
        "There is a schema called “Shop” already."
        in upload(browse, analyst, "/schemas/import/", content).content.decode()
    )
    upload(browse, analyst, "/schemas/import/", content, title="Shop, the copy")
    copy = Schema.objects.get(title="Shop, the copy")
    assert copy.document["$id"] != schema.document["$id"]
    assert copy.document["properties"] == schema.document["properties"]


def test_a_file_becomes_the_next_version_and_keeps_the_id(browse, analyst):
    schema = schema_changes.create(everything(), by=None)
    other = with_field(everything(key="cd"), ("_tributary", "utm"), node_of("string"))
    url = reverse("dataflows:schema_import_version", args=[schema.pk])
    upload(browse, analyst, url, other, version=1, note="From elsewhere")
    schema.refresh_from_db()
    assert (schema.version, schema.versions.first().note) == (2, "From elsewhere")
    assert schema.xdm.has(("_tributary", "utm"))
    assert schema.document["$id"].endswith("/ab")
    upload(browse, analyst, url, other, version=2)
    schema.refresh_from_db()
    assert schema.version == 2


def test_an_old_version_can_be_exported(browse, analyst):
    schema = schema_changes.create(everything(), by=None)
    schema_changes.save(schema, with_field(schema.document, ("_tributary", "utm"), node_of("string")), seen=1, by=None)
    assert json.loads(exported(browse, analyst, schema, "?version=1").content)["version"] == "1.0"
    assert exported(browse, analyst, schema, "?version=7").status_code == 404


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty."),
        (b"hello", "not JSON"),
        (b"\x00\x01\x02", "not JSON"),
        (b"[" * 200_000, "nested too deep"),
        ({"a": 1}, "not an XDM schema"),
        (
            {
                "title": "R",
                "allOf": [{"$ref": EXPERIENCE_EVENT}, {"$ref": "#/definitions/a"}],
                "definitions": {"a": {"type": "object", "properties": {"b": {"$ref": "#/definitions/a"}}}},
            },
            "leads back to itself",
        ),
        (
            {
                "title": "N",
                "allOf": [{"$ref": EXPERIENCE_EVENT}],
                "properties": {"_t": {"type": "object", "properties": {"<b>x": {"type": "string"}}}},
            },
            "/properties/_t/properties/&lt;b&gt;x",
        ),
    ],
)
def test_what_is_no_schema_is_refused_with_its_place(browse, analyst, content, words):
    before = Schema.objects.count()
    html = upload(browse, analyst, "/schemas/import/", content).content.decode()
    assert words in html
    assert Schema.objects.count() == before


def test_fifty_megabytes_are_refused_without_being_parsed(browse, analyst):
    html = upload(browse, analyst, "/schemas/import/", b" " * 50 * 1024 * 1024).content.decode()
    assert "The file has 50.0 MB, a schema has at most 5." in html


def test_no_file_is_asked_for(browse, analyst):
    assert "Choose a file." in browse(analyst).post("/schemas/import/", {}).content.decode()


def test_a_title_of_another_kind_than_a_text_is_refused(browse, analyst):
    document = {**everything(), "title": ["a"]}
    assert "A text is needed here." in upload(browse, analyst, "/schemas/import/", document).content.decode()


def test_a_description_that_is_no_text_is_refused(browse, analyst):
    document = {**everything(), "description": {"a": 1}}
    assert "A text is needed here." in upload(browse, analyst, "/schemas/import/", document).content.decode()


def test_a_schema_without_versions_is_exported_too(browse, analyst):
    assert exported(browse, analyst, make_schema()).status_code == 200
