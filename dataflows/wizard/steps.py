"""The steps of the wizard: a form, a template and a row in STEPS. Reload and resume are free: the draft is a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from dataflows.models import Dataflow
from dataflows.wizard.drafts import ORDER
from dataflows.wizard.forms.account import AccountForm
from dataflows.wizard.forms.dataset import DatasetForm
from dataflows.wizard.forms.mapping import MappingForm
from dataflows.wizard.forms.project import ProjectForm
from dataflows.wizard.forms.review import ReviewForm
from dataflows.wizard.forms.schedule import ScheduleForm
from dataflows.wizard.forms.step import StepForm
from dataflows.wizard.outcome import Go, Outcome


@dataclass(frozen=True)
class Step:
    slug: str
    title: Any
    form: type[StepForm]
    template: str

    @property
    def number(self) -> int:
        return ORDER.index(self.slug)

    def url(self, draft: Dataflow) -> str:
        return reverse("dataflows:wizard", args=[draft.pk, self.slug])


STEPS = (
    Step("account", _("Account"), AccountForm, "dataflows/wizard/account.html"),
    Step("project", _("Project & preview"), ProjectForm, "dataflows/wizard/project.html"),
    Step("dataset", _("Dataset & options"), DatasetForm, "dataflows/wizard/dataset.html"),
    Step("mapping", _("Mapping"), MappingForm, "dataflows/wizard/mapping.html"),
    Step("schedule", _("Schedule"), ScheduleForm, "dataflows/wizard/schedule.html"),
    Step("review", _("Review"), ReviewForm, "dataflows/wizard/review.html"),
)


@dataclass(frozen=True)
class Place:
    """A step as the indicator on top of every page shows it; no ``url`` when it cannot be opened yet."""

    step: Step
    url: str
    current: bool
    done: bool


def find(slug: str) -> Step:
    """Raises Http404 for a step that does not exist."""
    for step in STEPS:
        if step.slug == slug:
            return step
    raise Http404(slug)


def furthest(draft: Dataflow) -> Step:
    """The last step that may be opened: the first incomplete one, or the furthest one reached so far."""
    for step in STEPS:
        if step.slug == draft.reached or not step.form.is_complete(draft):
            return step
    return STEPS[-1]


def neighbour(step: Step, distance: int) -> Step:
    return STEPS[min(max(step.number + distance, 0), len(STEPS) - 1)]


def places(draft: Dataflow, current: Step) -> list[Place]:
    """All steps, for the indicator; ``draft`` may be unsaved, then none can be opened."""
    last = furthest(draft)
    return [
        Place(
            step,
            step.url(draft) if draft.pk and step.number <= last.number else "",
            current=step is current,
            done=step.number < last.number,
        )
        for step in STEPS
    ]


def address(outcome: Outcome, step: Step, draft: Dataflow) -> str:
    """Where an outcome other than STAY leads."""
    if outcome.go is Go.NEXT:
        return neighbour(step, 1).url(draft)
    if outcome.go is Go.LEAVE:
        return reverse("dataflows:dataflows")
    if outcome.go is Go.ELSEWHERE:
        return str(outcome.target)
    if outcome.go is Go.DONE:
        return str(outcome.target.get_absolute_url())
    return step.url(draft) + outcome.query + (f"#{outcome.anchor}" if outcome.anchor else "")
