"""Cases: a random river file, its data, what must come out, and how its rows are cut."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from nagare import ir, rivers
from oracle.evaluate import EvaluationError, evaluate
from oracle.liveness import expressions, walk
from oracle.table import Column, Table, dtype

from . import blob
from .random_data import RandomData
from .random_rivers import RandomFile

TABLES = 3  # for each file
CUTS_MAX = 48
AT_THE_END = 2**64 - 1  # the failed row of what fails when the input has ended


@dataclass(frozen=True)
class Expected:
    """What must come out: all rows, or those before a failure."""

    table: Table
    failure: str | None = None
    row: int = 0


@dataclass(frozen=True)
class Kernel:
    """A river as one kernel: from its source, or from the merge before it, which then is one."""

    file: ir.RiverFile
    river: str
    root: str

    @property
    def outputs(self) -> dict[str, ir.Type]:
        return self.file.rivers[self.river].schema

    @property
    def inputs(self) -> dict[str, ir.Type]:
        return self.file.rivers[self.root].input_schema

    def expected(self, table: Table, params: dict[str, object]) -> Expected:
        try:
            return Expected(evaluate(self.file, self.river, {self.root: table}, params))
        except EvaluationError as error:
            row = AT_THE_END if error.row is None else error.row
            return Expected(error.before, error.kind, row)


@cache
def parse(seed: int, prefix: str) -> ir.RiverFile:
    """The random file of this seed; raises `RiverErrors` where it is refused."""
    return rivers.loads(RandomFile(seed, prefix).text(), f"random-{seed}.toml")


def kernels(file: ir.RiverFile) -> Iterator[Kernel]:
    """Each river of the file as a kernel."""
    for name, river in file.rivers.items():
        if not river.steps:
            continue  # nothing to do, so no kernel is made for it
        root = name
        while len(file.rivers[root].sources) == 1:
            root = file.rivers[root].sources[0]
        yield Kernel(_rooted(file, root), name, root)


def _rooted(file: ir.RiverFile, root: str) -> ir.RiverFile:
    """The file with the merge `root` made a source of the merged rows."""
    river = file.rivers[root]
    if not river.sources:
        return file
    fields = tuple(ir.SourceField(n, t, n, None) for n, t in river.input_schema.items())
    return replace(file, rivers=file.rivers | {root: replace(river, fields=fields, sources=())})


def inputs(file: ir.RiverFile, seed: int) -> dict[str, Table]:
    """A random table for each source, and the merged rows of each merge that does not fail."""
    data = RandomData(seed)
    made = data.tables(file, data.rows())
    tables = dict(made)
    for name, river in file.rivers.items():
        if len(river.sources) > 1:
            bare = replace(river, steps=(), schema=river.input_schema)
            try:
                tables[name] = evaluate(
                    replace(file, rivers=file.rivers | {name: bare}), name, made
                )
            except EvaluationError as error:
                tables[name] = error.before
    return tables


# ---- how the rows are cut and received ----


class Schedule:
    """Random cuts, rooms and moves."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)

    def cuts(self, rows: int) -> tuple[tuple[int, int], ...]:
        rng = self.rng
        typical = rng.choice((rows, rows, max(rows // 3, 1), 512, 100, 64, 17, 7, 1))
        typical = max(typical, rows // CUTS_MAX)
        made, left = [], rows
        while left > 0:
            size = typical if rng.random() < 0.5 else rng.randint(0, 2 * typical)
            size = min(size, left)
            made.append((size, rng.choice((0, 0, 1, 3, 7, 8, 9, 63, rng.randrange(200)))))
            left -= size
        if rng.random() < 0.2:
            made.append((0, rng.randrange(9)))
        return tuple(made)

    def outs(self, rows: int, text: int) -> tuple[tuple[int, int, int], ...]:
        """Rooms that are used in turn. `text` is the size of the longest row of text."""
        rng = self.rng
        typical = max(rng.choice((rows, rows, 512, 100, 17, 1)), rows // CUTS_MAX, 1)
        made = []
        for _ in range(rng.randint(1, 5)):
            capacity = typical if rng.random() < 0.4 else rng.randint(1, 2 * typical)
            filled = rng.choice((0, 0, 0, 1, 5, 9, capacity))
            room = rng.choice((text * capacity, text * capacity, text * capacity // 2, text))
            made.append((capacity, min(filled, capacity - 1), max(room, 1)))
        return tuple(made)

    def moves(self, cuts: int, profiles: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
        """Where the state is copied elsewhere, perhaps to go on in another profile."""
        rng = self.rng
        others = [0, 0, *(blob.PROFILES[p] for p in profiles)]
        return tuple(
            (at, rng.choice(others)) for at in range(cuts) if rng.random() < min(0.3, 6 / cuts)
        )


def params(operator: blob.Operator, seed: int) -> dict[str, object] | None:
    """Values for the parameters; None: their defaults."""
    rng = random.Random(seed)
    if not operator.params or rng.random() < 0.5:
        return None
    values: dict[str, object] = {}
    for name, type_ in operator.params.items():
        kind = dtype(type_.kind)
        choices = (0, 1) if type_.kind == "bool" else (0, 1, 2, 7, 100)
        values[name] = kind(rng.choice(choices)).item()
    return values


def longest_text(*tables: Table) -> int:
    columns = (c for table in tables for c in table.columns.values() if c.kind == "utf8")
    return max((len(text) for column in columns for text in column.values), default=0)


def longest_literal(file: ir.RiverFile) -> int:
    """Of the texts that stand in the file."""
    texts = [
        expr.value.encode()
        for river in file.rivers.values()
        for step in river.steps
        for written in expressions(step)
        for expr in walk(written)
        if isinstance(expr, ir.Literal) and isinstance(expr.value, str)
    ]
    return max(map(len, texts), default=0)


def roomy_text(kernel: Kernel, table: Table) -> int:
    """Where this much room is left, a kernel may not stop for want of it: it may ask for room for
    the longest text that a row could bring out, without looking which one it does."""
    return max(longest_text(table), longest_literal(kernel.file))


def case(
    index: int, operator: blob.Operator, kernel: Kernel, table: Table, expected: Expected,
    values: dict[str, object] | None, profile: str, seed: int,
) -> blob.Case:  # fmt: skip
    """One way to run a kernel: in `profile`, and beside it in another one."""
    schedule = Schedule(seed)
    cuts = schedule.cuts(table.rows)
    text, enough = longest_text(expected.table), roomy_text(kernel, table)
    runs = []
    for name in (profile, schedule.rng.choice(operator.profiles)):
        outs = schedule.outs(expected.table.rows, text)
        moves = schedule.moves(len(cuts), operator.profiles) if schedule.rng.random() < 0.5 else ()
        runs.append(blob.Run(name, outs, moves, enough))
    given = None if values is None else tuple(values[name] for name in operator.params)
    return blob.Case(index, table, cuts, tuple(runs), schedule.rng.random() < 0.5, given)


# ---- comparing ----


def difference(expected: Expected, result: blob.Result, rows: int) -> str:
    """What is wrong with a result, in one paragraph; empty where nothing is."""
    if result.breach:
        return f"broke the contract: {result.breach}"
    wanted = (expected.failure, expected.row if expected.failure else 0)
    got = (result.failure, result.failed_row if result.failure else 0)
    if wanted != got:
        return f"ended with {got}, not {wanted}"
    taken = min(expected.row, rows) if expected.failure else rows
    stopped = expected.failure and expected.row < rows  # at a row, not at the end of the input
    if result.consumed > taken or (stopped and result.consumed != taken):
        return f"consumed {result.consumed} rows of {taken}"
    return unlike(expected.table, result.table)


def unlike(expected: Table, table: Table) -> str:
    """The first place where two tables differ; empty where none is."""
    shared = slice(min(expected.rows, table.rows))
    for name, column in expected.columns.items():
        want, have = column.take(shared), table.columns[name].take(shared)
        wrong = (want.valid != have.valid) | (want.bits() != have.bits())
        if wrong.any():
            row = int(np.argmax(wrong))
            return (
                f"row {row} of `{name}` ({column.kind}) is {shown(have, row)}, "
                f"not {shown(want, row)} ({int(wrong.sum())} of {len(wrong)} rows differ)"
            )
    if expected.rows != table.rows:
        return f"gave {table.rows} rows, not {expected.rows}"
    return ""


def shown(column: Column, row: int) -> str:
    if not column.valid[row]:
        return "null"
    bits = column.bits()[row]
    value = column.values[row]
    return f"{value!s} [{int(bits):#x}]" if column.kind in ir.FLOATS else repr(value)
