"""Case files for `drive`, and the results it writes.

All numbers are little-endian; each piece is padded to four bytes. A file is a list of cases, each
behind its size (u32):

    u32 operator, u32 runs, u32 side (0: forbidden page behind, 1: before), u32 defaults, u32 rows
    per parameter:  8 bytes, the value first
    per column in:  values (bool: a byte a row; utf8: i32 offsets, then the text), validity bytes
    u32 cuts, then each: u32 rows, u32 offset
    per run:        u32 bytes of the longest text that comes out, u32 profile
                    u32 outs, then each: u32 capacity, u32 rows in it before, u32 room for text
                    u32 moves, then each: u32 before which cut, u32 profile to go on with (0: same)

and a result, for each run of each case:

    u32 size and text of what it did against the contract, i32 status, u64 failed row,
    u64 rows consumed, u64 rows produced
    per column out: three times u64 size and bytes: values (utf8: i32 lengths), validity, text
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from nagare.ir import Type
from oracle.table import Column, Table, dtype

PROFILES = {"scalar": 1, "v128": 2, "v256": 3, "v512": 4}
STATUSES = {-3: "divided by zero", -4: "too many groups"}


@dataclass(frozen=True)
class Run:
    """One instance of an operator: its profile, the rooms it writes to, where its state moves."""

    profile: str
    outs: tuple[tuple[int, int, int], ...]  # capacity, rows before, text
    moves: tuple[tuple[int, int], ...] = ()  # before which cut, profile (0: the same)
    longest_text: int = 0  # of those that come out: where less room is left, a kernel may stop


@dataclass(frozen=True)
class Case:
    """Rows for an operator, how they are cut, and the instances that all get them."""

    operator: int
    inputs: Table
    cuts: tuple[tuple[int, int], ...]  # rows, offset
    runs: tuple[Run, ...]
    before: bool = False
    params: tuple[object, ...] | None = None  # None: the defaults


@dataclass(frozen=True)
class Operator:
    """What `drive --describe` says of an operator."""

    name: str
    state_size: int
    profiles: tuple[str, ...]
    inputs: dict[str, Type]
    outputs: dict[str, Type]
    params: dict[str, Type]


@dataclass(frozen=True)
class Result:
    """What one run gave. `breach` is empty, or what it did against the contract."""

    breach: str
    failure: str | None
    failed_row: int
    consumed: int
    table: Table


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _words(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}I", *values)


def _column(column: Column, type_: Type) -> bytes:
    if column.kind == "utf8":
        texts = column.values.tolist()
        ends = np.cumsum([0, *map(len, texts)]).astype("<i4")
        data = ends.tobytes() + _padded(b"".join(texts))
    else:
        # What stands in a null row must not matter: give it bits that would be noticed.
        values = np.ascontiguousarray(column.values)
        raw = values.copy().view(np.uint8).reshape(len(values), values.itemsize)
        raw[~column.valid] = 1 if column.kind == "bool" else 0xC3
        data = _padded(raw.tobytes())
    if type_.nullable:
        data += _padded(column.valid.astype(np.uint8).tobytes())
    return data


def encode(case: Case, operator: Operator) -> bytes:
    defaults = case.params is None
    values = [0] * len(operator.params) if defaults else case.params
    body = [_words(case.operator, len(case.runs), case.before, defaults, case.inputs.rows)]
    for value, type_ in zip(values, operator.params.values(), strict=True):
        body.append(np.array([value], dtype=dtype(type_.kind)).tobytes().ljust(8, b"\0"))
    for name, type_ in operator.inputs.items():
        body.append(_column(case.inputs.columns[name], type_))
    body.append(_pairs(case.cuts))
    for run in case.runs:
        body.append(_words(run.longest_text, PROFILES[run.profile]))
        body += [_pairs(run.outs), _pairs(run.moves)]
    joined = b"".join(body)
    return _words(len(joined)) + joined


def _pairs(items: Iterable[tuple[int, ...]]) -> bytes:
    items = list(items)
    return _words(len(items), *(value for item in items for value in item))


class Reader:
    """Reads results one after another."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def _take(self, size: int) -> bytes:
        piece = self._data[self._at : self._at + size]
        if len(piece) < size:
            raise EOFError
        self._at += size
        return piece

    def _number(self, code: str) -> int:
        return struct.unpack("<" + code, self._take(struct.calcsize(code)))[0]

    def result(self, outputs: Mapping[str, Type]) -> Result:
        breach = self._take(self._number("I")).decode()
        status = self._number("i")
        failed_row, consumed, rows = (self._number("Q") for _ in range(3))
        columns = {name: self._column(type_, rows) for name, type_ in outputs.items()}
        failure = None if status >= 0 else STATUSES.get(status, f"status {status}")
        return Result(breach, failure, failed_row, consumed, Table(dict(outputs), columns, rows))

    def _column(self, type_: Type, rows: int) -> Column:
        values, valid, text = (self._take(self._number("Q")) for _ in range(3))
        if type_.kind == "utf8":
            ends = np.cumsum([0, *np.frombuffer(values, "<i4")])
            array = np.empty(len(ends) - 1, dtype=object)
            array[:] = [text[a:b] for a, b in pairwise(ends)]
        else:
            array = np.frombuffer(values, dtype(type_.kind))
        present = np.frombuffer(valid, np.bool_) if type_.nullable else np.ones(rows, dtype=bool)
        return Column(type_.kind, array, present)
