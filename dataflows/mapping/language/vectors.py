"""The values of one expression for all records of a block, in whichever form they are at hand.

Kernels want Arrow arrays, everything else wants Python values; each form is made from the other when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dataflows.mapping.casts import CastError
from dataflows.mapping.columns import NOT_PLAIN, text_array

Errors = Mapping[int, CastError]
NO_ERRORS: Errors = {}
NOTHING = type(None)


class Vector:
    """``errors``: why a record has no value, by its position; the value there is None."""

    def __init__(
        self,
        rows: int,
        *,
        values: Callable[[], Sequence[Any]],
        array: pa.Array | None = None,
        errors: Errors = NO_ERRORS,
    ) -> None:
        self.rows, self.errors = rows, errors
        self._make_values, self._array = values, array

    @property
    def fixed(self) -> bool:
        """Whether it is the same for all records."""
        return False

    @cached_property
    def values(self) -> Sequence[Any]:
        return self._make_values()

    @property
    def array(self) -> pa.Array | None:
        """The Arrow array that the vector was made with, if it was made with one."""
        return self._array

    @cached_property
    def texts(self) -> pa.Array | None:
        """As an array of texts, ``None`` if there is anything but texts and nulls among the values."""
        if self._array is not None:
            return self._array if pa.types.is_string(self._array.type) else None
        return text_array(self.values)

    @cached_property
    def integers(self) -> pa.Array | None:
        """As an array of 64 bits, ``None`` if there is anything but such integers and nulls."""
        return self._plain(int, pa.int64(), pa.types.is_int64)

    @cached_property
    def flags(self) -> pa.Array | None:
        """As an array of booleans, ``None`` if there is anything but booleans and nulls."""
        return self._plain(bool, pa.bool_(), pa.types.is_boolean)

    def _plain(self, kind: type, target: pa.DataType, fits: Callable[[pa.DataType], bool]) -> pa.Array | None:
        if self._array is not None:
            return self._array if fits(self._array.type) else None
        if not set(map(type, self.values)) <= {kind, NOTHING}:
            return None
        try:
            return pa.array(self.values, target)
        except NOT_PLAIN:
            return None

    @cached_property
    def plain(self) -> pa.Array | None:
        """As an array of whichever of these three it is."""
        for array in (self.texts, self.integers, self.flags):
            if array is not None and array.null_count < len(array):
                return array
        return self._array


class Fixed(Vector):
    """One value for all records."""

    def __init__(self, rows: int, value: Any) -> None:
        super().__init__(rows, values=lambda: [value] * rows)
        self.value = value

    @property
    def fixed(self) -> bool:
        return True

    @cached_property
    def texts(self) -> pa.Array | None:
        try:
            return pa.repeat(pa.scalar(self.value, pa.string()), self.rows) if type(self.value) is str else None
        except UnicodeEncodeError:
            return None

    @cached_property
    def integers(self) -> pa.Array | None:
        if type(self.value) is not int or self.value.bit_length() > 63:
            return None
        return pa.repeat(pa.scalar(self.value, pa.int64()), self.rows)

    @cached_property
    def flags(self) -> pa.Array | None:
        return pa.repeat(pa.scalar(self.value), self.rows) if type(self.value) is bool else None


def of_values(values: Sequence[Any], errors: Errors = NO_ERRORS) -> Vector:
    return Vector(len(values), values=lambda: values, errors=errors)


def of_array(array: pa.Array, errors: Errors = NO_ERRORS) -> Vector:
    """Of an array of texts, 64-bit integers, booleans, doubles or UTC microseconds."""
    return Vector(len(array), values=lambda: _python(array), array=array, errors=errors)


def _python(array: pa.Array) -> Sequence[Any]:
    values: list[Any] = array.to_pylist()
    if pa.types.is_timestamp(array.type):
        # The zone that Python itself calls UTC, as everywhere else; Arrow gives one from the zone database.
        return [None if value is None else value.replace(tzinfo=UTC) for value in values]
    return values


def is_ascii(texts: pa.Array) -> bool:
    """Whether every sign of an array of texts is an ASCII one."""
    return bool(pc.all(pc.string_is_ascii(texts)).as_py() is not False)
