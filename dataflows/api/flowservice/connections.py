"""Base connections: the accounts of the pages, with their test and a look at the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Body, Field, Query, Router

from connectors import accounts, audit
from connectors.base import StepState
from connectors.mixpanel.hosts import REGIONS, extra
from connectors.models import Account, AuthKind
from connectors.roles import User
from dataflows.api import errors, etags, listing, patches
from dataflows.api.access import editor, reader
from dataflows.api.answers import Entities, Open, Reference, answers
from dataflows.api.errors import ApiError
from dataflows.api.filters import EVERYTHING, NOTHING, Choice, Constant, Id, Moment, Text, uuid_of
from dataflows.api.flowservice import ids
from dataflows.api.flowservice.envelope import PUBLISH, action_refused, changed, framed, made, not_a_draft
from dataflows.api.flowservice.explore import Explored, ExploreQuery, explored
from dataflows.api.flowservice.specs import ConfigQuery
from dataflows.api.listing import Item, ListQuery, Resource, SearchBody
from dataflows.api.sent import Sent

router = Router(tags=["Flow Service: base connections"], by_alias=True)
KIND = "base connection"
PATCHABLE = ("/name", "/description", "/auth/params", "/auth/specName")
SPEC_NAMES = {AuthKind.SERVICE_ACCOUNT: ids.BASIC, AuthKind.PROJECT_SECRET: ids.PROJECT_SECRET}
KINDS = {name: kind for kind, name in SPEC_NAMES.items()}


class SpecReference(Sent):
    id: str = Field(max_length=100)
    version: str | None = None


class AuthParams(Open):
    username: str = Field("", max_length=255)
    password: str = Field("", max_length=512)
    host: str = Field("", max_length=255)


class Auth(Sent):
    specName: str = Field(ids.BASIC, max_length=100)
    params: AuthParams


class ConnectionBody(Sent):
    """What makes a base connection; the credentials are tried before it is stored."""

    name: str = Field(min_length=1, max_length=255)
    description: str = Field("", max_length=2000)
    connectionSpec: SpecReference
    auth: Auth


class TestResult(Open):
    result: bool


@router.get("/connections", response=answers(Entities))
def connections(request: HttpRequest, query: Query[ListQuery]) -> JsonResponse:
    return listing.page(request, RESOURCE, _visible(request), query)


@router.post("/connections/search", response=answers(Entities))
def connections_search(request: HttpRequest, body: SearchBody, continuationToken: str | None = None) -> JsonResponse:
    return listing.search(request, RESOURCE, _visible(request), body, continuationToken)


@router.post("/connections", response=answers(Reference, status=201, changes=True))
def connection_create(request: HttpRequest, body: ConnectionBody) -> JsonResponse:
    by = editor(request)
    listing.check_parameters(request, ())
    if body.connectionSpec.id != ids.MIXPANEL_SPEC:
        raise errors.spec_invalid(
            "Accounts are connected to Mixpanel only.", f"Use connectionSpec.id {ids.MIXPANEL_SPEC}."
        )
    try:
        account = accounts.connect(**_credentials(body), name=body.name, description=body.description, by=by)
    except accounts.NameTaken as error:
        raise name_taken(KIND, body.name) from error
    audit.record(by, account, audit.ADDED)
    return made(item(request, account), "/connections")


@router.get("/connections/{connection_id}", response=answers(Entities))
def connection(request: HttpRequest, connection_id: str) -> JsonResponse:
    listing.check_parameters(request, ())
    return listing.listed([item(request, find(request.user, connection_id))])


@router.get("/connections/{connection_id}/test", response=answers(TestResult))
def connection_test(request: HttpRequest, connection_id: str) -> JsonResponse:
    """Try the credentials; ``errors`` says why they do not work."""
    listing.check_parameters(request, ())
    account = find(editor(request), connection_id)
    failed = [step for step in accounts.test(account) if step.state == StepState.FAILED]
    told = [{"code": step.code, "message": step.detail or step.title, "remedy": step.remedy} for step in failed]
    return JsonResponse({"result": not failed, **({"errors": told} if failed else {})})


@router.get("/connections/{connection_id}/explore", response=answers(Explored))
def connection_explore(request: HttpRequest, connection_id: str, query: Query[ExploreQuery]) -> JsonResponse:
    """The fields of a project with up to 100 records. Costs one or two export requests of its rate budget."""
    listing.check_parameters(request, ExploreQuery.model_fields)
    return explored(find(editor(request), connection_id), query)


@router.get("/connections/{connection_id}/configs", response=answers(Entities))
def connection_configs(request: HttpRequest, connection_id: str, query: Query[ConfigQuery]) -> JsonResponse:
    """As for the specification: no field of Mixpanel's has choices that would have to be looked up."""
    listing.check_parameters(request, ConfigQuery.model_fields)
    find(request.user, connection_id)
    return listing.listed([])


@router.patch("/connections/{connection_id}", response=answers(Reference, changes=True))
def connection_patch(request: HttpRequest, connection_id: str, body: Body[list[Any] | dict[str, Any]]) -> JsonResponse:
    by = editor(request)
    listing.check_parameters(request, ())
    account = find(by, connection_id)
    current = item(request, account)
    etags.check(request, current)
    wanted = patches.applied(current, body, PATCHABLE)
    try:
        accounts.update(account, **_changes(account, wanted))
    except accounts.NameTaken as error:
        raise name_taken(KIND, str(wanted["name"])) from error
    audit.record(by, account, audit.CHANGED)
    return changed(item(request, account))


@router.delete("/connections/{connection_id}", response=answers(None, status=204, changes=True))
def connection_delete(request: HttpRequest, connection_id: str) -> HttpResponse:
    by = editor(request)
    listing.check_parameters(request, ())
    account = find(by, connection_id)
    etags.check(request, item(request, account), needed=False)
    try:
        with audit.deleting(by, account):
            accounts.delete(account)
    except accounts.AccountInUse as error:
        remedy = "Delete the dataflows first."
        raise errors.in_use("1418-400", "connection", str(error), remedy, "account_in_use") from error
    return HttpResponse(status=204)


@router.post("/connections/{connection_id}/action", response=answers(Reference, changes=True))
def connection_action(request: HttpRequest, connection_id: str, op: str, subOp: str | None = None) -> JsonResponse:
    """Base connections are never drafts, so there is nothing to publish, and the rest is for providers of sources."""
    listing.check_parameters(request, ("op", "subOp"))
    account = find(editor(request), connection_id)
    etags.check(request, item(request, account), needed=False)
    raise not_a_draft() if op.upper() == PUBLISH else action_refused(op)


def find(user: User, connection_id: str) -> Account:
    """Raises ApiError 1101-404."""
    wanted = uuid_of(connection_id)
    found = (
        Account.objects.visible_to(user).select_related("created_by").filter(uuid=wanted).first() if wanted else None
    )
    if found is None:
        raise errors.not_found(KIND, connection_id)
    return found


def item(request: HttpRequest, account: Account) -> Item:
    params = {"username": account.username} if account.username else {}
    body = {
        "name": account.name,
        "description": account.description,
        "connectionSpec": {"id": ids.MIXPANEL_SPEC, "version": ids.VERSION},
        "state": "enabled",
        "auth": {
            "specName": SPEC_NAMES[AuthKind(account.auth_kind)],
            "params": {**params, "host": host_of(account.region)},
        },
    }
    return framed(request, account, body)


def name_taken(kind: str, name: str) -> ApiError:
    return ApiError(
        "1409-409",
        "Name taken",
        f"There is another {kind} called “{name[:80]}”.",
        remedy="Choose another name.",
        ours="name_taken",
    )


# --- credentials --------------------------------------------------------------------------------------------------
def _credentials(body: ConnectionBody) -> dict[str, Any]:
    kind = kind_of(body.auth.specName)
    params = body.auth.params
    missing = [name for name in _needed(kind) if not getattr(params, name)]
    if missing:
        raise errors.bad_value(f"auth.params.{missing[0]}", "This is needed.", f"{body.auth.specName} takes it.")
    return {"auth_kind": kind, "username": params.username, "secret": params.password, "region": region_of(params.host)}


def _needed(kind: AuthKind) -> tuple[str, ...]:
    return ("username", "password") if kind is AuthKind.SERVICE_ACCOUNT else ("password",)


def kind_of(spec_name: str) -> AuthKind:
    if spec_name not in KINDS:
        raise ApiError(
            "1415-400",
            "Authentication specification unknown",
            f"Mixpanel has no authentication called “{spec_name[:80]}”.",
            remedy=f"Use {' or '.join(KINDS)}.",
            ours="auth_spec",
        )
    return KINDS[spec_name]


def region_of(host: str) -> str:
    """The region whose export host this is, the address itself otherwise; "" means to find out."""
    plain = host.strip().rstrip("/")
    return next((slug for slug, hosts in REGIONS.items() if hosts.data == plain), plain)


def host_of(region: str) -> str:
    return REGIONS[region].data if region in REGIONS else extra(region).data


def _changes(account: Account, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The values of ``accounts.update``; a password is there only when the change brings one."""
    body = patches.read(ConnectionBody, wanted)
    given = body.auth.params
    return {
        "name": body.name,
        "description": body.description,
        "auth_kind": kind_of(body.auth.specName),
        "username": given.username,
        "region": region_of(given.host) if given.host else account.region,
        "secret": given.password or None,
    }


# --- lists --------------------------------------------------------------------------------------------------------
def _visible(request: HttpRequest) -> Any:
    return Account.objects.visible_to(reader(request)).select_related("created_by")


def _items(request: HttpRequest, found: Sequence[Account]) -> list[Item]:
    return [item(request, account) for account in found]


RESOURCE = Resource(
    path="/connections",
    fields={
        "id": Id("uuid", uuid_of),
        "name": Text("name"),
        "description": Text("description"),
        "state": Choice({"enabled": EVERYTHING, "disabled": NOTHING, "initializing": NOTHING}),
        "connectionSpec.id": Constant(ids.MIXPANEL_SPEC),
        "auth.params.username": Text("username"),
        "createdAt": Moment("created_at"),
        "updatedAt": Moment("updated_at"),
    },
    sorts={"name": "name", "createdAt": "created_at", "updatedAt": "updated_at"},
    items=_items,
)
