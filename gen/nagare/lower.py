"""From typed expressions to the vector IR: what each operator of the language means in operations
of the thin headers. Nulls become masks, narrow integers 32-bit lanes that are wrapped."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass

from . import ir
from .vector import RANGES, Graph, Node, register

_UNIT = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_BINARY = {"+": "add", "-": "sub", "*": "mul", "/": "div", "%": "rem", "&": "and", "|": "or",
           "^": "xor", "<<": "shl", ">>": "shr"}


@dataclass(frozen=True)
class Value:
    """A column's value in registers. `valid` None: never null. `computed`: a NaN in it may be any
    NaN, so it is made canonical before anyone sees it."""

    kind: str
    node: Node
    valid: Node | None = None
    computed: bool = False


class Lowering:
    """Lowers expressions within one segment.

    `columns` says what names mean, `lags` and `aggregates` hold what earlier segments computed.
    `keep` is the mask of rows still alive (None: all); `failures` collects masks of rows whose
    evaluation fails, each already restricted to rows that are alive and evaluated.
    """

    def __init__(self, graph: Graph, param_name: Callable[[ir.Param], str]) -> None:
        self.graph = graph
        self.columns: dict[str, Value] = {}
        self.lags: dict[ir.Lag, Value] = {}
        self.aggregates: dict[ir.Aggregate, Value] = {}
        self.state: Value | None = None  # within a recurrence: the value before
        self.keep: Node | None = None
        self.failures: list[Node] = []
        self._param_name = param_name
        self._guard: Node | None = None

    def __call__(self, expr: ir.Expr) -> Value:
        return getattr(self, "_" + type(expr).__name__.lower())(expr)

    def true(self, expr: ir.Expr) -> Node | None:
        """The rows where a condition is true, neither false nor null; None: all. That asks less
        than its three-valued value."""
        graph = self.graph
        match expr:
            case ir.And():
                a = self(expr.a)
                with self.only(graph.no(graph.but(a.valid, a.node))):
                    b_true = self.true(expr.b)
                return graph.both(self.true(expr.a), b_true)
            case ir.Or():
                a_true = self.true(expr.a) or graph.true()
                with self.only(graph.no(a_true)):
                    b_true = self.true(expr.b) or graph.true()
                return graph.either(a_true, b_true)
            case _:
                value = self(expr)
                return graph.both(value.valid, value.node)

    @contextmanager
    def only(self, rows: Node | None):
        """What is lowered inside is evaluated in these rows alone."""
        outer, self._guard = self._guard, self.graph.both(self._guard, rows)
        yield
        self._guard = outer

    def _valid(self, *values: Value) -> Node | None:
        valid = None
        for value in values:
            valid = self.graph.both(valid, value.valid)
        return valid

    # ---- leaves ----

    def _column(self, expr: ir.Column) -> Value:
        return self.columns[expr.name]

    def _param(self, expr: ir.Param) -> Value:
        kind = expr.type.kind
        return Value(kind, self.graph.node("param", register(kind), attr=self._param_name(expr)))

    def _literal(self, expr: ir.Literal) -> Value:
        return Value(expr.type.kind, self.graph.const(register(expr.type.kind), expr.value))

    def _null(self, expr: ir.Null) -> Value:
        kind = expr.type.kind
        zero = {"bool": False, "utf8": ""}.get(kind, 0)
        return Value(kind, self.graph.const(register(kind), zero), self.graph.false())

    def _state(self, expr: ir.State) -> Value:
        return self.state

    def _recurrence(self, expr: ir.Recurrence) -> Value:
        return self.aggregates[expr]

    def _lag(self, expr: ir.Lag) -> Value:
        return self.lags[expr]

    def _aggregate(self, expr: ir.Aggregate) -> Value:
        return self.aggregates[expr]

    # ---- operators ----

    def _unary(self, expr: ir.Unary) -> Value:
        x = self(expr.x)
        if expr.op == "not":
            return Value("bool", self.graph.no(x.node), x.valid)
        op = "neg" if expr.op == "-" else "not"
        return Value(x.kind, self._wrap(x.kind, self.graph.op(op, x.node)), x.valid, True)

    def _binary(self, expr: ir.Binary) -> Value:
        graph, kind = self.graph, expr.type.kind
        a, b = self(expr.a), self(expr.b)
        valid, op, right = self._valid(a, b), _BINARY[expr.op], b.node
        if expr.op in ("<<", ">>"):
            right = graph.convert(a.node.type, right)
            right = graph.op("and", right, graph.const(right.type, _bits(kind) - 1))
        elif right.type != a.node.type:
            right = graph.convert(a.node.type, right)
        if expr.op in ("/", "%") and kind not in ir.FLOATS:
            valid = self._divisible(expr, right, valid)
        result = graph.op(op, a.node, right)
        if expr.op not in ("&", "|", "^", ">>", "%"):
            result = self._wrap(kind, result)
        return Value(kind, result, valid, True)

    def _divisible(self, expr: ir.Binary, divisor: Node, valid: Node | None) -> Node | None:
        """Where the division has a value; elsewhere it is null or the kernel fails."""
        graph = self.graph
        zero = graph.compare("eq", divisor, graph.const(divisor.type, 0))
        if zero.op == "const" and not zero.attr:
            return valid
        if expr.type.nullable:
            return graph.but(valid, zero)
        alive = graph.both(self._guard, self.keep)
        bad = graph.both(zero, graph.both(alive, valid)) or graph.true()
        if bad not in self.failures:
            self.failures.append(bad)
        return valid

    def _compare(self, expr: ir.Compare) -> Value:
        graph = self.graph
        a, b = self(expr.a), self(expr.b)
        valid, x, y = self._valid(a, b), a.node, b.node
        if x.type == "mask":
            differ = graph.either(graph.but(x, y), graph.but(y, x))
            result = differ if expr.op == "!=" else graph.no(differ)
        elif expr.op in ("==", "!="):
            equal = graph.compare("eq", x, y)
            result = equal if expr.op == "==" else graph.no(equal)
        else:
            x, y = (y, x) if expr.op[0] == ">" else (x, y)
            result = graph.compare("le" if expr.op.endswith("=") else "lt", x, y)
        return Value("bool", result, valid)

    def _and(self, expr: ir.And) -> Value:
        graph = self.graph
        a = self(expr.a)
        a_true = graph.both(a.valid, a.node)
        a_false = graph.but(a.valid, a.node)
        with self.only(graph.no(a_false)):
            b = self(expr.b)
        b_true = graph.both(b.valid, b.node)
        both = graph.both(a_true, b_true) or graph.true()
        if a.valid is None and b.valid is None:
            return Value("bool", both)
        known = graph.either(both, graph.either(a_false, graph.but(b.valid, b.node)))
        return Value("bool", both, known)

    def _or(self, expr: ir.Or) -> Value:
        graph = self.graph
        a = self(expr.a)
        a_true = graph.both(a.valid, a.node) or graph.true()
        with self.only(graph.no(a_true)):
            b = self(expr.b)
        b_true = graph.both(b.valid, b.node) or graph.true()
        one = graph.either(a_true, b_true)
        if a.valid is None and b.valid is None:
            return Value("bool", one)
        none = graph.both(graph.but(a.valid, a.node), graph.but(b.valid, b.node)) or graph.true()
        return Value("bool", one, graph.either(one, none))

    def _if(self, expr: ir.If) -> Value:
        graph = self.graph
        condition = self.true(expr.cond) or graph.true()
        with self.only(condition):
            a = self(expr.a)
        with self.only(graph.no(condition)):
            b = self(expr.b)
        return self._pick(condition, a, b)

    def _pick(self, condition: Node, a: Value, b: Value) -> Value:
        """One of two values, row by row. Values that are only passed on keep their bits."""
        graph = self.graph
        valid = None
        if a.valid is not None or b.valid is not None:
            valid = graph.pick(condition, a.valid or graph.true(), b.valid or graph.true())
        if a.computed == b.computed:
            return Value(a.kind, graph.pick(condition, a.node, b.node), valid, a.computed)
        return Value(a.kind, graph.pick(condition, self.canonical(a), self.canonical(b)), valid)

    def canonical(self, value: Value) -> Node:
        """The value with every computed NaN made the canonical one."""
        if value.computed and value.node.type in ir.FLOATS and value.node.op != "const":
            return self.graph.node("canon", value.node.type, value.node)
        return value.node

    # ---- casts ----

    def _cast(self, expr: ir.Cast) -> Value:
        x, kind = self(expr.x), expr.type.kind
        if x.kind == kind:
            return x
        return Value(kind, self._convert(x.node, x.kind, kind), x.valid, True)

    def _convert(self, node: Node, of: str, to: str) -> Node:
        graph = self.graph
        if of == "bool":
            one = 1 if to != "bool" else True
            reg = register(to)
            return graph.pick(node, graph.const(reg, one), graph.const(reg, 0))
        if to == "bool":
            return graph.no(graph.compare("eq", node, graph.const(node.type, 0)))
        if of.startswith("timestamp") and to.startswith("timestamp"):
            return self._rescale(node, _UNIT[of[10:-1]], _UNIT[to[10:-1]])
        of, to = _integer(of), _integer(to)
        if of in ir.FLOATS and to in RANGES:
            wide = graph.convert(register(to), node)
            return self._clamp(wide, register(to), to)
        if of in RANGES and to in RANGES:
            return graph.convert(register(to), self._clamp(node, of, to))
        return graph.convert(register(to), node)

    def _clamp(self, node: Node, of: str, to: str) -> Node:
        """Brings a value of an integer kind into another kind's range, in its own register."""
        graph = self.graph
        (low, high), (least, most) = RANGES[of], RANGES[to]
        if least > low:
            node = graph.node("max", node.type, node, graph.const(node.type, least))
        if most < high:
            node = graph.node("min", node.type, node, graph.const(node.type, most))
        return node

    def _rescale(self, node: Node, of: int, to: int) -> Node:
        """Timestamps: floor to a coarser unit, saturate to a finer one."""
        graph = self.graph
        if of > to:
            factor = graph.const("i64", of // to)
            down = graph.op("div", node, factor)
            rest = graph.op("sub", node, graph.op("mul", down, factor))
            before = graph.compare("lt", rest, graph.const("i64", 0))
            return graph.pick(before, graph.op("sub", down, graph.const("i64", 1)), down)
        factor = to // of
        low, high = RANGES["i64"]
        most, least = graph.const("i64", high // factor), graph.const("i64", -(-low // factor))
        scaled = graph.op("mul", node, graph.const("i64", factor))
        floor = graph.pick(graph.compare("lt", node, least), graph.const("i64", low), scaled)
        return graph.pick(graph.compare("lt", most, node), graph.const("i64", high), floor)

    def sum(self, kind: str, a: Node, b: Node) -> Value:
        """a + b, of an integer kind."""
        return Value(kind, self._wrap(kind, self.graph.op("add", a, b)), None, True)

    def _wrap(self, kind: str, node: Node) -> Node:
        """Brings the result of 32-bit arithmetic back to a narrow kind."""
        if kind in ("i8", "i16", "u8", "u16"):
            return self.graph.node("wrap_" + kind, node.type, node)
        return node

    # ---- functions ----

    def _call(self, expr: ir.Call) -> Value:
        return getattr(self, "_call_" + expr.function)(expr)

    def _map(self, op: str, expr: ir.Call) -> Value:
        x = self(expr.args[0])
        return Value(x.kind, self.graph.node(op, x.node.type, x.node), x.valid, True)

    def _call_floor(self, expr: ir.Call) -> Value:
        return self._map("floor", expr)

    def _call_ceil(self, expr: ir.Call) -> Value:
        return self._map("ceil", expr)

    def _call_round(self, expr: ir.Call) -> Value:
        return self._map("round", expr)

    def _call_trunc(self, expr: ir.Call) -> Value:
        return self._map("trunc", expr)

    def _call_sqrt(self, expr: ir.Call) -> Value:
        return self._map("sqrt", expr)

    def _call_exp(self, expr: ir.Call) -> Value:
        return self._map("exp", expr)

    def _call_sign(self, expr: ir.Call) -> Value:
        return self._map("sign", expr)

    def _call_abs(self, expr: ir.Call) -> Value:
        x = self(expr.args[0])
        if x.kind in ir.UNSIGNED:
            return x
        return Value(x.kind, self._wrap(x.kind, self.graph.node("abs", x.node.type, x.node)),
                     x.valid, True)

    def _call_min(self, expr: ir.Call) -> Value:
        return self._extreme("min", [self(x) for x in expr.args])

    def _call_max(self, expr: ir.Call) -> Value:
        return self._extreme("max", [self(x) for x in expr.args])

    def _call_clamp(self, expr: ir.Call) -> Value:
        x, low, high = (self(a) for a in expr.args)
        return self._extreme("min", [self._extreme("max", [x, low]), high])

    def _extreme(self, op: str, values: list[Value]) -> Value:
        graph, result = self.graph, values[0]
        for value in values[1:]:
            node = graph.node(op, result.node.type, result.node, value.node)
            if result.kind in ir.FLOATS:
                lost = graph.node("nan", "mask", result.node)
                node = graph.pick(lost, result.node, node)
            result = Value(result.kind, node, self._valid(result, value), True)
        return result

    def _call_isnan(self, expr: ir.Call) -> Value:
        x = self(expr.args[0])
        return Value("bool", self.graph.node("nan", "mask", x.node), x.valid)

    def _call_isnull(self, expr: ir.Call) -> Value:
        x = self(expr.args[0])
        return Value("bool", self.graph.false() if x.valid is None else self.graph.no(x.valid))

    def _call_coalesce(self, expr: ir.Call) -> Value:
        result = self(expr.args[0])
        for arg in expr.args[1:]:
            if result.valid is None:
                return result
            with self.only(self.graph.no(result.valid)):
                other = self(arg)
            valid = None
            if other.valid is not None:
                valid = self.graph.either(result.valid, other.valid)
            one = Value(result.kind, result.node, None, result.computed)
            two = Value(other.kind, other.node, None, other.computed)
            picked = self._pick(result.valid, one, two)
            result = Value(result.kind, picked.node, valid, picked.computed)
        return result


def _bits(kind: str) -> int:
    return int(kind[1:]) if kind in RANGES else 64


def _integer(kind: str) -> str:
    return "i64" if kind.startswith("timestamp") else kind
