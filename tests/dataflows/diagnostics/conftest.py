"""Days with rejected records, as runs leave them: reasons by day, one sample for a window, files with all records."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from dataflows import stores
from dataflows.mapping import Rejected
from dataflows.models import DayStatus, Run, Window, WindowStatus
from dataflows.runs.rejects import Reasons, RejectedFiles
from tests.dataflows.factories import counts, day_account, make_day, make_flow, make_run, make_window

DAY = date(2026, 3, 1)
PRICE = ("MAPPER-3700-400", "_acme.price")
MAPPING = [{"sourceType": "ATTRIBUTE", "source": "properties.price", "destination": "_acme.price"}]


def record(line: int, price: Any = "zebra", reason: tuple[str, str] = PRICE, raw: bytes | None = None) -> Rejected:
    text = raw if raw is not None else json.dumps({"event": "Buy", "properties": {"price": price}}).encode()
    message = f"sourceField: properties.price destinationField: {reason[1]} expected data type was: number."
    return Rejected(line, text, reason[0], reason[1], message, DAY)


def read_day(
    run: Run,
    day: date,
    records: Sequence[Rejected] = (),
    *,
    loaded: int = 10,
    status: DayStatus = DayStatus.LOADED,
    notes: Sequence[tuple[str, str, str, str, int]] = (),
    keeps: bool = True,
) -> Window:
    """A window of one day that was promoted with these rejections, and for a real run the ledger row of the day."""
    files, reasons = RejectedFiles(stores.landing(), f"rejected/{run.pk}/{day}", keeps=keeps), Reasons()
    for each in records:
        reasons.reject(each, day, shown=keeps)
        files.add(day, each)
    for note in notes:
        reasons.note(*note, day)
    keys = files.commit()
    account = day_account(day, key=keys.get(day, ""), loaded=loaded, rejected=len(records))
    account |= {"status": str(status), "reasons": reasons.of_day(day)}
    good = status == DayStatus.LOADED
    window = make_window(
        run,
        day,
        status=WindowStatus.PUBLISHED if good else WindowStatus.FAILED,
        error_code="" if good else "too_many_rejected",
        days=[account],
        errors=reasons.as_list(),
        landed_key=f"raw/{day}",
        **(counts(loaded=loaded, rejected=len(records)) if good else {}),
    )
    if not run.dry_run:
        _enter(run, day, window, status, account)
    return window


def _enter(run: Run, day: date, window: Window, status: DayStatus, account: dict[str, Any]) -> None:
    values: dict[str, Any] = {"status": status, "landed_key": window.landed_key}
    if status == DayStatus.LOADED:
        numbers = counts(loaded=account["loaded"], rejected=account["rejected"])
        values |= {"window": window, "rejected_key": account["rejected_key"], **numbers}
    if run.dataflow.days.filter(day=day).update(**values) == 0:
        make_day(run.dataflow, day, **values)


def reasons_in(found: Any) -> Counter[tuple[str, str, int]]:
    return Counter((group.key.code, group.key.field, group.count) for group in found.shown)


@pytest.fixture
def flow(db: None) -> Any:
    return make_flow(mapping=MAPPING, history_from=DAY)


@pytest.fixture
def run(flow: Any) -> Run:
    return make_run(flow, mapping=MAPPING)
