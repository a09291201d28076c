"""Why a dataflow or a run cannot be started now."""

from __future__ import annotations


class CannotStart(Exception):
    """``code`` and the message say why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
