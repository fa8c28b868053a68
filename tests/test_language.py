"""The meaning of river files: every construct gives the IR that docs/rivers.md says."""

from __future__ import annotations

import math
import os
import struct
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nagare import ir
from nagare.errors import RiverErrors
from nagare.ir import Csv, Position, SourceField, Type
from nagare.literals import read_timestamp, round_to
from nagare.names import taken_by
from nagare.rivers import load, loads
from nagare.toml_source import read, text_places
from nagare.widening import NUMBERS, cast_for, castable, common, widens

# No test here depends on the clock, and all find the same each time; the fuzzer looks further.
settings.register_profile("language", deadline=None, derandomize=True)
settings.load_profile("language")

HERE = Path(__file__).resolve().parent
HOUSE = HERE.parent

COLUMNS = """flag = "bool", maybe = "bool?", a = "i8", s = "i16", i = "i32", n = "i64", y = "u8", \
h = "u16", u = "u32", w = "u64", f = "f32", d = "f64", z = "f32?", k = "i32?", \
ts = "timestamp[ms]", sec = "timestamp[s]", text = "utf8", name = "utf8?\""""


def quoted(text: str) -> str:
    for character, escape in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r")):
        text = text.replace(character, escape)
    return f'"{text}"'


def river(*steps: str) -> ir.River:
    """A river over a source with a column of every type."""
    lines = ", ".join(map(quoted, steps))
    text = f'[river.s]\nschema = {{ {COLUMNS} }}\n[river.r]\nfrom = "s"\nsteps = [{lines}]\n'
    return loads(text, "rivers.toml").rivers["r"]


def show(x: ir.Expr) -> str:
    """An expression with the type of every node."""
    match x:
        case ir.Column():
            text = x.name
        case ir.Param():
            text = f"{x.river}.{x.name}"
        case ir.Literal():
            text = repr(x.value)
        case ir.Null():
            text = "null"
        case ir.Unary():
            text = f"({x.op} {show(x.x)})"
        case ir.Binary() | ir.Compare():
            text = f"({show(x.a)} {x.op} {show(x.b)})"
        case ir.And():
            text = f"({show(x.a)} and {show(x.b)})"
        case ir.Or():
            text = f"({show(x.a)} or {show(x.b)})"
        case ir.If():
            text = f"({show(x.a)} if {show(x.cond)} else {show(x.b)})"
        case ir.Cast():
            text = f"{'widen' if x.implicit else 'cast'}({show(x.x)})"
        case ir.Call():
            text = f"{x.function}({', '.join(map(show, x.args))})"
        case ir.Lag():
            text = f"lag({show(x.x)}, {x.rows})"
        case ir.Aggregate():
            text = f"{x.function}({show(x.x) if x.x else ''})"
        case ir.State():
            text = "before"
        case ir.Recurrence():
            begins = f"from {show(x.start)}" if x.start else f"first {show(x.first)}"
            text = f"[{show(x.body)} {begins}]"
        case _:
            raise AssertionError(f"there is no such node: {x}")
    return f"{text}:{x.type}"


def table(name: str, lines: int) -> list[tuple[str, ...]]:
    """The entries of a file: a line, and indented below it what belongs to it."""
    rows = (HERE / "language" / name).read_text(encoding="utf-8").split("\n")
    rows = [row.strip() for row in rows if row]
    return [tuple(rows[at : at + lines]) for at in range(0, len(rows), lines)]


# ---- expressions ---------------------------------------------------------------------------------


@pytest.mark.parametrize("expression, expected", table("expressions.txt", 2))
def test_expression(expression: str, expected: str) -> None:
    (step,) = river(f"map x = {expression}").steps
    ((name, x),) = step.columns
    assert name == "x"
    assert show(x) == expected
    assert list(step.schema.items())[-1] == ("x", x.type)


OVER = (
    (),
    ("group i, text",),
    ("window tumbling 2",),
    ("window tumbling 2 partial",),
    ("window tumbling 1",),
    ("group i", "window tumbling 2"),
)


@pytest.mark.parametrize("expression, over_all, types", table("aggregates.txt", 3))
def test_aggregate(expression: str, over_all: str, types: str) -> None:
    """`types` are those over the whole stream, groups, windows, partial ones, of one row, both."""
    found = []
    for before in OVER:
        aggregated = river(*before, f"aggregate x = {expression}").steps[-1]
        ((_, x),) = aggregated.columns
        found.append(str(x.type))
        assert aggregated.schema["x"] == x.type
        if not before:
            assert show(x) == over_all
    assert ", ".join(found) == types


@pytest.mark.parametrize("expression, scanned, types", table("running.txt", 3))
def test_running(expression: str, scanned: str, types: str) -> None:
    """`types` are those of a scan and of a rolling window, where there are both."""
    found = []
    for sentence in (f"scan x = {expression}", f"rolling x = {expression} over 10"):
        try:
            (step,) = river(sentence).steps
        except RiverErrors:
            found.append("none")
            continue
        ((_, x),) = step.columns
        found.append(str(x.type))
        assert list(step.schema.items())[-1] == ("x", x.type)
        if sentence.startswith("scan"):
            assert show(x) == scanned
    assert ", ".join(found) == types


def test_all_columns_of_a_scan_see_those_before_it() -> None:
    (step,) = river("scan f = sum(f), x = max(f), s = min(d)").steps
    assert [show(x) for _, x in step.columns] == [
        "sum(f:f32):f64", "max(f:f32):f32", "min(d:f64):f64"]  # fmt: skip
    assert list(step.schema).index("f") < list(step.schema).index("x")
    assert step.schema["f"] == Type("f64") and step.schema["s"] == Type("f64")


def test_rolling_says_over_how_many_rows() -> None:
    (step,) = river("rolling x = f - mean(f), n = count() over 1_000").steps
    assert step.rows == 1000


NODES = "widen( cast( lag( if or and (not null: (- (~"
FUNCTIONS = "abs min max clamp floor ceil trunc round sqrt exp sign isnan isnull coalesce"
AGGREGATES = "count sum mean min max var std first last any all"
OPERATORS = "+ - * / % & | ^ << >> < <= > >= == !="


def test_every_node_of_the_ir_is_reached() -> None:
    shown = " ".join(row[1] for row in table("expressions.txt", 2))
    shown += " ".join(row[1] for row in table("aggregates.txt", 3))
    words = {*NODES.split(), *(f" {operator} " for operator in OPERATORS.split())}
    words |= {f"{name}(" for name in (*FUNCTIONS.split(), *AGGREGATES.split())}
    words |= {f":{kind}" for kind in ir.KINDS if kind not in ir.TIMESTAMPS[2:]}
    assert {word for word in words if word not in shown} == set()


def test_the_middle_of_a_chain_is_shared() -> None:
    (step,) = river("filter 0 < f + 1 < 5").steps
    assert step.condition.a.b is step.condition.b.a


def test_positions_are_those_of_the_file() -> None:
    text = '[river.s]\nschema = { f = "f32" }\nsteps = [\n  "map\\tg = f *\\u0020(2.5)"]\n'
    (step,) = loads(text, "x").rivers["s"].steps
    ((_, product),) = step.columns
    assert step.at == Position(4, 4, 23)
    assert product.at == Position(4, 13, 14)
    assert (product.a.at, product.b.at) == (Position(4, 13, 1), Position(4, 22, 5))


def test_deep_expressions_that_are_allowed() -> None:
    for expression in (
        "not " * 99 + "flag",
        "(" * 4000 + "flag" + ")" * 4000,
        " and ".join(["flag"] * 100),
        "abs(" * 97 + "-i" + ")" * 97 + " == 1",
    ):
        assert isinstance(river(f"filter {expression}").steps[0], ir.Filter)
    deepest = river("map x = " + "1 if flag else " * 99 + "2").steps[0].columns[0][1]
    assert show(deepest).count(" if ") == 99


# ---- literals ------------------------------------------------------------------------------------


def f32(bits: int) -> Fraction:
    """The value of f32 with these bits; the one after the largest is what would come next."""
    if bits == 0x7F800000:
        return Fraction(2) ** 128
    return Fraction(struct.unpack("<f", struct.pack("<I", bits))[0])


def decimal(value: Fraction) -> str:
    """The exact decimal text of a fraction whose denominator is a power of two."""
    digits = value.denominator.bit_length() - 1
    text = str(value.numerator * 5**digits).rjust(digits + 1, "0")
    return text[: len(text) - digits] + "." + text[len(text) - digits :] + "0"


@given(
    st.integers(0, 0x7F7FFFFF) | st.sampled_from([0, 1, 0x7FFFFF, 0x800000, 0x7F7FFFFF]),
    st.sampled_from([-1, 0, 1]),
)
def test_halves_between_floats_round_exactly(bits: int, side: int) -> None:
    """Just beside the middle of two values of f32, and on it, where rounding twice would fail."""
    middle = (f32(bits) + f32(bits + 1)) / 2
    text = decimal(middle + Fraction(side, 2**300))
    right = bits + 1 if side > 0 or (side == 0 and bits % 2 == 1) else bits
    expected = None if right == 0x7F800000 else float(f32(right))
    assert round_to("f32", text) == expected


@given(st.integers(0, 2**140))
def test_integers_round_exactly(number: int) -> None:
    assert round_to("f32", number) == round_to("f32", f"{number}.0")
    assert round_to("f64", number) == float(number)


def test_numbers_beyond_all_floats() -> None:
    assert round_to("f64", "1e400") is round_to("f32", "1e9999999999999999999999") is None
    assert round_to("f64", 10**400) is round_to("f32", 10**400) is None
    assert round_to("f32", "1e-99999999999999999999") == 0.0
    assert round_to("f32", "inf") == math.inf
    assert math.isnan(round_to("f32", "nan"))


@pytest.mark.parametrize(
    "text, nanoseconds",
    [
        ("1970-01-01", 0),
        ("1970-01-01T00:00", 0),
        ("1970-01-01 00:00:01Z", 10**9),
        ("1969-12-31T23:59:59.999999999", -1),
        ("1969-12-31T23:59:59.9999999999", -1),
        ("2000-02-29T12:13:14.5+02:30", 951817394 * 10**9 + 5 * 10**8),
        ("2000-02-29T12:13:14.5+0230", 951817394 * 10**9 + 5 * 10**8),
        ("2000-02-29T07:13:14-02:30", 951817394 * 10**9),
        ("0000-01-01", -62167219200 * 10**9),
        ("9999-12-31T23:59:59", 253402300799 * 10**9),
        ("2100-03-01", 4107542400 * 10**9),
    ],
)
def test_timestamps(text: str, nanoseconds: int) -> None:
    for unit, per_second in (("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9)):
        expected = nanoseconds * per_second // 10**9
        assert read_timestamp(text, f"timestamp[{unit}]") == expected


@pytest.mark.parametrize(
    "text",
    """1970|1970-1-1|1970-13-01|1970-00-01|1970-01-00|1970-01-32|1970-04-31|1900-02-29|2001-02-29
    |1970-01-01T|1970-01-01T24:00|1970-01-01T00:60|1970-01-01T00:00:60|1970-01-01T00|1970-01-01Z
    |1970-01-01T00:00:00.|1970-01-01T00:00+24:00|1970-01-01T00:00+00:60|1970-01-01T00:00+1
    |+1970-01-01|1970-01-01t00:00|１970-01-01|12345|""".replace("\n    ", "").split("|"),
)
def test_what_is_not_a_timestamp(text: str) -> None:
    assert read_timestamp(text, "timestamp[s]") is None


# ---- types ---------------------------------------------------------------------------------------

FITS = {kind: (int(kind[1:]) - (kind[0] == "i"), kind[0] == "i") for kind in ir.INTEGERS}
EXACT = {"f32": 24, "f64": 53}


def holds_all(kind: str, wider: str) -> bool:
    """By the bits of the magnitude and the sign, which is another way to say it than a table."""
    if kind in ir.FLOATS:
        return wider in ir.FLOATS and EXACT[kind] <= EXACT[wider]
    bits, signed = FITS[kind]
    if wider in ir.FLOATS:
        return bits <= EXACT[wider]
    return bits <= FITS[wider][0] and (FITS[wider][1] or not signed)


@pytest.mark.parametrize("a", NUMBERS)
@pytest.mark.parametrize("b", NUMBERS)
def test_widening(a: str, b: str) -> None:
    assert widens(a, b) == holds_all(a, b)
    shared = [kind for kind in NUMBERS if holds_all(a, kind) and holds_all(b, kind)]
    smallest = min(
        shared,
        key=lambda kind: (kind in ir.FLOATS, int(kind[1:]), kind not in (a, b), kind[0] == "u"),
        default=None,
    )
    assert common(a, b) == common(b, a) == smallest
    if smallest is None:
        which, to = cast_for(a, b)
        assert which in (a, b)
        assert castable(which, to)
        assert common(to, b if which == a else a)


def test_other_types_do_not_widen() -> None:
    others = ("bool", "utf8", *ir.TIMESTAMPS)
    for a in others:
        for b in (*others, *NUMBERS):
            assert common(a, b) == (a if a == b else None)
    assert cast_for("utf8", "f32") is None
    assert cast_for("bool", "timestamp[s]") is None


def test_which_casts_there_are() -> None:
    times, kinds = set(ir.TIMESTAMPS), set(ir.KINDS)
    allowed = {
        **dict.fromkeys(ir.INTEGERS, kinds - {"utf8"}),
        **dict.fromkeys(ir.FLOATS, kinds - times - {"utf8"}),
        **dict.fromkeys(ir.TIMESTAMPS, kinds - {"utf8", "bool"}),
        "bool": {"bool", *NUMBERS},
        "utf8": {"utf8"},
    }
    for kind in ir.KINDS:
        assert {to for to in ir.KINDS if castable(kind, to)} == allowed[kind]


# ---- steps ---------------------------------------------------------------------------------------


def names(schema: ir.Schema) -> str:
    return " ".join(f"{name}:{of}" for name, of in schema.items())


def test_map_adds_at_the_end_and_replaces_in_place() -> None:
    made = river("select f, i", "map g = f * 2, f = g + i, i = f")
    step = made.steps[1]
    assert isinstance(step, ir.Map)
    assert names(step.schema) == "f:f64 i:f64 g:f32"
    assert [show(x) for _, x in step.columns] == [
        "(f:f32 * 2.0:f32):f32",
        "(widen(g:f32):f64 + widen(i:i32):f64):f64",
        "f:f64",
    ]
    assert made.schema is step.schema


def test_select_keeps_what_it_lists_in_that_order() -> None:
    made = river("select i, g = f + 1, f = g, h = f")
    assert names(made.schema) == "i:i32 g:f32 f:f32 h:f32"
    assert show(made.steps[0].columns[0][1]) == "i:i32"


def test_filter_take_and_skip() -> None:
    made = river("filter maybe", "take 10", "skip 0x10", "take while f > 3", "skip while null")
    assert [type(step) for step in made.steps] == [
        ir.Filter, ir.Take, ir.Skip, ir.TakeWhile, ir.SkipWhile,
    ]  # fmt: skip
    assert [made.steps[1].count, made.steps[2].count] == [10, 16]
    assert show(made.steps[4].condition) == "null:bool?"
    assert all(step.schema is made.schema for step in made.steps)
    assert made.schema == made.input_schema


def test_group_window_and_aggregate() -> None:
    made = river("group text, k", "window tumbling 1_000 partial", "aggregate n = count(), t = k")
    group, window, aggregated = made.steps
    assert isinstance(group, ir.Group)
    assert group.keys == aggregated.keys == ("text", "k")
    assert (window.kind, window.rows, window.partial) == ("tumbling", 1000, True)
    assert aggregated.window is window
    assert [name for name, _ in aggregated.columns] == ["n", "t"]
    assert names(made.schema) == "text:utf8 k:i32? n:i64 t:i32?"
    assert group.schema == window.schema == made.input_schema


def test_an_aggregate_alone_and_steps_after_it() -> None:
    made = river(
        "aggregate total = sum(f), n = count()",
        "map mean = total / f64(n)",
        "window tumbling 2",
        "aggregate last = last(mean)",
    )
    assert made.steps[0].keys == ()
    assert made.steps[0].window is None
    assert made.steps[3].window.partial is False
    assert names(made.schema) == "last:f64?"


def test_the_words_of_steps_and_their_places() -> None:
    text = '[river.s]\nschema = { f = "f32" }\nsteps = ["filter f > 3", \'take 3\']\n'
    steps = loads(text, "x").rivers["s"].steps
    assert [step.text for step in steps] == ["filter f > 3", "take 3"]
    assert [step.at for step in steps] == [Position(3, 11, 12), Position(3, 27, 6)]


def test_a_step_may_stand_in_several_lines() -> None:
    made = river("map\n  g = f\r\n\t, h = g")
    assert [name for name, _ in made.steps[0].columns] == ["g", "h"]


# ---- rivers --------------------------------------------------------------------------------------

GRAPH = """
[river.merged]
from = ["left", "right"]
steps = ["filter f > lo + 1"]

[river.left]
from = "base"
params = { hi = "f32" }
steps = ["filter f < hi", "filter f > lo"]

[river.right]
from = "base"
steps = ["map f = f if f > 0 else null", "map f = f"]

[river.base]
doc = "日本 the source"
schema = { f = "f32", n = { type = "i64", column = "N (all)" }, o = { type = "bool", column = 7 } }
params = { lo = "f32 = -0x10", "on" = "bool = true", from_time = "timestamp[s] = '1970-01-02'" }
max_groups = 12

[river.own]
from = ["base"]
params = { lo = "i64 = -9223372036854775808", t = "timestamp[ms] = 5", z = "f64 = 1" }
steps = ["filter n > lo"]
to = { csv = "-" }
"""


def test_rivers_in_the_order_of_the_file() -> None:
    file = loads(GRAPH, "graph.toml")
    assert list(file.rivers) == ["merged", "left", "right", "base", "own"]
    assert (file.path, file.text) == ("graph.toml", GRAPH)
    base = file.rivers["base"]
    assert base.doc == "日本 the source"
    assert base.fields == (
        SourceField("f", Type("f32"), "f", None),
        SourceField("n", Type("i64"), "N (all)", None),
        SourceField("o", Type("bool"), None, 7),
    )
    assert (base.csv, base.sources, base.to, base.max_groups) == (None, (), None, 12)
    assert base.at == Position(15, 8, 4)
    own = file.rivers["own"]
    assert (own.fields, own.sources, own.to, own.max_groups) == ((), ("base",), "-", 65536)


def test_a_merge_can_be_null_where_one_of_its_rivers_can() -> None:
    merged = loads(GRAPH, "x").rivers["merged"]
    assert merged.sources == ("left", "right")
    assert names(merged.input_schema) == "f:f32? n:i64 o:bool"


def test_parameters_are_seen_by_the_rivers_above() -> None:
    rivers = loads(GRAPH, "x").rivers
    assert show(rivers["left"].steps[1].condition) == "(f:f32 > base.lo:f32):bool"
    merged = show(rivers["merged"].steps[0].condition)
    assert merged == "(f:f32? > (base.lo:f32 + 1.0:f32):f32):bool?"
    assert show(rivers["own"].steps[0].condition) == "(n:i64 > own.lo:i64):bool"


def test_parameters_and_their_defaults() -> None:
    rivers = loads(GRAPH, "x").rivers
    found = [(p.name, str(p.type), p.default) for r in rivers.values() for p in r.params]
    assert found == [
        ("hi", "f32", None),
        ("lo", "f32", -16.0),
        ("on", "bool", True),
        ("from_time", "timestamp[s]", 86400),
        ("lo", "i64", -(2**63)),
        ("t", "timestamp[ms]", 5),
        ("z", "f64", 1.0),
    ]
    assert isinstance(rivers["own"].params[2].default, float)
    assert rivers["left"].params[0].at == Position(8, 12, 2)


def test_csv_sources_and_their_options() -> None:
    text = """
[river.plain]
from = { csv = "a.csv" }
schema = { f = "f32" }
[river.options]
from = { csv = "-", separator = "\\t", quote = "'", header = false, nulls = ["NA", ""], \
on_error = "skip" }
schema = { f = "f32", g = { type = "utf8?", column = 5 }, h = "bool" }
"""
    rivers = loads(text, "x").rivers
    assert rivers["plain"].csv == Csv("a.csv")
    assert rivers["plain"].csv == Csv("a.csv", ",", '"', True, ("",), "fail")
    assert rivers["options"].csv == Csv("-", "\t", "'", False, ("NA", ""), "skip")
    assert [(f.label, f.index) for f in rivers["options"].fields] == [
        (None, 0), (None, 5), (None, 2),
    ]  # fmt: skip
    assert names(rivers["options"].schema) == "f:f32 g:utf8? h:bool"


def test_the_example_of_the_documentation(tmp_path: Path) -> None:
    docs = (HOUSE / "docs" / "rivers.md").read_text(encoding="utf-8")
    path = tmp_path / "sensors.toml"
    path.write_text(docs.split("```toml\n")[1].split("```")[0], encoding="utf-8")
    rivers = load(str(path)).rivers
    assert names(rivers["by_sensor"].schema) == "sensor:utf8 n:i64 mean:f64? peak:f32?"


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "marked.toml"
    path.write_bytes(b'\xef\xbb\xbf[river.s]\r\nschema = { f = "f32" }\r\n')
    assert load(str(path)).rivers["s"].at == Position(1, 8, 1)


def test_a_long_chain_of_rivers_in_any_order() -> None:
    rivers = [f'[river.r{i}]\nfrom = "r{i + 1}"\nsteps = ["map f = f + 1"]\n' for i in range(2000)]
    text = "".join(rivers) + '[river.r2000]\nschema = { f = "f32" }\n'
    assert len(loads(text, "x").rivers) == 2001


def test_functions_may_name_columns_and_keywords_may_not() -> None:
    assert "mean" in river("aggregate mean = mean(f), count = count()").schema
    for name in ("var", "int", "template", "yield", "window", "f32", "nan", "ng_", "ng_x", "_Bool"):
        assert taken_by(name)
    for name in ("std", "ng", "sum", "Window", "first", "_", "row"):
        assert taken_by(name) is None


# ---- nothing but `RiverErrors` -------------------------------------------------------------------

WORDS = """
    filter map select take skip while group window tumbling partial aggregate if else or and not
    true false null nan inf f32 i8 u64 timestamp[ms] timestamp[ utf8 bool flag i f text ts x y sum
    min lag delta count coalesce clamp sqrt ( ) , = == != < <= << + - * / % & | ^ ~ ? 0 1 -1 2.5
    1e400 300 0xff 99999999999999999999 'a' 'b "c" '2024-01-31' \\ é 日 [ ] { } # . !"""
PIECES = st.sampled_from([*WORDS.split(), "\n", "\t", "\0", "\r", "\u2028", "\U0001f600", ""])
SENTENCES = st.lists(PIECES, max_size=12).map(" ".join)


def only_river_errors(text: str) -> None:
    try:
        file = loads(text, "rivers.toml")
    except RiverErrors as errors:
        assert errors.problems
        for problem in errors.problems:
            assert problem.message
            assert problem.remedy
            assert f"error: {problem._subject()}{problem.message}" in str(errors)
            at = problem.position
            assert problem.source_line == text.split("\n")[at.line - 1].removesuffix("\r")
            assert 1 <= at.column <= len(problem.source_line) + 1
            assert 1 <= at.length <= max(1, len(problem.source_line) - at.column + 1)
    else:
        assert file.rivers


@given(st.text())
@example("[river.a]\nschema = { f = 'f32' }\nsteps = ['']")
def test_any_text(text: str) -> None:
    only_river_errors(text)


@given(st.lists(PIECES, max_size=30).map(" ".join))
def test_any_words(text: str) -> None:
    only_river_errors("[river.s]\nschema = " + text)


@settings(max_examples=300)
@given(st.lists(SENTENCES, max_size=4))
def test_any_steps(steps: list[str]) -> None:
    lines = ",\n".join("'''" + step.replace("'''", "") + "\n'''" for step in steps)
    only_river_errors(f"[river.s]\nschema = {{ {COLUMNS} }}\nsteps = [\n{lines}\n]\n")


@given(st.binary(max_size=200))
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.toml"
    path.write_bytes(b"[river.s]\n" + content)
    try:
        load(str(path))
    except RiverErrors as errors:
        assert str(errors)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "a = " + "[" * 100_000,
        "a = " + "{a = " * 100_000,
        "a" + ".a" * 100_000 + " = 1",
        "a = " + "1" * 100_000,
        "'" * 100_000,
        '"""' + "a" * 500_000,
        "a = '" + "a" * 10_000_000 + "'",
        "[river.s]\nschema = { f = 'f32' }\nsteps = ['filter " + "(" * 10_000 + "f" + "']",
        "[river.s]\nschema = { f = 'f32' }\nsteps = ['filter " + "-" * 8_000 + "f']",
        "[river.s]\nschema = { f = 'f32' }\nsteps = ['filter " + "(" * 4_000 + "']",
    ],
    ids=str.__len__,
)
def test_hostile_texts(text: str) -> None:
    with pytest.raises(RiverErrors) as caught:
        loads(text, "rivers.toml")
    assert len(caught.value.problems) == 1


# ---- the places of TOML --------------------------------------------------------------------------

KEYS = st.text(st.sampled_from("ab-_1"), min_size=1, max_size=3) | st.text(
    st.sampled_from("a é.#\"'=]"), max_size=3
).map(lambda text: '"' + text.replace('"', '\\"') + '"')
LETTERS = st.sampled_from(
    [*"aé\U0001f600 #]},=\t'", "\\n", '\\"', "\\\\", "\\u00e9", "\\U0001F600"]
)
RAW = st.sampled_from(["a", "é", " ", "#", "]", "}", ",", '"', "\\", "\t"])
BREAKS = st.sampled_from(["\n", "\r\n", "\\\n  \r\n ", "\\ \t\n", '"', '""'])
STRINGS = (
    st.lists(LETTERS, max_size=6).map(lambda parts: '"' + "".join(parts) + '"')
    | st.lists(RAW, max_size=6).map(lambda parts: "'" + "".join(parts) + "'")
    | st.tuples(st.sampled_from(["", "\n", "\r\n"]), st.lists(LETTERS | BREAKS, max_size=6)).map(
        lambda pair: '"""' + pair[0] + "x".join(pair[1]) + '"""'
    )
    | st.lists(RAW | st.sampled_from(["\n", "\r\n", "'", "''"]), max_size=6).map(
        lambda parts: "'''" + "x".join(parts) + "'''"
    )
)
SCALARS = st.sampled_from(["1", "-2.5", "true", "1979-05-27 07:32:00", "inf", "0xff"]) | STRINGS
SPACES = st.sampled_from(["", " ", "\n", "\r\n", " # comment ]\n", "\t"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(st.tuples(SPACES, inner, SPACES).map("".join), max_size=3).map(
            lambda items: "[" + ",".join(items) + "]"
        )
        | st.lists(st.tuples(KEYS, inner), max_size=3, unique_by=lambda pair: pair[0]).map(
            lambda items: "{ " + ", ".join(f"{k} = {v}" for k, v in items) + " }"
        )
    ),
    max_leaves=6,
)
LINES = (
    st.tuples(st.lists(KEYS, min_size=1, max_size=3).map(" . ".join), VALUES).map(" = ".join)
    | st.lists(KEYS, min_size=1, max_size=3).map(lambda keys: "[" + ".".join(keys) + " ]")
    | st.lists(KEYS, min_size=1, max_size=2).map(lambda keys: "[[ " + ".".join(keys) + "]]")
    | st.sampled_from(["", "# comment = [", "  "])
)
DOCUMENTS = st.lists(LINES, max_size=6).map("\n".join)


def strings_in(value: object, path: tuple = ()) -> list[tuple[tuple, str]]:
    if isinstance(value, str):
        return [(path, value)]
    items = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    return [found for key, inner in items for found in strings_in(inner, (*path, key))]


@settings(max_examples=500)
@given(DOCUMENTS)
@example('a = """""" # empty\nb = """"a"""""\nc = \'\'\'\'\'\'\n"d".e = ""')
@example("[[a]]\nb = 'x'\n[[a]]\nb = 'y'\n[a.c]\nd = 'z'")
def test_the_scanner_sees_what_tomllib_sees(text: str) -> None:
    try:
        data, source = read(text)
    except Exception as wrong:
        assert type(wrong).__name__ == "Wrong"
        return
    below_lists = {key for key, value in data.items() if isinstance(value, list)}
    for path, value in strings_in(data):
        if path not in source.values:
            # The one thing that is not followed: tables of the last entry of `[[list]]`.
            assert any(isinstance(part, int) for part in path) or path[0] in below_lists
            continue
        start, end = source.values[path]
        raw = text[start:end]
        assert raw[0] == raw[-1] in "'\""
        places = text_places(raw, start)
        assert len(places) == len(value) + 1
        assert list(places) == sorted(places)
        assert text[places[-1]] == raw[0]
        for character, place in zip(value, places, strict=False):
            assert text[place] in (character, "\\") or (character == "\n" and text[place] == "\r")


# ---- start-up ------------------------------------------------------------------------------------


def test_what_is_imported_when() -> None:
    """A kernel that is built already must start without the parser and the templates."""
    heavy = "{'lark', 'jinja2', 'tomllib'}"
    script = f"import nagare.cli, sys; print(sorted({heavy} & set(sys.modules)))"
    environment = {**os.environ, "PYTHONPATH": str(HOUSE / "gen")}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout == "[]\n"
