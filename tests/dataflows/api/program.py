"""A program that uses the API over Django's test client, with the headers that AEP wants."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.test import Client
from django.utils import timezone

from dataflows.api import clients
from dataflows.api.clients import NewClient

FLOW_SERVICE = "/data/foundation/flowservice"
CONVERSION = "/data/foundation/conversion"
REGISTRY = "/data/foundation/schemaregistry"
CATALOG = "/data/foundation/catalog"
EXPORT = "/data/foundation/export"


@dataclass
class Program:
    """``headers`` may be changed by a test that is about one of them."""

    made: NewClient
    headers: dict[str, str]

    @classmethod
    def of(cls, made: NewClient) -> Program:
        token = clients.issue_token(made.client.client_id, made.secret, now=timezone.now())
        return cls(
            made,
            {
                "Authorization": f"Bearer {token}",
                "x-api-key": made.client.client_id,
                "x-gw-ims-org-id": made.client.org_id,
                "x-sandbox-name": "prod",
            },
        )

    def call(self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, **headers: str) -> Any:
        """``headers`` are spelled with underscores: ``If_Match``."""
        spelled = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = json.dumps(body).encode() if raw is None and body is not None else raw or b""
        kind = spelled.pop("Content-Type", "application/json")
        return Client(raise_request_exception=False).generic(
            method, path, sent, kind, headers={**self.headers, **spelled}
        )

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", FLOW_SERVICE + path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("POST", FLOW_SERVICE + path, body, **headers)

    def patch(self, path: str, body: Any, etag: str | None = None) -> Any:
        headers = {"If_Match": etag} if etag is not None else {}
        return self.call("PATCH", FLOW_SERVICE + path, body, **headers)

    def delete(self, path: str) -> Any:
        return self.call("DELETE", FLOW_SERVICE + path)

    def one(self, path: str) -> dict[str, Any]:
        """The only entity of an answer."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.content
        (item,) = answer.json()["items"]
        return dict(item)


def code_of(answer: Any) -> str:
    """The published code of a problem document."""
    return str(answer.json()["report"]["error-code"])
