"""Secrets at rest."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import FieldError
from django.core.management import CommandError, call_command
from django.utils import timezone

from connectors.errors import SecretUnreadable
from connectors.models import Account
from connectors.sealed import Sealed, rotate

CLEAR = "hunter2-über-geheim"


def new_key() -> str:
    return Fernet.generate_key().decode()


def stored(name: str, secret: str = CLEAR) -> Account:
    return Account.objects.create(
        name=name, region="us", username="u", secret=Sealed.seal(secret), secret_changed_at=timezone.now()
    )


class TestSealed:
    def test_opens_to_what_was_sealed(self):
        assert Sealed.seal(CLEAR).open() == CLEAR

    def test_shows_nothing_when_it_is_printed(self):
        sealed = Sealed.seal(CLEAR)
        assert CLEAR not in f"{sealed} {sealed!r}"

    def test_looks_different_every_time(self):
        assert Sealed.seal(CLEAR) != Sealed.seal(CLEAR)

    def test_opens_with_an_older_key_of_the_ring(self, settings):
        sealed = Sealed.seal(CLEAR)
        settings.TRIBUTARY_KEYS = [new_key(), *settings.TRIBUTARY_KEYS]
        assert sealed.open() == CLEAR

    def test_says_that_its_key_is_gone(self, settings):
        sealed = Sealed.seal(CLEAR)
        settings.TRIBUTARY_KEYS = [new_key()]
        with pytest.raises(SecretUnreadable, match="No key in TRIBUTARY_KEYS opens it"):
            sealed.open()

    def test_does_not_open_when_it_was_tampered_with(self):
        sealed = Sealed.seal(CLEAR)
        with pytest.raises(SecretUnreadable):
            Sealed(sealed[:20] + ("A" if sealed[20] != "A" else "B") + sealed[21:]).open()

    def test_rotates_to_the_first_key(self, settings):
        old, fresh = settings.TRIBUTARY_KEYS, new_key()
        sealed = Sealed.seal(CLEAR)
        settings.TRIBUTARY_KEYS = [fresh, *old]
        rotated = rotate(sealed)
        settings.TRIBUTARY_KEYS = [fresh]
        assert Sealed(rotated).open() == CLEAR


@pytest.mark.django_db
class TestSealedField:
    def test_gives_back_a_sealed_secret(self):
        stored("a")
        assert Account.objects.get().secret.open() == CLEAR

    def test_refuses_a_clear_text(self):
        with pytest.raises(TypeError, match="must be sealed"):
            Account.objects.create(name="a", region="us", secret=CLEAR, secret_changed_at=timezone.now())

    @pytest.mark.parametrize("lookup", ["secret", "secret__startswith", "secret__in"])
    def test_cannot_be_searched_for(self, lookup):
        with pytest.raises(FieldError, match="cannot be searched"):
            Account.objects.filter(**{lookup: "gAAAA"}).exists()


@pytest.mark.django_db
class TestRotatingKeys:
    def test_seals_every_secret_with_the_first_key(self, settings, capsys):
        stored("a"), stored("b", "other")
        fresh = new_key()
        settings.TRIBUTARY_KEYS = [fresh, *settings.TRIBUTARY_KEYS]
        call_command("rotate_keys")
        settings.TRIBUTARY_KEYS = [fresh]
        assert [account.secret.open() for account in Account.objects.order_by("name")] == [CLEAR, "other"]
        assert capsys.readouterr().out == "2 of 2 secrets are sealed with the first key.\n"

    def test_names_the_account_no_key_opens_and_does_the_others(self, settings, capsys):
        old, lost, fresh = settings.TRIBUTARY_KEYS, new_key(), new_key()
        settings.TRIBUTARY_KEYS = [lost]
        lost_secret = stored("The lost one").secret
        settings.TRIBUTARY_KEYS = old
        stored("a"), stored("z")
        settings.TRIBUTARY_KEYS = [fresh, *old]
        with pytest.raises(CommandError, match="The lost one") as error:
            call_command("rotate_keys")
        assert error.value.returncode == 1
        settings.TRIBUTARY_KEYS = [fresh]
        assert [Account.objects.get(name=name).secret.open() for name in "az"] == [CLEAR, CLEAR]
        assert Account.objects.get(name="The lost one").secret == lost_secret
        assert capsys.readouterr().out == "2 of 3 secrets are sealed with the first key.\n"

    def test_says_so_when_there_is_nothing_to_do(self, capsys):
        call_command("rotate_keys")
        assert capsys.readouterr().out == "0 of 0 secrets are sealed with the first key.\n"
