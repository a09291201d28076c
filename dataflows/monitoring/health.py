"""Is every part of the installation there? Each question is asked for real and answered in seconds."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Min, Q
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from connectors.base import StepState
from connectors.errors import ConnectorError
from connectors.messages import message_for
from connectors.storage import local_path
from dataflows import stores
from dataflows.models import Heartbeat, Window

BROKER_SECONDS = 2
LOW_SPACE = 1024**3
# The scheduler beats with every tick; three missed ones are no coincidence.
MISSED_TICKS = 3
STUCK = timedelta(minutes=5)
WORDS = {
    StepState.OK: gettext_lazy("OK"),
    StepState.WARNING: gettext_lazy("Warning"),
    StepState.FAILED: gettext_lazy("Failed"),
}


@dataclass(frozen=True)
class Part:
    """``detail`` is what was seen, ``remedy`` what to do (empty when all is well)."""

    slug: str
    title: Any
    state: StepState
    detail: str
    remedy: str = ""

    @property
    def word(self) -> Any:
        return WORDS[self.state]


def stores_and_broker() -> Iterator[Part]:
    """What a web process needs to do its work. Yields one part at a time; never raises."""
    yield database()
    yield broker()
    yield lake()
    yield landing()


def processes(now: datetime) -> Iterator[Part]:
    """What works behind the pages. Raises DatabaseError."""
    yield scheduler(now)
    yield workers(now)
    yield queue(now)


def database() -> Part:
    title = gettext_lazy("Database")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        remedy = _("Check that the database server runs and that DATABASE_URL is right.")
        return Part("database", title, StepState.FAILED, type(error).__name__, remedy)
    version = ".".join(map(str, connection.get_database_version()))
    return Part("database", title, StepState.OK, f"{connection.display_name} {version}")


def broker() -> Part:
    title = gettext_lazy("Broker")
    if not settings.REDIS_URL:
        return _embedded_broker(title)
    address = urlsplit(settings.REDIS_URL)
    where = f"Redis {address.hostname or 'localhost'}:{address.port or 6379}"
    try:
        client = redis.Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=BROKER_SECONDS, socket_timeout=BROKER_SECONDS
        )
        client.ping()
    except (redis.RedisError, OSError) as error:
        remedy = _("Check that Redis runs and that REDIS_URL is right. No work is lost: it waits in the database.")
        return Part("broker", title, StepState.FAILED, f"{where}: {type(error).__name__}", remedy)
    return Part("broker", title, StepState.OK, where)


def lake() -> Part:
    title = gettext_lazy("Lake")

    def ask() -> str:
        stores.lake().exists("reachable")
        return _space(_free(settings.LAKE_URL))

    return _store("lake", title, ask, lambda: _free(settings.LAKE_URL))


def landing() -> Part:
    title = gettext_lazy("Landing zone")

    def ask() -> str:
        storage = stores.landing()
        storage.exists("reachable")
        return _space(storage.free_space())

    return _store("landing", title, ask, lambda: stores.landing().free_space())


def scheduler(now: datetime) -> Part:
    beat = Heartbeat.objects.filter(name="tick").first()
    title = gettext_lazy("Scheduler")
    remedy = _("Start the scheduler (celery beat) and a worker: scheduled runs and retries wait for them.")
    if beat is None:
        return Part("scheduler", title, StepState.FAILED, _("It has never ticked."), remedy)
    late = now - beat.at > timedelta(seconds=MISSED_TICKS * settings.TICK_SECONDS + settings.LEASE_SECONDS)
    detail = _("Last tick %(ago)s ago.") % {"ago": _ago(now - beat.at)}
    return Part("scheduler", title, StepState.FAILED if late else StepState.OK, detail, remedy if late else "")


def workers(now: datetime) -> Part:
    """Workers that were seen lately or hold a window; a busy worker may be too busy for ticks."""
    recent = now - max(timedelta(seconds=2 * settings.LEASE_SECONDS), timedelta(minutes=2))
    alive = Heartbeat.objects.filter(name__startswith="worker:", at__gt=recent).count()
    held = Window.objects.open().filter(lease_until__gt=now).count()
    seen = ngettext("%(count)s worker process seen lately", "%(count)s worker processes seen lately", alive)
    busy = ngettext("%(count)s window is being worked on.", "%(count)s windows are being worked on.", held)
    detail = f"{seen % {'count': alive}}; {busy % {'count': held}}"
    title = gettext_lazy("Workers")
    if alive or held:
        return Part("workers", title, StepState.OK, detail)
    return Part("workers", title, StepState.FAILED, detail, _("Start a worker: runs are queued until one takes them."))


def queue(now: datetime) -> Part:
    """The window that has been ready to be worked on for longest."""
    title = gettext_lazy("Oldest waiting window")
    free = Window.objects.claimable(now).exclude(run__status__in=["cancelling", "cancelled"])
    ready = free.aggregate(retry=Min("not_before"), fresh=Min("run__created_at", filter=Q(not_before=None)))
    since = min(filter(None, ready.values()), default=None)
    if since is None:
        return Part("queue", title, StepState.OK, _("Nothing waits for a worker."))
    detail = _("Ready since %(ago)s.") % {"ago": _ago(now - since)}
    if now - since < STUCK:
        return Part("queue", title, StepState.OK, detail)
    return Part("queue", title, StepState.WARNING, detail, _("Add workers, or look whether the ones there are stuck."))


def _embedded_broker(title: Any) -> Part:
    folder = settings.BROKER_DIR / "queue"
    detail = _("Embedded (files), for one machine.")
    try:
        waiting = sum(1 for _entry in folder.iterdir())
    except OSError as error:
        remedy = _("Tributary must be able to write to its data folder.")
        return Part("broker", title, StepState.FAILED, f"{detail} {type(error).__name__}", remedy)
    messages = ngettext("%(count)s message waits.", "%(count)s messages wait.", waiting) % {"count": waiting}
    return Part("broker", title, StepState.OK, f"{detail} {messages}")


def _store(slug: str, title: Any, ask: Callable[[], str], free: Callable[[], int | None]) -> Part:
    try:
        detail, left = ask(), free()
    except ConnectorError as error:
        message = message_for(error.code)
        return Part(slug, title, StepState.FAILED, f"{message.what} {error.detail}".strip(), message.todo)
    except (OSError, ValueError) as error:
        return Part(slug, title, StepState.FAILED, type(error).__name__, _("Check its address in the settings."))
    if left is not None and left < LOW_SPACE:
        return Part(slug, title, StepState.WARNING, detail, _("Free or add space before it runs out."))
    return Part(slug, title, StepState.OK, detail)


def _free(url: str) -> int | None:
    folder = local_path(url)
    if folder is None:
        return None
    # The folder is made with the first dataset; until then its parent tells.
    place = next(place for place in (folder, *folder.parents) if place.exists())
    return shutil.disk_usage(place).free


def _space(free: int | None) -> str:
    if free is None:
        return _("Reachable; an object store does not say how much space is left.")
    return _("Reachable, %(size)s free.") % {"size": filesizeformat(free)}


def _ago(span: timedelta) -> str:
    seconds = max(0, round(span.total_seconds()))
    if seconds < 120:
        return ngettext("%(count)s second", "%(count)s seconds", seconds) % {"count": seconds}
    minutes = seconds // 60
    if minutes < 120:
        return ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}
    return ngettext("%(count)s hour", "%(count)s hours", minutes // 60) % {"count": minutes // 60}
