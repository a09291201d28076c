"""Checking what a file says of one dataflow, and bringing the dataflow there by the calls of pages and API."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from connectors import audit
from connectors.models import Account
from connectors.roles import person
from dataflows.api.flowservice import flow_making, schedules
from dataflows.declared import flows
from dataflows.declared.change import Change, Entry, as_far_as
from dataflows.declared.desk import Desk
from dataflows.declared.problems import Place
from dataflows.declared.shape import Flow
from dataflows.mapping import MappingInvalid, Problem, bind, source_problems
from dataflows.models import Dataflow, DataflowStatus, Dataset
from dataflows.models.dataflow import mapping_rows
from dataflows.runs import amending, lifecycle, remapping, sharing
from dataflows.schemas import XdmSchema
from dataflows.wizard import drafts

KIND = "flow"
NOTE = "Set by a file."
NEEDED = ("baseConnection", "params", "mappings", "scheduleParams")
FIXED = (("baseConnection",), ("dataSet",), ("params", "projectId"), ("params", "timezone"))


def plan(wanted: Flow, at: Place, desk: Desk) -> Change | None:
    """Notes what is wrong. Nothing is asked of Mixpanel, and nothing is written."""
    found = list(
        Dataflow.objects.filter(name=wanted.name).select_related("account", "dataset__schema", "new_dataset_schema")[:2]
    )
    if len(found) > 1:
        desk.problems.add((*at, "name"), "Several dataflows have this name.", "Rename all but one of them.")
        return None
    step = _Step(wanted, found[0] if found else None, at, desk)
    step.check()
    if step.before == step.told and step.flow is not None:
        return None
    before = step.before if step.flow else {}
    return Change(KIND, wanted.name, before, step.told, step.perform, step.prepare)


@dataclass
class _Step:
    """``before`` and ``told``: what there is and what the file wants, as far as the file says it."""

    wanted: Flow
    flow: Dataflow | None
    at: Place
    desk: Desk
    times: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.current: Entry = flows.entry(self.flow) if self.flow else {}
        self.told = flows.wanted_entry(self.wanted, self.flow, self.at, self.desk)
        if self.flow is None:
            self.told.setdefault("state", "enabled")
        self.before = as_far_as(self.current, self.told)

    @property
    def state(self) -> str:
        return str(self.told.get("state") or self.current.get("state"))

    @property
    def is_draft_now(self) -> bool:
        return self.flow is None or self.flow.is_draft

    @property
    def differing(self) -> set[str]:
        return {name for name in self.told if self.told[name] != self.before.get(name)}

    # --- checks ---------------------------------------------------------------------------------------------------
    def check(self) -> None:
        self._check_references()
        if not self.is_draft_now:
            self._check_live()
        elif self.state != DataflowStatus.DRAFT:
            self._check_complete()
            self._check_alone()
        if self.state != DataflowStatus.DRAFT and (self.is_draft_now or "mappings" in self.differing):
            self._check_mapping()

    def _problem(self, name: str, message: str, remedy: str) -> None:
        self.desk.problems.add((*self.at, *name.split(".")) if name else self.at, message, remedy)

    def _check_references(self) -> None:
        name, file = self.told.get("baseConnection"), self.desk.file
        if name is not None and not file.declares("connections", name) and not _exists(Account, name):
            remedy = "Add it under connections, or correct the name."
            self._problem("baseConnection", f"There is no connection “{name}”.", remedy)
        name = self.told.get("dataSet")
        if name is not None and not file.declares("dataSets", name) and not _exists(Dataset, name):
            self._problem("dataSet", f"There is no dataset “{name}”.", "Add it under dataSets, or correct the name.")
        self._check_planned()

    def _check_planned(self) -> None:
        planned = self.wanted.newDataSet
        if planned is None:
            return
        if self.state != DataflowStatus.DRAFT or self.wanted.dataSet is not None:
            remedy = "Declare the dataset under dataSets, and name it as dataSet."
            self._problem("newDataSet", "Only a draft without dataSet plans a new dataset.", remedy)
        self.desk.schema(planned.schemaRef.title, (*self.at, "newDataSet", "schemaRef", "title"))

    def _check_live(self) -> None:
        if self.state == DataflowStatus.DRAFT:
            self._problem("state", "A dataflow that is set up cannot become a draft again.", "Write disabled.")
        for place in FIXED:
            old, new = self.current, self.told
            for name in place[:-1]:
                old, new = old.get(name, {}), new.get(name, {})
            if place[-1] in new and old.get(place[-1]) != new[place[-1]]:
                message = f"It is “{old.get(place[-1])}”, and of a dataflow that is set up it cannot be changed."
                self._problem(".".join(place), message, "Declare a dataflow of another name instead.")
        if self.wanted.mappings == []:
            self._problem("mappings", "A dataflow that runs needs its mapping.", "Write its rows, or leave it out.")
        if "scheduleParams" in self.differing:
            with self.desk.problems.noting((*self.at, "scheduleParams")):
                current, told = self.current["scheduleParams"], self.told["scheduleParams"]
                schedules.immutable_start(current, told, self.desk.now)

    def _check_complete(self) -> None:
        has, unread = {**self.current, **self.told}, self.desk.file.unread_keys(self.at)
        missing = [name for name in NEEDED if not has.get(name) and getattr(self.wanted, name) in (None, [])]
        # A draft that plans its dataset makes it when it is finished.
        missing += [] if has.get("dataSet") or has.get("newDataSet") or "newDataSet" in unread else ["dataSet"]
        missing = [name for name in missing if name not in unread]
        if missing and "state" not in unread:
            remedy = "Add what is missing, or write state: draft."
            self._problem("", f"A dataflow that runs needs {', '.join(missing)}.", remedy)

    def _check_alone(self) -> None:
        has, own = {**self.current, **self.told}, self.flow.pk if self.flow else None
        account = Account.objects.filter(name=has.get("baseConnection")).first()
        dataset = Dataset.objects.filter(name=has.get("dataSet")).first()
        if account is None or dataset is None:
            return
        same = Dataflow(pk=own, account=account, project_id=has.get("params", {}).get("projectId", ""))
        if other := sharing.other_writer(same, dataset):
            message = f"“{other}” already loads this project into “{dataset}”: every event would be there twice."
            self._problem("dataSet", message, "Name another dataset, or delete that dataflow first.")

    def _check_mapping(self) -> None:
        rows = mapping_rows(self.told.get("mappings") or self.current.get("mappings") or [])
        xdm = self._schema()
        if not rows:
            return
        if xdm is None:
            self._note(source_problems(rows))
            return
        try:
            bind(rows, xdm)
        except MappingInvalid as invalid:
            self._note(invalid.problems)

    def _schema(self) -> XdmSchema | None:
        """That of the dataset, which of a dataflow that is set up is always the one it has."""
        names = [each.get("dataSet") for each in (self.told, self.current)]
        name = next((each for each in (names if self.is_draft_now else reversed(names)) if each), "")
        return self.desk.schema_of_data_set(name)

    def _note(self, problems: Iterable[Problem]) -> None:
        for each in problems:
            inner = (each.row, each.field) if each.field else (each.row,)
            place = (*self.at, "mappings", *(inner if each.row >= 0 else ()))
            self.desk.problems.add(place, each.in_json, each.remedy)

    # --- deeds ----------------------------------------------------------------------------------------------------
    def prepare(self) -> None:
        """Find out what the project's times mean, where nobody says it. Raises ConnectorError."""
        told = {**self.current, **self.told}
        if not self.is_draft_now or self.state == DataflowStatus.DRAFT or told["params"].get("timeSemantic"):
            return
        asked = Dataflow(
            account=Account.objects.get(name=told["baseConnection"]),
            project_id=told["params"]["projectId"],
            timezone=told["params"]["timezone"],
        )
        flow_making.know_times(asked, now=self.desk.now)
        self.times = {"time_semantic": asked.time_semantic, "time_evidence": asked.time_evidence}

    def perform(self) -> None:
        flow = self.flow
        if flow is None or flow.is_draft:
            flow = self._write_draft(flow)
            if self.state != DataflowStatus.DRAFT:
                self._launch(flow)
        else:
            self._change(flow)
        audit.record(self.desk.by, flow, audit.CHANGED if self.flow else audit.ADDED, NOTE)

    def _write_draft(self, flow: Dataflow | None) -> Dataflow:
        fields = flows.draft_fields(self.told, self.wanted, self.current, self.desk) | self.times
        if flow is None:
            fields = {"reached": "schedule"} | fields
            made = Dataflow(name=self.wanted.name, created_by=person(self.desk.by), **fields)
            made.save()
            return made
        if not drafts.save(flow, flow.revision, fields, now=self.desk.now):
            raise amending.Overtaken
        return flow

    def _launch(self, flow: Dataflow) -> None:
        """One that is disabled is set up without its first run."""
        if self.state == DataflowStatus.DISABLED:
            lifecycle.activate(flow, by=self.desk.by, now=self.desk.now)
            lifecycle.disable(flow, by=self.desk.by, now=self.desk.now)
        else:
            flow_making.launch(flow, by=self.desk.by, now=self.desk.now)

    def _change(self, flow: Dataflow) -> None:
        differing, by, now = self.differing, self.desk.by, self.desk.now
        if "params" in differing:
            lifecycle.decide_times(flow, self.told["params"]["timeSemantic"], by=by, now=now)
            flow.refresh_from_db()
        if changes := self._amendments(flow, differing):
            amending.amend(flow, changes, revision=flow.revision, by=by, now=now)
        if "mappings" in differing:
            rows = flows.stored_rows(self.wanted.mappings or [])
            remapping.save(flow, rows, by=by, now=now, revision=flow.revision, note=NOTE)
        if "state" in differing:
            self._switch(flow)

    def _amendments(self, flow: Dataflow, differing: set[str]) -> dict[str, Any]:
        """Only what differs: writing a schedule anew would skip a slot that is due."""
        changes: dict[str, Any] = {}
        if "description" in differing:
            changes["description"] = self.told["description"]
        if "options" in differing and self.wanted.options is not None:
            changes |= flows.options_fields(self.wanted.options)
        if "scheduleParams" in differing and self.wanted.scheduleParams is not None:
            given = self.wanted.scheduleParams.model_dump(exclude_unset=True)
            fields = flows.schedule_fields(given, self.current["scheduleParams"], flow.timezone, self.desk)
            if fields["start_at"] is None or _same_second(fields["start_at"], flow.start_at):
                fields.pop("start_at")
            changes |= {name: value for name, value in fields.items() if value != getattr(flow, name)}
        return changes

    def _switch(self, flow: Dataflow) -> None:
        if self.state == DataflowStatus.ENABLED:
            lifecycle.enable(flow, by=self.desk.by, now=self.desk.now)
        else:
            lifecycle.disable(flow, by=self.desk.by, now=self.desk.now)


def _exists(model: type[Account | Dataset], name: str) -> bool:
    return model.objects.filter(name=name).exists()


def _same_second(one: Any, other: Any) -> bool:
    return other is not None and int(one.timestamp()) == int(other.timestamp())
