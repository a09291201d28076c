"""The pages of API clients: made, shown once, revoked; and the page with the API's document."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dataflows.api import clients
from dataflows.models import ApiClient

pytestmark = pytest.mark.django_db
Browse = Callable[[User], Client]
LIST, NEW, DOCS = "/api/clients/", "/api/clients/new/", "/api/docs/"
VALUES = {"name": "Nightly job", "role": "Analyst", "calls_per_minute": "60"}


def test_only_administrators_see_them(browse: Browse, admin: User, analyst: User) -> None:
    for address in (LIST, NEW):
        assert browse(analyst).get(address).status_code == 403
        assert browse(admin).get(address).status_code == 200
    assert "API clients" not in browse(analyst).get("/monitoring/").content.decode()


def test_an_empty_list_says_why_and_what_to_do(browse: Browse, admin: User) -> None:
    text = browse(admin).get(LIST).content.decode()
    assert "None has been given any so far" in text
    assert f'href="{NEW}"' in text


def test_the_secret_is_shown_once_and_works(browse: Browse, admin: User) -> None:
    answer = browse(admin).post(NEW, VALUES)
    text = answer.content.decode()
    secret = re.search(r"<code>(p8e-[^<]+)</code>", text)
    assert secret
    assert "no-store" in answer["Cache-Control"]
    client = ApiClient.objects.get()
    assert (client.created_by, client.calls_per_minute) == (admin, 60)
    form = {"grant_type": "client_credentials", "client_id": client.client_id, "client_secret": secret[1]}
    token = Client().post("/ims/token/v3", urlencode(form), "application/x-www-form-urlencoded")
    assert token.status_code == 200
    listed = browse(admin).get(LIST).content.decode()
    assert client.client_id in listed
    assert secret[1] not in listed


def test_a_name_that_is_taken_loses_nothing_that_was_typed(browse: Browse, admin: User) -> None:
    clients.create("Nightly job", role="Viewer", by=admin)
    text = browse(admin).post(NEW, VALUES).content.decode()
    assert "Another API client has this name" in text
    assert 'value="60"' in text


@pytest.mark.parametrize("changed", [{"calls_per_minute": "0"}, {"role": "Emperor"}, {"name": ""}])
def test_what_cannot_be_is_refused_at_its_field(browse: Browse, admin: User, changed: dict[str, str]) -> None:
    answer = browse(admin).post(NEW, VALUES | changed)
    assert 'class="invalid-feedback"' in answer.content.decode()
    assert not ApiClient.objects.exists()


def test_revoking_asks_first(browse: Browse, admin: User) -> None:
    made = clients.create("Nightly job", role="Analyst", by=admin)
    place = f"/api/clients/{made.client.pk}/revoke/"
    assert "cannot be undone" in browse(admin).get(place).content.decode()
    assert ApiClient.objects.get().revoked_at is None
    text = browse(admin).post(place, follow=True).content.decode()
    assert "is revoked" in text
    assert ApiClient.objects.get().revoked_at
    assert f'href="{place}"' not in text


def test_the_list_is_filtered(browse: Browse, admin: User) -> None:
    clients.create("Nightly job", role="Analyst", by=admin)
    assert "Nightly job" in browse(admin).get(LIST, {"q": "night", "state": "ok"}).content.decode()
    assert "none of them fits" in browse(admin).get(LIST, {"state": "cancelled"}).content.decode()


class TestDocument:
    def test_is_public_and_names_every_service(self, client: Client) -> None:
        found: Any = client.get("/api/openapi.json").json()
        services = {path.split("/")[3] for path in found["paths"] if path.startswith("/data/foundation/")}
        assert services >= {"flowservice", "conversion", "catalog", "export"}

    def test_its_page_loads_from_our_own_server_alone(self, browse: Browse, viewer: User) -> None:
        answer = browse(viewer).get(DOCS)
        policy = answer["Content-Security-Policy"]
        assert re.search(r"style-src [^;]*'unsafe-inline'", policy)
        assert not re.search(r"script-src [^;]*unsafe", policy)
        assert "//cdn" not in answer.content.decode()
        assert "/data/foundation/flowservice/flows/{flow_id}" in answer.content.decode()
        assert "unsafe-inline" not in browse(viewer).get("/monitoring/")["Content-Security-Policy"]
