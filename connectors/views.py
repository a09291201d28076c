"""The pages of sources and accounts."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from connectors import accounts as domain
from connectors import audit, queries
from connectors.forms import AccountFilter, AccountForm, CatalogFilter, CheckForm, initial_of
from connectors.mixpanel.sample import credentials as sample_credentials
from connectors.models import Account
from connectors.regions import region_label
from connectors.registry import card
from connectors.roles import analyst_required, viewer_required
from connectors.states import state_of

PER_PAGE = 25


@viewer_required
@require_GET
def catalog(request: HttpRequest) -> HttpResponse:
    form = CatalogFilter(request.GET)
    entries = queries.catalog(request.user, **form.values)
    return render(request, "connectors/catalog.html", {"form": form, "entries": entries, "sample": _sample()})


@viewer_required
@require_GET
def accounts(request: HttpRequest) -> HttpResponse:
    form = AccountFilter(request.GET)
    rows = queries.account_rows(request.user, **form.values)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    filtered = any(form.values.values())
    return render(request, "connectors/accounts.html", {"form": form, "page": page, "filtered": filtered})


@analyst_required
@sensitive_post_parameters("secret")
@never_cache
@require_http_methods(["GET", "POST"])
def account_new(request: HttpRequest) -> HttpResponse:
    """Saving connects for real; ``?sample`` fills in the sample's public values."""
    form = AccountForm(request.POST or None, initial=_first_values(request))
    if request.method == "POST" and form.is_valid():
        account = form.save(by=request.user)
        if account is not None:
            messages.success(request, _("Connected to %(name)s.") % {"name": account.name})
            return redirect(account)
    return _form_page(request, form)


@analyst_required
@sensitive_post_parameters("secret")
@never_cache
@require_http_methods(["GET", "POST"])
def account_edit(request: HttpRequest, pk: int) -> HttpResponse:
    account = get_object_or_404(Account.objects.editable_by(request.user), pk=pk)
    form = AccountForm(request.POST or None, initial=initial_of(account), account=account)
    if request.method == "POST" and form.is_valid() and form.save(by=request.user):
        messages.success(request, _("The changes are saved."))
        return redirect(account)
    return _form_page(request, form)


@viewer_required
@require_GET
def account(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Account.objects.visible_to(request.user), pk=pk)
    return _account_page(request, found, CheckForm())


@analyst_required
@require_POST
def account_test(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Account.objects.editable_by(request.user), pk=pk)
    form = CheckForm(request.POST)
    if form.is_valid():
        domain.test(found, form.cleaned_data["project_id"])
        if not request.htmx:  # type: ignore[attr-defined]
            return redirect(f"{found.get_absolute_url()}#test")
    return _account_page(request, found, form)


@analyst_required
@require_http_methods(["GET", "POST"])
def account_delete(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Account.objects.editable_by(request.user), pk=pk)
    if request.method == "POST":
        try:
            with audit.deleting(request.user, found):
                domain.delete(found)
        except domain.AccountInUse as in_use:
            return render(request, "connectors/account_delete.html", {"account": found, "users": in_use.users})
        messages.success(request, _("The account %(name)s is deleted.") % {"name": found.name})
        return redirect("connectors:accounts")
    users = queries.dataflows_of(found, request.user)
    return render(request, "connectors/account_delete.html", {"account": found, "users": users})


def _account_page(request: HttpRequest, account: Account, form: CheckForm) -> HttpResponse:
    """The whole page, or for htmx only the panel of the connection test."""
    seen = queries.projects(account)
    state = state_of(account)
    context: dict[str, Any] = {"account": account, "check_form": form, "projects_seen": seen, "state": state}
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "connectors/_tested.html", context)
    page = Paginator(seen, PER_PAGE).get_page(request.GET.get("page"))
    context |= {
        "source": card(account.kind),
        "region": region_label(account.region),
        "page": page,
        "projects": queries.with_budgets(account, list(page)),
        "dataflows": queries.dataflows_of(account, request.user),
    }
    return render(request, "connectors/account.html", context)


def _form_page(request: HttpRequest, form: AccountForm) -> HttpResponse:
    context = {"form": form, "account": form.account, "sample": _sample()}
    return render(request, "connectors/account_form.html", context)


def _sample() -> dict[str, str] | None:
    """What anybody may use to try the product, when a sample Mixpanel is among the allowed hosts."""
    if not settings.MIXPANEL_EXTRA_HOSTS:
        return None
    return {
        "address": settings.MIXPANEL_EXTRA_HOSTS[0],
        "name": sample_credentials.ACCOUNT_NAME,
        "username": sample_credentials.USERNAME,
        "secret": sample_credentials.SECRET,
    }


def _first_values(request: HttpRequest) -> dict[str, str]:
    sample = _sample()
    if sample is None or "sample" not in request.GET:
        return {}
    return {"name": sample["name"], "username": sample["username"], "region": sample["address"]}
