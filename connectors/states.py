"""Whether an account works, as its latest connection test saw it."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from connectors.models import Account


class AccountState(TextChoices):
    """The values are the names ``{% status %}`` has a look for."""

    CONNECTED = "ok", _("Connected")
    ATTENTION = "failed", _("Needs attention")
    UNTESTED = "waiting", _("Not tested")


def state_of(account: Account) -> AccountState:
    if not account.last_checked_at:
        return AccountState.UNTESTED
    return AccountState.ATTENTION if account.check_failed() else AccountState.CONNECTED
