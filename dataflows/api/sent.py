"""Objects that clients send, as models that say more than their types: what is no object, keys that are slips."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, get_args

from ninja import Schema
from pydantic import ModelWrapValidatorHandler, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from dataflows.api import spelling
from dataflows.api.errors import Detail

KEY = "key"  # names the key of the object that an error is about, where pydantic names the object alone
WHOLE = "body"
WORDS = {"dict_type": "This must be an object.", "list_type": "This must be a list."}
TYPES = frozenset(("int", "float", "str", "bool", "none"))


class Sent(Schema):
    """Other keys are read over, as AEP does, unless they are nearly one that the object lacks."""

    @model_validator(mode="wrap")
    @classmethod
    def _look_at_keys(cls, value: Any, handler: ModelWrapValidatorHandler[Any]) -> Any:
        if isinstance(value, cls):
            return handler(value)
        if not isinstance(value, dict):
            raise PydanticCustomError("object_type", "This must be an object.")
        fields = {field.alias or name: field for name, field in cls.model_fields.items()}
        if found := spelling.slip(value, fields):
            raise PydanticCustomError("unknown_key", "{words}", {KEY: found[0], "words": spelling.words(found[1])})
        for name, field in fields.items():
            if isinstance(value.get(name), bool) and not _takes_boolean(field):
                raise PydanticCustomError("not_boolean", "This cannot be true or false.", {KEY: name})
        return handler(value)


def _takes_boolean(field: FieldInfo) -> bool:
    return not {bool, Any}.isdisjoint(_parts(field.annotation))


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in get_args(annotation):
        yield from _parts(part)


# --- errors -------------------------------------------------------------------------------------------------------
def details(found: Sequence[Any]) -> list[Detail]:
    """Pydantic's errors by place; what each type of a union has to say about a place is one detail."""
    told: dict[str, Detail] = {}
    for each in found:
        at = place(each["loc"], each.get("ctx") or {}) or WHOLE
        message = WORDS.get(each["type"], each["msg"])
        code, before = (told[at].code, f"{told[at].message} Or: ") if at in told else (each["type"], "")
        told[at] = Detail(code, before + message, at)
    return list(told.values())


def place(location: Sequence[int | str], context: dict[str, Any]) -> str:
    """``("mappings", 0, "source")`` → ``mappings[0].source``, as the client would write it, without types' names."""
    written = ""
    for part in (*location, *([context[KEY]] if KEY in context else [])):
        if isinstance(part, int):
            written += f"[{part}]"
        elif not _is_type(part):
            written += f".{part}" if written else part
    return written


def _is_type(part: str) -> bool:
    """Where a value may be of several types, pydantic names each of them in the location."""
    return part in TYPES or part.endswith(("]", ")"))
