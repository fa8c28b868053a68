"""The rows that come out of a river, as docs/rivers.md says: plain, whole columns at a time.

It builds on the typed IR alone and shares nothing with the planner or the code generator.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from nagare import ir

from . import liveness, running, sums
from .expressions import Rows
from .table import Column, Table, dtype

# The tick of what comes out when the input has ended.
END = 2**62


@dataclass(frozen=True)
class Failure:
    """Why a run stops, and at which row of the source (`END`: when the input had ended)."""

    kind: str
    tick: int


class EvaluationError(Exception):
    """A run that stops: `kind`, the source's `row` (None at the end), what came out `before`."""

    def __init__(self, kind: str, row: int | None, before: Table) -> None:
        super().__init__(kind if row is None else f"{kind} in row {row}")
        self.kind = kind
        self.row = row
        self.before = before


DIVISION = "divided by zero"
GROUPS = "too many groups"


@dataclass(frozen=True, eq=False)
class Stream:
    """Rows on their way: `ticks` says which source row brought each out, `numbers` is its row
    number. A stream that fails ends with its failure; nothing after it was ever evaluated."""

    columns: dict[str, Column]
    ticks: np.ndarray
    numbers: np.ndarray
    failure: Failure | None = None

    def __len__(self) -> int:
        return len(self.ticks)

    def keep(self, rows: np.ndarray) -> Stream:
        columns = {name: column.take(rows) for name, column in self.columns.items()}
        return replace(self, columns=columns, ticks=self.ticks[rows], numbers=self.numbers[rows])

    def first(self, count: int) -> Stream:
        """The first rows only, and no end but theirs."""
        return replace(self.keep(np.arange(count)), failure=None)

    def until_failed(self, failed: np.ndarray) -> Stream:
        """The rows before the first one that failed."""
        if not failed.any():
            return self
        row = int(failed.argmax())
        return replace(self.first(row), failure=Failure(DIVISION, int(self.ticks[row])))

    def renumbered(self) -> Stream:
        return replace(self, numbers=np.arange(len(self), dtype=np.int64))


def evaluate(
    file: ir.RiverFile,
    name: str,
    inputs: Mapping[str, Table],
    params: Mapping[str, object] | None = None,
) -> Table:
    """What comes out of the river `name`. `inputs` are the tables of its sources by name; `params`
    overrides defaults, by the parameter's name."""
    evaluation = Evaluation(file, inputs, params or {})
    schema = file.rivers[name].schema
    stream = evaluation.river(name, frozenset(schema))
    columns = {column: stream.columns[column] for column in schema}
    for column, type_ in schema.items():
        assert columns[column].kind == type_.kind, column
        assert type_.nullable or columns[column].valid.all(), f"null in {column}"
    table = Table(schema, columns, len(stream))
    if stream.failure is not None:
        tick = stream.failure.tick
        raise EvaluationError(stream.failure.kind, None if tick == END else tick, table)
    return table


class Evaluation:
    """One evaluation of a file; rivers that several others use are evaluated once."""

    def __init__(
        self, file: ir.RiverFile, inputs: Mapping[str, Table], params: Mapping[str, object]
    ) -> None:
        self._file = file
        self._inputs = inputs
        self._params = params
        self._known: dict[tuple[str, frozenset[str]], Stream] = {}

    def river(self, name: str, wanted: frozenset[str]) -> Stream:
        key = (name, wanted)
        if key not in self._known:
            self._known[key] = self._evaluate(self._file.rivers[name], set(wanted))
        return self._known[key]

    def _evaluate(self, river: ir.River, wanted: set[str]) -> Stream:
        wants = [wanted]
        for step in reversed(river.steps):
            wants.append(liveness.before(step, wants[-1]))
        wants.reverse()
        stream = self._input(river, frozenset(wants[0]))
        for step, want in zip(river.steps, wants[1:], strict=True):
            stream = self._step(river, step, stream, want)
        return stream

    def _input(self, river: ir.River, wanted: frozenset[str]) -> Stream:
        if not river.sources:
            table = self._inputs[river.name]
            rows = np.arange(table.rows, dtype=np.int64)
            return Stream({name: table.columns[name] for name in wanted}, rows, rows)
        if len(river.sources) == 1:
            return self.river(river.sources[0], wanted)
        return merge([self.river(source, wanted) for source in river.sources])

    def _param(self, param: ir.Param) -> object:
        if param.name in self._params:
            return self._params[param.name]
        declared = self._file.rivers[param.river].params
        return next(p.default for p in declared if p.name == param.name)

    def _rows(self, stream: Stream) -> Rows:
        return Rows(stream.columns, len(stream), self._param)

    # ---- steps ----

    def _step(self, river: ir.River, step: ir.Step, stream: Stream, wanted: set[str]) -> Stream:
        if any(isinstance(n, ir.Lag) for expr in used(step, wanted) for n in liveness.walk(expr)):
            stream = stream.renumbered()
        match step:
            case ir.Map() | ir.Select():
                stream = self._assign(step, stream, wanted)
            case ir.Filter():
                rows = self._rows(stream)
                true = rows.true(step.condition)
                cut = stream.until_failed(rows.failed)
                stream = cut.keep(np.flatnonzero(true[: len(cut)]))
            case ir.Take():
                if len(stream) >= step.count:
                    stream = stream.first(step.count)
                stream = stream.renumbered()
            case ir.Skip():
                stream = stream.keep(np.arange(min(step.count, len(stream)), len(stream)))
                stream = stream.renumbered()
            case ir.TakeWhile():
                stream = self._take_while(step, stream).renumbered()
            case ir.SkipWhile():
                stream = self._skip_while(step, stream).renumbered()
            case ir.Scan() | ir.Rolling():
                live = [(name, expr) for name, expr in step.columns if name in wanted]
                if live:
                    stream = self._running(step, stream.renumbered(), live, wanted)
            case ir.Aggregated():
                stream = self._aggregated(river, step, stream, wanted)
            case ir.Group() | ir.Window():
                pass  # repeated in the `Aggregated` that follows
            case _:
                raise TypeError(step)
        return stream

    def _assign(self, step: ir.Map | ir.Select, stream: Stream, wanted: set[str]) -> Stream:
        rows = self._rows(stream)
        for name, expr in liveness.live(step.columns, wanted)[0]:
            rows.columns[name] = rows.value(expr)
        columns = {name: rows.columns[name] for name in step.schema if name in wanted}
        return replace(stream, columns=columns).until_failed(rows.failed)

    def _take_while(self, step: ir.TakeWhile, stream: Stream) -> Stream:
        rows = self._rows(stream)
        true = rows.true(step.condition)
        cut = stream.until_failed(rows.failed)
        ends = ~true[: len(cut)]
        return cut.first(int(ends.argmax())) if ends.any() else cut

    def _skip_while(self, step: ir.SkipWhile, stream: Stream) -> Stream:
        rows = self._rows(stream)
        true = rows.true(step.condition)
        # Once the rows have begun, the condition is not asked for any more.
        begins = ~true & ~rows.failed
        begin = int(begins.argmax()) if begins.any() else len(stream)
        failed = rows.failed & (np.arange(len(stream)) < begin)
        if failed.any():
            return stream.until_failed(failed).keep(np.arange(0))
        return stream.keep(np.arange(begin, len(stream)))

    def _running(
        self,
        step: ir.Scan | ir.Rolling,
        stream: Stream,
        live: list[tuple[str, ir.Expr]],
        wanted: set[str],
    ) -> Stream:
        """All new columns see those before the step."""
        rows = self._rows(stream)
        size = step.rows if isinstance(step, ir.Rolling) else 0
        values = {
            id(node): running.running(node, rows, size)
            for _, expr in live
            for node in liveness.walk(expr)
            if isinstance(node, ir.Aggregate | ir.Recurrence)
        }
        made = Rows(stream.columns, len(stream), self._param, values)
        added = {name: made.value(expr) for name, expr in live}
        columns = {name: (stream.columns | added)[name] for name in step.schema if name in wanted}
        failed = rows.failed | made.failed
        return replace(stream, columns=columns).until_failed(failed)

    # ---- aggregates ----

    def _aggregated(
        self, river: ir.River, step: ir.Aggregated, stream: Stream, wanted: set[str]
    ) -> Stream:
        outputs = [(name, expr) for name, expr in step.columns if name in wanted]
        calls = [
            node
            for _, expr in outputs
            for node in liveness.walk(expr)
            if isinstance(node, ir.Aggregate)
        ]
        rows = self._rows(stream)
        arguments = [None if call.x is None else rows.value(call.x) for call in calls]
        stream = stream.until_failed(rows.failed)
        cells = self._cells(river, step, stream)
        stream = stream.first(cells.rows) if cells.failure else stream

        reduce = sums.one_by_one if step.keys else sums.aggregate
        values = {}
        for call, x in zip(calls, arguments, strict=True):
            cut = None if x is None else x.take(slice(len(stream)))
            values[id(call)] = reduce(call, cut, cells.segments).take(cells.order)
        keys = {name: stream.columns[name].take(cells.key_rows) for name in step.keys}
        made = Rows(keys, len(cells.order), self._param, values)
        columns = {name: made.value(expr) for name, expr in outputs}
        columns = {**{name: keys[name] for name in step.keys if name in wanted}, **columns}
        numbers = np.arange(len(cells.order), dtype=np.int64)
        return Stream(columns, cells.ticks, numbers, cells.failure or stream.failure).until_failed(
            made.failed
        )

    def _cells(self, river: ir.River, step: ir.Aggregated, stream: Stream) -> Cells:
        """Which output row each row counts for, and which of those come out, in order."""
        groups, failure = group_numbers(step.keys, stream, river.max_groups)
        size = step.window.rows if step.window else None
        partial = step.window is None or step.window.partial
        seen: dict[int, int] = {}  # rows of each group so far
        cell_of: dict[tuple[int, int], int] = {}  # (group, window) to its cell
        segment = np.empty(len(groups), dtype=np.int64)
        number = np.empty(len(groups), dtype=np.int64)
        filled: list[tuple[int, int]] = []  # (cell, tick), as windows fill
        for row, group in enumerate(groups.tolist()):
            at = seen.get(group, 0)
            seen[group] = at + 1
            window = at // size if size else 0
            segment[row] = cell_of.setdefault((group, window), len(cell_of))
            number[row] = at % size if size else stream.numbers[row]
            if size and at % size == size - 1:
                filled.append((int(segment[row]), int(stream.ticks[row])))
        ended = failure is None and stream.failure is None
        if ended and partial:
            done = {cell for cell, _ in filled}
            open_cells = {group: cell for (group, _), cell in cell_of.items()}
            filled += [(c, END) for c in open_cells.values() if c not in done]
        alone = not step.keys and step.window is None
        if alone and ended and not filled:
            cell_of[(0, 0)] = 0
            filled.append((0, END))
        first_rows = np.zeros(len(cell_of), dtype=np.int64)
        first_rows[segment[::-1]] = np.arange(len(groups))[::-1]
        order = np.array([cell for cell, _ in filled], dtype=np.int64)
        return Cells(
            segments=sums.Segments(segment, number, len(cell_of)),
            order=order,
            ticks=np.array([tick for _, tick in filled], dtype=np.int64),
            key_rows=first_rows[order] if step.keys else order[:0],
            rows=len(groups),
            failure=failure,
        )


@dataclass(frozen=True, eq=False)
class Cells:
    """How rows become the rows of an aggregate: `order` lists the segments that come out, `ticks`
    when; `key_rows` a row with each one's keys; `rows` is how many were taken before a failure."""

    segments: sums.Segments
    order: np.ndarray
    ticks: np.ndarray
    key_rows: np.ndarray
    rows: int
    failure: Failure | None


def group_numbers(
    keys: tuple[str, ...], stream: Stream, max_groups: int
) -> tuple[np.ndarray, Failure | None]:
    """The group of each row, counted in the order of their first rows; null is a key of its own."""
    if not keys:
        return np.zeros(len(stream), dtype=np.int64), None
    known: dict[tuple, int] = {}
    groups = np.empty(len(stream), dtype=np.int64)
    columns = [stream.columns[name].items() for name in keys]
    for row, key in enumerate(zip(*columns, strict=True)):
        if key not in known:
            if len(known) == max_groups:
                return groups[:row], Failure(GROUPS, int(stream.ticks[row]))
            known[key] = len(known)
        groups[row] = known[key]
    return groups, None


def merge(streams: list[Stream]) -> Stream:
    """Rows by the source row that brought them out, then by the list; the end of input comes last.

    The earliest failure ends the merge: nothing that would come after it comes out.
    """
    ticks = np.concatenate([s.ticks for s in streams])
    river = np.repeat(np.arange(len(streams)), [len(s) for s in streams])
    order = np.lexsort((np.arange(len(ticks)), river, ticks))
    failures = [(s.failure.tick, i) for i, s in enumerate(streams) if s.failure]
    failure = None
    if failures:
        tick, index = min(failures)
        failure = streams[index].failure
        at = (ticks[order] < tick) | ((ticks[order] == tick) & (river[order] <= index))
        order = order[at]
    columns = {}
    for name in streams[0].columns:
        parts = [s.columns[name] for s in streams]
        values = np.concatenate([p.values for p in parts]).astype(dtype(parts[0].kind))
        columns[name] = Column(
            parts[0].kind, values[order], np.concatenate([p.valid for p in parts])[order]
        )
    return Stream(columns, ticks[order], np.arange(len(order), dtype=np.int64), failure)


def used(step: ir.Step, wanted: set[str]) -> list[ir.Expr]:
    """The expressions of the step whose values matter."""
    match step:
        case ir.Map() | ir.Select():
            return [expr for _, expr in liveness.live(step.columns, wanted)[0]]
        case ir.Aggregated() | ir.Scan() | ir.Rolling():
            return [expr for name, expr in step.columns if name in wanted]
        case _:
            return liveness.expressions(step)
