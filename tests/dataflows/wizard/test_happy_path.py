"""From nothing to a running dataflow, in six steps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from connectors.models import Account
from dataflows import stores
from dataflows.models import Dataflow, DataflowStatus, Dataset, Run
from tests.dataflows.wizard.conftest import PROJECT, SCHEDULE, Browser, Page, body, sent_rows


def test_six_steps_make_an_enabled_dataflow_with_its_dataset_and_first_run(at_review: Browser) -> None:
    page = at_review.see("review")
    assert "Shop events (new)" in body(page)

    answer = at_review.send("review", {})

    flow = at_review.reload()
    run = Run.objects.get()
    assert answer.url == reverse("dataflows:run", args=[run.pk])
    assert (flow.status, flow.name, flow.time_semantic) == (DataflowStatus.ENABLED, "Shop daily", "utc")
    assert flow.dataset
    assert flow.dataset.name == "Shop events"
    assert stores.lake().exists(flow.dataset.table)
    assert run.dataflow == flow
    assert run.first_day == flow.history_from


def test_nothing_but_defaults_needs_to_be_typed(at_dataset: Browser) -> None:
    """Every step after the project is sent as it is shown."""
    for slug in ("dataset", "mapping", "schedule"):
        page = at_dataset.see(slug)
        form = page.context["form"]
        shown = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
        rows = {} if slug != "mapping" else form.stored(_with_rows(form))
        answer = at_dataset.send(slug, {**{k: _sent(v) for k, v in shown.items()}, **rows})
        assert answer.status_code == 302, body(answer)
    flow = at_dataset.reload()
    assert flow.reached == "review"
    assert flow.new_dataset_name == "Mixpanel Harbour Shop (UTC)"
    assert flow.name == f"Mixpanel Harbour Shop (UTC) {timezone.now():%Y-%m-%d}"


def _with_rows(form: Any) -> Dataflow:
    return Dataflow(mapping=[row.stored for row in form.desk.rows])


def _sent(value: object) -> object:
    return "on" if value is True else value


def test_a_start_in_the_future_waits_for_the_schedule(at_schedule: Browser, schedule_values: dict[str, str]) -> None:
    start = datetime.now(UTC) + timedelta(days=2)
    at_schedule.send("schedule", schedule_values, start=start.strftime("%Y-%m-%dT%H:%M"))

    answer = at_schedule.send("review", {})

    assert answer.url == reverse("dataflows:dataflow", args=[at_schedule.draft.pk])
    assert not Run.objects.exists()
    assert at_schedule.reload().next_run_at == start.replace(second=0, microsecond=0)


def test_pressing_finish_twice_makes_one_dataflow(at_review: Browser) -> None:
    revision = at_review.revision("review")
    first = at_review.send("review", {}, revision=revision)
    second = at_review.send("review", {}, revision=revision)

    assert first.status_code == second.status_code == 302
    assert Dataset.objects.count() == Run.objects.count() == Dataflow.objects.count() == 1


def test_a_dataflow_that_is_set_up_is_shown_instead_of_its_wizard(at_review: Browser) -> None:
    at_review.send("review", {})
    assert at_review.see("mapping").url == reverse("dataflows:dataflow", args=[at_review.draft.pk])


def test_the_account_can_be_chosen_on_the_first_page(client: Client, analyst: User, account: Account) -> None:
    client.force_login(analyst)
    new = reverse("dataflows:wizard_new")
    assert account.name in body(client.get(new))
    assert not Dataflow.objects.exists()

    answer: Page = client.post(new, {"action": "next", "account": account.pk})

    draft = Dataflow.objects.get()
    assert answer.url == reverse("dataflows:wizard", args=[draft.pk, "project"])


def test_choosing_no_account_says_so_and_makes_no_draft(client: Client, analyst: User, account: Account) -> None:
    client.force_login(analyst)
    answer: Page = client.post(reverse("dataflows:wizard_new"), {"action": "next"})
    assert "Choose an account." in body(answer)
    assert not Dataflow.objects.exists()


def test_beginning_twice_leaves_one_draft(client: Client, analyst: User, account: Account) -> None:
    client.force_login(analyst)
    for _ in range(2):
        client.post(reverse("dataflows:wizard_new"), {"account": account.pk})
    assert Dataflow.objects.count() == 1


@pytest.mark.parametrize("semantic", ["utc", "legacy"])
def test_what_the_times_mean_can_be_overridden(wizard: Browser, semantic: str) -> None:
    wizard.send("project", PROJECT, action="preview")
    wizard.send("project", PROJECT, time_semantic=semantic)
    assert wizard.reload().time_semantic == semantic


def test_every_step_can_be_walked_by_sending_what_is_needed(wizard: Browser, dataset_values: dict[str, str]) -> None:
    assert wizard.send("project", PROJECT, action="preview").url == wizard.url("project") + "#preview"
    assert wizard.send("project", PROJECT).url == wizard.url("dataset")
    assert wizard.send("dataset", dataset_values).url == wizard.url("mapping")
    assert wizard.send("mapping", sent_rows(wizard.see("mapping"))).url == wizard.url("schedule")
    assert wizard.send("schedule", {**SCHEDULE, "history_from": "2026-01-01"}).url == wizard.url("review")
    assert wizard.send("review", {}).url == reverse("dataflows:run", args=[Run.objects.get().pk])


def test_a_cron_expression_is_first_due_when_it_says_so(at_schedule: Browser, schedule_values: dict[str, str]) -> None:
    hour = (datetime.now(UTC) + timedelta(hours=3)).hour
    at_schedule.send("schedule", schedule_values, frequency="cron", cron=f"0 {hour} * * *")

    at_schedule.send("review", {})

    assert not Run.objects.exists()
    due = at_schedule.reload().next_run_at
    assert due
    assert (due.hour, due.minute) == (hour, 0)
