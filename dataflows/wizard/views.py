"""The pages of the wizard. One view serves every step."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from connectors.roles import analyst_required
from dataflows.models import Dataflow
from dataflows.wizard import drafts, queries, steps
from dataflows.wizard.forms.account import AccountForm
from dataflows.wizard.outcome import Go


@analyst_required
@never_cache
@require_http_methods(["GET", "POST"])
def wizard_new(request: HttpRequest) -> HttpResponse:
    """The first step before there is a draft; a POST without any choice begins an empty draft."""
    account = queries.account_named(request.user, request.POST.get("account") or request.GET.get("account"))
    first = steps.STEPS[0]
    blank = Dataflow(account=account)
    chose_nothing = request.method == "POST" and "action" in request.POST and account is None
    if request.method == "POST" and not chose_nothing:
        draft = drafts.begin(account=account, by=request.user)
        return redirect(steps.find(draft.reached).url(draft))
    form = AccountForm(request.POST if chose_nothing else None, draft=blank, user=request.user)
    return render(request, first.template, queries.page(blank, first, form))


@analyst_required
@never_cache  # "Back" must fetch the current revision, not show the one it left
@require_http_methods(["GET", "POST"])
def wizard(request: HttpRequest, pk: int, slug: str) -> HttpResponse:
    draft = get_object_or_404(queries.editable_flows(request.user), pk=pk)
    this = steps.find(slug)
    if not draft.is_draft:
        messages.info(request, _("This dataflow is set up already."))
        return redirect(draft)
    if this.number > steps.furthest(draft).number:
        return redirect(steps.furthest(draft).url(draft))
    sent = request.POST if request.method == "POST" else None
    form = this.form(sent, draft=draft, user=request.user, query=request.GET)
    if request.method == "POST":
        outcome = form.perform(now=timezone.now())
        if outcome.notice:
            messages.success(request, outcome.notice)
        if outcome.go is not Go.STAY:
            return redirect(steps.address(outcome, this, draft))
    return render(request, this.template, queries.page(draft, this, form))


@analyst_required
@require_POST
def wizard_discard(request: HttpRequest, pk: int) -> HttpResponse:
    draft = get_object_or_404(Dataflow.objects.drafts_of(request.user), pk=pk)
    drafts.discard(draft)
    messages.success(request, _("The draft is discarded."))
    return redirect("dataflows:dataflows")
