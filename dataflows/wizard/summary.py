"""What the review shows of each step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from dataflows.models import Dataflow, Frequency
from dataflows.scheduling import MINIMUM


class Fact(NamedTuple):
    name: str
    value: str


Facts = list[Fact]


@dataclass(frozen=True)
class Card:
    """``problems`` are sentences; a draft with any cannot be finished. ``rows`` are those of a mapping."""

    slug: str
    title: Any
    facts: Facts
    problems: list[str]
    rows: list[str]


def account_facts(draft: Dataflow) -> Facts:
    account = draft.account
    if account is None:
        return []
    return [
        Fact(_("Account"), account.name),
        Fact(_("Username"), account.username or "–"),
        Fact(_("Region"), account.region),
    ]


def project_facts(draft: Dataflow) -> Facts:
    name = f"{draft.project_name} ({draft.project_id})" if draft.project_name else draft.project_id
    return [
        Fact(_("Project"), name),
        Fact(_("Time zone"), draft.timezone),
        Fact(_("Times mean"), draft.get_time_semantic_display() or "–"),
        Fact(_("Because"), draft.time_evidence or "–"),
    ]


def dataset_facts(draft: Dataflow) -> Facts:
    target = draft.dataset.name if draft.dataset else _("%(name)s (new)") % {"name": draft.new_dataset_name}
    bad = _("Loaded without bad records, up to %(percent)s %% a day") % {"percent": f"{draft.error_threshold:f}"}
    return [
        Fact(_("Dataset"), target),
        Fact(_("Schema"), str(draft.schema or "–")),
        Fact(_("Dataflow"), draft.name),
        Fact(_("Description"), draft.description or "–"),
        Fact(_("Bad records"), bad if draft.partial_ingestion else _("A day with any bad record is not loaded")),
        Fact(_("Error diagnostics"), _("On") if draft.error_diagnostics else _("Off")),
    ]


def mapping_facts(draft: Dataflow) -> Facts:
    count = len(draft.mapping)
    fields = ngettext("%(count)d field", "%(count)d fields", count) % {"count": count}
    return [Fact(_("Mapped"), fields)]


def schedule_facts(draft: Dataflow) -> Facts:
    start = _("Now")
    if draft.start_at:
        local = draft.start_at.astimezone(ZoneInfo(draft.schedule_zone))
        start = f"{local:%Y-%m-%d %H:%M} {local.tzname()}"
    history = str(draft.history_from or "–") if draft.backfill or draft.frequency == Frequency.ONCE else _("Off")
    return [
        Fact(_("Frequency"), frequency_words(draft)),
        Fact(_("Start"), start),
        Fact(_("Time zone"), draft.schedule_zone),
        Fact(_("History from"), history),
        Fact(
            _("Look-back"),
            ngettext("%(count)d day", "%(count)d days", draft.lookback_days) % {"count": draft.lookback_days},
        ),
    ]


def frequency_words(draft: Dataflow) -> str:
    if draft.frequency == Frequency.CRON:
        return draft.cron
    if draft.frequency not in MINIMUM:
        return str(draft.get_frequency_display())
    words = {
        Frequency.MINUTE: ngettext("Every minute", "Every %(count)d minutes", draft.interval),
        Frequency.HOUR: ngettext("Every hour", "Every %(count)d hours", draft.interval),
        Frequency.DAY: ngettext("Every day", "Every %(count)d days", draft.interval),
        Frequency.WEEK: ngettext("Every week", "Every %(count)d weeks", draft.interval),
    }
    return words[Frequency(draft.frequency)] % {"count": draft.interval}


CARDS: Mapping[str, tuple[Any, Callable[[Dataflow], Facts]]] = {
    "account": (lazy("Connection"), account_facts),
    "project": (lazy("Project"), project_facts),
    "dataset": (lazy("Dataset and options"), dataset_facts),
    "mapping": (lazy("Mapping"), mapping_facts),
    "schedule": (lazy("Schedule"), schedule_facts),
}
"""Title and content of each card, by the step it leads back to."""


def card(slug: str, draft: Dataflow, problems: list[str]) -> Card:
    title, facts = CARDS[slug]
    rows = [f"{row['source']} → {row['destination']}" for row in draft.mapping] if slug == "mapping" else []
    return Card(slug, title, facts(draft), problems, rows)
