"""The names under which windows publish: how a commit in the lake leads back to the work behind it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dataflows.models import Window

PUBLISHED_BY = re.compile(r"window-(\d{1,18})-")
WRITTEN_BY = re.compile(r"(\d{1,18})-")


def token(window: Window) -> str:
    """Names the window's content in the table's history: the same for every worker that publishes it.

    The run's birth is part of it, because numbers start again in a database that was set up anew over an old lake.
    """
    return f"window-{window.pk}-{window.run.created_at.timestamp():.6f}"


def windows_behind(tokens: Iterable[str]) -> dict[str, Window]:
    """The windows that published under these tokens, with run and dataflow; those no longer known are absent."""
    numbers = {each: int(found[1]) for each in tokens if (found := PUBLISHED_BY.match(each))}
    known = Window.objects.select_related("run__dataflow").in_bulk(set(numbers.values()))
    return {each: known[pk] for each, pk in numbers.items() if pk in known and token(known[pk]) == each}


def writer_of(file_token: str) -> int | None:
    """The number of the window whose worker wrote a data file under this token."""
    found = WRITTEN_BY.match(file_token)
    return int(found[1]) if found else None
