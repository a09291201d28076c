"""Which processes make up a running Tributary on one machine."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from config.supervisor import Service, Supervisor, python, require_free


def web() -> Service:
    return _service(
        "web",
        python(
            *("-m", "gunicorn", "config.wsgi", "--bind", f"{settings.HOST}:{settings.PORT}"),
            *("--workers", str(settings.WEB_PROCESSES), "--threads", "8", "--timeout", "120"),
            # gunicorn 27 otherwise opens a control socket in the home folder.
            *("--no-control-socket", "--access-logfile", "-"),
        ),
    )


def workers() -> list[Service]:
    """One worker with a pool; on the embedded broker as many workers without one.

    There the processes of a pool take turns at one pipe under a lock. One that is killed with the lock in its hands
    leaves the others waiting for ever, and their parent does not notice.
    """
    if settings.REDIS_URL:
        return [_service("worker", worker_command("--concurrency", str(settings.WORKER_PROCESSES)))]
    numbers = range(1, settings.WORKER_PROCESSES + 1)
    command = "--pool", "solo", "--hostname"
    return [_service(f"worker-{number}", worker_command(*command, f"worker-{number}@%h")) for number in numbers]


def worker_command(*options: str) -> list[str]:
    quiet = ("--loglevel", "INFO", "--without-gossip", "--without-mingle")
    return python("-m", "celery", "-A", "config", "worker", *quiet, *options)


def scheduler() -> Service:
    return _service("scheduler", python("-m", "celery", "-A", "config", "beat", "--loglevel", "INFO", "--pidfile="))


def sample() -> Service:
    host, port = sample_address()
    return _service("sample", python("manage.py", "sample_mixpanel", "--host", host, "--port", str(port)))


def sample_address() -> tuple[str, int]:
    """Where the sample Mixpanel is served: the first of MIXPANEL_EXTRA_HOSTS."""
    address = urlsplit(settings.MIXPANEL_EXTRA_HOSTS[0])
    return address.hostname or "127.0.0.1", address.port or 80


def supervisor(services: list[Service]) -> Supervisor:
    require_free(settings.HOST, settings.PORT, "web server", "PORT")
    return Supervisor(services, os.environ)


def _service(name: str, command: list[str]) -> Service:
    return Service(name, command, Path(settings.DATA_DIR) / "logs" / f"{name}.log")
