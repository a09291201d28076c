"""A session that has ended: what happens to pages, forms and previews of somebody who was logged in a moment ago."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tests.dataflows.factories import make_flow

pytestmark = pytest.mark.django_db


@pytest.fixture
def flow():
    return make_flow()


def sent_to(answer) -> str:
    assert answer.status_code == 302
    return answer["Location"]


def test_a_page_leads_to_the_log_in_and_back(flow):
    assert sent_to(Client().get(flow.get_absolute_url())) == f"/login/?next={flow.get_absolute_url()}"


def test_a_form_is_told_that_nothing_was_saved(flow):
    page = f"http://testserver{flow.get_absolute_url()}?months=all"
    answer = Client().post(
        reverse("dataflows:dataflow_disable", args=[flow.pk]), headers={"Referer": page}, follow=True
    )
    (address, _status), *_ = answer.redirect_chain
    assert "unsaved=1" in address
    assert answer.context["next"] == f"{flow.get_absolute_url()}?months=all"
    assert "nothing was saved" in answer.content.decode()


@pytest.mark.parametrize("referrer", ["", "https://evil.example/form", "javascript:alert(1)"])
def test_a_form_of_elsewhere_leads_to_the_start_page(flow, referrer):
    answer = Client().post(reverse("dataflows:dataflow_disable", args=[flow.pk]), headers={"Referer": referrer})
    assert sent_to(answer) == "/login/?next=%2F&unsaved=1"


def test_a_preview_is_refused_and_not_sent_the_log_in_page(flow):
    answer = Client().get(flow.get_absolute_url(), headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert "session has ended" in answer.content.decode()


def test_the_ordinary_log_in_says_nothing_of_the_kind():
    assert "nothing was saved" not in Client().get("/login/").content.decode()


def test_a_form_of_before_the_log_in_says_how_to_keep_what_was_entered(flow, analyst):
    client = Client(enforce_csrf_checks=True)
    client.force_login(analyst)
    answer = client.post(reverse("dataflows:dataflow_disable", args=[flow.pk]), {"csrfmiddlewaretoken": "x" * 64})
    assert answer.status_code == 403
    text = " ".join(answer.content.decode().split())
    assert "Do not reload" in text
    assert "log in in another tab" in text
