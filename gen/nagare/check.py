"""Gives expressions their types: from what was written (`syntax`) to what it means (`ir`)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import ClassVar

from . import ir, syntax
from . import messages as m
from .ir import FLOATS, INTEGERS, KINDS, SIGNED, TIMESTAMPS, Expr, Position, Type
from .literals import RANGES, read_timestamp, round_to
from .messages import Wrong
from .names import suggestion
from .syntax import Node, Span
from .widening import NUMBERS, cast_for, castable, common, sum_type, widens

MOST_LAG = 4096

# How many arguments a function takes at least and at most, and how it is written.
_FUNCTIONS = {
    "abs": (1, 1, "abs(x)"),
    "min": (2, None, "min(a, b)"),
    "max": (2, None, "max(a, b)"),
    "clamp": (3, 3, "clamp(x, lo, hi)"),
    "floor": (1, 1, "floor(x)"),
    "ceil": (1, 1, "ceil(x)"),
    "trunc": (1, 1, "trunc(x)"),
    "round": (1, 1, "round(x)"),
    "sqrt": (1, 1, "sqrt(x)"),
    "exp": (1, 1, "exp(x)"),
    "sign": (1, 1, "sign(x)"),
    "isnan": (1, 1, "isnan(x)"),
    "isnull": (1, 1, "isnull(x)"),
    "coalesce": (2, None, "coalesce(a, b)"),
    "lag": (1, 2, "lag(x)` or `lag(x, 2)"),
    "delta": (1, 1, "delta(x)"),
    "rises": (1, 1, "rises(x)"),
    "falls": (1, 1, "falls(x)"),
    "crosses_above": (2, 2, "crosses_above(a, b)"),
    "crosses_below": (2, 2, "crosses_below(a, b)"),
}
_AGGREGATES = {
    "count": (0, 1, "count()` or `count(x)"),
    "sum": (1, 1, "sum(x)"),
    "mean": (1, 1, "mean(x)"),
    "var": (1, 1, "var(x)"),
    "std": (1, 1, "std(x)"),
    "min": (1, 1, "min(x)"),
    "max": (1, 1, "max(x)"),
    "first": (1, 1, "first(x)"),
    "last": (1, 1, "last(x)"),
    "any": (1, 1, "any(x)"),
    "all": (1, 1, "all(x)"),
}
_SCANS = {
    "product": (1, 1, "product(x)"),
    "ema": (2, 2, "ema(x, 0.1)"),
}
# Comparisons with the row before: the one of this row, and, of two values, that of the row before.
_MOVES = {"rises": (">", ""), "falls": ("<", ""), "crosses_above": (">", "<="),
          "crosses_below": ("<", ">=")}  # fmt: skip
_OF_FLOATS = ("floor", "ceil", "trunc", "round", "sqrt", "exp")
_KEEPING = ("abs", "sign", "min", "max", "clamp", "coalesce")  # literals stay as good as literals


@dataclass(frozen=True)
class _Kinds:
    """Types that something takes: in words, and the cast that makes others fit."""

    words: str
    kinds: tuple[str, ...]
    cast: str = "i64"


_NUMBERS = _Kinds("numbers", NUMBERS)
_INTEGERS = _Kinds("integers", INTEGERS)
_FLOATS = _Kinds("floats", FLOATS, "f64")
_NEGATABLE = _Kinds("signed integers and floats", (*SIGNED, *FLOATS))
_ORDERED = _Kinds("numbers and timestamps", (*NUMBERS, *TIMESTAMPS))
_COMPARED = _Kinds("numbers, timestamps and texts", (*NUMBERS, *TIMESTAMPS, "utf8"))
_AMOUNTS = _Kinds(
    "whole numbers beside a timestamp", tuple(kind for kind in INTEGERS if widens(kind, "i64"))
)
_FIXED = _Kinds("bools, numbers and timestamps", tuple(kind for kind in KINDS if kind != "utf8"))
_BOOLS = _Kinds("conditions", ("bool",))

_TAKES = {
    "abs": _NUMBERS,
    "sign": _NUMBERS,
    "min": _ORDERED,
    "max": _ORDERED,
    "clamp": _ORDERED,
    "coalesce": _Kinds("any type", KINDS),
    **dict.fromkeys((*_OF_FLOATS, "isnan"), _FLOATS),
    "lag": _FIXED,
    **dict.fromkeys(("delta", "rises", "falls", "crosses_above", "crosses_below"), _ORDERED),
    "sum": _NUMBERS,
    "product": _NUMBERS,
    "ema": _NUMBERS,
    "mean": _NUMBERS,
    "var": _NUMBERS,
    "std": _NUMBERS,
    "first": _FIXED,
    "last": _FIXED,
    "any": _BOOLS,
    "all": _BOOLS,
}

# A literal without a type yet, as messages call it, and its type when it stands alone.
_LITERALS = {
    "int": ("a whole number", "i64"),
    "float": ("a number with a fraction", "f64"),
    "text": ("a text", "utf8"),
    "null": ("`null`", "i64"),
}


class Broken(Exception):
    """An expression rests on something that is wrong itself and has been reported."""


@dataclass(frozen=True)
class Scope:
    """What names mean. A column without a type comes from something broken, and so does a parameter
    that is nobody's; `complete` says that there are no columns but those."""

    columns: dict[str, Type | None]
    params: dict[str, tuple[ir.Param, ...]] = field(default_factory=dict)
    complete: bool = True


@dataclass(frozen=True)
class Aggregation:
    """What an `aggregate` step runs over."""

    keys: tuple[str, ...] = ()
    window: ir.Window | None = None
    by_row: str = ""  # `scan` or `rolling`: a value for each row, beside its columns

    @property
    def may_be_empty(self) -> bool:
        return not self.keys and self.window is None and not self.by_row

    @property
    def has_two_rows(self) -> bool:
        return self.window is not None and self.window.rows >= 2 and not self.window.partial


class Expressions:
    """The types of the expressions of one sentence, whose text is `text`. `place` says where its
    characters stand in the file."""

    def __init__(
        self,
        text: str,
        scope: Scope,
        place: Callable[[Span], Position],
        aggregation: Aggregation | None = None,
    ) -> None:
        self._text = text
        self._scope = scope
        self._place = place
        self._aggregation = aggregation
        self._in_aggregate = False
        self._state: str | None = None  # the name that means the value of the row before
        self._sorts: dict[int, str | None] = {}

    def infer(self, node: Node, want: str | None = None) -> Expr:
        """The typed form of `node`; literals take the type `want` where nothing else says."""
        return self._RULES[type(node)](self, node, want)

    def condition(self, node: Node, who: str) -> Expr:
        """The typed form of a condition of `who`."""
        return self._demand(node, self.infer(node, "bool"), _BOOLS, who)

    # ---- names and literals ----------------------------------------------------------------------

    def _name(self, node: syntax.Name, _want: str | None) -> Expr:
        name = node.text
        params = self._scope.params.get(name, ())
        if name in self._scope.columns:
            return self._column(node, bool(params))
        if len(params) > 1:
            rivers = " and ".join(f"`{param.river}`" for param in params)
            raise m.PARAM_OF_TWO.at(node.span, name=name, rivers=rivers)
        if params:
            param = params[0]
            return ir.Param(param.type, self._place(node.span), param.river, name)
        if name in self._scope.params or not self._scope.complete:
            raise Broken
        functions = _FUNCTIONS | _AGGREGATES | _SCANS
        if name in functions:
            written = (_FUNCTIONS.get(name) or functions[name])[2]
            raise m.NO_COLUMN.at(node.span, name=name, hint=f"the function is written `{written}`")
        known = (*self._scope.columns, *self._scope.params)
        raise m.NO_COLUMN.at(node.span, name=name, hint=suggestion(name, known, "names here"))

    def _column(self, node: syntax.Name, is_param: bool) -> Expr:
        if is_param:
            raise m.COLUMN_AND_PARAM.at(node.span, name=node.text)
        beside = self._beside_aggregates() and not self._aggregation.by_row
        if beside and node.text not in self._aggregation.keys:
            raise m.COLUMN_BESIDE.at(node.span, name=node.text)
        column_type = self._scope.columns[node.text]
        if column_type is None:
            raise Broken
        if node.text == self._state:
            return ir.State(column_type, self._place(node.span))
        return ir.Column(column_type, self._place(node.span), node.text)

    def _integer(self, node: syntax.Integer, want: str | None) -> Expr:
        kind = want if want in NUMBERS else "i64"
        if kind in FLOATS:
            return self._float(node, kind, node.digits)
        least, most = RANGES[kind]
        if not least <= node.value <= most:
            text = self._source(node).strip("() ")
            raise m.INTEGER_RANGE.at(node.span, text=text, kind=kind, least=least, most=most)
        return ir.Literal(Type(kind), self._place(node.span), node.value)

    def _real(self, node: syntax.Real, want: str | None) -> Expr:
        return self._float(node, want if want in FLOATS else "f64", node.text)

    def _float(self, node: syntax.Integer | syntax.Real, kind: str, number: int | str) -> Expr:
        value = round_to(kind, number)
        if value is None:
            raise m.FLOAT_RANGE.at(node.span, text=self._source(node).strip("() "), kind=kind)
        if node.negative and not math.isnan(value):
            value = -value
        return ir.Literal(Type(kind), self._place(node.span), value)

    def _text_literal(self, node: syntax.Text, want: str | None) -> Expr:
        if want not in TIMESTAMPS:
            return ir.Literal(Type("utf8"), self._place(node.span), node.value)
        count = read_timestamp(node.value, want)
        if count is None:
            raise m.BAD_TIMESTAMP.at(node.span)
        least, most = RANGES[want]
        if not least <= count <= most:
            raise m.TIMESTAMP_RANGE.at(node.span, kind=want)
        return ir.Literal(Type(want), self._place(node.span), count)

    def _bool(self, node: syntax.Bool, _want: str | None) -> Expr:
        return ir.Literal(Type("bool"), self._place(node.span), node.value)

    def _null(self, node: syntax.Null, want: str | None) -> Expr:
        if want is None:
            raise m.NULL_ALONE.at(node.span)
        return ir.Null(Type(want, True), self._place(node.span))

    # ---- operators -------------------------------------------------------------------------------

    def _unary(self, node: syntax.Unary, want: str | None) -> Expr:
        if node.op == "not":
            x = self.condition(node.x, "`not`")
            return ir.Unary(x.type, self._place(node.span), "not", x)
        takes = {"-": _NEGATABLE, "+": _NUMBERS, "~": _INTEGERS}[node.op]
        x = self._demand(node.x, self.infer(node.x, want), takes, f"`{node.op}`")
        return x if node.op == "+" else ir.Unary(x.type, self._place(node.span), node.op, x)

    def _binary(self, node: syntax.Binary, want: str | None) -> Expr:
        if node.op in ("and", "or"):
            a = self.condition(node.a, f"`{node.op}`")
            b = self.condition(node.b, f"`{node.op}`")
            made = ir.And if node.op == "and" else ir.Or
            return made(_type("bool", a, b), self._place(node.span), a, b)
        if node.op in ("<<", ">>"):
            return self._shift(node, want)
        typed = self._rigid((node.a, node.b))
        if node.op in ("+", "-") and any(x and x.type.kind in TIMESTAMPS for x in typed):
            return self._time_arithmetic(node, *typed)
        kind, (a, b) = self._together((node.a, node.b), typed, want)
        takes = _NUMBERS if node.op in ("+", "-", "*", "/") else _INTEGERS
        for side, x in ((node.a, a), (node.b, b)):
            self._demand(side, x, takes, f"`{node.op}`")
        result = _type(kind, a, b)
        if self._state is not None and node.op in ("/", "%") and kind in INTEGERS:
            result = Type(kind, not (isinstance(b, ir.Literal) and b.value != 0))
        return ir.Binary(result, self._place(node.span), node.op, a, b)

    def _shift(self, node: syntax.Binary, want: str | None) -> Expr:
        who = f"`{node.op}`"
        a = self._demand(node.a, self.infer(node.a, want), _INTEGERS, who)
        b = self._demand(node.b, self.infer(node.b, a.type.kind), _INTEGERS, who)
        return ir.Binary(_type(a.type.kind, a, b), self._place(node.span), node.op, a, b)

    def _time_arithmetic(self, node: syntax.Binary, a: Expr | None, b: Expr | None) -> Expr:
        """`ts - ts`, `ts + n` and `ts - n`; at least one side is a timestamp, None is a literal."""
        times = [x is not None and x.type.kind in TIMESTAMPS for x in (a, b)]
        texts = [self._sort(side) == "text" for side in (node.a, node.b)]
        both = (times[0] or texts[0]) and (times[1] or texts[1])
        if both and node.op == "+":
            raise m.TIME_PLUS_TIME.at(node.span)
        if both:
            _, (a, b) = self._together((node.a, node.b), (a, b), None)
            return ir.Binary(_type("i64", a, b), self._place(node.span), "-", a, b)
        if times[1]:
            raise m.TIME_LAST.at(node.span, op=node.op)
        b = self._demand(node.b, b or self.infer(node.b, "i64"), _AMOUNTS, f"`{node.op}`")
        return ir.Binary(
            _type(a.type.kind, a, b), self._place(node.span), node.op, a, _widened(b, "i64")
        )

    def _comparison(self, node: syntax.Comparison, _want: str | None) -> Expr:
        typed = self._rigid(node.operands)
        whole: Expr | None = None
        for i, op in enumerate(node.ops):
            sides = node.operands[i : i + 2]
            _, (a, b) = self._together(sides, typed[i : i + 2], None)
            if op not in ("==", "!="):
                self._demand(sides[0], a, _COMPARED, f"`{op}`")
            span = sides[0].span[0], sides[1].span[1]
            link = ir.Compare(_type("bool", a, b), self._place(span), op, a, b)
            if whole is None:
                whole = link
            else:
                span = node.span[0], span[1]
                whole = ir.And(_type("bool", whole, link), self._place(span), whole, link)
        return whole

    def _conditional(self, node: syntax.Conditional, want: str | None) -> Expr:
        cond = self.condition(node.cond, "`if`")
        sides = node.a, node.b
        kind, (a, b) = self._together(sides, self._rigid(sides), want)
        return ir.If(_type(kind, a, b), self._place(node.span), cond, a, b)

    # ---- calls -----------------------------------------------------------------------------------

    def _call(self, node: syntax.Call, want: str | None) -> Expr:
        name = node.function
        if name in KINDS:
            return self._cast(node)
        if name in _AGGREGATES and (name not in _FUNCTIONS or len(node.args) == 1):
            return self._aggregate(node)
        if name in _SCANS:
            return self._scan(node)
        if name not in _FUNCTIONS:
            known = tuple(dict.fromkeys((*_FUNCTIONS, *_AGGREGATES, *_SCANS, *KINDS)))
            hint = suggestion(name, known, "functions")
            raise m.NO_FUNCTION.at(node.function_span, name=name, hint=hint)
        self._count_arguments(node, _FUNCTIONS[name])
        if name == "isnull":
            return ir.Call(Type("bool"), self._place(node.span), name, (self.infer(node.args[0]),))
        if name in ("lag", "delta"):
            return self._lag(node, want)
        if name in _MOVES:
            return self._moves(node)
        if name in _OF_FLOATS or name == "isnan":
            want = want if want in FLOATS else "f64"
        kind, args = self._together(node.args, self._rigid(node.args), want)
        for arg, x in zip(node.args, args, strict=True):
            self._demand(arg, x, _TAKES[name], f"`{name}`")
        nullable = (all if name == "coalesce" else any)(x.type.nullable for x in args)
        result = Type("bool" if name == "isnan" else kind, nullable)
        return ir.Call(result, self._place(node.span), name, tuple(args))

    def _lag(self, node: syntax.Call, want: str | None) -> Expr:
        self._demand_rows_before(node)
        rows = node.args[1] if len(node.args) == 2 else None
        if rows and not (isinstance(rows, syntax.Integer) and 1 <= rows.value <= MOST_LAG):
            raise m.BAD_LAG.at(rows.span, most=MOST_LAG)
        arg = node.args[0]
        takes = _TAKES[node.function]
        x = self._demand(arg, self.infer(arg, want), takes, f"`{node.function}`")
        at = self._place(node.span)
        lag = ir.Lag(Type(x.type.kind, True), at, x, rows.value if rows else 1)
        if node.function == "lag":
            return lag
        kind = "i64" if x.type.kind in TIMESTAMPS else x.type.kind
        return ir.Binary(Type(kind, True), at, "-", x, lag)

    def _moves(self, node: syntax.Call) -> Expr:
        """`rises(x)` is `x > lag(x)`; `crosses_above(a, b)` is `a > b and lag(a) <= lag(b)`."""
        self._demand_rows_before(node)
        kind, args = self._together(node.args, self._rigid(node.args), None)
        for arg, x in zip(node.args, args, strict=True):
            self._demand(arg, x, _TAKES[node.function], f"`{node.function}`")
        at = self._place(node.span)
        constants = ir.Literal | ir.Param | ir.Null
        before = [x if isinstance(x, constants) else ir.Lag(Type(kind, True), at, x) for x in args]
        now, was = _MOVES[node.function]
        if not was:
            return ir.Compare(_type("bool", *before), at, now, args[0], before[0])
        beyond = ir.Compare(_type("bool", *args), at, now, *args)
        on_the_other_side = ir.Compare(_type("bool", *before), at, was, *before)
        return ir.And(_type("bool", *args, *before), at, beyond, on_the_other_side)

    def _demand_rows_before(self, node: syntax.Call) -> None:
        if self._state is not None:
            raise m.IN_RECURRENCE.at(node.span, name=node.function)
        if self._beside_aggregates():
            raise m.LAG_BESIDE.at(node.span, name=node.function)

    def _cast(self, node: syntax.Call) -> Expr:
        kind = node.function
        self._count_arguments(node, (1, 1, f"{kind}(x)"))
        arg = node.args[0]
        if isinstance(arg, syntax.Null):
            return self.infer(arg, kind)
        x = self._literal_cast(arg, kind) or self.infer(arg)
        if x.type.kind == kind:
            return x
        if not castable(x.type.kind, kind):
            if "utf8" in (x.type.kind, kind):
                hint = "utf8 has no casts; `schema` gives a column its type"
            else:
                hint = f"write `{kind}(i64({self._source(arg)}))`"
            raise m.NO_CAST.at(node.span, kind=x.type.kind, to=kind, hint=hint)
        return ir.Cast(Type(kind, x.type.nullable), self._place(node.span), x)

    def _literal_cast(self, arg: Node, kind: str) -> Expr | None:
        """A literal that has the cast's type exactly needs none: `u64(0xffffffffffffffff)`."""
        if kind in FLOATS and isinstance(arg, syntax.Integer | syntax.Real):
            number = arg.digits if isinstance(arg, syntax.Integer) else arg.text
            return None if round_to(kind, number) is None else self._float(arg, kind, number)
        if kind in INTEGERS and isinstance(arg, syntax.Integer):
            least, most = RANGES[kind]
            return self._integer(arg, kind) if least <= arg.value <= most else None
        if isinstance(arg, syntax.Text) and kind in TIMESTAMPS:
            return self._text_literal(arg, kind)
        return None

    def _aggregate(self, node: syntax.Call) -> Expr:
        name = node.function
        if self._state is not None:
            raise m.IN_RECURRENCE.at(node.span, name=name)
        if self._aggregation is None:
            raise m.NOT_AGGREGATING.at(node.span, name=name)
        if self._in_aggregate:
            raise m.NESTED_AGGREGATE.at(node.span, name=name)
        self._count_arguments(node, _AGGREGATES[name])
        at = self._place(node.span)
        if not node.args:
            return ir.Aggregate(Type("i64"), at, name, None)
        self._in_aggregate = True
        try:
            arg = node.args[0]
            x = self.infer(arg, "bool" if name in ("any", "all") else None)
        finally:
            self._in_aggregate = False
        if name == "count":
            return ir.Aggregate(Type("i64"), at, name, x)
        self._demand(arg, x, _TAKES[name], f"`{name}`")
        return ir.Aggregate(self._aggregate_type(name, x.type), at, name, x)

    def _aggregate_type(self, name: str, of: Type) -> Type:
        if name in ("var", "std"):
            return Type("f64", of.nullable or not self._aggregation.has_two_rows)
        nullable = of.nullable or self._aggregation.may_be_empty
        if name == "sum":
            return Type(sum_type(of.kind), nullable)
        return Type("f64" if name == "mean" else of.kind, nullable)

    # ---- values that go on from row to row ----

    def running(self, item: syntax.Scanned | syntax.Assignment) -> Expr:
        """What a `scan` or `rolling` step assigns to a column."""
        if isinstance(item, syntax.Scanned) and item.start is not None:
            return self._recurrence(item.name, item.x, item.start)
        x = self.infer(item.x)
        if not any(isinstance(e, ir.Aggregate | ir.Recurrence) for e in ir.walk(x)):
            example = "scan y = sum(x)" if self._aggregation.by_row == "scan" else ""
            example = example or "rolling y = mean(x) over 10"
            raise m.NOT_RUNNING.at(item.name.span, name=item.name.text, example=example)
        return x

    def _scan(self, node: syntax.Call) -> Expr:
        """`product` and `ema`."""
        name, at = node.function, self._place(node.span)
        if self._state is not None:
            raise m.IN_RECURRENCE.at(node.span, name=name)
        if self._aggregation is None or self._aggregation.by_row != "scan":
            raise m.NOT_A_SCAN.at(node.span, name=name, written=_SCANS[name][2])
        if self._in_aggregate:
            raise m.NESTED_AGGREGATE.at(node.span, name=name)
        self._count_arguments(node, _SCANS[name])
        self._in_aggregate = True
        try:
            x = self._demand(node.args[0], self.infer(node.args[0]), _NUMBERS, f"`{name}`")
        finally:
            self._in_aggregate = False
        if name == "product":
            return ir.Aggregate(Type(sum_type(x.type.kind), x.type.nullable), at, name, x)
        alpha = self._weight(node.args[1])
        x = x if x.type.kind == "f64" else ir.Cast(Type("f64", x.type.nullable), x.at, x)
        state = ir.State(Type("f64"), at)
        step = ir.Binary(x.type, at, "-", x, state)
        step = ir.Binary(x.type, at, "*", alpha, step)
        body = ir.Binary(x.type, at, "+", state, step)
        return ir.Recurrence(x.type, at, body, None, x, self._source(node))

    def _weight(self, node: Node) -> Expr:
        scope = Scope({}, self._scope.params, False)
        try:
            alpha = Expressions(self._text, scope, self._place).infer(node, "f64")
        except Broken:
            raise m.BAD_ALPHA.at(node.span) from None
        if isinstance(alpha, ir.Literal) and not (
            alpha.type.kind == "f64" and 0.0 < alpha.value <= 1.0
        ):
            raise m.BAD_ALPHA.at(node.span)
        if not isinstance(alpha, ir.Literal | ir.Param):
            raise m.BAD_ALPHA.at(node.span)
        self._demand(node, alpha, _FLOATS, "the weight of `ema`")
        return _widened(alpha, "f64")

    def _recurrence(self, name: syntax.Name, body: Node, start: Node) -> Expr:
        """`name = body from start`: the type of a literal start follows from the body."""
        if name.text in self._scope.columns:
            raise m.STATE_IS_COLUMN.at(name.span, name=name.text)
        for leaf in syntax.names(start):
            if leaf.text in self._scope.columns or leaf.text == name.text:
                raise m.START_DIFFERS.at(leaf.span, name=leaf.text)
        plain = Expressions(self._text, self._scope, self._place)
        if self._sort(start) == "null":
            raise m.STATE_NULL.at(start.span)
        if self._sort(start) is None:
            kind = plain.infer(start).type.kind
        else:
            kind = plain._recurring("", None).infer(syntax.put(body, name.text, start)).type.kind
        x = plain._recurring(name.text, kind).infer(body, kind)
        if x.type.kind != kind and widens(kind, x.type.kind):
            kind = x.type.kind
            x = plain._recurring(name.text, kind).infer(body, kind)
        if x.type.kind != kind and not widens(x.type.kind, kind):
            raise m.STATE_KIND.at(body.span, name=name.text, kind=kind, next=x.type.kind)
        self._demand(body, x, _FIXED, "a recurrence")
        first = plain.infer(start, kind)
        if first.type.nullable:
            raise m.STATE_NULL.at(start.span)
        if first.type.kind != kind and not widens(first.type.kind, kind):
            started = first.type.kind
            raise m.STATE_KIND.at(start.span, name=name.text, kind=started, next=kind)
        says = f"{name.text} = {self._source(body)}"
        at = self._place(name.span)
        return ir.Recurrence(Type(kind), at, _widened(x, kind), _widened(first, kind), None, says)

    def _recurring(self, name: str, kind: str | None) -> Expressions:
        """The same inside a recurrence, where `name` means the value of the row before."""
        columns = self._scope.columns | ({name: Type(kind)} if kind else {})
        scope = Scope(columns, self._scope.params, self._scope.complete)
        inner = Expressions(self._text, scope, self._place)
        inner._state = name
        return inner

    def _beside_aggregates(self) -> bool:
        return self._aggregation is not None and not self._in_aggregate

    def _count_arguments(self, node: syntax.Call, takes: tuple[int, int | None, str]) -> None:
        least, most, written = takes
        count = len(node.args)
        if count < least or (most is not None and count > most):
            arguments = f"{count or 'no'} argument{'s' * (count != 1)}"
            raise m.ARGUMENTS.at(
                node.span, name=node.function, arguments=arguments, written=written
            )

    # ---- bringing types together -----------------------------------------------------------------

    def _sort(self, node: Node) -> str | None:
        """What a literal, or an expression of nothing but literals, can become: `int` and `float`
        numbers, a `text`, a `null`. None if the expression has a type of its own."""
        if id(node) not in self._sorts:
            self._sorts[id(node)] = self._find_sort(node)
        return self._sorts[id(node)]

    def _find_sort(self, node: Node) -> str | None:
        match node:
            case syntax.Integer():
                return "int"
            case syntax.Real():
                return "float"
            case syntax.Text():
                return "text"
            case syntax.Null():
                return "null"
            case syntax.Unary(op="-" | "+" | "~", x=x) | syntax.Binary(op="<<" | ">>", a=x):
                return self._join_sorts((x,), texts=False)
            case syntax.Binary(op="+" | "-" | "*" | "/" | "%" | "&" | "|" | "^", a=a, b=b):
                return self._join_sorts((a, b), texts=False)
            case syntax.Conditional(a=a, b=b):
                return self._join_sorts((a, b))
            case syntax.Call(function=name, args=args) if name in _OF_FLOATS and args:
                return "float" if self._join_sorts(args, texts=False) else None
            case syntax.Call(function=name, args=args) if name in _KEEPING and args:
                is_aggregate = name in _AGGREGATES and len(args) == 1
                return None if is_aggregate else self._join_sorts(args)
        return None

    def _join_sorts(self, nodes: Sequence[Node], texts: bool = True) -> str | None:
        sort = reduce(_join, map(self._sort, nodes))
        return None if sort == "text" and not texts else sort

    def _rigid(self, nodes: Sequence[Node]) -> list[Expr | None]:
        """The typed forms of those that have a type of their own, None for literals."""
        return [None if self._sort(node) else self.infer(node) for node in nodes]

    def _together(
        self, nodes: Sequence[Node], typed: Sequence[Expr | None], want: str | None
    ) -> tuple[str, list[Expr]]:
        """The common type of several expressions, and them widened to it. `typed` is what `_rigid`
        said of `nodes`: literals follow the others, or `want`."""
        kind: str | None = None
        first = nodes[0]
        for node, x in zip(nodes, typed, strict=True):
            if x is None:
                continue
            wider = x.type.kind if kind is None else common(kind, x.type.kind)
            if wider is None:
                raise self._no_common(first, kind, node, x.type.kind)
            if wider != kind:
                kind, first = wider, node
        if kind is None:
            kind = self._kind_of_literals(nodes, want)
        for node, x in zip(nodes, typed, strict=True):
            if x is None:
                kind = self._with_literal(first, kind, node)
        both = zip(nodes, typed, strict=True)
        return kind, [_widened(x or self.infer(node, kind), kind) for node, x in both]

    def _kind_of_literals(self, nodes: Sequence[Node], want: str | None) -> str:
        sort = self._join_sorts(nodes)
        if sort is None:
            text = next(node for node in nodes if self._sort(node) == "text")
            number = next(node for node in nodes if self._sort(node) in ("int", "float"))
            raise self._no_common(text, "utf8", number, _LITERALS[self._sort(number)][1])
        if want and _takes_literal(want, sort):
            return want
        if sort == "null":
            raise m.NULL_ALONE.at(nodes[0].span)
        return _LITERALS[sort][1]

    def _with_literal(self, first: Node, kind: str, literal: Node) -> str:
        """The common type of something of type `kind` and a literal."""
        sort = self._sort(literal)
        if _takes_literal(kind, sort):
            return kind
        alone = _LITERALS[sort][1]
        wider = common(kind, alone) if kind in INTEGERS else None
        if wider is None:
            raise self._no_common(first, kind, literal, alone)
        return wider

    def _no_common(self, a: Node, a_kind: str, b: Node, b_kind: str) -> Wrong:
        cast = cast_for(a_kind, b_kind)
        if cast:
            which, to = cast
            hint = f"write `{to}({self._source(a if which == a_kind else b)})`"
        elif "utf8" in (a_kind, b_kind):
            hint = "utf8 has no casts; it goes only with texts, which stand in quotes"
        else:
            hint = "no cast brings them together; use columns of one type"
        span = min(a.span[0], b.span[0]), max(a.span[1], b.span[1])
        return m.NO_COMMON.at(span, a=self._said(a, a_kind), b=self._said(b, b_kind), hint=hint)

    def _said(self, node: Node, kind: str) -> str:
        sort = self._sort(node)
        return _LITERALS[sort][0] if sort else f"`{kind}`"

    def _demand(self, node: Node, x: Expr, takes: _Kinds, who: str) -> Expr:
        """`x`, or an error if it is of none of the types that `who` takes."""
        kind = x.type.kind
        if kind in takes.kinds:
            return x
        source = self._source(node)
        if takes is _BOOLS:
            test = "x != 0" if kind in NUMBERS else "x == y"
            hint = f"write a comparison, as in `{test}`"
        elif kind == "utf8":
            hint = "a text can be compared, counted and be a key, nothing else"
        elif kind == "bool" and who in ("`&`", "`|`", "`^`", "`~`"):
            word = {"`&`": "and", "`|`": "or", "`^`": "!=", "`~`": "not"}[who]
            hint = f"write `{word}`"
        else:
            cast = takes.cast if castable(kind, takes.cast) else "i64"
            hint = f"write `{cast}({source})`"
        raise m.WRONG_KIND.at(node.span, who=who, words=takes.words, kind=kind, hint=hint)

    def _source(self, node: Node) -> str:
        """The expression as it was written, shortened where it is long."""
        text = " ".join(self._text[slice(*node.span)].split())
        return text if len(text) <= 40 else text[:37] + "..."

    _RULES: ClassVar[dict[type[Node], Callable[..., Expr]]] = {
        syntax.Name: _name,
        syntax.Integer: _integer,
        syntax.Real: _real,
        syntax.Text: _text_literal,
        syntax.Bool: _bool,
        syntax.Null: _null,
        syntax.Unary: _unary,
        syntax.Binary: _binary,
        syntax.Comparison: _comparison,
        syntax.Conditional: _conditional,
        syntax.Call: _call,
    }


def _join(a: str | None, b: str | None) -> str | None:
    if a == b or b == "null":
        return a
    if a == "null":
        return b
    return "float" if {a, b} == {"int", "float"} else None


def _takes_literal(kind: str, sort: str) -> bool:
    """Whether a literal of this sort can be of type `kind`."""
    if sort == "int":
        return kind in NUMBERS
    if sort == "float":
        return kind in FLOATS
    return sort == "null" or kind == "utf8" or kind in TIMESTAMPS


def _type(kind: str, *operands: Expr) -> Type:
    """The type of an operator: it can be null where one of its operands can."""
    return Type(kind, any(x.type.nullable for x in operands))


def _widened(x: Expr, kind: str) -> Expr:
    if x.type.kind == kind:
        return x
    return ir.Cast(Type(kind, x.type.nullable), x.at, x, implicit=True)
