"""The environment is read once, typed, and a wrong value says which and why."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environment import Environment, database, kept_secret


class TestEnvironment:
    @pytest.mark.parametrize(("text", "value"), [("yes", True), ("1", True), ("off", False), ("", True)])
    def test_reads_switches(self, text, value):
        assert Environment({"DEBUG": text}).boolean("DEBUG", True) is value

    @pytest.mark.parametrize("text", ["perhaps", "2"])
    def test_names_the_switch_that_is_neither_on_nor_off(self, text):
        with pytest.raises(ImproperlyConfigured, match="DEBUG must be one of"):
            Environment({"DEBUG": text}).boolean("DEBUG", False)

    @pytest.mark.parametrize("text", ["ten", "0", "-5", "1.5", "٣"])
    def test_names_the_number_that_is_none_or_too_small(self, text):
        with pytest.raises(ImproperlyConfigured, match="PORT must be a whole number of at least 1"):
            Environment({"PORT": text}).integer("PORT", 8000)

    def test_reads_a_secret_from_the_file_that_is_named(self, tmp_path):
        (tmp_path / "key").write_text("from the file\n")
        assert Environment({"SECRET_KEY_FILE": str(tmp_path / "key")}).secret("SECRET_KEY") == "from the file"

    def test_says_which_secret_file_cannot_be_read(self):
        with pytest.raises(ImproperlyConfigured, match="SECRET_KEY_FILE names /nowhere/at/all"):
            Environment({"SECRET_KEY_FILE": "/nowhere/at/all"}).secret("SECRET_KEY")

    @pytest.mark.parametrize("url", ["mixpanel.com", "ftp://host", "http://user:pw@host", "http://host?x=1", "http://"])
    def test_refuses_what_is_not_a_base_url(self, url):
        with pytest.raises(ImproperlyConfigured, match="MIXPANEL_EXTRA_HOSTS"):
            Environment({"MIXPANEL_EXTRA_HOSTS": url}).base_urls("MIXPANEL_EXTRA_HOSTS")

    def test_takes_several_base_urls(self):
        env = Environment({"HOSTS": "http://127.0.0.1:9000/ https://proxy.example"})
        assert env.base_urls("HOSTS") == ["http://127.0.0.1:9000", "https://proxy.example"]


class TestDatabase:
    def test_opens_sqlite_with_immediate_transactions(self):
        entry = database("sqlite:////data/tributary.sqlite3")
        assert entry["NAME"] == "/data/tributary.sqlite3"
        assert entry["OPTIONS"]["transaction_mode"] == "IMMEDIATE"

    def test_decodes_the_password_of_postgresql(self):
        entry = database("postgresql://tri:p%40ss@db:5433/lake")
        assert (entry["USER"], entry["PASSWORD"], entry["HOST"], entry["PORT"], entry["NAME"]) == (
            *("tri", "p@ss", "db", "5433", "lake"),
        )

    @pytest.mark.parametrize("url", ["mysql://host/db", "postgresql://host", "tributary.sqlite3"])
    def test_says_what_a_database_url_looks_like(self, url):
        with pytest.raises(ImproperlyConfigured, match="DATABASE_URL must look like"):
            database(url)


class TestKeptSecret:
    def test_writes_once_and_reads_ever_after(self, tmp_path):
        path = tmp_path / "deep" / "key"
        assert kept_secret(path, "first") == "first"
        assert kept_secret(path, "second") == "first"
        assert path.stat().st_mode & 0o777 == 0o600
