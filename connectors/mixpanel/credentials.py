"""Who we are to Mixpanel.

A service account sends user name and secret and must name the project in every call. A project secret is sent as
the user name with an empty password and must not name the project; Mixpanel retires it on 3 March 2027
(Mixpanel authentication page).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["service_account", "project_secret"]


@dataclass(frozen=True)
class Credentials:
    """``username`` is "" for a project secret. The secret does not appear in ``repr``."""

    kind: Kind
    username: str
    secret: str = field(repr=False)

    def __post_init__(self) -> None:
        if self.kind not in ("service_account", "project_secret"):
            raise ValueError(f"unknown kind of credentials: {self.kind}")

    @property
    def auth(self) -> tuple[str, str]:
        """User name and password for HTTP Basic authentication."""
        if self.kind == "project_secret":
            return (self.secret, "")
        return (self.username, self.secret)

    def project_params(self, project_id: str) -> dict[str, str]:
        """The query parameters that name the project: none with a project secret, which is refused with both."""
        return {"project_id": project_id} if self.kind == "service_account" else {}
