"""Web server, worker and scheduler under one supervisor, without sample data."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config import preparation, services
from config.supervisor import CannotServe, await_port


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Run web server, worker and scheduler; Ctrl-C stops everything in order."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            supervisor = services.supervisor([services.web(), *services.workers(), services.scheduler()])
            preparation.prepare()
            name, password = preparation.first_admin()
            with supervisor:
                await_port(settings.HOST, settings.PORT, seconds=180, check=supervisor.check)
                self.stdout.write(f"Tributary serves at http://{settings.HOST}:{settings.PORT}")
                if password:
                    self.stdout.write(f"Log in as {name} with the password {password} (shown only now).")
                supervisor.serve()
        except CannotServe as reason:
            raise CommandError(str(reason)) from reason
        except KeyboardInterrupt:
            self.stdout.write("Stopped.")
