"""What the pages of this app show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Count, Q

from connectors import budget
from connectors.base import Project
from connectors.budget import BudgetState
from connectors.models import Account, RateBudget
from connectors.regions import region_label
from connectors.registry import CATALOG, SourceCard
from connectors.registry import card as card_of
from connectors.roles import User
from connectors.states import AccountState, state_of


@dataclass(frozen=True)
class AccountRow:
    account: Account
    source: SourceCard
    state: AccountState
    dataflows: int

    @property
    def region(self) -> str:
        return region_label(self.account.region)


def account_rows(user: User, *, q: str = "", state: str = "") -> list[AccountRow]:
    """Newest first; ``q`` is looked for in name, username and description."""
    seen: Any = Account.objects.visible_to(user)
    found = seen.annotate(dataflow_count=Count("dataflows")).order_by("-created_at", "-pk")
    if q:
        found = found.filter(Q(name__icontains=q) | Q(username__icontains=q) | Q(description__icontains=q))
    rows = [AccountRow(account, card_of(account.kind), state_of(account), account.dataflow_count) for account in found]
    return [row for row in rows if state in ("", row.state)]


@dataclass(frozen=True)
class CatalogEntry:
    """``attention`` counts the accounts whose latest test failed."""

    card: SourceCard
    accounts: int
    attention: int
    dataflows: int

    @property
    def working(self) -> int:
        return self.accounts - self.attention


def catalog(user: User, *, q: str = "", category: str = "") -> list[CatalogEntry]:
    rows = account_rows(user)
    cards = [card for card in CATALOG if category in ("", card.category) and _mentions(card, q)]
    return [_entry(card, [row for row in rows if row.account.kind == card.kind]) for card in cards]


def _mentions(card: SourceCard, text: str) -> bool:
    return text.casefold() in f"{card.label} {card.category} {card.description}".casefold()


def _entry(card: SourceCard, rows: Sequence[AccountRow]) -> CatalogEntry:
    attention = sum(row.state == AccountState.ATTENTION for row in rows)
    return CatalogEntry(card, len(rows), attention, sum(row.dataflows for row in rows))


@dataclass(frozen=True)
class ProjectRow:
    project: Project
    budget: BudgetState


def projects(account: Account) -> list[Project]:
    return [Project(**entry) for entry in account.projects]


def with_budgets(account: Account, seen: Sequence[Project]) -> list[ProjectRow]:
    """The projects of one page with their rate budgets; one query, and one more per project that was used."""
    keys = {project.id: budget.project_key(account, project.id) for project in seen}
    used = set(RateBudget.objects.filter(project__in=keys.values()).values_list("project", flat=True))
    untouched = BudgetState(0, settings.EXPORTS_PER_HOUR, None)
    return [
        ProjectRow(project, budget.state(account, project.id) if keys[project.id] in used else untouched)
        for project in seen
    ]


def dataflows_of(account: Account, user: User) -> Any:
    """The dataflows that use the account, drafts among them, newest first."""
    related: Any = account.dataflows
    return related.all().visible_to(user).select_related("dataset").order_by("-created_at", "-pk")
