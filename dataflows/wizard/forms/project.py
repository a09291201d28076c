"""Step 2: which project, in which time zone, and what its records look like."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from connectors import projects
from connectors.base import Project
from connectors.errors import BadCredentials, ConnectorError, NoProjectAccess, UnknownProject, UnknownTimezone
from connectors.long_select import OpenSelect
from connectors.messages import message_for
from connectors.mixpanel import timezones
from connectors.models import Account
from dataflows.mapper import sampling
from dataflows.models import Dataflow
from dataflows.models.dataflow import TimeSemantic
from dataflows.wizard import drafts
from dataflows.wizard.forms.step import StepForm
from dataflows.wizard.outcome import STAY, Go, Outcome
from dataflows.wizard.preview import SampleRow, sample_rows
from dataflows.wizard.zone_choices import zone_choices

OTHER = "other"


class ProjectForm(StepForm):
    slug = "project"
    project = forms.CharField(
        label=lazy("Project"), widget=OpenSelect, error_messages={"required": lazy("Choose a project.")}
    )
    other_project = forms.CharField(
        label=lazy("Project id"),
        required=False,
        max_length=32,
        help_text=lazy("A number such as 2384945: in Mixpanel under Project Settings, Project Details."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    timezone = forms.CharField(
        label=lazy("Time zone of the project"),
        required=False,
        widget=OpenSelect,
        help_text=lazy("As in Mixpanel under Project Settings. Changing it later affects only new events."),
    )
    other_timezone = forms.CharField(
        label=lazy("Or type the name of a time zone"),
        required=False,
        max_length=64,
        help_text=lazy("Windows names such as Pacific Standard Time are understood. Goes before the list."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    time_semantic = forms.ChoiceField(
        label=lazy("What the times in the export mean"),
        required=False,
        choices=TimeSemantic.choices,
        help_text=lazy("Projects made before 2023 usually export their local time; newer ones export UTC."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        listed = [(project.id, _label(project)) for project in self.discovered.projects]
        self.fields["project"].widget.choices = [("", _("Choose…")), *listed, (OTHER, _("Another project id…"))]
        self.fields["timezone"].widget.choices = [("", _("As the project says")), *zone_choices()]
        undecided = _("Choose…") if self.draft.time_evidence else _("As detected in the preview")
        self.fields["time_semantic"].choices = [("", undecided), *TimeSemantic.choices]  # type: ignore[attr-defined]

    @cached_property
    def discovered(self) -> projects.Discovered:
        if self.draft.account is None:
            return projects.Discovered([])
        return projects.discovered(self.draft.account) if self.live else projects.remembered(self.draft.account)

    @classmethod
    def stored(cls, draft: Dataflow) -> dict[str, Any]:
        known = draft.account is not None and projects.remembered(draft.account).find(draft.project_id) is not None
        typed = bool(draft.project_id) and not known
        return {
            "project": OTHER if typed else draft.project_id,
            "other_project": draft.project_id if typed else "",
            "timezone": draft.timezone,
            "time_semantic": draft.time_semantic,
        }

    @staticmethod
    def is_complete(draft: Dataflow) -> bool:
        return bool(draft.project_id and draft.timezone and draft.time_semantic)

    @property
    def project_zones(self) -> dict[str, str]:
        """Project id → its zone as the list spells it, so that choosing a project can show its zone."""
        return {project.id: projects.zone_of(project) for project in self.discovered.projects}

    @cached_property
    def sample(self) -> list[SampleRow]:
        return sample_rows(self.draft)

    @property
    def events(self) -> list[str]:
        return sampling.event_names(self.draft.sample)

    # --- validation -----------------------------------------------------------------------------------------

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        cleaned["project_id"] = self._project_id(cleaned)
        zone = self._zone(cleaned)
        cleaned["zone"] = zone
        if not self.errors and not self.partial:
            self._require(cleaned)
        return cleaned

    def _project_id(self, cleaned: dict[str, Any]) -> str:
        chosen = cleaned.get("project") or ""
        field = "other_project" if chosen == OTHER else "project"
        value = str(cleaned.get("other_project") or "").strip() if chosen == OTHER else chosen
        if value and not (value.isascii() and value.isdigit()):
            self.add_error(field, _("A project id consists of digits only, for example 2384945."))
            return ""
        if not value and chosen == OTHER and not self.partial:
            self.add_error(field, _("Type the id of the project, or choose one from the list."))
        return value

    def _zone(self, cleaned: dict[str, Any]) -> str:
        typed = str(cleaned.get("other_timezone") or "").strip()
        project = self.discovered.find(cleaned["project_id"])
        known = projects.zone_of(project) if project else ""
        field = "other_timezone" if typed else "timezone"
        try:
            zone = timezones.canonical(typed or cleaned.get("timezone") or known or "UTC")
        except UnknownTimezone as error:
            self.add_error(field, ValidationError(str(error), code=error.code))
            return ""
        if not (typed or cleaned.get("timezone") or known):
            return ""
        if project and known and not projects.same_zone(zone, known):
            self.add_error(field, self._mismatch(zone, project, known))
        return zone

    @staticmethod
    def _mismatch(zone: str, project: Project, known: str) -> str:
        words = _(
            "This is %(zone)s, but Mixpanel says that the project “%(project)s” is in %(known)s. Choose %(known)s."
        )
        return words % {"zone": zone, "project": project.name, "known": known}

    def _require(self, cleaned: dict[str, Any]) -> None:
        if not cleaned["zone"]:
            self.add_error("timezone", _("Mixpanel does not tell the zone of this project. Choose it here."))

    # --- saving ---------------------------------------------------------------------------------------------

    def changes(self) -> dict[str, Any]:
        """The sample and what it told belong to one project in one zone, and go when either changes."""
        project_id, zone = self.cleaned_data["project_id"], self.cleaned_data["zone"]
        project = self.discovered.find(project_id)
        changes: dict[str, Any] = {
            "project_id": project_id,
            "project_name": project.name[:255] if project else "",
            "timezone": zone,
        }
        if self._is_sampled():
            return {**changes, "time_semantic": self.cleaned_data.get("time_semantic") or self.draft.time_semantic}
        replaced = bool(self.draft.time_evidence)
        chosen = "" if replaced else self.cleaned_data.get("time_semantic") or ""
        return {**changes, "time_semantic": chosen, "time_evidence": "", "sample": []}

    def _is_sampled(self) -> bool:
        same = (self.draft.project_id, self.draft.timezone) == (
            self.cleaned_data["project_id"],
            self.cleaned_data["zone"],
        )
        return same and bool(self.draft.time_evidence)

    def perform(self, *, now: datetime) -> Outcome:
        if self.action != "preview" and (self.partial or not self.is_valid() or self._is_sampled()):
            return self._go_on(now)
        if not self.is_valid():
            return STAY
        return self._look(now)

    def _go_on(self, now: datetime) -> Outcome:
        if self.is_valid() and not self.partial and not self.changes()["time_semantic"]:
            self.add_error("time_semantic", _("The events do not tell. Choose what the times of this project mean."))
        return super().perform(now=now)

    def _look(self, now: datetime) -> Outcome:
        """Read a sample and keep it with the choices; a project that cannot be read is not kept."""
        if not drafts.is_current(self.draft, self.shown_revision()):
            self.conflict = self.draft.updated_at
            return STAY
        account, changes = cast(Account, self.draft.account), self.changes()
        try:
            seen = sampling.take(account, changes["project_id"], changes["timezone"], now=now)
        except ConnectorError as error:
            self._show(error)
            return STAY
        chosen = changes["time_semantic"] or seen.semantic
        found = {"sample": seen.records, "time_evidence": seen.evidence, "time_semantic": chosen}
        if not self.keep({**changes, **found}, now=now, going_on=False):
            return STAY
        return Outcome(Go.AGAIN, _("This is what Mixpanel sent. Look at it, then press Next."), anchor="preview")

    def _is_stray(self) -> bool:
        """Whether the account works and does not see the project: the export calls that bad credentials, too."""
        listed = self.discovered.projects
        return bool(listed) and self.discovered.find(self.cleaned_data["project_id"]) is None

    def _show(self, error: ConnectorError) -> None:
        if isinstance(error, BadCredentials) and self._is_stray():
            error = UnknownProject(error.detail)
        if isinstance(error, BadCredentials) and self.draft.account and self.draft.account.projects:
            # Mixpanel answers an id it does not know like bad credentials; these ones have shown us projects.
            error = UnknownProject(error.detail, status=error.status)
        message = message_for(error.code)
        if isinstance(error, UnknownProject | NoProjectAccess):
            field = "other_project" if self.cleaned_data["project"] == OTHER else "project"
            self.add_error(field, f"{message.what} {message.todo}")
        else:
            self.fail(error.code, message, error.detail)


def _label(project: Project) -> str:
    organization = f", {project.organization}" if project.organization else ""
    return f"{project.name} ({project.id}{organization})"
