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


def worker() -> Service:
    return _service(
        "worker",
        python(
            *("-m", "celery", "-A", "config", "worker", "--concurrency", str(settings.WORKER_PROCESSES)),
            *("--loglevel", "INFO", "--without-gossip", "--without-mingle"),
        ),
    )


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
