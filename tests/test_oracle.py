"""The oracle itself, against cases worked out by hand and against independent arithmetic."""

from __future__ import annotations

import math
import random
import statistics
from fractions import Fraction

import numpy as np
import pytest
from nagare import ir
from oracle import build as b
from oracle.evaluate import EvaluationError, evaluate
from oracle.expressions import WIDTHS, bounds, cast, divide, shift
from oracle.sums import fold
from oracle.table import CANONICAL_NAN, column, dtype, table

X = {t: b.col("x", t) for t in (*ir.KINDS, *(k + "?" for k in ir.KINDS))}


def run(river: b.RiverBuilder, *others: b.RiverBuilder, **columns: list) -> dict[str, list]:
    """The last river's rows, of one source `s` (the first river) with these columns."""
    rivers = [river, *others]
    made = evaluate(b.file(*rivers), rivers[-1].name, {"s": table(rivers[0].input, columns)})
    return {name: column.items() for name, column in made.columns.items()}


def source(**columns: str) -> b.RiverBuilder:
    return b.RiverBuilder("s", b.schema(**columns))


def value(expr: ir.Expr, **columns: tuple[str, list]) -> list:
    river = source(**{name: t for name, (t, _) in columns.items()}).select(y=expr)
    return run(river, **{name: items for name, (_, items) in columns.items()})["y"]


# ---- expressions ----


def test_integers_wrap():
    x = X["i8"]
    assert value(b.binary("+", x, b.lit("i8", 1)), x=("i8", [127, -1])) == [-128, 0]
    assert value(b.binary("*", x, x), x=("i8", [16, -128, 100])) == [0, 0, 16]
    assert value(b.unary("-", x), x=("i8", [-128, 5])) == [-128, -5]
    assert value(b.call("abs", x), x=("i8", [-128, -5])) == [-128, 5]


@pytest.mark.parametrize("kind", ["i8", "u8", "i64", "u64"])
def test_division_is_that_of_c(kind):
    low, high = bounds(kind)
    edges = sorted({low, low + 1, low // 3, -7, -1, 0, 1, 2, 3, 7, high // 2, high - 1, high})
    edges = [v for v in edges if low <= v <= high]
    pairs = [(x, y) for x in edges for y in edges if y != 0]
    a, d = (np.array(list(column), dtype=dtype(kind)) for column in zip(*pairs, strict=True))
    quotient, remainder = divide(kind, a, d)
    for (x, y), q, r in zip(pairs, quotient.tolist(), remainder.tolist(), strict=True):
        exact = abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1)
        assert q == (low if exact > high else exact)
        assert r == x - exact * y


@pytest.mark.parametrize("kind", ir.INTEGERS)
def test_shifts_take_the_amount_modulo_the_width(kind):
    low, high = bounds(kind)
    width = WIDTHS[kind]
    values = [low, high, 1, 5, high // 3]
    for amount in (0, 1, width - 1, width, width + 1, -1, -128, 127):
        x, n = column(kind, values), column("i8", [amount] * len(values))
        left, right = shift("<<", x, n).tolist(), shift(">>", x, n).tolist()
        for v, up, down in zip(values, left, right, strict=True):
            assert up == ((v << (amount % width)) - low) % (high - low + 1) + low
            assert down == v >> (amount % width)


def test_division_by_zero_is_null_where_the_result_can_be():
    columns = {"x": ("i32?", [7, None, 7]), "y": ("i32", [0, 0, 2])}
    assert value(b.binary("/", X["i32?"], b.col("y", "i32")), **columns) == [None, None, 3]


def test_division_by_zero_stops_the_run_with_its_row():
    river = source(x="i32").map(y=b.binary("/", b.lit("i32", 6), X["i32"]))
    with pytest.raises(EvaluationError) as caught:
        run(river, x=[3, 2, 0, 1])
    assert (caught.value.kind, caught.value.row) == ("divided by zero", 2)
    assert caught.value.before.columns["y"].items() == [2, 3]


def test_what_is_not_needed_is_not_divided():
    six, zero, x = b.lit("i32", 6), b.lit("i32", 0), X["i32"]
    quotient = b.binary("/", six, x)
    big = b.compare(">", quotient, b.lit("i32", 2))
    assert value(b.both(b.compare("!=", x, zero), big), x=("i32", [0, 2, 3])) == [
        False,
        True,
        False,
    ]
    assert value(b.either(b.compare("==", x, zero), big), x=("i32", [0, 2])) == [True, True]
    guarded = b.choose(b.compare("!=", x, zero), quotient, zero)
    assert value(guarded, x=("i32", [0, 3])) == [0, 2]
    replaced = b.call("coalesce", b.col("y", "i32?"), quotient, type_="i32")
    assert value(replaced, x=("i32", [0, 3]), y=("i32?", [9, None])) == [9, 2]
    dropped = source(x="i32").filter(b.compare("!=", x, zero)).map(y=quotient)
    assert run(dropped, x=[0, 3])["y"] == [2]
    unused = source(x="i32").map(y=quotient).select(x=x)
    assert run(unused, x=[0])["x"] == [0]
    late = source(x="i32").map(y=quotient).take(1)
    assert run(late, x=[1, 0])["y"] == [6]


def test_logic_has_three_values():
    three = [False, True, None]
    a = [x for x in three for _ in three]
    c = three * 3
    columns = {"a": ("bool?", a), "c": ("bool?", c)}
    left, right = b.col("a", "bool?"), b.col("c", "bool?")
    assert value(b.both(left, right), **columns) == [
        False, False, False, False, True, None, False, None, None,
    ]  # fmt: skip
    assert value(b.either(left, right), **columns) == [
        False, True, None, True, True, True, None, True, None,
    ]  # fmt: skip
    chosen = b.choose(left, b.lit("i8", 1), b.lit("i8", 2))
    assert value(chosen, **columns) == [2, 2, 2, 1, 1, 1, 2, 2, 2]
    assert value(b.unary("not", left), **columns) == [True] * 3 + [False] * 3 + [None] * 3


def bits(items: list[float], kind: str = "f32") -> list[int]:
    return np.array(items, dtype=dtype(kind)).view(CANONICAL_NAN[kind].dtype).tolist()


def test_only_computed_nans_are_canonical():
    odd = np.array([0xFFC12345], dtype=np.uint32).view(np.float32)
    made = table(b.schema(x="f32"), {"x": [0.0]})
    made.columns["x"].values[:] = odd
    x = X["f32"]
    river = source(x="f32").select(
        x=x,
        kept=b.choose(b.lit("bool", True), x, b.lit("f32", 0.0)),
        sum=b.binary("+", x, b.lit("f32", 1.0)),
        least=b.call("min", x, b.lit("f32", 1.0)),
        wide=b.cast("f64", x),
        minus=b.unary("-", x),
        size=b.call("abs", x),
    )
    out = evaluate(b.file(river), "s", {"s": made}).columns
    seen = {name: hex(int(c.bits()[0])) for name, c in out.items()}
    assert seen.pop("x") == seen.pop("kept") == "0xffc12345"
    assert seen.pop("wide") == "0x7ff8000000000000"
    assert set(seen.values()) == {"0x7fc00000"}


def test_least_and_greatest_of_floats():
    least = b.call("min", X["f32"], b.col("y", "f32"))
    most = b.call("max", X["f32"], b.col("y", "f32"))
    columns = {
        "x": ("f32", [0.0, -0.0, math.nan, 1.0, 2.0]),
        "y": ("f32", [-0.0, 0.0, 1.0, math.nan, -math.inf]),
    }
    assert bits(value(least, **columns)) == bits([-0.0, 0.0, math.nan, math.nan, -math.inf])
    assert bits(value(most, **columns)) == bits([-0.0, 0.0, math.nan, math.nan, 2.0])


def test_rounding_and_signs():
    x = X["f64"]
    data = [2.5, 3.5, -0.5, -0.0, math.nan, -7.25]
    columns = {"x": ("f64", data)}
    assert bits(value(b.call("round", x), **columns), "f64") == bits(
        [2.0, 4.0, -0.0, -0.0, math.nan, -7.0], "f64"
    )
    assert bits(value(b.call("sign", x), **columns), "f64") == bits(
        [1.0, 1.0, -1.0, -0.0, math.nan, -1.0], "f64"
    )
    assert value(b.call("floor", x), **columns)[5] == -8.0
    assert value(b.call("trunc", x), **columns)[5] == -7.0


def test_integer_casts_saturate():
    for of in ir.INTEGERS:
        low, high = bounds(of)
        edges = {low, -129, -1, 0, 1, 127, 255, 2**31, high}
        values = sorted(v for v in edges if low <= v <= high)
        array = np.array(values, dtype=dtype(of))
        for to in ir.INTEGERS:
            least, most = bounds(to)
            assert cast(of, to, array).tolist() == [min(max(v, least), most) for v in values]


def test_float_to_integer_truncates_and_saturates():
    finite = [-0.9, 2.9, -2.9, 3e9, -3e9, 2.0**63, -(2.0**63), 2.0**64]
    values = [math.nan, math.inf, -math.inf, *finite]
    for to in ir.INTEGERS:
        low, high = bounds(to)
        want = [
            0 if math.isnan(v) else high if v > 1e300 else low if v < -1e300
            else min(max(math.trunc(v), low), high)
            for v in values
        ]  # fmt: skip
        assert cast("f64", to, np.array(values)).tolist() == want


@pytest.mark.parametrize("of", ["i64", "u64"])
def test_integers_round_once_to_floats(of):
    rng = random.Random(1)
    low, high = bounds(of)
    values = [rng.randint(low, high) >> rng.randrange(40) for _ in range(2000)]
    # Just beside a tie of f32: rounding by way of f64 would fall into the tie.
    values += [(2**24 + odd) * 2**30 + 2**29 + d for odd in (0, 1) for d in (-1, 0, 1)]
    values = [v for v in values if low <= v <= high]
    for to, digits in (("f32", 24), ("f64", 53)):
        got = cast(of, to, np.array(values, dtype=dtype(of))).tolist()
        assert got == [float(nearest(v, digits)) for v in values]


def nearest(v: int, digits: int) -> int:
    """The integer of so many binary digits nearest to `v`, ties to even."""
    drop = max(abs(v).bit_length() - digits, 0)
    return round(Fraction(v, 2**drop)) * 2**drop


def test_timestamps_change_unit():
    seconds = np.array([-1, 0, 1, 2**62], dtype=np.int64)
    fine = cast("timestamp[s]", "timestamp[ms]", seconds).tolist()
    assert fine == [-1000, 0, 1000, 2**63 - 1]
    ticks = np.array([-1001, -1000, -1, 999, 1000], dtype=np.int64)
    assert cast("timestamp[ms]", "timestamp[s]", ticks).tolist() == [-2, -1, -1, 0, 1]


def test_lag_counts_the_rows_of_its_step():
    x = X["i32"]
    odd = b.compare("==", b.binary("%", x, b.lit("i32", 2)), b.lit("i32", 1))
    river = source(x="i32").filter(odd).select(y=b.lag(x), z=b.lag(x, 2))
    assert run(river, x=[1, 2, 3, 4, 5, 7]) == {
        "y": [None, 1, 3, 5],
        "z": [None, None, 1, 3],
    }


# ---- steps ----


def test_take_and_skip():
    x = X["i32"]
    assert run(source(x="i32").take(2).skip(1), x=[1, 2, 3])["x"] == [2]
    low = b.compare("<", x, b.lit("i32", 3))
    assert run(source(x="i32").take_while(low), x=[1, 2, 3, 1])["x"] == [1, 2]
    assert run(source(x="i32").skip_while(low), x=[1, 2, 3, 1])["x"] == [3, 1]


def test_groups_stand_in_the_order_of_their_first_row():
    river = (
        source(k="utf8?", x="i32")
        .group("k")
        .aggregate(n=b.agg("count", "i64"), total=b.agg("sum", "i64", X["i32"]))
    )
    out = run(river, k=["b", None, "a", "b", None, ""], x=[1, 2, 3, 4, 5, 6])
    assert out == {"k": [b"b", None, b"a", b""], "n": [2, 2, 1, 1], "total": [5, 7, 3, 6]}
    assert run(river, k=[], x=[]) == {"k": [], "n": [], "total": []}


def test_too_many_groups():
    river = b.RiverBuilder("s", b.schema(k="i32"), groups=2)
    river.group("k").aggregate(n=b.agg("count", "i64"))
    with pytest.raises(EvaluationError) as caught:
        run(river, k=[1, 2, 1, 3])
    assert (caught.value.kind, caught.value.row) == ("too many groups", 3)
    assert caught.value.before.rows == 0


def test_windows_of_rows():
    total = b.agg("sum", "i64", X["i32"])
    data = [1, 2, 3, 4, 5]
    assert run(source(x="i32").window(2).aggregate(t=total), x=data)["t"] == [3, 7]
    assert run(source(x="i32").window(2, True).aggregate(t=total), x=data)["t"] == [3, 7, 5]
    assert run(source(x="i32").window(2, True).aggregate(t=total), x=[])["t"] == []
    grouped = source(k="bool", x="i32").group("k").window(2, True).aggregate(t=total)
    out = run(grouped, k=[True, False, False, True, True], x=data)
    assert out == {"k": [False, True, True], "t": [5, 5, 5]}


def test_aggregates_of_nothing():
    nothing = source(x="i32?").aggregate(
        n=b.agg("count", "i64"),
        m=b.agg("count", "i64", X["i32?"]),
        t=b.agg("sum", "i64?", X["i32?"]),
        v=b.agg("var", "f64?", X["i32?"]),
    )
    empty = {"n": [0], "m": [0], "t": [None], "v": [None]}
    assert run(nothing, x=[]) == empty
    assert run(nothing, x=[None]) == empty | {"n": [1]}


def test_each_aggregate():
    x = X["f32?"]
    river = source(x="f32?").aggregate(
        total=b.agg("sum", "f64?", x),
        mean=b.agg("mean", "f64?", x),
        low=b.agg("min", "f32?", x),
        high=b.agg("max", "f32?", x),
        var=b.agg("var", "f64?", x),
        std=b.agg("std", "f64?", x),
        first=b.agg("first", "f32?", x),
        last=b.agg("last", "f32?", x),
        positive=b.agg("all", "bool?", b.compare(">", x, b.lit("f32", 0.0))),
        large=b.agg("any", "bool?", b.compare(">", x, b.lit("f32", 5.0))),
    )
    out = run(river, x=[None, 1.0, 2.0, 6.0, None])
    values = {name: items[0] for name, items in out.items()}
    assert values.pop("std") == math.sqrt(7.0)
    assert values == {
        "total": 9.0, "mean": 3.0, "low": 1.0, "high": 6.0, "var": 7.0,
        "first": 1.0, "last": 6.0, "positive": True, "large": True,
    }  # fmt: skip


def test_expressions_of_aggregates_and_keys():
    spread = b.binary("-", b.agg("max", "i32", X["i32"]), b.agg("min", "i32", X["i32"]))
    river = source(k="i32", x="i32").group("k")
    river.aggregate(spread=spread, twice=b.binary("+", b.col("k", "i32"), b.col("k", "i32")))
    out = run(river, k=[4, 4, 5], x=[1, 9, 3])
    assert out == {"k": [4, 5], "spread": [8, 0], "twice": [8, 10]}


def test_division_in_an_aggregate_fails_where_its_row_comes_out():
    total = b.agg("sum", "i64", X["i32"])
    river = source(x="i32").window(2).aggregate(y=b.binary("/", b.lit("i64", 6), total))
    with pytest.raises(EvaluationError) as caught:
        run(river, x=[1, 2, 3, -3, 1, 1])
    assert caught.value.row == 3
    assert caught.value.before.columns["y"].items() == [2]


# ---- rivers on rivers ----


def test_merges_go_by_the_source_row():
    left = b.RiverBuilder("left", b.schema(x="i32"), "s")
    left.filter(b.compare(">", X["i32"], b.lit("i32", 1)))
    right = b.RiverBuilder("right", b.schema(x="i32"), "s").map(x=b.unary("-", X["i32"]))
    every = b.RiverBuilder("every", b.schema(x="i32"), "left", "right")
    out = run(source(x="i32"), left, right, every, x=[1, 2, 3])
    assert out["x"] == [-1, 2, -2, 3, -3]


def test_what_comes_at_the_end_is_merged_river_by_river():
    def pairs(name: str, rows: int) -> b.RiverBuilder:
        total = b.agg("sum", "i64", X["i32"])
        return b.RiverBuilder(name, b.schema(x="i32"), "s").window(rows, True).aggregate(t=total)

    every = b.RiverBuilder("every", b.schema(t="i64"), "twos", "threes")
    out = run(source(x="i32"), pairs("twos", 2), pairs("threes", 3), every, x=[1, 2, 4, 8, 16])
    assert out["t"] == [3, 7, 12, 16, 24]


def test_sources_advance_in_step():
    other = b.RiverBuilder("o", b.schema(x="i32"))
    every = b.RiverBuilder("every", b.schema(x="i32"), "o", "s")
    made = evaluate(
        b.file(source(x="i32"), other, every),
        "every",
        {
            "s": table(b.schema(x="i32"), {"x": [1, 2, 3]}),
            "o": table(b.schema(x="i32"), {"x": [10]}),
        },
    )
    assert made.columns["x"].items() == [10, 1, 2, 3]


def test_params():
    river = source(x="i32")
    river.filter(b.compare(">", X["i32"], river.param("least", "i32", 2)))
    rows = {"s": table(b.schema(x="i32"), {"x": [1, 2, 3]})}
    assert evaluate(b.file(river), "s", rows).columns["x"].items() == [3]
    assert evaluate(b.file(river), "s", rows, {"least": 0}).rows == 3


# ---- sums ----


def tree(values: list, operation) -> object:
    """One run, straight from the two lines of the language's definition."""
    v = list(values)
    t = [None] * 128
    for g in range(8):
        for lane in range(16):
            at = 64 * g + lane
            t[g * 16 + lane] = operation(
                operation(v[at], v[at + 16]), operation(v[at + 32], v[at + 48])
            )
    for h in (64, 32, 16, 8, 4, 2, 1):
        for i in range(h):
            t[i] = operation(t[i], t[i + h])
    return t[0]


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_the_tree_is_the_one_that_is_written(kind):
    values = np.random.default_rng(3).normal(size=512).astype(kind)
    assert fold(values, np.add) == tree(values, lambda x, y: x + y)
    assert fold(values, lambda x, y: np.where(x < y, x, y)) == min(values)


def summed(kind: str, values: np.ndarray, drop: np.ndarray | None = None) -> dict[str, float]:
    x = X[kind]
    river = source(x=kind, keep="bool").filter(b.col("keep", "bool")).aggregate(
        total=b.agg("sum", "f64?", x),
        mean=b.agg("mean", "f64?", x),
        var=b.agg("var", "f64?", x),
        std=b.agg("std", "f64?", x),
        low=b.agg("min", kind + "?", x),
    )  # fmt: skip
    keep = np.ones(len(values), dtype=bool) if drop is None else ~drop
    out = run(river, x=values.tolist(), keep=keep.tolist())
    return {name: items[0] for name, items in out.items()}


def test_filters_leave_holes_in_the_runs():
    rng = np.random.default_rng(5)
    values = rng.normal(size=1300).astype(np.float32)
    drop = rng.random(1300) < 0.3
    runs = np.zeros(1536, dtype=np.float32)
    runs[:1300] = np.where(drop, np.float32(0), values)
    carry = 0.0
    for run_at in range(0, 1536, 512):
        carry += float(tree(runs[run_at : run_at + 512], lambda x, y: x + y))
    assert summed("f32", values, drop)["total"] == carry
    # Numbered anew, the rows fall into other lanes.
    x = X["f32"]
    anew = source(x="f32", keep="bool").filter(b.col("keep", "bool")).skip(1)
    anew.aggregate(total=b.agg("sum", "f64?", x))
    dense = np.zeros(1024, dtype=np.float32)
    kept = values[~drop][1:]
    dense[: len(kept)] = kept
    want = sum(float(tree(dense[at : at + 512], lambda x, y: x + y)) for at in (0, 512))
    assert run(anew, x=values.tolist(), keep=(~drop).tolist())["total"] == [want]


@pytest.mark.parametrize("kind", ["f32", "f64"])
@pytest.mark.parametrize("rows", [1, 2, 511, 513, 5000])
def test_sums_are_as_good_as_pairwise(kind, rows):
    values = np.random.default_rng(rows).normal(3.0, 50.0, rows).astype(dtype(kind))
    out = summed(kind, values)
    exact = [float(v) for v in values]
    unit = 2.0**-24 if kind == "f32" else 2.0**-53
    bound = 10 * unit * math.fsum(abs(v) for v in exact)  # depth 9, and the carry
    assert abs(out["total"] - math.fsum(exact)) <= bound
    assert abs(out["mean"] - math.fsum(exact) / rows) <= bound / rows + unit
    assert out["low"] == min(exact)
    if rows > 1:
        relative = 1e-5 if kind == "f32" else 1e-13
        assert out["var"] == pytest.approx(statistics.variance(exact), rel=relative)
        assert out["std"] == pytest.approx(statistics.stdev(exact), rel=relative)
        assert out["var"] == pytest.approx(np.var(exact, ddof=1), rel=relative)


def test_a_compensated_sum_keeps_what_a_plain_one_loses():
    values = np.array([1e16] + [0.0] * 511 + [1.0] + [0.0] * 511 + [-1e16])
    assert summed("f64", values)["total"] == 1.0
    grouped = source(k="i32", x="f64").group("k").aggregate(t=b.agg("sum", "f64", X["f64"]))
    assert run(grouped, k=[0] * 3, x=[1e16, 1.0, -1e16])["t"] == [1.0]


def test_sums_that_are_not_finite():
    assert summed("f64", np.array([math.inf, 1.0]))["total"] == math.inf
    assert math.isnan(summed("f64", np.array([math.inf, -math.inf]))["total"])
    assert math.isnan(summed("f32", np.array([math.nan, 1.0]))["var"])
    assert math.isnan(summed("f32", np.array([math.nan, 1.0]))["low"])
    assert summed("f64", np.array([1e308] * 2))["total"] == math.inf


def test_groups_are_added_row_by_row():
    rng = np.random.default_rng(9)
    values = rng.normal(1e6, 1.0, 600)
    keys = rng.integers(0, 3, 600).tolist()
    for kind in ("f32", "f64"):
        x = values.astype(dtype(kind))
        river = source(k="i32", x=kind).group("k").aggregate(
            t=b.agg("sum", "f64", X[kind]), v=b.agg("var", "f64?", X[kind])
        )  # fmt: skip
        out = run(river, k=keys, x=x.tolist())
        for key, total, variance in zip(out["k"], out["t"], out["v"], strict=True):
            rows = [float(v) for v, k in zip(x, keys, strict=True) if k == key]
            assert total == pytest.approx(math.fsum(rows), rel=1e-15)
            assert variance == pytest.approx(statistics.variance(rows), rel=1e-8)
    plain = source(k="i32", x="f32").group("k").aggregate(t=b.agg("sum", "f64", X["f32"]))
    assert run(plain, k=[0] * 3, x=[2.0**53, 1.0, 1.0])["t"] == [2.0**53]


def test_wide_integers():
    x = X["u64"]
    river = source(x="u64").aggregate(t=b.agg("sum", "u64?", x), m=b.agg("mean", "f64?", x))
    out = run(river, x=[2**64 - 1, 2, 4])
    assert out == {"t": [5], "m": [float(2**64) / 3]}
    i32 = source(x="i32").aggregate(m=b.agg("mean", "f64?", X["i32"]))
    assert run(i32, x=[2**31 - 1] * 3)["m"] == [2.0**31 - 1]


def test_segments_do_not_mix():
    total = b.agg("sum", "f64", X["f32"])
    river = source(x="f32").window(600, True).aggregate(t=total)
    values = [float(i % 7) for i in range(1500)]
    want = [sum(values[at : at + 600]) for at in (0, 600, 1200)]
    assert run(river, x=values)["t"] == want
