"""What the pages of the wizard show, read once per page."""

from __future__ import annotations

from typing import Any

from connectors.models import Account
from connectors.roles import User
from dataflows.models import Dataflow
from dataflows.models.dataflow import DataflowQuerySet
from dataflows.wizard import steps
from dataflows.wizard.forms.step import StepForm


def account_named(user: User, pk: str | None) -> Account | None:
    """The account a link or a form names; ``None`` when it names none, or none that this user sees."""
    if not pk or not pk.isascii() or not pk.isdigit() or len(pk) > 18:
        return None
    return Account.objects.visible_to(user).filter(pk=int(pk)).first()


def editable_flows(user: User) -> DataflowQuerySet:
    return Dataflow.objects.editable_by(user).select_related("account", "dataset__schema", "new_dataset_schema")


def page(draft: Dataflow, step: steps.Step, form: StepForm) -> dict[str, Any]:
    """The context of a step's page."""
    previous = steps.neighbour(step, -1)
    return {
        "draft": draft,
        "step": step,
        "places": steps.places(draft, step),
        "form": form,
        "desk": getattr(form, "desk", None),
        "back": previous.url(draft) if draft.pk and previous is not step else "",
    }
