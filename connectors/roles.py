"""Who may do what: a Viewer looks, an Analyst sets up and runs, an Admin also manages people and secrets."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.contrib.auth.models import User as Person
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

VIEWER, ANALYST, ADMIN = "Viewer", "Analyst", "Admin"
ROLES = (VIEWER, ANALYST, ADMIN)

User = AbstractBaseUser | AnonymousUser
View = Callable[..., HttpResponseBase]


def roles_of(user: User) -> frozenset[str]:
    """The roles a user has, lower ones included; a superuser has all, a user without a group none."""
    known = person(user)
    if known is None or not known.is_active:
        return frozenset()
    if known.is_superuser:
        return frozenset(ROLES)
    names = set(known.groups.values_list("name", flat=True)) & set(ROLES)
    highest = max((ROLES.index(name) for name in names), default=-1)
    return frozenset(ROLES[: highest + 1])


def person(user: User | None) -> Person | None:
    """The row behind ``request.user``; nobody who is logged in has none."""
    return user if isinstance(user, Person) else None


def has_role(user: User, role: str) -> bool:
    return role in roles_of(user)


def role_required(role: str) -> Callable[[View], View]:
    """Answer 403 to everybody below ``role``."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not has_role(request.user, role):
                raise PermissionDenied(role)
            return view(request, *args, **kwargs)

        return guarded

    return decorate


viewer_required = role_required(VIEWER)
analyst_required = role_required(ANALYST)
admin_required = role_required(ADMIN)
