"""Leaving, coming back, two windows, other people: a draft loses nothing and overwrites nobody unseen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import ProtectedError
from django.test import Client
from django.urls import reverse

from connectors.models import Account
from dataflows.models import Dataflow
from tests.dataflows.wizard.conftest import PROJECT, Browser, Page, body, sent_rows


class TestTwoWindows:
    def test_the_second_to_save_is_told_and_keeps_what_was_typed(
        self, at_dataset: Browser, dataset_values: dict[str, Any]
    ) -> None:
        seen = at_dataset.revision("dataset")
        at_dataset.send("dataset", dataset_values, name="First", revision=seen)

        answer = at_dataset.send("dataset", dataset_values, name="Second", revision=seen)

        assert "Somebody saved this draft in another window" in body(answer)
        assert answer.context["form"]["name"].value() == "Second"
        assert at_dataset.reload().name == "First"

    def test_saving_again_overwrites(self, at_dataset: Browser, dataset_values: dict[str, Any]) -> None:
        seen = at_dataset.revision("dataset")
        at_dataset.send("dataset", dataset_values, name="First", revision=seen)
        answer = at_dataset.send("dataset", dataset_values, name="Second", revision=seen)

        shown = str(answer.context["draft"].revision)
        assert f'name="revision" value="{shown}"' in body(answer)
        at_dataset.send("dataset", dataset_values, name="Second", revision=shown)

        assert at_dataset.reload().name == "Second"

    def test_rows_of_a_mapping_are_protected_too(self, at_mapping: Browser) -> None:
        seen = at_mapping.revision("mapping")
        rows = sent_rows(at_mapping.see("mapping"))
        at_mapping.send("mapping", rows, action="add", revision=seen)
        answer = at_mapping.send("mapping", rows, action="clear", revision=seen)
        assert "Somebody saved this draft in another window" in body(answer)
        assert len(at_mapping.reload().mapping) > 1

    def test_a_review_that_is_outdated_finishes_nothing(
        self, at_review: Browser, dataset_values: dict[str, Any]
    ) -> None:
        seen = at_review.revision("review")
        at_review.send("dataset", dataset_values, name="Renamed")
        answer = at_review.send("review", {}, revision=seen)
        assert "Somebody saved this draft in another window" in body(answer)
        assert at_review.reload().is_draft

    def test_a_form_without_a_revision_is_refused_as_outdated(
        self, at_dataset: Browser, dataset_values: dict[str, Any]
    ) -> None:
        answer = at_dataset.send("dataset", dataset_values, revision="")
        assert "Somebody saved this draft" in body(answer)


class TestReload:
    def test_sending_the_same_form_twice_is_no_conflict(
        self, at_dataset: Browser, dataset_values: dict[str, Any]
    ) -> None:
        seen = at_dataset.revision("dataset")
        answers = [at_dataset.send("dataset", dataset_values, revision=seen) for _ in range(2)]
        assert {answer.url for answer in answers} == {at_dataset.url("mapping")}

    def test_looking_changes_nothing(self, at_review: Browser) -> None:
        before = at_review.reload().revision
        for slug in ("account", "project", "dataset", "mapping", "schedule", "review"):
            assert at_review.see(slug).status_code == 200
        assert at_review.reload().revision == before

    def test_pages_are_fetched_anew_when_going_back(self, at_dataset: Browser) -> None:
        assert "no-store" in at_dataset.see("dataset")["Cache-Control"]

    def test_going_back_and_on_keeps_later_steps(self, at_review: Browser) -> None:
        at_review.send("project", PROJECT)
        assert at_review.reload().reached == "review"
        assert at_review.see("review").status_code == 200


class TestSaveAsDraft:
    def test_keeps_an_incomplete_step_and_leaves(self, at_dataset: Browser, dataset_values: dict[str, Any]) -> None:
        answer = at_dataset.send("dataset", {**dataset_values, "name": "", "error_threshold": "7.5"}, action="draft")
        assert answer.url == reverse("dataflows:dataflows")
        draft = at_dataset.reload()
        assert str(draft.error_threshold) == "7.50"
        assert draft.reached == "dataset"

    def test_refuses_what_is_wrong(self, at_dataset: Browser, dataset_values: dict[str, Any]) -> None:
        answer = at_dataset.send("dataset", dataset_values, error_threshold="500", action="draft")
        assert answer.context["form"].errors["error_threshold"]

    def test_keeps_wrong_rows_of_a_mapping(self, at_mapping: Browser) -> None:
        rows = {"type-0": "ATTRIBUTE", "source-0": "event", "destination-0": ""}
        answer = at_mapping.send("mapping", rows, action="draft")
        assert answer.url == reverse("dataflows:dataflows")
        assert at_mapping.reload().mapping == [{"sourceType": "ATTRIBUTE", "source": "event", "destination": ""}]

    def test_of_a_schedule_and_of_a_review_leaves_too(
        self, at_review: Browser, schedule_values: dict[str, Any]
    ) -> None:
        for slug, values in (("schedule", schedule_values), ("review", {})):
            assert at_review.send(slug, values, action="draft").url == reverse("dataflows:dataflows")


class TestAccount:
    def test_another_one_forgets_the_project_but_not_the_rest(self, at_review: Browser, account: Account) -> None:
        other = Account.objects.create(
            name="Other", region=account.region, secret=account.secret, secret_changed_at=account.secret_changed_at
        )
        at_review.send("account", {"account": other.pk})
        draft = at_review.reload()
        assert (draft.account, draft.project_id, draft.sample) == (other, "", [])
        assert draft.name == "Shop daily"
        assert at_review.see("review").url == at_review.url("project")

    def test_that_a_draft_uses_cannot_be_deleted(self, at_dataset: Browser, account: Account) -> None:
        with pytest.raises(ProtectedError):
            account.delete()

    def test_that_is_gone_leads_back_to_the_first_step(self, at_dataset: Browser) -> None:
        Dataflow.objects.update(account=None)
        Account.objects.all().delete()
        assert at_dataset.see("dataset").url == at_dataset.url("account")
        assert "No account yet" in body(at_dataset.see("account"))

    def test_that_does_not_exist_is_an_error(self, wizard: Browser) -> None:
        assert "does not exist any more" in body(wizard.send("account", {"account": "424242"}))


class TestPeople:
    @pytest.mark.parametrize("person", ["viewer", "stranger"])
    def test_below_analyst_may_not_even_look(
        self, person: str, at_dataset: Browser, browse: Callable[[User], Client], request: pytest.FixtureRequest
    ) -> None:
        client = browse(request.getfixturevalue(person))
        pages = [at_dataset.url("dataset"), reverse("dataflows:wizard_new")]
        assert {client.get(page).status_code for page in pages} == {403}
        assert {client.post(page).status_code for page in pages} == {403}
        discard = reverse("dataflows:wizard_discard", args=[at_dataset.draft.pk])
        assert client.post(discard).status_code == 403
        assert Dataflow.objects.exists()

    def test_who_are_analysts_may_finish_each_others_drafts(
        self, at_dataset: Browser, admin: User, browse: Callable[[User], Client]
    ) -> None:
        assert browse(admin).get(at_dataset.url("dataset")).status_code == 200


class TestDiscarding:
    def test_removes_the_draft(self, at_dataset: Browser) -> None:
        answer: Page = at_dataset.client.post(reverse("dataflows:wizard_discard", args=[at_dataset.draft.pk]))
        assert answer.url == reverse("dataflows:dataflows")
        assert not Dataflow.objects.exists()

    def test_does_not_touch_a_dataflow(self, at_review: Browser) -> None:
        at_review.send("review", {})
        answer = at_review.client.post(reverse("dataflows:wizard_discard", args=[at_review.draft.pk]))
        assert answer.status_code == 404
        assert at_review.reload().status == "enabled"

    def test_needs_a_post(self, at_dataset: Browser) -> None:
        url = reverse("dataflows:wizard_discard", args=[at_dataset.draft.pk])
        assert at_dataset.client.get(url).status_code == 405


def test_generating_a_schema_keeps_what_was_typed_beside_it(
    at_dataset: Browser, dataset_values: dict[str, Any]
) -> None:
    values = {**dataset_values, "new_dataset_schema": "", "new_dataset_name": "My events", "name": "My flow"}
    answer = at_dataset.send("dataset", values, action="generate")
    assert answer.url == reverse("dataflows:schema_generate") + f"?dataflow={at_dataset.draft.pk}"
    shown = body(at_dataset.see("dataset"))
    assert 'value="My events"' in shown
    assert 'value="My flow"' in shown
