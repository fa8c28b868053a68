"""Columns and tables as the oracle sees them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from nagare.ir import Type

DTYPES = {
    "bool": np.bool_,
    "i8": np.int8,
    "i16": np.int16,
    "i32": np.int32,
    "i64": np.int64,
    "u8": np.uint8,
    "u16": np.uint16,
    "u32": np.uint32,
    "u64": np.uint64,
    "f32": np.float32,
    "f64": np.float64,
    "utf8": object,
}
CANONICAL_NAN = {"f32": np.uint32(0x7FC00000), "f64": np.uint64(0x7FF8000000000000)}


def dtype(kind: str) -> type:
    """The NumPy type of a kind; a timestamp is its count, a text a `bytes` object."""
    return np.int64 if kind.startswith("timestamp") else DTYPES[kind]


def nothing(kind: str) -> object:
    """The value that stands where a column is null."""
    return b"" if kind == "utf8" else dtype(kind)(0)


@dataclass(frozen=True, eq=False)
class Column:
    """Values of one kind, and which of them are not null. What stands in a null row is no value."""

    kind: str
    values: np.ndarray
    valid: np.ndarray

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: np.ndarray | slice) -> Column:
        return Column(self.kind, self.values[rows], self.valid[rows])

    def items(self) -> list:
        """Python values, None for null."""
        return [v if ok else None for v, ok in zip(self.values.tolist(), self.valid, strict=True)]

    def bits(self) -> np.ndarray:
        """The values as they are compared: floats by their bits, nulls all alike."""
        values = self.values
        if self.kind == "utf8":
            clean = np.empty(len(values), dtype=object)
            clean[:] = [v if ok else b"" for v, ok in zip(values, self.valid, strict=True)]
            return clean
        if self.kind in CANONICAL_NAN:
            values = np.ascontiguousarray(values).view(CANONICAL_NAN[self.kind].dtype)
        return np.where(self.valid, values, np.zeros(1, values.dtype))


def column(kind: str, items: Iterable) -> Column:
    """A column of Python values, None for null; texts are `str` or `bytes`."""
    items = list(items)
    valid = np.array([v is not None for v in items], dtype=bool)
    values = np.empty(len(items), dtype=dtype(kind))
    for row, item in enumerate(items):
        if kind == "utf8" and isinstance(item, str):
            item = item.encode()
        values[row] = nothing(kind) if item is None else item
    return Column(kind, values, valid)


def constant(kind: str, value: object, rows: int) -> Column:
    """`rows` times one value, None for null."""
    values = np.empty(rows, dtype=dtype(kind))
    values[:] = nothing(kind) if value is None else value
    return Column(kind, values, np.full(rows, value is not None))


@dataclass(frozen=True, eq=False)
class Table:
    """Columns in order, all of `rows` rows; `schema` says what may be null."""

    schema: dict[str, Type]
    columns: dict[str, Column]
    rows: int

    def take(self, rows: slice) -> Table:
        columns = {name: c.take(rows) for name, c in self.columns.items()}
        return Table(self.schema, columns, len(range(self.rows)[rows]))


def table(schema: dict[str, Type], columns: dict[str, Iterable]) -> Table:
    """A table of Python values."""
    made = {name: column(schema[name].kind, items) for name, items in columns.items()}
    return Table(schema, made, len(next(iter(made.values()))) if made else 0)
