"""Arrow types of columns compared: what one has and the other lacks, nested fields too."""

from __future__ import annotations

import pyarrow as pa


class SchemaDiffers(ValueError):
    """A column of the table has another type than the schema wants, or is not there; the message names it."""


def missing(have: pa.DataType, wanted: pa.DataType, at: str = "") -> list[str]:
    """Dotted names of what ``wanted`` has and ``have`` lacks, of what lies inside something missing only that.

    ``[]`` and ``{}`` stand for the items of lists and the values of maps. Raises SchemaDiffers for another type.
    """
    if pa.types.is_struct(wanted) and pa.types.is_struct(have):
        found: list[str] = []
        for field in wanted:
            name = f"{at}.{field.name}" if at else field.name
            index = have.get_field_index(field.name)
            found += [name] if index < 0 else missing(have.field(index).type, field.type, name)
        return found
    if _is_list(wanted) and _is_list(have):
        return missing(have.value_type, wanted.value_type, f"{at}[]")
    if pa.types.is_map(wanted) and pa.types.is_map(have):
        return missing(have.item_type, wanted.item_type, f"{at}{{}}")
    if _plain(have) != _plain(wanted):
        raise SchemaDiffers(f"The column {at} is of type {have}, not {wanted}.")
    return []


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind))


def _plain(kind: pa.DataType) -> pa.DataType:
    """pyiceberg answers with 64-bit offsets, which are the same to a reader."""
    return pa.string() if pa.types.is_large_string(kind) else kind
