"""One set of credentials in one region: the three APIs behind it and what every call has in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.http import HttpClient
from connectors.mixpanel import outcomes
from connectors.mixpanel.credentials import Credentials
from connectors.mixpanel.hosts import Hosts


class MixpanelClient:
    """``data`` streams exports, ``query`` and ``app`` answer JSON. Timeouts are seconds (see HttpClient)."""

    def __init__(
        self, credentials: Credentials, hosts: Hosts, *, connect_timeout: float = 10, idle_timeout: float = 300
    ) -> None:
        self.credentials = credentials
        self.hosts = hosts
        self._timeouts = {"connect_timeout": connect_timeout, "idle_timeout": idle_timeout}
        self.data = self._http(hosts.data)
        self.query = self._http(hosts.query)
        self.app = self._http(hosts.app)

    def _http(self, base_url: str) -> HttpClient:
        return HttpClient(
            base_url,
            auth=self.credentials.auth,
            allowed_hosts=self.hosts.origins(),
            classify=outcomes.classify,
            **self._timeouts,
        )

    def query_json(self, path: str, project_id: str, params: Mapping[str, str]) -> Any:
        """An answer of the Query API, which reports some errors as 200 with an ``error`` key."""
        answer = self.query.get_json(path, {**self.credentials.project_params(project_id), **params})
        error = outcomes.error_in(answer)
        if error is not None:
            raise error
        return answer

    def abort(self) -> None:
        for http in (self.data, self.query, self.app):
            http.abort()

    def close(self) -> None:
        for http in (self.data, self.query, self.app):
            http.close()
