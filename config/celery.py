"""The Celery application: a doorbell for work that waits in the database."""

from __future__ import annotations

import ctypes
import importlib
import os
import signal

from billiard.process import current_process  # type: ignore[import-untyped]
from celery import Celery
from celery.signals import worker_init, worker_process_init

from config import broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Nothing here multiplies matrices; numpy's library for it would keep a thread spinning for each processor.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

broker.install()
app = Celery("tributary")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

PR_SET_PDEATHSIG = 1


@worker_init.connect
def load_engine(**_: object) -> None:
    """Once in the parent: its pool processes share the memory and start at once."""
    importlib.import_module("dataflows.runs.engine")


@worker_process_init.connect
def die_with_parent(**_: object) -> None:
    """A pool process must not outlive a killed worker: it would hold on to a window nobody waits for."""
    is_pool_process = current_process().name != "MainProcess"
    if is_pool_process and os.uname().sysname == "Linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
