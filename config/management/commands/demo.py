"""Everything at once, on the sample Mixpanel: try the product without an account."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config import demo, preparation, services
from config.supervisor import CannotServe, Supervisor, await_port, require_free
from connectors.errors import ConnectorError
from connectors.messages import message_for

OPENING = """
  pandas:  from pyiceberg.table import StaticTable
           StaticTable.from_metadata({metadata!r}).scan().to_pandas()
  DuckDB:  events = StaticTable.from_metadata({metadata!r}).scan().to_arrow()
           duckdb.sql("SELECT eventType, count(*) FROM events GROUP BY 1").show()
"""


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Serve with the sample Mixpanel, export seven days, print the accounting, keep serving."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="end after the job; exit code 0 or 1, last line JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            outcome = self._serve(once=options["once"])
        except CannotServe as reason:
            raise CommandError(str(reason)) from reason
        except ConnectorError as error:
            message = message_for(error.code)
            raise CommandError(f"{message.what} {error.detail} {message.todo}") from error
        except KeyboardInterrupt as error:
            raise CommandError("Stopped before the job was done.") from error
        if options["once"]:
            self.stdout.write(json.dumps(outcome.accounting, separators=(",", ":")))
            if not outcome.good:
                raise SystemExit(1)

    def _serve(self, *, once: bool) -> demo.Outcome:
        if not settings.MIXPANEL_EXTRA_HOSTS:
            raise CannotServe("MIXPANEL_EXTRA_HOSTS is empty: `make demo` sets it to where the sample is served.")
        self._require_sample_port()
        supervisor = services.supervisor([services.sample(), services.web()])
        preparation.prepare()
        self._introduce()
        with supervisor:
            self._await(supervisor)
            self._say(f"The sample Mixpanel is at {settings.MIXPANEL_EXTRA_HOSTS[0]}")
            self._say(f"The pages are at http://{settings.HOST}:{settings.PORT}")
            for worker in services.workers():
                supervisor.add(worker)
            supervisor.add(services.scheduler())
            outcome = demo.run(self._say, supervisor.check)
            self._report(outcome)
            if not once:
                self._say(f"Serving at http://{settings.HOST}:{settings.PORT} (Ctrl-C stops)")
                supervisor.serve()
        return outcome

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _introduce(self) -> None:
        name, password = preparation.first_admin()
        self._say(f"Data: {settings.DATA_DIR}")
        if password:
            self._say(f"Log in as {name} with the password {password} (shown only now).")
        else:
            self._say(f"Log in as {name}; a new password: .venv/bin/python manage.py changepassword {name}")

    def _require_sample_port(self) -> None:
        host, port = services.sample_address()
        require_free(host, port, "sample Mixpanel", "SAMPLE_PORT")

    def _await(self, supervisor: Supervisor) -> None:
        for host, port in (services.sample_address(), (settings.HOST, settings.PORT)):
            await_port(host, port, seconds=180, check=supervisor.check)

    def _report(self, outcome: demo.Outcome) -> None:
        counts = outcome.accounting
        self._say(f"Run {outcome.run.pk}: {outcome.run.get_status_display()}")
        if outcome.run.error_code:
            self._say(f"  {outcome.run.error_code}: {outcome.run.error_detail}")
        self._say(
            "  received {received:,} = loaded {loaded:,} + duplicate {duplicate:,} + rejected {rejected:,}"
            " + filtered {filtered:,}".format(**counts)
        )
        self._say(f"  dataset: {counts['dataset']}")
        self._say(OPENING.format(metadata=demo.metadata(outcome.run)))
