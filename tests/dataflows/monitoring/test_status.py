"""The status page and the questions of a load balancer."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from dataflows.models import Heartbeat, RunStatus, WindowStatus
from tests.dataflows.factories import make_request, make_run, make_window
from tests.services import free_port

URL = "/status/"


def page(browse, user):
    return " ".join(browse(user).get(URL).content.decode().split())


@pytest.mark.django_db
class TestTheStatusPage:
    def test_says_that_all_is_well(self, browse, viewer):
        for name in ("tick", "worker:host:7"):
            Heartbeat.beat(name, now=timezone.now())
        html = page(browse, viewer)
        assert "Every part of the installation works." in html
        assert "status-bad" not in html
        assert "1 worker process seen lately" in html
        assert "Embedded (files)" in html
        assert "tzdata" in html

    def test_says_what_to_do_about_a_scheduler_that_stopped(self, browse, viewer):
        Heartbeat.beat("tick", now=timezone.now() - timedelta(hours=3))
        html = page(browse, viewer)
        assert "Last tick 3 hours ago." in html
        assert "Start the scheduler" in html
        assert "Something needs attention" in html

    def test_says_that_nothing_has_ever_ticked(self, browse, viewer):
        assert "It has never ticked." in page(browse, viewer)

    def test_counts_a_worker_that_is_too_busy_to_tick(self, browse, viewer):
        run = make_run(status=RunStatus.RUNNING)
        make_window(run, status=WindowStatus.COPYING, lease_until=timezone.now() + timedelta(minutes=1))
        assert "1 window is being worked on." in page(browse, viewer)

    def test_warns_of_a_window_that_nobody_takes(self, browse, viewer):
        run = make_run(status=RunStatus.QUEUED, created=timezone.now() - timedelta(minutes=20))
        make_window(run, status=WindowStatus.WAITING)
        html = page(browse, viewer)
        assert "Ready since 20 minutes." in html
        assert "Add workers" in html

    def test_shows_the_budget_of_each_project(self, browse, viewer):
        window = make_window(make_run())
        make_request(window)
        make_request(window, sent_at=timezone.now() - timedelta(hours=2))
        html = page(browse, viewer)
        assert "1 of 60" in html
        assert "3187769" in html

    def test_survives_a_lake_that_is_away(self, browse, viewer, settings, tmp_path):
        (tmp_path / "file").write_text("in the way")
        settings.LAKE_CATALOG_URL = f"sqlite:///{tmp_path}/file/catalog.sqlite3"
        html = page(browse, viewer)
        assert "The lake cannot be reached." in html

    def test_survives_a_broker_that_is_away_and_keeps_its_password(self, browse, viewer, settings):
        port = free_port()
        settings.REDIS_URL = f"redis://:hush-hush@127.0.0.1:{port}/0"
        html = page(browse, viewer)
        assert f"Redis 127.0.0.1:{port}: ConnectionError" in html
        assert "hush-hush" not in html

    def test_is_closed_to_people_without_a_role(self, browse, stranger):
        assert browse(stranger).get(URL).status_code == 403


class TestHealthz:
    def test_answers_everybody_without_the_database(self, client):
        # Without the django_db mark any query fails the test.
        answer = client.get("/healthz")
        assert (answer.status_code, answer.content) == (200, b"ok")


@pytest.mark.django_db
class TestReadyz:
    def test_is_ready_when_the_stores_answer(self, client):
        answer = client.get("/readyz")
        found = json.loads(answer.content)
        assert answer.status_code == 200
        assert found["ready"] is True
        assert found["parts"]["database"] == found["parts"]["lake"] == "ok"

    def test_is_not_ready_when_a_store_is_away_and_says_no_more_than_which(self, client, settings):
        settings.REDIS_URL = f"redis://:hush-hush@127.0.0.1:{free_port()}/0"
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert json.loads(answer.content)["parts"]["broker"] == "failed"
        assert b"127.0.0.1" not in answer.content
        assert b"hush" not in answer.content

    def test_is_not_ready_without_the_database(self, client):
        with connection.execute_wrapper(_refuse):
            answer = client.get("/readyz")
        assert answer.status_code == 503
        assert json.loads(answer.content)["parts"]["database"] == "failed"

    def test_stays_ready_while_workers_are_away(self, client):
        answer = client.get("/readyz")
        assert answer.status_code == 200
        assert json.loads(answer.content)["parts"]["workers"] == "failed"


def _refuse(execute, sql, params, many, context):
    from django.db import OperationalError

    raise OperationalError("server closed the connection")
