"""The pages of API clients, and the page that shows the API's document."""

from __future__ import annotations

from csp.decorators import csp_update
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from connectors.roles import admin_required, viewer_required
from dataflows.api import addresses, queries
from dataflows.api import clients as domain
from dataflows.api.forms import ClientFilter, ClientForm
from dataflows.models import ApiClient

PER_PAGE = 25


@require_GET
@admin_required
def api_clients(request: HttpRequest) -> HttpResponse:
    form = ClientFilter(request.GET)
    page = Paginator(queries.clients(request.user, form.values), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page": page,
        "rows": queries.rows(page.object_list),
        "any_at_all": ApiClient.objects.visible_to(request.user).exists(),
    }
    return render(request, "dataflows/api/clients.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@admin_required
def api_client_new(request: HttpRequest) -> HttpResponse:
    """The answer to a good form shows the secret, this once; a reload would ask to send the form again."""
    form = ClientForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = form.save(by=request.user)
        if made is not None:
            address = request.build_absolute_uri("/")[:-1]
            return render(request, "dataflows/api/client_made.html", {"made": made, "address": address})
    return render(request, "dataflows/api/client_new.html", {"form": form})


@require_http_methods(["GET", "POST"])
@admin_required
def api_client_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    client = get_object_or_404(ApiClient.objects.editable_by(request.user), pk=pk)
    if request.method == "POST":
        if domain.revoke(client, by=request.user, now=timezone.now()):
            messages.success(
                request, _("“%(name)s” is revoked: its tokens are refused from now on.") % {"name": client}
            )
        return redirect("dataflows:api_clients")
    return render(request, "dataflows/api/client_revoke.html", {"client": client})


@require_GET
@viewer_required
@csp_update({"style-src": ["'unsafe-inline'"], "img-src": ["data:"]})
def api_docs(request: HttpRequest) -> HttpResponse:
    """Swagger UI, from our own server; it writes styles of its own, which no other page may.

    It takes the place of a plain list, which is what there is without scripts.
    """
    return render(request, "dataflows/api/docs.html", {"groups": addresses.grouped()})
