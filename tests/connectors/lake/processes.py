"""What tests let other processes do. The processes fork from a server that has the imports behind it."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing.context import ForkServerContext
from typing import Any

from connectors.lake.catalog import Lake
from tests.connectors.lake.events import SCHEMA, day, parts, publish

Urls = tuple[str, str]


def run_together(work: Callable[..., None], *arguments: tuple[Any, ...]) -> list[int | None]:
    """Runs ``work(barrier, *arguments[n])`` in one process each; their exit codes."""
    context = server()
    barrier = context.Barrier(len(arguments))
    processes = [context.Process(target=work, args=(barrier, *each)) for each in arguments]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    return [process.exitcode for process in processes]


def server() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def create_table(barrier: Any, urls: Urls) -> None:
    lake = Lake(*urls)
    barrier.wait(30)
    lake.create("ds_1", SCHEMA)


def publish_days(barrier: Any, urls: Urls, flow: str) -> None:
    table = Lake(*urls).open("ds_1")
    barrier.wait(30)
    for n in range(1, 4):
        publish(table, {day(n): n}, flow=flow, token=f"{flow}-{n}")


def write_and_die(_barrier: Any, urls: Urls) -> None:
    parts(Lake(*urls).open("ds_1"), day(1), 5, token="dead")
    os.kill(os.getpid(), signal.SIGKILL)
