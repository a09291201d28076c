"""What every page needs: the navigation, the user's roles, the things an operator must never overlook."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from connectors.roles import ADMIN, ANALYST, VIEWER, roles_of


@dataclass(frozen=True)
class Entry:
    """A line of the left navigation; ``starts`` are the view names under which it is the current one."""

    label: Any
    icon: str
    url_name: str
    starts: tuple[str, ...]
    role: str = VIEWER


NAVIGATION: tuple[tuple[Any, tuple[Entry, ...]], ...] = (
    (
        _("Sources"),
        (
            Entry(_("Catalog"), "grid", "connectors:catalog", ("connectors:catalog",)),
            Entry(_("Accounts"), "key", "connectors:accounts", ("connectors:account",)),
            Entry(_("Dataflows"), "diagram-3", "dataflows:dataflows", ("dataflows:dataflow", "dataflows:wizard")),
        ),
    ),
    (
        _("Data"),
        (
            Entry(_("Datasets"), "database", "dataflows:datasets", ("dataflows:dataset",)),
            Entry(_("Schemas"), "braces", "dataflows:schemas", ("dataflows:schema",)),
        ),
    ),
    (
        _("Operations"),
        (
            Entry(_("Monitoring"), "activity", "dataflows:monitoring", ("dataflows:monitoring", "dataflows:run")),
            Entry(_("Status"), "heart-pulse", "dataflows:status", ("dataflows:status",)),
            Entry(_("Error codes"), "question-circle", "dataflows:help_codes", ("dataflows:help",)),
            Entry(_("API clients"), "robot", "dataflows:api_clients", ("dataflows:api_",), ADMIN),
            Entry(_("Admin"), "people", "admin:index", ("admin:",), ADMIN),
        ),
    ),
)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context for base.html: ``navigation``, ``can_edit``, ``can_administer``, ``tenant``."""
    roles = SimpleLazyObject(lambda: roles_of(request.user) if hasattr(request, "user") else frozenset())
    return {
        "navigation": SimpleLazyObject(lambda: _navigation(request, roles)),
        "can_edit": SimpleLazyObject(lambda: ANALYST in roles),
        "can_administer": SimpleLazyObject(lambda: ADMIN in roles),
        "tenant": settings.TENANT,
    }


def _navigation(request: HttpRequest, roles: Any) -> list[dict[str, Any]]:
    current = request.resolver_match.view_name if request.resolver_match else ""
    return [
        {
            "label": label,
            "entries": [
                {"entry": entry, "url": reverse(entry.url_name), "current": current.startswith(entry.starts)}
                for entry in entries
                if entry.role in roles
            ],
        }
        for label, entries in NAVIGATION
    ]
