"""The value of an expression in each row, as the section "Expressions" of the language says.

`Rows.value(expr, needed)` gives a column; `needed` marks the rows in which the value is asked for.
An integer division by zero in such a row, where the result cannot be null, is noted in
`Rows.failed`; the value there means nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np
from nagare import ir

from .table import CANONICAL_NAN, Column, constant, dtype, nothing

WIDTHS = {"i8": 8, "i16": 16, "i32": 32, "i64": 64, "u8": 8, "u16": 16, "u32": 32, "u64": 64}
UNITS_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def bounds(kind: str) -> tuple[int, int]:
    """The least and the greatest value of an integer kind."""
    width = WIDTHS[kind]
    return (0, 2**width - 1) if kind[0] == "u" else (-(2 ** (width - 1)), 2 ** (width - 1) - 1)


def canonical(kind: str, values: np.ndarray) -> np.ndarray:
    """Every NaN becomes the one quiet NaN."""
    if kind not in CANONICAL_NAN:
        return values
    nan = np.full(1, CANONICAL_NAN[kind]).view(dtype(kind))
    return np.where(np.isnan(values), nan, values)


class Rows:
    """The rows a step sees: what names, parameters and aggregates mean there."""

    def __init__(
        self,
        columns: dict[str, Column],
        rows: int,
        params: Callable[[ir.Param], object],
        aggregates: dict[int, Column] | None = None,
    ) -> None:
        self.columns = dict(columns)
        self.rows = rows
        self.failed = np.zeros(rows, dtype=bool)
        self._params = params
        self._aggregates = aggregates or {}
        self._state: Column | None = None

    def at(self, row: int, state: Column | None) -> Rows:
        """One row of these, where a recurrence has come to `state`."""
        columns = {name: column.take(slice(row, row + 1)) for name, column in self.columns.items()}
        one = Rows(columns, 1, self._params)
        one._state = state
        return one

    def value(self, expr: ir.Expr, needed: np.ndarray | None = None) -> Column:
        if needed is None:
            needed = np.ones(self.rows, dtype=bool)
        with np.errstate(all="ignore"):
            if isinstance(expr, ir.State):
                result = self._state
            else:
                result = getattr(self, "_" + type(expr).__name__.lower())(expr, needed)
        assert result.kind == expr.type.kind, (expr, result.kind)
        if not expr.type.nullable:
            assert (result.valid | ~needed | self.failed).all(), f"null in {expr}"
        return result

    def true(self, expr: ir.Expr) -> np.ndarray:
        """The rows where a condition is neither false nor null."""
        condition = self.value(expr)
        return condition.values & condition.valid

    def _column(self, expr: ir.Column, needed: np.ndarray) -> Column:
        return self.columns[expr.name]

    def _param(self, expr: ir.Param, needed: np.ndarray) -> Column:
        return constant(expr.type.kind, self._params(expr), self.rows)

    def _literal(self, expr: ir.Literal, needed: np.ndarray) -> Column:
        value = expr.value.encode() if isinstance(expr.value, str) else expr.value
        made = constant(expr.type.kind, value, self.rows)
        return Column(made.kind, canonical(made.kind, made.values), made.valid)

    def _null(self, expr: ir.Null, needed: np.ndarray) -> Column:
        return constant(expr.type.kind, None, self.rows)

    def _aggregate(self, expr: ir.Aggregate, needed: np.ndarray) -> Column:
        return self._aggregates[id(expr)]

    _recurrence = _aggregate

    def _lag(self, expr: ir.Lag, needed: np.ndarray) -> Column:
        """The argument is evaluated in every row of the step: any of them may be looked back to."""
        x = self.value(expr.x)
        values = np.full(self.rows, nothing(x.kind), dtype=dtype(x.kind))
        valid = np.zeros(self.rows, dtype=bool)
        values[expr.rows :] = x.values[: max(self.rows - expr.rows, 0)]
        valid[expr.rows :] = x.valid[: max(self.rows - expr.rows, 0)]
        return Column(x.kind, values, valid)

    # ---- operators ----

    def _unary(self, expr: ir.Unary, needed: np.ndarray) -> Column:
        x = self.value(expr.x, needed)
        if expr.op == "not":
            values = ~x.values
        elif expr.op == "~":
            values = np.invert(x.values)
        else:
            values = canonical(x.kind, np.negative(x.values))
        return Column(x.kind, values, x.valid)

    def _binary(self, expr: ir.Binary, needed: np.ndarray) -> Column:
        a, b = self.value(expr.a, needed), self.value(expr.b, needed)
        kind, valid = expr.type.kind, a.valid & b.valid
        if expr.op in ("<<", ">>"):
            return Column(kind, shift(expr.op, a, b), valid)
        if expr.op in ("/", "%") and kind not in ir.FLOATS:
            zero = b.values == 0
            if expr.type.nullable:
                valid = valid & ~zero
            else:
                self.failed |= needed & zero
            quotient, remainder = divide(kind, a.values, np.where(zero, dtype(kind)(1), b.values))
            return Column(kind, quotient if expr.op == "/" else remainder, valid)
        left, right = a.values, b.values
        if kind.startswith("timestamp") or a.kind.startswith("timestamp"):
            left, right = left.astype(np.int64), right.astype(np.int64)
        operation = {
            "+": np.add,
            "-": np.subtract,
            "*": np.multiply,
            "/": np.divide,
            "&": np.bitwise_and,
            "|": np.bitwise_or,
            "^": np.bitwise_xor,
        }[expr.op]
        return Column(kind, canonical(kind, operation(left, right)), valid)

    def _compare(self, expr: ir.Compare, needed: np.ndarray) -> Column:
        a, b = self.value(expr.a, needed), self.value(expr.b, needed)
        operation = {
            "<": np.less,
            "<=": np.less_equal,
            ">": np.greater,
            ">=": np.greater_equal,
            "==": np.equal,
            "!=": np.not_equal,
        }[expr.op]
        return Column("bool", operation(a.values, b.values).astype(bool), a.valid & b.valid)

    def _and(self, expr: ir.And, needed: np.ndarray) -> Column:
        a = self.value(expr.a, needed)
        a_false = a.valid & ~a.values
        b = self.value(expr.b, needed & ~a_false)
        b_false = b.valid & ~b.values
        return Column("bool", ~(a_false | b_false), a_false | b_false | (a.valid & b.valid))

    def _or(self, expr: ir.Or, needed: np.ndarray) -> Column:
        a = self.value(expr.a, needed)
        a_true = a.valid & a.values
        b = self.value(expr.b, needed & ~a_true)
        b_true = b.valid & b.values
        return Column("bool", a_true | b_true, a_true | b_true | (a.valid & b.valid))

    def _if(self, expr: ir.If, needed: np.ndarray) -> Column:
        condition = self.value(expr.cond, needed)
        chosen = condition.values & condition.valid
        a = self.value(expr.a, needed & chosen)
        b = self.value(expr.b, needed & ~chosen)
        values = np.where(chosen, a.values, b.values)
        return Column(a.kind, values, np.where(chosen, a.valid, b.valid))

    def _cast(self, expr: ir.Cast, needed: np.ndarray) -> Column:
        x = self.value(expr.x, needed)
        return Column(expr.type.kind, cast(x.kind, expr.type.kind, x.values), x.valid)

    # ---- functions ----

    def _coalesce(self, expr: ir.Call, needed: np.ndarray) -> Column:
        first = self.value(expr.args[0], needed)
        values, valid = first.values, first.valid
        for arg in expr.args[1:]:
            other = self.value(arg, needed & ~valid)
            values, valid = np.where(valid, values, other.values), valid | other.valid
        return Column(first.kind, values, valid)

    def _call(self, expr: ir.Call, needed: np.ndarray) -> Column:
        if expr.function == "coalesce":
            return self._coalesce(expr, needed)
        args = [self.value(arg, needed) for arg in expr.args]
        first = args[0]
        if expr.function == "isnull":
            return Column("bool", ~first.valid, np.ones(self.rows, dtype=bool))
        valid = np.logical_and.reduce([arg.valid for arg in args])
        if expr.function == "isnan":
            return Column("bool", np.isnan(first.values), valid)
        values = apply(expr.function, first.kind, [arg.values for arg in args])
        return Column(first.kind, canonical(first.kind, values), valid)


def apply(function: str, kind: str, args: list[np.ndarray]) -> np.ndarray:
    """A function of numbers, elementwise."""
    x = args[0]
    if function in ("min", "max"):
        for other in args[1:]:
            x = pick(function, kind, x, other)
        return x
    if function == "clamp":
        return pick("min", kind, pick("max", kind, x, args[1]), args[2])
    if function == "abs":
        return x if kind in ir.UNSIGNED else np.abs(x)
    if function == "sign":
        one, zero = dtype(kind)(1), dtype(kind)(0)
        below = x if kind in ir.UNSIGNED else dtype(kind)(-1)
        return np.where(x > zero, one, np.where(x < zero, below, x))
    if function == "exp":
        return exponential(x.astype(np.float64)).astype(dtype(kind))
    rounding = {"floor": np.floor, "ceil": np.ceil, "trunc": np.trunc, "round": np.rint}
    return {**rounding, "sqrt": np.sqrt}[function](x)


def exponential(x: np.ndarray) -> np.ndarray:
    """e^x, step by step as it is documented: every step is one rounded operation on f64."""
    x = np.clip(x, -746.0, 710.0)  # keeps NaN
    k = np.rint(x * (1 / 0.6931471805599453))
    high = x - k * float.fromhex("0x1.62e42fefap-1")
    low = k * float.fromhex("0x1.cf79abc9e3b3ap-40")
    r = high - low
    t = r * r
    terms = [1 / 6, -1 / 360, 1 / 15120, -1 / 604800, 1 / 23950080, -691 / 653837184000]
    c = r - t * reduce(lambda total, term: term + t * total, reversed(terms))
    result = 1.0 + (((r * c) / (2.0 - c) - low) + high)
    half = np.floor(k * 0.5)
    with np.errstate(all="ignore"):
        whole = np.nan_to_num(half).astype(np.int64), np.nan_to_num(k - half).astype(np.int64)
        return np.ldexp(np.ldexp(result, whole[0]), whole[1])


def pick(function: str, kind: str, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """`min` or `max` of two: the later of equal ones, NaN if one is NaN."""
    chosen = np.where(a < b if function == "min" else a > b, a, b)
    return np.where(np.isnan(a), a, chosen) if kind in ir.FLOATS else chosen


def divide(kind: str, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Quotient towards zero and remainder, wrapping; no divisor is 0."""
    if kind in ir.UNSIGNED:
        return a // b, a % b
    minus = b == -1
    b = np.where(minus, dtype(kind)(1), b)
    floor = a // b
    inexact = (floor * b != a) & ((a < 0) != (b < 0))
    quotient = floor + inexact.astype(dtype(kind))
    return np.where(minus, np.negative(a), quotient), a - quotient * b


def shift(op: str, a: Column, b: Column) -> np.ndarray:
    """The amount counts modulo the width; `>>` keeps the sign of signed values."""
    width = WIDTHS[a.kind]
    amount = np.mod(b.values, dtype(b.kind)(width)).astype(dtype(a.kind))
    if op == ">>":
        return np.right_shift(a.values, amount)
    unsigned = np.dtype(f"u{width // 8}")
    return np.left_shift(a.values.view(unsigned), amount.view(unsigned)).view(dtype(a.kind))


# ---- casts ----


def cast(of: str, to: str, values: np.ndarray) -> np.ndarray:
    """The table of casts, from one kind to another."""
    if of == to:
        return values
    if of.startswith("timestamp"):
        if to.startswith("timestamp"):
            return change_unit(of, to, values)
        return cast("i64", to, values)
    if to.startswith("timestamp"):
        return cast(of, "i64", values)
    if to == "bool":
        return values != 0
    if to in ir.FLOATS:
        return canonical(to, values.astype(dtype(to)))
    if of in ir.FLOATS:
        return float_to_integer(to, values.astype(np.float64))
    if of == "bool":
        return values.astype(dtype(to))
    return saturate(of, to, values)


def saturate(of: str, to: str, values: np.ndarray) -> np.ndarray:
    low, high = max(bounds(of)[0], bounds(to)[0]), min(bounds(of)[1], bounds(to)[1])
    return np.clip(values, dtype(of)(low), dtype(of)(high)).astype(dtype(to))


def float_to_integer(to: str, values: np.ndarray) -> np.ndarray:
    low, high = bounds(to)
    whole = np.trunc(values)
    # Each limit is a power of two away from what an f64 holds exactly; beyond it lies saturation.
    above, below = whole >= float(high + 1), whole < float(low)
    inside = np.where(above | below | np.isnan(values), 0.0, whole).astype(dtype(to))
    return np.where(above, dtype(to)(high), np.where(below, dtype(to)(low), inside))


def change_unit(of: str, to: str, values: np.ndarray) -> np.ndarray:
    old, new = (UNITS_PER_SECOND[kind[len("timestamp[") : -1]] for kind in (of, to))
    if new < old:
        return np.floor_divide(values, np.int64(old // new))
    low, high = bounds("i64")
    factor = new // old
    exact = [min(max(value * factor, low), high) for value in values.tolist()]
    return np.array(exact, dtype=np.int64)
