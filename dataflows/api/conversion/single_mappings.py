"""The mappings of a set, one by one; each change makes the next version of the set.

AEP's document only reads them; aepp adds, replaces and deletes them too (``DataPrep.createMappingSetMapping``).
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Router

from connectors import audit
from connectors.roles import User
from dataflows.api import errors, listing
from dataflows.api.access import editor
from dataflows.api.answers import answers
from dataflows.api.conversion import mappings
from dataflows.api.conversion.bodies import MOST_ROWS, MappingIn, check, row_of
from dataflows.api.conversion.items import mapping_ids, mappings_of
from dataflows.api.conversion.mappings import Found

router = Router(tags=["Data Prep: mapping sets"], by_alias=True)


@router.get("/mappingSets/{mapping_set_id}/mappings", response=answers(list[dict[str, Any]]))
def mappings_of_set(request: HttpRequest, mapping_set_id: str) -> JsonResponse:
    listing.check_parameters(request, ())
    return JsonResponse(mappings_of(mappings.find(request.user, mapping_set_id)), safe=False)


@router.post("/mappingSets/{mapping_set_id}/mappings", response=answers(dict[str, Any], changes=True))
def mapping_add(request: HttpRequest, mapping_set_id: str, body: MappingIn) -> JsonResponse:
    """Put a mapping at the end of the set."""
    by = editor(request)
    listing.check_parameters(request, ())
    found = mappings.find(by, mapping_set_id)
    if len(found.rows) >= MOST_ROWS:
        raise errors.bad_value("mappings", f"A mapping set has at most {MOST_ROWS} mappings.")
    changed = _changed(found, [*found.rows, row_of(body)], by)
    return JsonResponse(mappings_of(changed)[-1])


@router.get("/mappingSets/{mapping_set_id}/mappings/{mapping_id}", response=answers(dict[str, Any]))
def mapping_of_set(request: HttpRequest, mapping_set_id: str, mapping_id: str) -> JsonResponse:
    listing.check_parameters(request, ())
    found = mappings.find(request.user, mapping_set_id)
    return JsonResponse(mappings_of(found)[_place(found, mapping_id)])


@router.put("/mappingSets/{mapping_set_id}/mappings/{mapping_id}", response=answers(dict[str, Any], changes=True))
def mapping_put(request: HttpRequest, mapping_set_id: str, mapping_id: str, body: MappingIn) -> JsonResponse:
    """Replace a mapping at its place. Its id is made of its destination, so another destination gives another id."""
    by = editor(request)
    listing.check_parameters(request, ())
    found = mappings.find(by, mapping_set_id)
    place, rows = _place(found, mapping_id), list(found.rows)
    rows[place] = row_of(body)
    return JsonResponse(mappings_of(_changed(found, rows, by))[place])


@router.delete("/mappingSets/{mapping_set_id}/mappings/{mapping_id}", response=answers(None, status=204, changes=True))
def mapping_delete(request: HttpRequest, mapping_set_id: str, mapping_id: str) -> HttpResponse:
    by = editor(request)
    listing.check_parameters(request, ())
    found = mappings.find(by, mapping_set_id)
    rows = list(found.rows)
    del rows[_place(found, mapping_id)]
    _changed(found, rows, by)
    return HttpResponse(status=204)


def _place(found: Found, mapping_id: str) -> int:
    """Raises ApiError 1101-404."""
    ids = mapping_ids(found)
    if mapping_id.lower() not in ids:
        raise errors.not_found("mapping", mapping_id)
    return ids.index(mapping_id.lower())


def _changed(found: Found, rows: list[Any], by: User) -> Found:
    """Raises MappingInvalid if the whole is wrong, ApiError 1409-409 if the set was changed in the meantime."""
    if found.schema is None:
        raise errors.bad_value("outputSchema.schemaRef.id", "The set has no schema.", "Replace it with one that has.")
    check(rows, found.schema)
    changed = mappings.replace(found, found.name, found.schema, rows, by=by, seen=found.version)
    if changed.stored:
        audit.record(by, changed.stored, audit.CHANGED)
    return changed
