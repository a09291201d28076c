"""What a client's role lets it do."""

from __future__ import annotations

from django.http import HttpRequest

from connectors.roles import ANALYST, User, has_role
from dataflows.api import errors


def reader(request: HttpRequest) -> User:
    """Who reads; the querysets decide what is visible."""
    return request.user


def editor(request: HttpRequest) -> User:
    """Who changes something. Raises ApiError 2118-403 for a role that only looks."""
    if not has_role(request.user, ANALYST):
        raise errors.forbidden(ANALYST)
    return request.user
