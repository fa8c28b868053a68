"""Values that go on from row to row, as the section "From row to row" of the language says.

Each is worked out from what it means, a window from its rows, but for floats' sums and variances,
whose order of operations is fixed: those follow the tree of that section.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

import numpy as np
from nagare import ir

from .expressions import Rows, canonical, cast
from .table import Column, dtype, nothing

REACH = 16  # rows of a tree's innermost part


def running(expr: ir.Expr, rows: Rows, size: int) -> Column:
    """A running value in each row, over the last `size` rows (0: all so far)."""
    with np.errstate(all="ignore"):
        if isinstance(expr, ir.Recurrence):
            return _recurrence(expr, rows)
        return _aggregate(expr, rows, size)


# ---- recurrences ----


def _recurrence(expr: ir.Recurrence, rows: Rows) -> Column:
    kind = expr.type.kind
    values = np.full(rows.rows, nothing(kind), dtype=dtype(kind))
    valid = np.zeros(rows.rows, dtype=bool)
    state = None
    if expr.start is not None:
        state = rows.at(0, None).value(expr.start) if rows.rows else None
    for row in range(rows.rows):
        here = rows.at(row, state)
        following = here.value(expr.first if state is None else expr.body)
        if following.valid[0]:
            state = Column(kind, canonical(kind, following.values), following.valid)
        if state is not None:
            values[row], valid[row] = state.values[0], True
    return Column(kind, canonical(kind, values), valid)


# ---- aggregates ----


def _aggregate(expr: ir.Aggregate, rows: Rows, size: int) -> Column:
    function, kind = expr.function, expr.type.kind
    if expr.x is None:
        x = Column("bool", np.ones(rows.rows, dtype=bool), np.ones(rows.rows, dtype=bool))
    else:
        x = rows.value(expr.x)
    n = _counts(x.valid, size)
    if function == "count":
        return Column(kind, n, np.ones(len(n), dtype=bool))
    if function in ("any", "all"):
        true = _counts(x.valid & x.values, size)
        return Column(kind, true > 0 if function == "any" else true == n, n > 0)
    if function in ("first", "last", "min", "max"):
        return Column(kind, canonical(kind, _chosen(function, x, size)), n > 0)
    if function in ("var", "std"):
        moment = _moments(x, size) if size == 0 else _rolled_moments(x, n, size)
        variance = moment / np.maximum(n - 1, 1).astype(np.float64)
        values = np.sqrt(variance) if function == "std" else variance
        return Column(kind, canonical("f64", values), n > 1)
    total = _total(function, x, size)
    if function == "mean":
        total = total.astype(np.float64) / np.maximum(n, 1).astype(np.float64)
    return Column(kind, canonical(kind, total), n > 0)


def _counts(there: np.ndarray, size: int) -> np.ndarray:
    so_far = np.cumsum(there.astype(np.int64))
    if size == 0 or size >= len(so_far):
        return so_far
    return so_far - np.concatenate([np.zeros(size, dtype=np.int64), so_far[:-size]])


def _order(value: float | int) -> tuple:
    """The order of values in which one is the least: -0 before 0."""
    return value, math.copysign(1.0, value) if value == 0 else 0.0


def _chosen(function: str, x: Column, size: int) -> np.ndarray:
    """The value among those of a window that `first`, `last`, `min` or `max` choose."""
    values, chosen = x.values.tolist(), np.full(len(x), nothing(x.kind), dtype=dtype(x.kind))
    is_float = x.kind in ir.FLOATS
    kept: deque[int] = deque()  # rows that may still be chosen, the first of them now
    nans: deque[int] = deque()
    for row, there in enumerate(x.valid):
        gone = row - size if size else -1
        for rows in (kept, nans):
            while rows and rows[0] <= gone:
                rows.popleft()
        if there and is_float and function in ("min", "max") and math.isnan(values[row]):
            nans.append(row)
        elif there:
            while kept and _gives_way(function, values[kept[-1]], values[row]):
                kept.pop()
            kept.append(row)
        if nans:
            chosen[row] = math.nan
        elif kept:
            chosen[row] = x.values[kept[0]]
    return chosen


def _gives_way(function: str, old: float | int, new: float | int) -> bool:
    """Whether an older value can no longer be chosen once a newer one is there."""
    if function in ("first", "last"):
        return function == "last"
    return _order(new) <= _order(old) if function == "min" else _order(new) >= _order(old)


def _total(function: str, x: Column, size: int) -> np.ndarray:
    kind = x.kind
    if kind in ir.INTEGERS and not (function == "mean" and kind in ("i64", "u64")):
        wide = np.uint64 if kind in ir.UNSIGNED else np.int64
        neutral = wide(1 if function == "product" else 0)
        values = np.where(x.valid, x.values.astype(wide), neutral)
        if function == "product":
            return np.multiply.accumulate(values)
        so_far = np.cumsum(values, dtype=wide)
        if size == 0 or size >= len(so_far):
            return so_far
        return so_far - np.concatenate([np.zeros(size, dtype=wide), so_far[:-size]])
    # Of floats: sums of f32 begin in f32, products do not.
    inner = "f32" if kind == "f32" and function != "product" else "f64"
    values = cast(kind, inner, x.values)
    if function == "product":
        return tree(np.where(x.valid, values, np.float64(1)), np.multiply, 1.0)
    return over(np.where(x.valid, values, dtype(inner)(0)), size)


def tree(values: np.ndarray, operation: Callable = np.add, neutral: float = 0.0) -> np.ndarray:
    """The results over all rows up to each."""
    t = values
    for distance in (1, 2, 4, 8):
        before = np.concatenate([np.full(distance, neutral, dtype=t.dtype), t])[: len(t)]
        t = operation(t, before)
    rows = -(-len(t) // REACH) * REACH
    spread = np.full(REACH + rows, neutral)
    spread[REACH : REACH + len(t)] = t.astype(np.float64)
    steps = operation.accumulate(spread.reshape(-1, REACH), axis=0)
    return steps[1:].reshape(-1)[: len(t)]


def over(values: np.ndarray, size: int) -> np.ndarray:
    """Sums over the last `size` rows, from the sums of blocks."""
    if size == 0:
        return tree(values)
    result = np.empty(len(values))
    ends = None
    for start in range(0, len(values), size):
        block = values[start : start + size]
        so_far = tree(block)
        if ends is not None:
            so_far = np.append(ends[1:], 0.0)[: len(block)] + so_far
        result[start : start + size] = so_far
        ends = tree(block[::-1])[::-1]
    return result


def _moments(x: Column, size: int) -> np.ndarray:
    """The squared distances from the mean of all values so far."""
    result = np.zeros(len(x))
    mean = m2 = n = 0.0
    for row, value in enumerate(cast(x.kind, "f64", x.values).tolist()):
        if x.valid[row]:
            n = n + 1.0
            delta = value - mean
            mean = mean + delta / n
            m2 = m2 + delta * (value - mean)
        result[row] = m2
    return result


def _rolled_moments(x: Column, n: np.ndarray, size: int) -> np.ndarray:
    values = cast(x.kind, "f64", x.values)
    sums, squares = np.empty(len(x)), np.empty(len(x))
    pivot, known, ends = 0.0, False, None
    for start in range(0, len(x), size):
        block, there = values[start : start + size], x.valid[start : start + size]
        pivots = np.full(len(block), pivot)
        finite = np.flatnonzero(there & np.isfinite(block))
        if not known and len(finite):
            pivot, known = block[finite[0]], True
            pivots[finite[0] :] = pivot
        away = np.where(there, block - pivots, 0.0)
        parts = [tree(away), tree(away * away)]
        last = parts[0][-1]
        for result, so_far, i in ((sums, parts[0], 0), (squares, parts[1], 1)):
            if ends is not None:
                so_far = np.append(ends[i][1:], 0.0)[: len(block)] + so_far
            result[start : start + size] = so_far
        mean = pivot + last / np.float64(there.sum())
        pivot = mean if np.isfinite(mean) else pivot
        away = np.where(there, block - pivot, 0.0)
        ends = [tree(away[::-1])[::-1], tree((away * away)[::-1])[::-1]]
    rest = squares - sums * sums / n.astype(np.float64)
    return np.where(rest < 0.0, 0.0, rest)
