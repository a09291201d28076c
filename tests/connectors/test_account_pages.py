"""The pages of sources and accounts, and the pages outside the shell."""

from __future__ import annotations

import logging
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.template.loader import get_template
from django.test import Client

from connectors import accounts, budget
from connectors.mixpanel.sample.credentials import SECRET, USERNAME, UTC_PROJECT_ID
from connectors.models import Account
from dataflows.models import Dataflow
from tests.services import free_port

pytestmark = pytest.mark.django_db

CATALOG, LIST, NEW = "/sources/", "/sources/accounts/", "/sources/accounts/new/"
MARKUP = "<script>alert('x')</script>"
WRONG = "certainly-not-the-secret"


def filled(region: str, **changes: Any) -> dict[str, Any]:
    values = {
        "name": "Shop",
        "auth_kind": "service_account",
        "username": USERNAME,
        "secret": SECRET,
        "region": region,
        "description": "",
    }
    return values | changes


class TestCatalog:
    def test_offers_to_set_up_what_is_not_configured(self, browse, analyst):
        page = browse(analyst).get(CATALOG).text
        assert "Not configured" in page
        assert "Set up" in page
        assert "Add data" not in page

    def test_counts_accounts_and_offers_to_add_data(self, browse, analyst, account):
        page = browse(analyst).get(CATALOG).text
        assert "Connected (1)" in page
        assert "Add data" in page

    def test_says_how_many_accounts_need_attention(self, browse, analyst, account, settings):
        settings.MIXPANEL_EXTRA_HOSTS = []
        accounts.test(account)
        assert "Needs attention (1)" in browse(analyst).get(CATALOG).text

    def test_shows_the_public_credentials_only_where_there_is_a_sample(self, browse, viewer, sample, settings):
        assert SECRET in browse(viewer).get(CATALOG).text
        settings.MIXPANEL_EXTRA_HOSTS = []
        assert SECRET not in browse(viewer).get(CATALOG).text

    def test_filters_by_text_and_category(self, browse, viewer):
        client = browse(viewer)
        assert "source-card" in client.get(CATALOG, {"q": "mixp", "category": "Analytics"}).text
        assert "No source fits" in client.get(CATALOG, {"q": "salesforce"}).text

    def test_offers_nothing_to_a_viewer(self, browse, viewer):
        page = browse(viewer).get(CATALOG).text
        assert "Set up" not in page


class TestAccountList:
    def test_says_that_there_never_was_one(self, browse, analyst):
        page = browse(analyst).get(LIST).text
        assert "No accounts yet" in page
        assert "Connect the first account" in page

    def test_says_that_a_filter_hides_them(self, browse, viewer, account):
        client = browse(viewer)
        assert account.name in client.get(LIST, {"q": "SAMPLE"}).text
        assert account.name in client.get(LIST, {"state": "ok"}).text
        for hidden in ({"q": "nothing like it"}, {"state": "failed"}):
            assert "No account fits" in client.get(LIST, hidden).text

    def test_ignores_a_filter_that_does_not_exist(self, browse, viewer, account):
        assert account.name in browse(viewer).get(LIST, {"state": "purple", "page": "minus one"}).text

    def test_counts_dataflows(self, browse, viewer, account):
        for name in ("a", "b", "c"):
            Dataflow.objects.create(name=name, account=account)
        assert '<td class="num">3</td>' in browse(viewer).get(LIST).text

    def test_has_pages_with_the_newest_first(self, browse, viewer, account):
        stored = Account.objects.filter(pk=account.pk).values().get()
        Account.objects.bulk_create(
            Account(**stored | {"id": None, "uuid": uuid4(), "name": f"Copy {n:02}", "secret": account.secret})
            for n in range(30)
        )
        client = browse(viewer)
        assert "Copy 29" in client.get(LIST).text
        assert "Page 2 of 2" in client.get(LIST, {"page": 2}).text
        assert account.name in client.get(LIST, {"page": 2}).text


class TestConnecting:
    def test_connects_and_shows_the_account(self, browse, analyst, sample):
        answer = browse(analyst).post(NEW, filled(sample.url), follow=True)
        assert answer.redirect_chain == [(Account.objects.get().get_absolute_url(), 302)]
        assert "Connected to Shop." in answer.text
        assert "Harbour Shop (UTC)" in answer.text

    def test_a_wrong_secret_creates_nothing_and_loses_nothing_else(self, browse, analyst, sample):
        answer = browse(analyst).post(NEW, filled(sample.url, secret=WRONG, description="For the weekly report"))
        assert not Account.objects.exists()
        assert "Mixpanel refused the credentials." in answer.text
        assert "What to do" in answer.text
        for kept in ('value="Shop"', f'value="{USERNAME}"', "For the weekly report", f'value="{sample.url}" selected'):
            assert kept in answer.text

    def test_a_region_that_does_not_answer_is_named(self, browse, analyst, settings):
        address = f"http://127.0.0.1:{free_port()}"
        settings.MIXPANEL_EXTRA_HOSTS = [address]
        page = browse(analyst).post(NEW, filled(address)).text
        assert "Mixpanel could not be reached." in page
        assert address.removeprefix("http://") in page

    @pytest.mark.parametrize("region", ["http://169.254.169.254", "mars"])
    def test_a_region_that_was_not_offered_is_refused(self, browse, analyst, region):
        answer = browse(analyst).post(NEW, filled(region))
        assert answer.context["form"].errors.keys() == {"region"}

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"name": "x" * 5000}, "name"),
            ({"name": "   "}, "name"),
            ({"name": "nul\0"}, "name"),
            ({"username": ""}, "username"),
            ({"username": "u" * 5000}, "username"),
            ({"secret": ""}, "secret"),
            ({"secret": "s" * 5000}, "secret"),
            ({"description": "d" * 5000}, "description"),
            ({"auth_kind": "oauth"}, "auth_kind"),
        ],
    )
    def test_a_mistake_is_shown_at_its_field(self, browse, analyst, sample, changes, field):
        answer = browse(analyst).post(NEW, filled(sample.url, **changes))
        assert answer.status_code == 200
        assert answer.context["form"].errors.keys() == {field}
        assert f'id="error_1_id_{field}"' in answer.text or f"id_{field}_error" in answer.text
        assert not Account.objects.exists()

    def test_a_name_that_is_taken_is_shown_at_the_name(self, browse, analyst, account, sample):
        answer = browse(analyst).post(NEW, filled(sample.url, name=account.name))
        assert answer.context["form"].errors["name"] == ["Another account has this name."]

    def test_a_name_of_255_letters_is_taken(self, browse, analyst, sample):
        browse(analyst).post(NEW, filled(sample.url, name="x" * 255))
        assert Account.objects.get().name == "x" * 255

    def test_a_project_secret_needs_no_username(self, browse, analyst, sample):
        answer = browse(analyst).post(NEW, filled(sample.url, auth_kind="project_secret", username="", secret=WRONG))
        assert answer.context["form"].errors == {}
        assert answer.context["form"].failure.code == "bad_credentials"

    def test_markup_is_shown_as_text_wherever_it_was_typed(self, browse, analyst, sample):
        client = browse(analyst)
        typed = dict.fromkeys(("name", "username", "description"), MARKUP)
        assert MARKUP not in client.post(NEW, filled(sample.url, **typed)).text
        client.post(NEW, filled(sample.url, **typed | {"username": USERNAME}))
        made = Account.objects.get()
        assert made.name == MARKUP
        for address in (LIST, made.get_absolute_url(), f"{made.get_absolute_url()}edit/", f"{LIST}{made.pk}/delete/"):
            page = client.get(address).text
            assert MARKUP not in page
            assert "&lt;script&gt;" in page

    def test_the_sample_can_be_filled_in(self, browse, analyst, sample):
        page = browse(analyst).get(NEW, {"sample": 1}).text
        assert f'value="{USERNAME}"' in page
        assert f'value="{sample.url}" selected' in page


class TestTheSecret:
    """An account that is not the public sample's: its secret must not come back."""

    def test_is_on_no_page_and_in_no_log(self, browse, analyst, account, settings, caplog):
        caplog.set_level(logging.DEBUG)
        settings.MIXPANEL_EXTRA_HOSTS = [account.region, *settings.MIXPANEL_EXTRA_HOSTS]
        client, address = browse(analyst), account.get_absolute_url()
        pages = [
            client.post(NEW, filled(account.region, secret=WRONG)),
            client.post(NEW, filled("mars", secret=WRONG)),
            client.post(f"{address}edit/", filled(account.region, secret=WRONG)),
            client.post(f"{address}edit/", filled(account.region, secret=WRONG, username="")),
        ]
        assert [page.status_code for page in pages] == [200] * 4
        assert all(WRONG not in page.text for page in pages)
        assert WRONG not in caplog.text

    def test_is_not_on_the_pages_of_its_account(self, browse, admin, account, settings):
        settings.MIXPANEL_EXTRA_HOSTS = []
        client, address = browse(admin), account.get_absolute_url()
        for path in (address, f"{address}edit/", f"{address}delete/", LIST, CATALOG):
            page = client.get(path).text
            assert SECRET not in page
            assert str(account.secret) not in page


class TestEditing:
    def test_keeps_the_secret_that_is_left_empty(self, browse, analyst, account):
        address = f"{account.get_absolute_url()}edit/"
        assert "Leave empty to keep the stored secret." in browse(analyst).get(address).text
        form = filled(account.region, name="Renamed", secret="")
        assert browse(analyst).post(address, form).status_code == 302
        stored = Account.objects.get()
        assert (stored.name, stored.credentials.secret) == ("Renamed", SECRET)

    def test_asks_for_the_secret_before_it_goes_to_another_host(self, browse, analyst, account, settings):
        other = f"http://127.0.0.1:{free_port()}"
        settings.MIXPANEL_EXTRA_HOSTS = [account.region, other]
        answer = browse(analyst).post(f"{account.get_absolute_url()}edit/", filled(other, secret=""))
        assert answer.context["form"].errors.keys() == {"secret"}

    def test_still_shows_a_host_that_is_not_allowed_any_more(self, browse, analyst, account, settings):
        settings.MIXPANEL_EXTRA_HOSTS = []
        address = f"{account.get_absolute_url()}edit/"
        assert f'value="{account.region}" selected' in browse(analyst).get(address).text
        answer = browse(analyst).post(address, filled(account.region))
        assert answer.context["form"].failure.code == "host_refused"

    def test_an_account_that_is_gone_is_not_found(self, browse, analyst):
        assert browse(analyst).get(f"{LIST}4711/edit/").status_code == 404


class TestTesting:
    def test_shows_a_step_for_everything_that_was_tried(self, browse, analyst, account):
        address = f"{account.get_absolute_url()}test/"
        answer = browse(analyst).post(address, {"project_id": UTC_PROJECT_ID}, follow=True)
        assert answer.text.count('class="check-step"') == 6
        assert "Passed" in answer.text
        assert "1 of 60 requests used this hour" in answer.text

    def test_answers_htmx_with_the_panel_alone(self, browse, analyst, account):
        answer = browse(analyst).post(f"{account.get_absolute_url()}test/", headers={"HX-Request": "true"})
        assert '<section class="panel" id="test"' in answer.text
        assert 'hx-swap-oob="true"' in answer.text
        assert "<html" not in answer.text

    def test_says_what_to_do_about_the_step_that_failed(self, browse, analyst, account, settings):
        settings.MIXPANEL_EXTRA_HOSTS = []
        page = browse(analyst).post(f"{account.get_absolute_url()}test/", follow=True).text
        assert "Failed" in page
        assert "MIXPANEL_EXTRA_HOSTS" in page
        assert "Needs attention" in page

    @pytest.mark.parametrize("project_id", ["abc", "9" * 5000, MARKUP])
    def test_shows_a_project_id_that_is_none_at_its_field(self, browse, analyst, account, project_id):
        answer = browse(analyst).post(f"{account.get_absolute_url()}test/", {"project_id": project_id})
        assert answer.status_code == 200
        assert answer.context["check_form"].errors.keys() == {"project_id"}
        assert MARKUP not in answer.text

    def test_shows_when_the_next_request_is_free(self, browse, viewer, account, settings):
        settings.EXPORTS_PER_HOUR = 1
        budget.reserve(account, UTC_PROJECT_ID, "run")
        page = browse(viewer).get(account.get_absolute_url()).text
        assert "1 of 1 requests used this hour" in page
        assert "Next free:" in page


class TestDeleting:
    def test_asks_first_and_then_deletes(self, browse, analyst, account):
        client, address = browse(analyst), f"{account.get_absolute_url()}delete/"
        assert "Delete the account" in client.get(address).text
        assert Account.objects.exists()
        assert client.post(address).status_code == 302
        assert not Account.objects.exists()

    def test_is_refused_while_dataflows_use_it_and_lists_them(self, browse, analyst, account):
        Dataflow.objects.create(name="Daily events", account=account)
        client, address = browse(analyst), f"{account.get_absolute_url()}delete/"
        for answer in (client.get(address), client.post(address)):
            assert "cannot be deleted yet" in answer.text
            assert "Daily events" in answer.text
        assert Account.objects.exists()


class TestRoles:
    def changes(self, account: Account) -> list[str]:
        address = account.get_absolute_url()
        return [NEW, f"{address}edit/", f"{address}test/", f"{address}delete/"]

    def test_a_viewer_looks_but_changes_nothing(self, browse, viewer, account):
        client = browse(viewer)
        assert [client.get(address).status_code for address in (CATALOG, LIST, account.get_absolute_url())] == [200] * 3
        for address in self.changes(account):
            assert client.post(address, filled(account.region)).status_code == 403
        assert [client.get(address).status_code for address in self.changes(account)] == [403] * 4
        page = client.get(account.get_absolute_url()).text
        for hidden in ("edit/", "delete/", "Test connection", "Add data"):
            assert hidden not in page
        assert Account.objects.get().name == account.name

    def test_a_stranger_sees_nothing_and_is_told_why(self, browse, stranger, account):
        client = browse(stranger)
        for address in (CATALOG, LIST, account.get_absolute_url(), *self.changes(account)):
            answer = client.get(address)
            assert answer.status_code == 403
            assert account.name not in answer.text
        assert "nobody has given you a role yet" in client.get(CATALOG).text

    def test_who_is_not_logged_in_is_sent_to_log_in(self, account):
        for address in (CATALOG, LIST, *self.changes(account)):
            assert Client().get(address).headers["Location"] == f"/login/?next={address}"

    def test_a_viewer_is_told_which_role_it_needs(self, browse, viewer):
        assert "<b>Analyst</b>" in browse(viewer).get(NEW).text

    def test_a_form_without_its_token_is_refused(self, analyst, account):
        client = Client(enforce_csrf_checks=True)
        client.force_login(analyst)
        answer = client.post(f"{account.get_absolute_url()}delete/")
        assert answer.status_code == 403
        assert "This form has expired" in answer.text
        assert Account.objects.exists()


class TestOutsideTheShell:
    def test_logging_in_leads_to_where_one_wanted_to_go(self, viewer):
        viewer.set_password("a-good-password")
        viewer.save()
        client = Client()
        assert "Log in" in client.get(f"/login/?next={LIST}").text
        entered = {"username": viewer.username, "password": "a-good-password", "next": LIST}
        assert client.post("/login/", entered).headers["Location"] == LIST

    def test_a_wrong_password_is_not_echoed(self):
        User.objects.create_user("vic", password="right")
        page = Client().post("/login/", {"username": "vic", "password": WRONG}).text
        assert "Please enter a correct username and password" in page
        assert WRONG not in page

    def test_too_many_wrong_passwords_lock_with_a_page_that_says_for_how_long(self, settings):
        settings.AXES_FAILURE_LIMIT = 2
        client = Client()
        for _ in range(2):
            answer = client.post("/login/", {"username": MARKUP, "password": WRONG})
        assert answer.status_code == 429
        assert "Too many attempts" in answer.text
        assert "15 min" in answer.text
        assert MARKUP not in answer.text

    def test_an_address_that_does_not_exist_has_a_page(self, browse, viewer):
        answer = browse(viewer).get("/sources/nowhere/")
        assert answer.status_code == 404
        assert "There is nothing here" in answer.text

    @pytest.mark.parametrize("name", ["400.html", "403.html", "403_csrf.html", "404.html", "500.html"])
    def test_error_pages_need_no_context(self, name):
        page = get_template(name).render()
        assert "<h1>" in page
        assert "To the start page" in page
