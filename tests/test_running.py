"""Values that go on from row to row: by hand, over long windows in every profile, without drift."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from differential import batch, cases
from differential.program import Config, Program, build, works
from nagare import rivers
from nagare.ir import Type
from oracle.evaluate import evaluate
from oracle.table import Column, Table

CONFIG = Config("gcc", ("-O2",))
NAN, INF = math.nan, math.inf


def column(kind: str, items: list) -> Column:
    valid = np.array([v is not None for v in items], dtype=bool)
    kinds = {"f32": np.float32, "f64": np.float64, "i32": np.int32, "i64": np.int64, "bool": bool}
    values = np.array([0 if v is None else v for v in items], dtype=kinds[kind])
    return Column(kind, values, valid)


def given(sentence: str, **columns: list) -> list:
    """What the last column is, by the oracle; columns are called by their kind."""
    schema = {name: Type(name, True) for name in columns}
    fields = ", ".join(f'{name}_ = "{name}?"' for name in columns)
    text = f'[river.s]\nschema = {{ {fields} }}\n[river.r]\nfrom = "s"\nsteps = ["{sentence}"]\n'
    made = {f"{name}_": column(name, items) for name, items in columns.items()}
    rows = len(next(iter(made.values())))
    table = Table({f"{n}_": t for n, t in schema.items()}, made, rows)
    result = evaluate(rivers.loads(text, "x.toml"), "r", {"s": table})
    return list(result.columns.values())[-1].items()


@pytest.mark.parametrize(
    ("sentence", "items", "expected"),
    [
        ("scan y = sum(i32_)", [1, None, 3, 4], [1, 1, 4, 8]),
        ("scan y = sum(i32_)", [None, 2], [None, 2]),
        ("scan y = product(i32_)", [2, None, 3], [2, 2, 6]),
        ("scan y = count(i32_)", [None, 2, 5], [0, 1, 2]),
        ("scan y = count()", [None, 2, 5], [1, 2, 3]),
        ("scan y = last(i32_)", [None, 2, None, 3], [None, 2, 2, 3]),
        ("scan y = first(i32_)", [None, 2, 5], [None, 2, 2]),
        ("scan y = min(i32_)", [4, 2, None, 5], [4, 2, 2, 2]),
        ("scan y = mean(i32_)", [4, 2, None, 6], [4, 3, 3, 4]),
        ("scan y = var(i32_)", [4, 2, None, 6], [None, 2, 2, 4]),
        ("scan y = ema(i32_, 0.5)", [None, 4, 2, None, 7], [None, 4, 3, 3, 5]),
        ("scan y = y + i32_ from 10", [1, None, 2], [11, 11, 13]),
        ("scan y = i32_ - y from 0", [1, 1, None, 5], [1, 0, 0, 5]),
        ("scan y = y / i32_ from 100", [3, 0, 4], [33, 33, 8]),
        ("scan y = y + i32_ from 0", [2**31 - 1, 1], [2**31 - 1, -(2**31)]),
        ("rolling y = sum(i32_) over 2", [1, None, 3, 4], [1, 1, 3, 7]),
        ("rolling y = sum(i32_) over 1", [1, None, 3], [1, None, 3]),
        ("rolling y = max(i32_) over 3", [9, 2, 3, 1, 0], [9, 9, 9, 3, 3]),
        ("rolling y = first(i32_) over 2", [9, None, 3, None, None], [9, 9, 3, 3, None]),
        ("rolling y = last(i32_) over 2", [9, None, None, 3], [9, 9, None, 3]),
        ("rolling y = mean(i32_) over 2", [1, 3, 5, None], [1, 2, 4, 5]),
        ("rolling y = var(i32_) over 3", [1, 3, 5, 7, None], [None, 2, 4, 4, 2]),
        ("rolling y = count(i32_) over 3", [1, None, 5, None, None], [1, 1, 2, 1, 1]),
        ("rolling y = i32_ - mean(i32_) over 2", [1, 3, 7], [0, 1, 2]),
    ],
)
def test_integers_by_hand(sentence: str, items: list, expected: list) -> None:
    assert given(sentence, i32=items) == expected


@pytest.mark.parametrize(
    ("sentence", "items", "expected"),
    [
        ("scan y = max(f64_)", [1.0, NAN, 2.0], [1.0, NAN, NAN]),
        ("rolling y = max(f64_) over 2", [1.0, NAN, 2.0, 3.0], [1.0, NAN, NAN, 3.0]),
        ("rolling y = min(f64_) over 2", [NAN, 1.0, 2.0], [NAN, NAN, 1.0]),
        ("rolling y = min(f64_) over 2", [0.0, -0.0, 0.0], [0.0, -0.0, -0.0]),
        ("rolling y = max(f64_) over 2", [-0.0, 0.0, -0.0], [-0.0, 0.0, 0.0]),
        ("rolling y = sum(f64_) over 2", [1.0, INF, 2.0, 3.0], [1.0, INF, INF, 5.0]),
        ("rolling y = sum(f64_) over 2", [1e300, 1.0, 2.0], [1e300, 1e300, 3.0]),
        ("rolling y = var(f64_) over 2", [INF, 1.0, 3.0], [None, NAN, 2.0]),
        ("rolling y = var(f64_) over 3", [NAN, 1.0, 3.0, 5.0], [None, NAN, NAN, 4.0]),
    ],
)
def test_floats_by_hand(sentence: str, items: list, expected: list) -> None:
    assert list(map(repr, given(sentence, f64=items))) == list(map(repr, expected))


def test_distinct_until_changed_by_hand() -> None:
    keep = "distinct until changed i32_"
    assert given(keep, i32=[None, None, 1, 1, None, 2, 2, 1]) == [None, 1, None, 2, 1]
    assert given(keep, i32=[7, 7, 7]) == [7]
    assert given(keep, i32=[]) == []
    assert list(map(repr, given("distinct until changed", f64=[NAN, NAN, 0.0, -0.0, 1.0]))) == [
        "nan", "nan", "0.0", "1.0"]  # fmt: skip


def split_mix(seed: int, count: int) -> list[int]:
    """The first numbers of SplitMix64, by its definition."""
    drawn = []
    for _ in range(count):
        seed = (seed + 0x9E3779B97F4A7C15) % 2**64
        z = (seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
        drawn.append(z ^ (z >> 31))
    return drawn


def test_samples_by_hand() -> None:
    rows = list(range(2000))
    assert given("sample every 3", i64=rows) == rows[::3]
    assert given("sample every 1", i64=rows) == rows
    assert given("sample every 5000", i64=rows) == [0]
    assert split_mix(1234567, 1) == [6457827717110365317]  # the algorithm's well-known vector
    for part, seed in (("0.25", 7), ("1e-2", 0), ("0.999", 2**63 - 1), ("1", 5)):
        limit = round(float(part) * 2**53)
        kept = [row for row, x in enumerate(split_mix(seed, 2000)) if x >> 11 < limit]
        assert given(f"sample {part} seed {seed}", i64=rows) == kept


# ---- in C ----------------------------------------------------------------------------------------

FILE = """
[river.values]
schema = { x = "f32", y = "f64?", i = "i32?", n = "i64", on = "bool?" }

[river.thousand]
from   = "values"
steps  = ["rolling m = mean(x), s = std(y), v = var(x), t = sum(y), h = max(x), l = min(y), \
c = count(y), f = first(i), b = last(on), u = max(n) over 1000"]

[river.beyond]
from   = "values"
steps  = ["rolling m = mean(x), h = max(y), f = first(on), v = std(x), t = sum(i) over 4097"]

[river.million]
from   = "values"
steps  = ["rolling m = mean(x), h = min(x) over 1048576"]

[river.eight]
from   = "values"
steps  = ["filter on", "rolling m = mean(x), h = max(x), v = var(y), f = first(n) over 8", \
"filter h > 0", "aggregate m = sum(m), v = max(v)"]

[river.so_far]
from   = "values"
params = { weight = "f64 = 0.25", begin = "i32 = -7" }
steps  = ["take 1500", "scan t = sum(x), u = sum(y), p = product(i), e = ema(y, weight), \
s = s + i from begin * 2, w = (w ^ n) * 31 from 1, q = q and on from true, v = std(x)"]

[river.extremes]
from   = "values"
steps  = ["aggregate n = count(), h = max(x), l = min(y), g = min(x)"]
"""


@cache
def expected_of(river: str, seed: int, rows: int) -> tuple[cases.Kernel, Table, cases.Expected]:
    file = rivers.loads(FILE, "running.toml")
    kernel = next(k for k in cases.kernels(file) if k.river == river)
    table = table_of(rows, seed)
    return kernel, table, kernel.expected(table, {})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Program:
    folder = tmp_path_factory.mktemp("running")
    if not works(CONFIG, folder):
        pytest.skip(f"{CONFIG} makes no programs here")
    batch.generate(FILE, folder / "rivers.h")
    names = [k.river for k in cases.kernels(rivers.loads(FILE, "running.toml"))]
    return build(CONFIG, [folder / "rivers.h"], names, folder / "driver")


def table_of(rows: int, seed: int) -> Table:
    """Noise around a mean that jumps now and then, with nulls, and odd values in one of two."""
    rng = np.random.default_rng(seed)
    jumps = np.cumsum(np.where(rng.random(rows) < 0.001, rng.normal(size=rows) * 1e4, 0.0))
    x = (rng.normal(size=rows) + jumps).astype(np.float32)
    y = rng.normal(size=rows) * 30 - jumps
    if seed % 2:
        odd = rng.random(rows) < 0.0005
        x[odd] = rng.choice(np.array([NAN, INF, -INF, -0.0, 0.0], dtype=np.float32), odd.sum())
        y[odd] = rng.choice(np.array([NAN, INF, -INF, 1e300, -0.0]), odd.sum())
    sure = np.ones(rows, dtype=bool)
    columns = {
        "x": Column("f32", x, sure),
        "y": Column("f64", y, rng.random(rows) < 0.9),
        "i": Column("i32", rng.integers(-(2**31), 2**31, rows).astype(np.int32),
                    rng.random(rows) < 0.5),
        "n": Column("i64", rng.integers(-(2**40), 2**40, rows), sure),
        "on": Column("bool", rng.random(rows) < 0.9, rng.random(rows) < 0.7),
    }  # fmt: skip
    return Table(rivers.loads(FILE, "running.toml").rivers["values"].schema, columns, rows)


@pytest.mark.parametrize("profile", batch.PROFILES)
@pytest.mark.parametrize("rows", [1, 1001, 9001])
def test_kernels_agree_with_the_oracle(made: Program, rows: int, profile: str) -> None:
    tried = []
    for index, operator in enumerate(made.operators):
        if profile not in operator.profiles:
            pytest.skip(f"this machine has no profile {profile}")
        for seed in (rows, rows + 1):
            kernel, table, expected = expected_of(operator.name, seed, rows)
            case = cases.case(index, operator, kernel, table, expected, None, profile, seed)
            tried.append(batch.Trial(kernel, seed, FILE, table, None, expected, case))
    found = batch.judge(made, tried)
    assert found is None, f"{found[0].kernel.river}: {found[1]}"


# ---- what the numbers are worth ------------------------------------------------------------------


def test_long_sums_of_f32_are_accurate() -> None:
    values = np.random.default_rng(5).random(300_000).astype(np.float32)
    totals = np.array(given("scan y = sum(f32_)", f32=values.tolist()))
    exact = np.cumsum(values.astype(np.float64))
    assert np.abs(totals / exact - 1).max() < 1e-6


def test_windows_do_not_drift() -> None:
    """Once something large has left a window, nothing of it is left."""
    rng = np.random.default_rng(6)
    values = rng.normal(size=20_000)
    spoilt = values.copy()
    spoilt[5000] = 1e25
    spoilt[5001] = -INF
    for function in ("sum", "mean", "max", "min"):
        sentence = f"rolling y = {function}(f64_) over 300"
        plain, after = (given(sentence, f64=v.tolist()) for v in (values, spoilt))
        assert plain[5301:] == after[5301:]
    sentence = "rolling y = std(f64_) over 300"
    plain, after = (np.array(given(sentence, f64=v.tolist())[1:]) for v in (values, spoilt))
    assert np.abs(after[6000:] / plain[6000:] - 1).max() < 1e-12


def test_variances_of_values_far_from_zero_are_accurate() -> None:
    values = np.random.default_rng(7).normal(size=5000) + 1e9
    found = np.array(given("rolling y = var(f64_) over 100", f64=values.tolist())[99:])
    windows = np.lib.stride_tricks.sliding_window_view(values - 1e9, 100)
    assert np.abs(found / windows.var(axis=1, ddof=1) - 1).max() < 1e-6
