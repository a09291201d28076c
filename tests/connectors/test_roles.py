"""Who may do what."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User

from connectors.models import Account
from connectors.roles import ADMIN, ANALYST, ROLES, VIEWER, roles_of

pytestmark = pytest.mark.django_db


class TestRoles:
    def test_include_the_lower_ones(self, viewer, analyst, admin):
        assert roles_of(viewer) == {VIEWER}
        assert roles_of(analyst) == {VIEWER, ANALYST}
        assert roles_of(admin) == {VIEWER, ANALYST, ADMIN}

    def test_are_none_for_a_stranger_and_for_nobody(self, stranger):
        assert roles_of(stranger) == roles_of(AnonymousUser()) == frozenset()

    def test_are_all_for_a_superuser(self):
        assert roles_of(User.objects.create_superuser("root")) == set(ROLES)

    def test_end_when_the_user_is_deactivated(self, admin):
        admin.is_active = False
        assert roles_of(admin) == frozenset()

    def test_do_not_come_from_groups_of_other_names(self, stranger):
        stranger.groups.add(Group.objects.create(name="Superadmin"))
        assert roles_of(stranger) == frozenset()


class TestAccountsOfARole:
    def test_are_seen_by_a_viewer_and_changed_by_an_analyst(self, account, viewer, analyst, stranger):
        seen = {user.username: Account.objects.visible_to(user).exists() for user in (viewer, analyst, stranger)}
        changed = {user.username: Account.objects.editable_by(user).exists() for user in (viewer, analyst, stranger)}
        assert seen == {"vic": True, "anna": True, "sam": False}
        assert changed == {"vic": False, "anna": True, "sam": False}


class TestPeoplePages:
    """The Admin pages, where roles are given."""

    @pytest.fixture
    def boss(self) -> User:
        return User.objects.create_superuser("boss")

    def form(self, user: User, roles: list[str], **changes: object) -> dict[str, object]:
        groups = [Group.objects.get_or_create(name=role)[0].pk for role in roles]
        return {"username": user.username, "is_active": "on", "groups": groups} | changes

    def open_to(self, user: User) -> None:
        user.is_staff = True
        user.save()

    def test_let_whoever_gets_the_role_admin_in_and_whoever_loses_it_out(self, browse, boss, stranger):
        address, page = f"/admin/auth/user/{stranger.pk}/change/", browse(boss)
        assert page.post(address, self.form(stranger, [ADMIN])).status_code == 302
        assert browse(User.objects.get(pk=stranger.pk)).get("/admin/").status_code == 200
        page.post(address, self.form(stranger, [VIEWER]))
        assert browse(User.objects.get(pk=stranger.pk)).get("/admin/").status_code == 302

    def test_let_an_admin_give_roles_but_not_touch_a_superuser(self, browse, admin, boss, stranger):
        self.open_to(admin)
        page = browse(admin)
        page.post(f"/admin/auth/user/{stranger.pk}/change/", self.form(stranger, [ANALYST]))
        assert roles_of(stranger) == {VIEWER, ANALYST}
        taken = page.post(f"/admin/auth/user/{boss.pk}/change/", self.form(boss, [], username="mine"))
        assert taken.status_code == 403
        password = {"password1": "x9-Long-enough", "password2": "x9-Long-enough", "usable_password": "true"}
        assert page.post(f"/admin/auth/user/{boss.pk}/password/", password).status_code == 403
        assert page.post(f"/admin/auth/user/{boss.pk}/delete/", {"post": "yes"}).status_code == 403

    def test_do_not_let_an_admin_become_a_superuser(self, browse, admin):
        self.open_to(admin)
        form = self.form(admin, [ADMIN], is_superuser="on")
        browse(admin).post(f"/admin/auth/user/{admin.pk}/change/", form)
        assert not User.objects.get(pk=admin.pk).is_superuser

    def test_show_accounts_and_requests_without_secrets_and_only_to_look_at(self, browse, admin, account):
        self.open_to(admin)
        page = browse(admin)
        shown = page.get(f"/admin/connectors/account/{account.pk}/change/")
        assert shown.status_code == 200
        assert str(account.secret) not in shown.text
        assert page.post(f"/admin/connectors/account/{account.pk}/change/", {"name": "x"}).status_code == 403
        assert page.get("/admin/connectors/exportrequest/").status_code == 200
        assert page.get("/admin/connectors/exportrequest/add/").status_code == 403

    def test_are_closed_to_an_analyst(self, browse, analyst):
        self.open_to(analyst)
        assert browse(analyst).get("/admin/auth/user/").status_code == 403
