"""The columns a block is turned into, each source read once, and the dataset's columns made of them.

Between the two lie the spool and the search for duplicates, which need not carry constants, empty columns, nesting,
or one value under two names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from dataflows.mapping import derived
from dataflows.mapping.bind import BoundMapping
from dataflows.mapping.columns import hex_texts
from dataflows.mapping.origins import Assembled, Computed, Constant, FromDerived, FromRecord
from dataflows.schemas import Shape, XdmSchema, XdmType

Path = tuple[str, ...]


@dataclass(frozen=True)
class Leaf:
    """One source read as one type. ``text`` is the source as a mapping row writes it."""

    name: str
    origin: FromRecord | FromDerived | Computed | Assembled
    shape: Shape
    text: str

    @property
    def is_key(self) -> bool:
        """Whether the values are the keys of the records, which travel in a column of their own."""
        return self.origin == FromDerived(derived.EVENT_ID)

    @property
    def stored(self) -> pa.DataType:
        """The type of the column; of keys it only says which records have one: true, or null."""
        return pa.bool_() if self.is_key else self.shape.arrow


@dataclass(frozen=True)
class Leaves:
    """``of`` gives for each mapped target path its leaf's index, or its constant."""

    columns: tuple[Leaf, ...]
    of: dict[Path, int | Constant]
    schema: XdmSchema
    touched: frozenset[Path]

    def fields(self) -> list[pa.Field]:
        return [pa.field(leaf.name, leaf.stored) for leaf in self.columns]

    def assemble(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The dataset's columns from a batch of leaves and keys."""
        keys, rows = batch.column("__key"), batch.num_rows
        arrays = [
            hex_of(keys, batch.column(leaf.name)) if leaf.is_key else batch.column(leaf.name) for leaf in self.columns
        ]
        made = [self._array(arrays, rows, (name,), shape) for name, shape in self.schema.root.children.items()]
        return pa.RecordBatch.from_arrays(made, schema=self.schema.arrow_schema())

    def _array(self, arrays: Sequence[pa.Array], rows: int, path: Path, shape: Shape) -> pa.Array:
        if path in self.of:
            leaf = self.of[path]
            return _repeated(leaf, shape, rows) if isinstance(leaf, Constant) else arrays[leaf]
        if path not in self.touched:
            return pa.nulls(rows, shape.arrow)
        children = [self._array(arrays, rows, (*path, name), child) for name, child in shape.children.items()]
        return _struct(shape, children)


def leaves_of(bound: BoundMapping) -> Leaves:
    """A leaf for every pair of source and type among the mapping's rows."""
    columns: dict[object, Leaf] = {}
    of: dict[Path, int | Constant] = {}
    for row in bound.rows:
        if isinstance(row.origin, Constant):
            of[row.target.path] = row.origin
            continue
        # Composite and restricted shapes are compared by identity: two of them are two leaves.
        shape = row.target.shape
        plain = not shape.restricted and shape.type not in (XdmType.ARRAY, XdmType.MAP, XdmType.OBJECT)
        key = (row.origin if plain else row.text, shape.type if plain else row.target.path)
        leaf = columns.setdefault(key, Leaf(f"c{len(columns)}", row.origin, shape, row.text))
        of[row.target.path] = int(leaf.name[1:])
    touched = frozenset(path[:size] for path in of for size in range(1, len(path) + 1))
    return Leaves(tuple(columns.values()), of, bound.schema, touched)


def hex_of(keys: pa.Array, which: pa.Array) -> pa.Array:
    """The keys in hex, null where ``which`` is."""
    width = keys.type.byte_width
    digests = keys.buffers()[1][keys.offset * width : (keys.offset + len(keys)) * width]
    found = hex_texts(digests.to_pybytes(), width)
    return pc.if_else(which, found, pa.scalar(None, pa.string())) if which.null_count else found


def _repeated(constant: Constant, shape: Shape, rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(constant.value, shape.arrow), rows)


def _struct(shape: Shape, children: list[pa.Array]) -> pa.Array:
    """An object is null where all its fields are."""
    fields = list(shape.arrow)
    if not all(child.null_count for child in children):
        return pa.StructArray.from_arrays(children, fields=fields)
    empty = children[0].is_null()
    for child in children[1:]:
        if child.null_count < len(child):
            empty = pc.and_(empty, child.is_null())
    return pa.StructArray.from_arrays(children, fields=fields, mask=empty)
