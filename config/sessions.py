"""Nobody is logged in any more: pages lead to the log-in, forms are told that nothing was saved, previews get 401."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

READING = {"GET", "HEAD", "OPTIONS"}


class LoginRequired(LoginRequiredMiddleware):
    """Django's, with a reason for whoever was sending something."""

    def handle_no_permission(  # type: ignore[override]  # Django itself takes any answer
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponse:
        if request.headers.get("HX-Request"):
            # A redirect would put the log-in page into the middle of the page.
            return HttpResponse(_("Your session has ended. Log in again."), status=401, content_type="text/plain")
        if request.method in READING:
            return super().handle_no_permission(request, view_func)
        back = {"next": _page_of(request), "unsaved": "1"}
        return redirect(f"{resolve_url(self.get_login_url(view_func))}?{urlencode(back)}")


def _page_of(request: HttpRequest) -> str:
    """The page with the form: what it was sent to may only take forms."""
    page = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(page, {request.get_host()}):
        return resolve_url("home")
    address = urlsplit(page)
    return address.path + (f"?{address.query}" if address.query else "")
