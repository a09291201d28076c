"""Step 6: everything once more, validated again, and the button that makes it real."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import IntegrityError
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from connectors.errors import ConnectorError
from dataflows.mapper.confirming import Question
from dataflows.mapper.desk import Desk
from dataflows.mapper.rows import read_stored
from dataflows.mapping import MappingInvalid
from dataflows.messages import message_for
from dataflows.models import Dataflow, Run
from dataflows.runs.cannot_start import CannotStart
from dataflows.wizard import finishing, summary
from dataflows.wizard.forms.account import AccountForm
from dataflows.wizard.forms.dataset import DatasetForm
from dataflows.wizard.forms.mapping import MappingForm
from dataflows.wizard.forms.project import ProjectForm
from dataflows.wizard.forms.schedule import ScheduleForm
from dataflows.wizard.forms.step import StepForm
from dataflows.wizard.outcome import STAY, Go, Outcome

STEPS: tuple[type[StepForm], ...] = (AccountForm, ProjectForm, DatasetForm, MappingForm, ScheduleForm)
STARTED = lazy("The dataflow is set up and its first run is on its way.")
SCHEDULED = lazy("The dataflow is set up. It runs at its first due time.")


class ReviewForm(StepForm):
    slug = "review"

    @classmethod
    def stored(cls, draft: Dataflow) -> dict[str, Any]:
        return {}

    @staticmethod
    def is_complete(draft: Dataflow) -> bool:
        return False  # nothing comes after it

    def changes(self) -> dict[str, Any]:
        return {}

    @cached_property
    def cards(self) -> list[summary.Card]:
        forms = [step.of(self.draft, self.user) for step in STEPS]
        return [summary.card(form.slug, self.draft, list(_problems(form))) for form in forms]

    @cached_property
    def question(self) -> Question:
        """What has to be confirmed of the mapping: it may never have passed its step."""
        return Desk(self.draft, read_stored(self.draft.mapping)).question

    @property
    def is_ready(self) -> bool:
        return not any(card.problems for card in self.cards)

    def perform(self, *, now: datetime) -> Outcome:
        if self.partial:
            return super().perform(now=now)
        if not self.is_valid() or not self.is_ready:
            return STAY
        if not self.question.is_answered(self.data):
            self.add_error(None, _("What most values of a row become has to be confirmed before the dataflow is made."))
            return STAY
        return self._finish(now)

    def _finish(self, now: datetime) -> Outcome:
        try:
            target = finishing.finish(self.draft, self.shown_revision(), by=self.user, now=now)
        except finishing.Outdated:
            return self._overtaken()
        except CannotStart as error:
            self.add_error(None, str(error))
        except MappingInvalid as error:
            self.fail("mapping_invalid", message_for("mapping_invalid"), str(error))
        except ConnectorError as error:
            self.fail(error.code, message_for(error.code), error.detail)
        except IntegrityError:
            self.add_error(None, _("The name of the dataset was taken a moment ago. Go back and choose another one."))
        else:
            started = isinstance(target, Run)
            return Outcome(Go.DONE, str(STARTED if started else SCHEDULED), target=target)
        return STAY

    def _overtaken(self) -> Outcome:
        """By a double click, then the dataflow is there already; or by another window, then a person looks again."""
        if not self.draft.is_draft:
            return Outcome(Go.DONE, target=self.draft.runs.first() or self.draft)
        self.conflict = self.draft.updated_at
        return STAY


def _problems(form: StepForm) -> Iterator[str]:
    """The errors of a step as sentences, with the names of the fields they are at."""
    for name, errors in form.errors.items():
        label = f"{form.fields[name].label}: " if name in form.fields else ""
        yield from (f"{label}{error}" for error in errors)
