"""The mapping language: its functions and operators, and whether an expression is right."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, JsonResponse
from ninja import Field, Router

from dataflows.api import listing
from dataflows.api.answers import Open, answers
from dataflows.mapping.language import FUNCTIONS, OPERATORS, ExpressionInvalid, Function, compile_expression

router = Router(tags=["Data Prep: language"], by_alias=True)
SINCE = "1.0"
JAVA = {
    "string": "java.lang.String",
    "integer": "java.lang.Long",
    "number": "java.lang.Double",
    "boolean": "java.lang.Boolean",
    "date": "java.time.ZonedDateTime",
    "array": "java.util.List",
    "object": "java.util.Map",
}
ANYTHING = "java.lang.Object"


class ExpressionIn(Open):
    expression: str = Field(max_length=10_000)


@router.get("/languages/el/functions", response=answers(list[dict[str, Any]]))
def functions(request: HttpRequest) -> JsonResponse:
    """All functions; ``refused`` says why one cannot be used in a mapping of events."""
    listing.check_parameters(request, ())
    return JsonResponse([_function(each) for each in _all()], safe=False)


@router.get("/languages/el/operators", response=answers(list[dict[str, Any]]))
def operators(request: HttpRequest) -> JsonResponse:
    listing.check_parameters(request, ())
    told = [
        {
            "symbol": each.symbol,
            "methodName": each.method_name,
            "operands": each.operands,
            "description": each.description,
            "example": each.example,
        }
        for each in OPERATORS
    ]
    return JsonResponse(told, safe=False)


@router.post("/languages/el/validate", response=answers(bool))
def validate(request: HttpRequest, body: ExpressionIn) -> JsonResponse:
    """``true`` or ``false``; why not is told by ``/mappingSets/validate``."""
    listing.check_parameters(request, ())
    try:
        compile_expression(body.expression)
    except ExpressionInvalid:
        return JsonResponse(False, safe=False)
    return JsonResponse(True, safe=False)


def _all() -> list[Function]:
    """Each once: an alias is another key of the same function."""
    return list({each.name: each for each in FUNCTIONS.values()}.values())


def _function(each: Function) -> dict[str, Any]:
    example = each.examples[0] if each.examples else None
    parameters = [
        {
            "name": parameter.name,
            "description": parameter.description,
            "type": "optional" if parameter.optional else "required",
            "dataType": parameter.in_words,
            "position": position,
        }
        for position, parameter in enumerate(each.parameters)
    ]
    told: dict[str, Any] = {
        "function": each.name,
        "category": each.category,
        "description": each.description,
        "syntax": each.syntax,
        "returns": _kinds(each),
        "returnType": _java(each),
        "example": example.expression if example else "",
        "result": json.dumps(example.result, ensure_ascii=False) if example else "",
        "params": parameters,
        "since": SINCE,
    }
    return told | ({"refused": each.refused} if each.refused else {})


def _kinds(each: Function) -> str:
    return ", ".join(sorted(kind.value for kind in each.returns))


def _java(each: Function) -> str:
    names = {kind.value for kind in each.returns} - {"null"}
    return JAVA.get(names.pop(), ANYTHING) if len(names) == 1 else ANYTHING
