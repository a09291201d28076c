from __future__ import annotations

import pytest

from connectors import errors
from connectors.errors import ConnectorError
from connectors.messages import MESSAGES, message_for


def every_error(kind: type[ConnectorError] = ConnectorError) -> list[type[ConnectorError]]:
    below = [error for child in kind.__subclasses__() for error in every_error(child)]
    return [error for error in [kind, *below] if error.__module__.startswith(("connectors.", "dataflows."))]


@pytest.mark.parametrize("error", every_error(), ids=lambda error: error.__name__)
def test_every_error_has_words_of_its_own(error: type[ConnectorError]):
    message = MESSAGES[error.code]
    assert all(text.endswith((".", ")")) for text in (message.what, message.why, message.todo))


def test_no_two_final_errors_share_a_code():
    final = [error for error in every_error() if not error.__subclasses__()]
    assert len({error.code for error in final}) == len(final) > 20


def test_no_words_are_left_over():
    assert set(MESSAGES) == {error.code for error in every_error() if error.__module__ == errors.__name__}


def test_an_unknown_code_gets_the_general_words():
    assert message_for("from a newer release") is MESSAGES["connector"]


def test_an_unknown_time_zone_names_the_suggestions():
    error = errors.UnknownTimezone("Berln", ("Europe/Berlin",))
    assert "Europe/Berlin" in error.detail
    assert error.fate is errors.Fate.ASK_USER
