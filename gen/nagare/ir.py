"""The typed intermediate representation: what a river file means, with nothing left to infer.

The front end (`parse`, `check`) builds it; the planner, the explanation and the tests read it.
Every node is immutable. Types are explicit: both sides of an operator already have one type
(widening appears as `Cast`), and every expression says whether it can be null.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

INTEGERS = ("i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64")
SIGNED = ("i8", "i16", "i32", "i64")
UNSIGNED = ("u8", "u16", "u32", "u64")
FLOATS = ("f32", "f64")
TIMESTAMPS = ("timestamp[s]", "timestamp[ms]", "timestamp[us]", "timestamp[ns]")
KINDS = ("bool", *INTEGERS, *FLOATS, *TIMESTAMPS, "utf8")


@dataclass(frozen=True)
class Type:
    """A column's type: one of `KINDS`, and whether it can be null."""

    kind: str
    nullable: bool = False

    def __str__(self) -> str:
        return self.kind + ("?" if self.nullable else "")


@dataclass(frozen=True)
class Position:
    """A place in a river file: line and column count from 1; `length` is at least 1."""

    line: int
    column: int
    length: int = 1


# ---- expressions -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Expr:
    """Any expression. `type` is the type of its value, `at` the place it was written."""

    type: Type
    at: Position = field(compare=False)


@dataclass(frozen=True)
class Column(Expr):
    """The value of a column of the step's input."""

    name: str


@dataclass(frozen=True)
class Param(Expr):
    """The value of a parameter; `river` is the river that declares it."""

    river: str
    name: str


@dataclass(frozen=True)
class Literal(Expr):
    """A constant: `bool`, `int` (also timestamps, in their unit), `float` or `str` by `type`.

    The value of an `f32` literal is already rounded to f32; `inf` and `nan` are allowed.
    """

    value: bool | int | float | str


@dataclass(frozen=True)
class Null(Expr):
    """The literal `null`, of the (nullable) type its context asks for."""


@dataclass(frozen=True)
class Unary(Expr):
    """`op` is `-` (signed integers, floats), `~` (integers) or `not` (bool)."""

    op: str
    x: Expr


@dataclass(frozen=True)
class Binary(Expr):
    """`op` is one of `+ - * / % & | ^ << >>`.

    Both sides have the result's kind, but for shifts (the amount may be any integer kind) and
    timestamps (`ts + i64`, `ts - i64` give the timestamp; `ts - ts` gives i64, one unit).
    """

    op: str
    a: Expr
    b: Expr


@dataclass(frozen=True)
class Compare(Expr):
    """`op` is one of `< <= > >= == !=`; both sides have one kind. A chain is an `And` of these."""

    op: str
    a: Expr
    b: Expr


@dataclass(frozen=True)
class And(Expr):
    """Three-valued `and`; the right side is evaluated only where the left is not false."""

    a: Expr
    b: Expr


@dataclass(frozen=True)
class Or(Expr):
    """Three-valued `or`; the right side is evaluated only where the left is not true."""

    a: Expr
    b: Expr


@dataclass(frozen=True)
class If(Expr):
    """`a if cond else b`: `b` where the condition is false or null. One branch is evaluated."""

    cond: Expr
    a: Expr
    b: Expr


@dataclass(frozen=True)
class Cast(Expr):
    """Conversion to `type`. `implicit` marks the widening the checker put in (never lossy)."""

    x: Expr
    implicit: bool = False


@dataclass(frozen=True)
class Call(Expr):
    """A function of values: abs min max clamp floor ceil round trunc sqrt exp sign isnan isnull
    coalesce. `min` and `max` take two or more arguments of one kind, as `coalesce` does;
    `clamp` takes three. Nested calls are kept as written."""

    function: str
    args: tuple[Expr, ...]


@dataclass(frozen=True)
class Lag(Expr):
    """The value of `x` `rows` rows earlier; null in the first rows. `delta(x)` is `x - lag(x)`."""

    x: Expr
    rows: int = 1


@dataclass(frozen=True)
class Aggregate(Expr):
    """A call of an aggregate function inside an `aggregate`, `scan` or `rolling` step.

    `function` is count sum mean min max var std first last any all, in a `scan` also product; `x`
    is None for `count()`.
    """

    function: str
    x: Expr | None


@dataclass(frozen=True)
class State(Expr):
    """Within a recurrence, its value in the row before."""


@dataclass(frozen=True)
class Recurrence(Expr):
    """A value that follows from the one before it: `body` of `State`. Where `body` is null the
    value stays. It begins with `start`, or, if that is None, with the first `first` that is not
    null, and is null until then. `says` is what people wrote."""

    body: Expr
    start: Expr | None
    first: Expr | None
    says: str = field(compare=False)


def children(expr: Expr) -> tuple[Expr, ...]:
    """The expressions that one is directly made of."""
    match expr:
        case Unary() | Cast() | Lag():
            return (expr.x,)
        case Binary() | Compare() | And() | Or():
            return (expr.a, expr.b)
        case If():
            return (expr.cond, expr.a, expr.b)
        case Call():
            return expr.args
        case Aggregate():
            return () if expr.x is None else (expr.x,)
        case Recurrence():
            return tuple(x for x in (expr.body, expr.start, expr.first) if x is not None)
        case _:
            return ()


def walk(expr: Expr) -> Iterator[Expr]:
    """The expression and all within it, innermost first."""
    for child in children(expr):
        yield from walk(child)
    yield expr


# ---- steps -------------------------------------------------------------------------------------

Schema = dict[str, Type]  # in column order


@dataclass(frozen=True)
class Step:
    """Any step. `schema` is what comes out of it, `text` the sentence as written."""

    at: Position = field(compare=False)
    text: str = field(compare=False)
    schema: Schema = field(compare=False)


@dataclass(frozen=True)
class Map(Step):
    """Adds or replaces columns; each assignment sees those before it."""

    columns: tuple[tuple[str, Expr], ...]


@dataclass(frozen=True)
class Select(Step):
    """Keeps only what it lists; each expression sees the input columns and those listed before."""

    columns: tuple[tuple[str, Expr], ...]


@dataclass(frozen=True)
class Filter(Step):
    """Keeps the rows where the condition is true (not false, not null)."""

    condition: Expr


@dataclass(frozen=True)
class Take(Step):
    """Keeps the first `count` rows."""

    count: int


@dataclass(frozen=True)
class Skip(Step):
    """Drops the first `count` rows."""

    count: int


@dataclass(frozen=True)
class TakeWhile(Step):
    """Keeps rows until the condition is first not true; nothing after that."""

    condition: Expr


@dataclass(frozen=True)
class SkipWhile(Step):
    """Drops rows until the condition is first not true; keeps that row and all after it."""

    condition: Expr


@dataclass(frozen=True)
class Group(Step):
    """Keys for the `aggregate` that follows."""

    keys: tuple[str, ...]


@dataclass(frozen=True)
class Window(Step):
    """`tumbling` windows of `rows` rows (per group after `group`)."""

    kind: str
    rows: int
    partial: bool


@dataclass(frozen=True)
class Aggregated(Step):
    """One row per window, group or stream. Group keys come first in the schema.

    Each expression is built of `Aggregate` calls, literals, params and operators on them;
    group keys may appear as `Column`. `keys` and `window` repeat the steps before it.
    """

    columns: tuple[tuple[str, Expr], ...]
    keys: tuple[str, ...] = ()
    window: Window | None = None


@dataclass(frozen=True)
class Scan(Step):
    """Adds or replaces columns, all seeing the columns before the step: expressions of columns,
    `Aggregate`s over the rows so far, and `Recurrence`s."""

    columns: tuple[tuple[str, Expr], ...]


@dataclass(frozen=True)
class Rolling(Step):
    """The same with `Aggregate`s over the last `rows` rows, this one among them; at the beginning
    over those there are."""

    columns: tuple[tuple[str, Expr], ...]
    rows: int


# ---- rivers ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Parameter:
    """A parameter of a river; `default` None means it must be set."""

    name: str
    type: Type
    default: bool | int | float | None
    at: Position = field(compare=False)


@dataclass(frozen=True)
class Csv:
    """How to read a CSV source. `path` is relative to the river file; "-" is standard input."""

    path: str | None = None
    separator: str = ","
    quote: str = '"'
    header: bool = True
    nulls: tuple[str, ...] = ("",)
    on_error: str = "fail"  # fail | null | skip


@dataclass(frozen=True)
class SourceField:
    """Where a column of a source comes from: the header's `label`, or `index` from 0."""

    name: str
    type: Type
    label: str | None
    index: int | None


@dataclass(frozen=True)
class River:
    """One river. Exactly one of `fields` (a source) and `sources` (built on rivers) is filled.

    `sources` of more than one river is a merge. `schema` is what comes out after `steps`.
    """

    name: str
    doc: str
    at: Position
    fields: tuple[SourceField, ...]
    csv: Csv | None
    sources: tuple[str, ...]
    params: tuple[Parameter, ...]
    steps: tuple[Step, ...]
    input_schema: Schema  # before the steps
    schema: Schema
    to: str | None  # path of a CSV sink, "-" for standard output, None: no sink
    max_groups: int


@dataclass(frozen=True)
class RiverFile:
    """A checked river file. `rivers` is in file order; `text` is the file, for its hash."""

    path: str
    text: str
    rivers: dict[str, River]
