"""``manage.py sample_mixpanel``: run the sample Mixpanel until it is told to stop."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from dataclasses import replace
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connectors.mixpanel.sample.credentials import SECRET, USERNAME
from connectors.mixpanel.sample.limits import EXPORT_LIMITS
from connectors.mixpanel.sample.server import EVENTS_PER_DAY, SampleServer


class Command(BaseCommand):
    help = "Serve a sample Mixpanel with invented shop data, for trying everything without an account."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
        parser.add_argument("--port", type=int, default=8099, help="port to listen on, 0 for a free one")
        parser.add_argument("--seed", type=int, default=1, help="another number gives other events")
        parser.add_argument("--today", type=date.fromisoformat, help="pretend that today is YYYY-MM-DD")
        parser.add_argument(
            "--hourly-limit", type=int, default=EXPORT_LIMITS.hourly, help="exports per project and hour"
        )
        parser.add_argument("--events-per-day", type=int, default=EVENTS_PER_DAY, help="how busy the shop is")

    def handle(self, *args: Any, **options: Any) -> None:
        server = SampleServer(
            options["port"],
            options["today"],
            host=options["host"],
            seed=options["seed"],
            events_per_day=options["events_per_day"],
            export_limits=replace(EXPORT_LIMITS, hourly=options["hourly_limit"]),
        )
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        try:
            server.start()
        except (OSError, OverflowError) as error:
            raise CommandError(f"Cannot listen on {options['host']}:{options['port']}: {error}.") from None
        self.stdout.write(
            f"Sample Mixpanel at {server.url} - user name {USERNAME}, secret {SECRET} (public, sample only)"
        )
        self.stdout.flush()
        stop.wait()
        server.stop()
