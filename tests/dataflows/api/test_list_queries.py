"""Lists ask the database as often for many rows as for few; how long that takes is what `make bench-ui` measures."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dataflows.models import MappingSet, MappingSetVersion, SourceConnection, TargetConnection
from tests.dataflows.api.program import CATALOG, CONVERSION, FLOW_SERVICE, Program
from tests.dataflows.factories import make_flow, make_run, make_window

LISTS = [
    f"{FLOW_SERVICE}/flows",
    f"{FLOW_SERVICE}/runs",
    f"{FLOW_SERVICE}/connections",
    f"{FLOW_SERVICE}/sourceConnections",
    f"{FLOW_SERVICE}/targetConnections",
    f"{CONVERSION}/mappingSets",
    f"{CATALOG}/dataSets",
    f"{CATALOG}/batches",
    f"{CATALOG}/lastBatches",
]


def one_more() -> None:
    """Another row in every list."""
    flow = make_flow()
    make_window(make_run(flow))
    shared = {"name": flow.name}
    SourceConnection.objects.create(account=flow.reads_from, project_id="1", timezone="UTC", **shared)
    TargetConnection.objects.create(dataset=flow.writes_to, data={"format": "json"}, **shared)
    made = MappingSet.objects.create(schema=flow.writes_to.schema, **shared)
    MappingSetVersion.objects.create(mapping_set=made, number=0, rows=flow.mapping)


@pytest.mark.parametrize("address", LISTS)
def test_a_longer_list_costs_no_more_queries(address: str, program: Program) -> None:
    one_more()
    with CaptureQueriesContext(connection) as few:
        assert program.call("GET", address).status_code == 200
    for _ in range(5):
        one_more()
    with CaptureQueriesContext(connection) as many:
        assert program.call("GET", address).status_code == 200
    assert len(many) <= len(few) <= 16
