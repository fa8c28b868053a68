"""Random columns that are likely to find what is wrong: edges, runs, nulls, odd floats."""

from __future__ import annotations

import random

import numpy as np
from nagare.ir import RiverFile, Type
from oracle.table import CANONICAL_NAN, Column, Table, dtype, nothing

from .random_expressions import FLOATS, INTEGERS, WORDS

# Lengths around the widths of registers and runs, and some that are far away.
LENGTHS = sorted(
    {0, 1, 2, 3, 1000, 3000, 5000}
    | {m * w + d for w in (4, 8, 16, 32, 64, 512) for m in (1, 2, 3) for d in (-1, 0, 1)}
)
ODD_FLOATS = {
    "f32": (
        0x7FC00000, 0xFFC12345, 0x7F800001, 0x7F800000, 0xFF800000, 0x80000000, 0x00000000,
        0x00000001, 0x807FFFFF, 0x7F7FFFFF, 0xFF7FFFFF, 0x3F800000, 0x4B000000, 0xCB000001,
    ),
    "f64": (
        0x7FF8000000000000, 0xFFF8000000012345, 0x7FF0000000000001, 0x7FF0000000000000,
        0xFFF0000000000000, 0x8000000000000000, 0, 1, 0x800FFFFFFFFFFFFF, 0x7FEFFFFFFFFFFFFF,
        0xFFEFFFFFFFFFFFFF, 0x43E0000000000000, 0xC3E0000000000000, 0x4330000000000001,
    ),
}  # fmt: skip


class RandomData:
    """Makes tables with one random source."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.np = np.random.default_rng(seed)

    def rows(self) -> int:
        few = self.rng.random() < 0.4
        return self.rng.choice(LENGTHS if few else [n for n in LENGTHS if n >= 96])

    def tables(self, file: RiverFile, rows: int) -> dict[str, Table]:
        """A table for each source of the file."""
        made = {}
        for name, river in file.rivers.items():
            if river.fields:
                columns = {f.name: self.column(f.type, rows) for f in river.fields}
                made[name] = Table({f.name: f.type for f in river.fields}, columns, rows)
        return made

    def column(self, type_: Type, rows: int) -> Column:
        """Of one odd value, a NaN say, a sum shows nothing else: most columns have none."""
        values = self._values(type_.kind, rows, self.rng.choice((0.0, 0.0, 0.0, 0.02, 0.3)))
        if self.rng.random() < 0.3 and rows:  # runs of equal values
            values = values[np.sort(self.np.integers(0, rows, rows) // 7 * 7)]
        valid = np.ones(rows, dtype=bool)
        if type_.nullable:
            valid = self.np.random(rows) >= self.rng.choice((0.0, 0.05, 0.5, 1.0))
            values[~valid] = nothing(type_.kind)
        return Column(type_.kind, values, valid)

    def _values(self, kind: str, rows: int, wild: float) -> np.ndarray:
        if kind == "bool":
            return self.np.random(rows) < self.rng.choice((0.1, 0.5, 0.95))
        if kind == "utf8":
            words = [word.encode() for word in self.rng.sample(WORDS, self.rng.randint(1, 6))]
            values = np.empty(rows, dtype=object)
            values[:] = [self.rng.choice(words) for _ in range(rows)]
            return values
        odd = self.np.random(rows) < wild
        values = self._tame(kind, rows)
        values[odd] = self._odd(kind, int(odd.sum()))
        return values

    def _tame(self, kind: str, rows: int) -> np.ndarray:
        if kind in FLOATS:
            scale, middle = self.rng.choice(((30.0, 10.0), (1.0, 0.0), (1e-3, 1e4), (1e6, -1e3)))
            return (self.np.normal(size=rows) * scale + middle).astype(dtype(kind))
        if kind in INTEGERS:
            low = self.rng.choice((0, 0, 1, -3)) if kind[0] == "i" else self.rng.choice((0, 1))
            high = self.rng.choice((2, 4, 9, 100))
            return self.np.integers(low, high, rows).astype(dtype(kind))
        steps = self.np.integers(-3, 1000, rows)
        return (np.cumsum(steps) + self.rng.choice((0, 1404172800000, -500))).astype(np.int64)

    def _odd(self, kind: str, rows: int) -> np.ndarray:
        if kind in FLOATS:
            bits = CANONICAL_NAN[kind].dtype
            edges = np.array(ODD_FLOATS[kind], dtype=bits)
            values = self.np.choice(edges, rows)
            anything = self.np.integers(0, np.iinfo(bits).max, rows, dtype=bits, endpoint=True)
            if self.rng.random() < 0.3:
                values = anything
            return values.view(dtype(kind))
        limits = np.iinfo(dtype(kind))
        edges = [limits.min, limits.min + 1, 0, 1, limits.max - 1, limits.max]
        if self.rng.random() < 0.5:
            return self.np.choice(np.array(edges, dtype=dtype(kind)), rows)
        return self.np.integers(limits.min, limits.max, rows, dtype=dtype(kind), endpoint=True)
