"""The history of a dataset, beyond AEP: its snapshots, and going back to one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, JsonResponse
from ninja import Router

from connectors.errors import LakeConflict
from connectors.roles import User
from dataflows import stores
from dataflows.api import datasets, errors, etags, listing
from dataflows.api.access import editor, reader
from dataflows.api.answers import Entities, answers
from dataflows.api.errors import ApiError
from dataflows.api.flowservice.envelope import action_refused
from dataflows.api.moments import millis
from dataflows.models import Dataflow, Dataset

if TYPE_CHECKING:
    from connectors.lake import LakeTable, SnapshotInfo

router = Router(tags=["Catalog: snapshots (beyond AEP)"], by_alias=True)
KIND = "snapshot"


@router.get("/dataSets/{data_set_id}/snapshots", response=answers(Entities))
def snapshots(request: HttpRequest, data_set_id: str) -> JsonResponse:
    """Newest first. The ETag is that of what the dataset holds now; a roll back wants it."""
    listing.check_parameters(request, ())
    table = _table(datasets.find(reader(request), data_set_id))
    flows = dict(Dataflow.objects.visible_to(request.user).values_list("pk", "uuid"))
    answer = JsonResponse({"items": [_item(each, flows) for each in table.snapshots()], "_links": {}})
    answer["ETag"] = _current(table)["etag"]
    return answer


@router.post("/dataSets/{data_set_id}/snapshots/{snapshot_id}/action", response=answers(dict[str, Any], changes=True))
def snapshot_action(request: HttpRequest, data_set_id: str, snapshot_id: str, op: str) -> JsonResponse:
    """``op`` is roll_back: the dataset holds again what it held then, as a new snapshot. Wants If-Match."""
    by = editor(request)
    listing.check_parameters(request, ("op",))
    dataset = datasets.find(by, data_set_id)
    table = _table(dataset)
    if not (snapshot_id.isascii() and snapshot_id.isdigit() and len(snapshot_id) < 20):
        raise errors.not_found(KIND, snapshot_id)
    etags.check(request, _current(table))
    if op.upper() != "ROLL_BACK":
        raise action_refused(op)
    _roll_back(dataset, table, int(snapshot_id), by)
    return JsonResponse(_current(table))


def _roll_back(dataset: Dataset, table: LakeTable, to: int, by: User) -> None:
    # The lake's libraries take seconds to import; other addresses do without.
    from connectors.lake import UnknownSnapshot
    from dataflows.runs import rolling_back

    current = table.current_snapshot()
    try:
        rolling_back.roll_back(dataset, table, to, seen=current.id if current else 0, by=by)
    except UnknownSnapshot as error:
        raise errors.not_found(KIND, str(to)) from error
    except LakeConflict as error:
        raise ApiError("1404-412", "Version not matching", "The dataset was changed meanwhile.", ours="lake") from error
    except rolling_back.CannotRollBack as error:
        raise ApiError("1422-400", "Not possible in this state", str(error), ours="run_unfinished") from error


def _table(dataset: Dataset) -> LakeTable:
    """Raises ApiError 1101-404 for a dataset that has no table yet, LakeUnavailable."""
    try:
        return stores.lake().open(dataset.table)
    except LookupError as error:
        raise errors.not_found(KIND, dataset.name) from error


def _current(table: LakeTable) -> dict[str, Any]:
    found = table.current_snapshot()
    return etags.stamped({"id": str(found.id) if found else None, "totalRows": found.total_rows if found else 0})


def _item(snapshot: SnapshotInfo, flows: dict[int, Any]) -> dict[str, Any]:
    """Ids are strings: they are greater than what JSON's readers take for a whole number."""
    flow = flows.get(int(snapshot.dataflow)) if snapshot.dataflow.isdigit() else None
    back = snapshot.rolled_back_to
    return {
        "id": str(snapshot.id),
        "createdAt": millis(snapshot.at),
        "operation": snapshot.operation,
        "rowsAdded": snapshot.rows_added,
        "rowsRemoved": snapshot.rows_removed,
        "totalRows": snapshot.total_rows,
        "flowId": str(flow) if flow else None,
        "rolledBackTo": str(back) if back is not None else None,
        "rolledBackBy": snapshot.by or None,
    }
