from __future__ import annotations

import pytest

from connectors.errors import HostRefused
from connectors.mixpanel.credentials import Credentials
from connectors.mixpanel.hosts import allow_list, choices, hosts_for, region_of_domain

PROXY = "http://127.0.0.1:8010/mixpanel/"


@pytest.mark.parametrize(
    ("region", "data", "app"),
    [
        ("us", "https://data.mixpanel.com", "https://mixpanel.com"),
        ("eu", "https://data-eu.mixpanel.com", "https://eu.mixpanel.com"),
        ("in", "https://data-in.mixpanel.com", "https://in.mixpanel.com"),
    ],
)
def test_every_region_has_its_hosts(region: str, data: str, app: str):
    hosts = hosts_for(region)
    assert (hosts.data, hosts.query, hosts.app) == (data, app, app)


def test_an_extra_host_serves_all_three_apis():
    hosts = hosts_for(PROXY, [PROXY])
    assert {hosts.data, hosts.query, hosts.app} == {"http://127.0.0.1:8010/mixpanel"}
    assert hosts_for("http://127.0.0.1:8010/mixpanel", [PROXY]) == hosts


@pytest.mark.parametrize("region", ["", "mars", "https://evil.example", "http://127.0.0.1:8011/mixpanel"])
def test_nothing_else_is_allowed(region: str):
    with pytest.raises(HostRefused):
        hosts_for(region, [PROXY])


def test_an_extra_host_with_a_password_is_refused():
    with pytest.raises(HostRefused):
        choices(["https://user:secret@proxy.example"])


def test_choices_are_the_regions_and_then_the_extra_hosts():
    assert choices([PROXY]) == [
        ("us", "United States"),
        ("eu", "European Union"),
        ("in", "India"),
        ("http://127.0.0.1:8010/mixpanel", "127.0.0.1:8010"),
    ]


def test_the_allow_list_has_every_origin_and_no_more():
    assert allow_list() == {
        f"https://{name}.mixpanel.com:443" for name in ("data", "data-eu", "data-in", "eu", "in")
    } | {"https://mixpanel.com:443"}
    assert allow_list([PROXY]) - allow_list() == {"http://127.0.0.1:8010"}


def test_the_domain_of_a_project_tells_its_region():
    assert region_of_domain("eu.mixpanel.com") == "eu"
    assert region_of_domain("mixpanel.com") == "us"
    assert region_of_domain("") == region_of_domain("example.com") == ""


class TestCredentials:
    def test_a_service_account_names_the_project(self):
        account = Credentials("service_account", "reader", "secret")
        assert account.auth == ("reader", "secret")
        assert account.project_params("12") == {"project_id": "12"}

    def test_a_project_secret_is_the_user_name_and_names_no_project(self):
        account = Credentials("project_secret", "", "secret")
        assert account.auth == ("secret", "")
        assert account.project_params("12") == {}

    def test_the_secret_is_not_shown(self):
        assert "hunter2" not in repr(Credentials("service_account", "reader", "hunter2"))

    def test_another_kind_is_a_mistake(self):
        with pytest.raises(ValueError, match="oauth"):
            Credentials("oauth", "reader", "x")  # type: ignore[arg-type]
