"""Aggregates, as the section "What is exact about sums" of the language says.

A `Segment`ed reduction serves whole streams (one segment) and windows (one each): rows in runs of
512 by row number, folded as a tree, carried in f64. `one_by_one` serves groups.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from nagare import ir

from .expressions import canonical, cast
from .table import Column, dtype, nothing

RUN = 512
Operation = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Segments:
    """Which segment each row is in, and its row number there; rows are in order."""

    segment: np.ndarray
    number: np.ndarray
    count: int


def smaller(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.where(a < b, a, b)


def larger(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.where(a > b, a, b)


def fold(values: np.ndarray, operation: Operation) -> np.ndarray:
    """The tree over the last axis, which is one run."""
    v = values.reshape(*values.shape[:-1], 8, 4, 16)
    t = operation(
        operation(v[..., 0, :], v[..., 1, :]),
        operation(v[..., 2, :], v[..., 3, :]),
    )
    t = t.reshape(*values.shape[:-1], 128)
    for half in (64, 32, 16, 8, 4, 2, 1):
        t = operation(t[..., :half], t[..., half:])
    return t[..., 0]


def in_runs(segments: Segments, values: np.ndarray, present: np.ndarray, absent: object):
    """An array [segment, run, row of the run], with `absent` where there is no value."""
    runs = int(segments.number.max()) // RUN + 1 if len(segments.number) else 1
    spread = np.full((segments.count, runs, RUN), absent, dtype=values.dtype)
    at = segments.number[present]
    spread[segments.segment[present], at // RUN, at % RUN] = values[present]
    return spread


def aggregate(expr: ir.Aggregate, x: Column | None, segments: Segments) -> Column:
    """One value for each segment. `x` is the argument in each row, None for `count()`."""
    with np.errstate(all="ignore"):
        return _aggregate(expr, x, segments)


def _aggregate(expr: ir.Aggregate, x: Column | None, segments: Segments) -> Column:
    function, kind = expr.function, expr.type.kind
    if x is None:
        everything = np.bincount(segments.segment, minlength=segments.count).astype(np.int64)
        return Column(kind, everything, np.ones(segments.count, dtype=bool))
    n = np.bincount(segments.segment[x.valid], minlength=segments.count).astype(np.int64)
    if function == "count":
        return Column(kind, n, np.ones(segments.count, dtype=bool))
    some = n > 0
    if function in ("first", "last", "any", "all"):
        return Column(kind, _of_order(function, x, segments), some)
    if function in ("min", "max"):
        return Column(kind, _extreme(function, x, segments), some)
    if function in ("var", "std"):
        variance = _variance(x, segments) / np.maximum(n - 1, 1).astype(np.float64)
        values = np.sqrt(variance) if function == "std" else variance
        return Column(kind, canonical("f64", values), n > 1)
    if function == "sum":
        return Column(kind, canonical(kind, _sum(x, segments)), some)
    if x.kind in ("i64", "u64"):
        x = Column("f64", cast(x.kind, "f64", x.values), x.valid)
    mean = _sum(x, segments).astype(np.float64) / np.maximum(n, 1).astype(np.float64)
    return Column(kind, canonical("f64", mean), some)


def _of_order(function: str, x: Column, segments: Segments) -> np.ndarray:
    rows = np.flatnonzero(x.valid)
    result = np.full(segments.count, nothing(x.kind), dtype=dtype(x.kind))
    if function in ("first", "last"):
        rows = rows[::-1] if function == "first" else rows
        for row in rows:  # what is assigned last stays
            result[segments.segment[row]] = x.values[row]
        return result
    wanted = np.full(segments.count, function == "all")
    deciding = rows[x.values[rows] == (function == "any")]
    wanted[segments.segment[deciding]] = function == "any"
    return wanted


def _sum(x: Column, segments: Segments) -> np.ndarray:
    if x.kind not in ir.FLOATS:
        total = np.zeros(segments.count, dtype=np.uint64 if x.kind in ir.UNSIGNED else np.int64)
        values = x.values[x.valid].astype(total.dtype)
        np.add.at(total, segments.segment[x.valid], values)
        return total
    runs = fold(in_runs(segments, x.values, x.valid, 0), np.add).astype(np.float64)
    carry, low = np.zeros(segments.count), np.zeros(segments.count)
    for run in range(runs.shape[1]):
        t = runs[:, run]
        s = carry + t
        if x.kind == "f64":
            b = s - carry
            low = low + ((carry - (s - b)) + (t - b))
        carry = s
    return np.where(np.isfinite(carry), carry + low, carry) if x.kind == "f64" else carry


def _extreme(function: str, x: Column, segments: Segments) -> np.ndarray:
    operation = smaller if function == "min" else larger
    if x.kind not in ir.FLOATS:
        result = _of_order("first", x, segments)
        step = np.minimum if function == "min" else np.maximum
        step.at(result, segments.segment[x.valid], x.values[x.valid])
        return result
    identity = math.inf if function == "min" else -math.inf
    runs = fold(in_runs(segments, x.values, x.valid, identity), operation)
    filled = in_runs(segments, x.valid, x.valid, False).any(axis=2)
    carry = np.full(segments.count, nothing(x.kind), dtype=dtype(x.kind))
    begun = np.zeros(segments.count, dtype=bool)
    for run in range(runs.shape[1]):
        t = runs[:, run]
        better = t < carry if function == "min" else t > carry
        carry = np.where(filled[:, run] & (better | ~begun), t, carry)
        begun |= filled[:, run]
    nan = np.zeros(segments.count, dtype=bool)
    nan[segments.segment[x.valid & np.isnan(x.values)]] = True
    return canonical(x.kind, np.where(nan, dtype(x.kind)(math.nan), carry))


def _variance(x: Column, segments: Segments) -> np.ndarray:
    """The sum of squared distances from the mean."""
    kind = x.kind if x.kind in ir.FLOATS else "f64"
    x = Column(kind, cast(x.kind, kind, x.values), x.valid)
    spread = in_runs(segments, x.values, x.valid, 0)
    present = in_runs(segments, x.valid, x.valid, False)
    counts = present.sum(axis=2).astype(np.float64)
    own = fold(spread, np.add).astype(np.float64) / np.maximum(counts, 1.0)
    mean, m2, before = (np.zeros(segments.count) for _ in range(3))
    mean_ago, before_ago = mean, before  # a run with values ago
    for run in range(counts.shape[1]):
        n, here, inside = counts[:, run], counts[:, run] > 0, present[:, run]
        so_far = np.where(before_ago >= RUN, mean_ago, mean)
        pivot = np.where(before >= RUN, so_far, own[:, run]).astype(dtype(kind))
        distance = np.where(inside, spread[:, run] - pivot[:, None], dtype(kind)(0))
        s1 = fold(distance, np.add).astype(np.float64)
        s2 = fold(distance * distance, np.add).astype(np.float64)
        divisor = np.maximum(n, 1.0)
        middle = pivot.astype(np.float64) + s1 / divisor
        squares = s2 - s1 * s1 / divisor
        squares = np.where(np.isnan(squares) | (squares > 0.0), squares, 0.0)
        total = np.maximum(before + n, 1.0)
        delta = middle - mean
        joined = mean + delta * (n / total)
        spread_out = m2 + (squares + delta * delta * (before * n / total))
        first = before == 0
        mean_ago, before_ago = np.where(here, mean, mean_ago), np.where(here, before, before_ago)
        mean = np.where(here, np.where(first, middle, joined), mean)
        m2 = np.where(here, np.where(first, squares, spread_out), m2)
        before = before + n
    return m2


# ---- groups: row by row ----


def one_by_one(expr: ir.Aggregate, x: Column | None, segments: Segments) -> Column:
    """One value for each segment; floats are added in the order of the rows, in f64."""
    with np.errstate(all="ignore"):
        return _one_by_one(expr, x, segments)


def _one_by_one(expr: ir.Aggregate, x: Column | None, segments: Segments) -> Column:
    function, kind = expr.function, expr.type.kind
    exact = x is None or x.kind not in ir.FLOATS
    if function in ("count", "first", "last", "any", "all") or (
        exact and function in ("sum", "min", "max")
    ):
        return aggregate(expr, x, segments)
    if function == "mean" and exact and x.kind not in ("i64", "u64"):
        return aggregate(expr, x, segments)
    values = x.values if function in ("min", "max") else cast(x.kind, "f64", x.values)
    rows: list[list[float]] = [[] for _ in range(segments.count)]
    for row in np.flatnonzero(x.valid):
        rows[segments.segment[row]].append(float(values[row]))
    compensated = x.kind != "f32"
    result = [_reduce(function, row, compensated) for row in rows]
    present = np.array([v is not None for v in result], dtype=bool)
    numbers = np.array([0.0 if v is None else v for v in result], dtype=dtype(kind))
    return Column(kind, canonical(kind, numbers), present)


def _reduce(function: str, values: list[float], compensated: bool) -> float | None:
    if function in ("var", "std"):
        if len(values) < 2:
            return None
        variance = _welford(values) / (len(values) - 1)
        return variance if function == "var" or math.isnan(variance) else math.sqrt(variance)
    if not values:
        return None
    if function in ("min", "max"):
        return _carry(function, values)
    total = _compensated_sum(values) if compensated else _plain_sum(values)
    return total if function == "sum" else total / len(values)


def _carry(function: str, values: list[float]) -> float:
    if any(math.isnan(v) for v in values):
        return math.nan
    carry = values[0]
    for v in values[1:]:
        if (v < carry) if function == "min" else (v > carry):
            carry = v
    return carry


def _plain_sum(values: list[float]) -> float:
    carry = 0.0
    for t in values:
        carry = carry + t
    return carry


def _compensated_sum(values: list[float]) -> float:
    carry = low = 0.0
    for t in values:
        s = carry + t
        b = s - carry
        low = low + ((carry - (s - b)) + (t - b))
        carry = s
    return carry + low if math.isfinite(carry) else carry


def _welford(values: list[float]) -> float:
    mean = m2 = n = 0.0
    for x in values:
        n = n + 1.0
        delta = x - mean
        mean = mean + delta / n
        m2 = m2 + delta * (x - mean)
    return m2
