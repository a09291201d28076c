"""What the pages of API clients show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from connectors.roles import User, roles_of
from dataflows.models import ApiClient
from dataflows.models.api_client import ApiClientQuerySet


@dataclass(frozen=True)
class ClientRow:
    """``state`` is a name that ``{% status %}`` has a look for."""

    client: ApiClient
    role: str

    @property
    def state(self) -> str:
        return "cancelled" if self.client.revoked_at else "ok"


def clients(user: User, chosen: Mapping[str, str]) -> ApiClientQuerySet:
    found = ApiClient.objects.visible_to(user).select_related("account", "created_by")
    if text := chosen.get("q"):
        found = found.filter(name__icontains=text)
    if state := chosen.get("state"):
        found = found.filter(revoked_at__isnull=state == "ok")
    return found.prefetch_related("account__groups")


def rows(found: Iterable[ApiClient]) -> list[ClientRow]:
    return [ClientRow(client, _role(client)) for client in found]


def _role(client: ApiClient) -> str:
    """The role of the account; one that was revoked keeps its group, so that the list still tells what it was."""
    names = [group.name for group in client.account.groups.all()]
    return ", ".join(names) or ", ".join(sorted(roles_of(client.account))) or "–"
