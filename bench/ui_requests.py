"""Every list, asked for as a program and as a person would."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from connectors.roles import ADMIN
from dataflows.api import clients
from dataflows.models import Dataflow

FLOW, CATALOG = "/data/foundation/flowservice", "/data/foundation/catalog"
OFTEN = 1_000_000
Ask = Callable[[], int]
"""Sends a request and answers with its status."""
PAGES = ("dataflows", "monitoring", "datasets", "schemas")


def asks() -> dict[str, Ask]:
    return {**_of_a_program(), **_of_a_person()}


def _of_a_program() -> dict[str, Ask]:
    made = clients.create("bench", role=ADMIN, by=None, calls_per_minute=OFTEN)
    token = clients.issue_token(made.client.client_id, made.secret, now=timezone.now())
    headers = {
        "Authorization": f"Bearer {token}",
        "x-api-key": made.client.client_id,
        "x-gw-ims-org-id": made.client.org_id,
        "x-sandbox-name": "prod",
    }
    client = Client(headers=headers)
    second = client.get(f"{FLOW}/runs?limit=100").json()["_links"]["next"]["href"]
    flow = Dataflow.objects.order_by("pk")[Dataflow.objects.count() // 2].uuid
    paths = {
        "flows": f"{FLOW}/flows",
        "flows, 100 a page": f"{FLOW}/flows?limit=100",
        "flows that are enabled": f"{FLOW}/flows?property=state==enabled",
        "flows by name": f"{FLOW}/flows?orderby=name",
        "runs": f"{FLOW}/runs",
        "runs, 100 a page": f"{FLOW}/runs?limit=100",
        "runs, second page": second if second.startswith("/data") else FLOW + second,
        "runs of a flow": f"{FLOW}/runs?property=flowId=={flow}",
        "runs, counted": f"{FLOW}/runs?count=true",
        "connections": f"{FLOW}/connections",
        "source connections": f"{FLOW}/sourceConnections",
        "target connections": f"{FLOW}/targetConnections",
        "datasets of the catalog": f"{CATALOG}/dataSets",
        "batches": f"{CATALOG}/batches",
    }
    return {f"API: {name}": partial(_status, client, path) for name, path in paths.items()}


def _of_a_person() -> dict[str, Ask]:
    client = Client()
    client.force_login(User.objects.create_superuser("bench"))
    paths = {name: reverse(f"dataflows:{name}") for name in PAGES}
    middle = Dataflow.objects.order_by("pk")[Dataflow.objects.count() // 2]
    paths["a dataflow"] = reverse("dataflows:dataflow", args=[middle.pk])
    paths["failed runs"] = f"{paths['monitoring']}?status=failed"
    paths["runs of all time"] = f"{paths['monitoring']}?frame=all"
    return {f"page: {name}": partial(_status, client, path) for name, path in paths.items()}


def _status(client: Client, path: str) -> int:
    return int(client.get(path).status_code)
