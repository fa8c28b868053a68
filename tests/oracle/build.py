"""Short ways to write the typed IR by hand, for tests that must not lean on the front end."""

from __future__ import annotations

from nagare import ir

AT = ir.Position(1, 1)


def type_of(text: str) -> ir.Type:
    return ir.Type(text.removesuffix("?"), text.endswith("?"))


def schema(**columns: str) -> dict[str, ir.Type]:
    return {name: type_of(text) for name, text in columns.items()}


def col(name: str, type_: str) -> ir.Column:
    return ir.Column(type_of(type_), AT, name)


def lit(type_: str, value: object) -> ir.Literal:
    return ir.Literal(type_of(type_), AT, value)


def null(type_: str) -> ir.Null:
    return ir.Null(type_of(type_), AT)


def _either(*args: ir.Expr) -> str:
    return "?" if any(a.type.nullable for a in args) else ""


def binary(op: str, a: ir.Expr, b: ir.Expr, type_: str | None = None) -> ir.Binary:
    return ir.Binary(type_of(type_ or a.type.kind + _either(a, b)), AT, op, a, b)


def unary(op: str, x: ir.Expr) -> ir.Unary:
    return ir.Unary(x.type, AT, op, x)


def compare(op: str, a: ir.Expr, b: ir.Expr) -> ir.Compare:
    return ir.Compare(type_of("bool" + _either(a, b)), AT, op, a, b)


def both(a: ir.Expr, b: ir.Expr) -> ir.And:
    return ir.And(type_of("bool" + _either(a, b)), AT, a, b)


def either(a: ir.Expr, b: ir.Expr) -> ir.Or:
    return ir.Or(type_of("bool" + _either(a, b)), AT, a, b)


def choose(cond: ir.Expr, a: ir.Expr, b: ir.Expr) -> ir.If:
    return ir.If(type_of(a.type.kind + _either(a, b)), AT, cond, a, b)


def cast(to: str, x: ir.Expr) -> ir.Cast:
    return ir.Cast(type_of(to + _either(x)), AT, x)


def call(function: str, *args: ir.Expr, type_: str | None = None) -> ir.Call:
    return ir.Call(type_of(type_ or args[0].type.kind + _either(*args)), AT, function, args)


def lag(x: ir.Expr, rows: int = 1) -> ir.Lag:
    return ir.Lag(type_of(x.type.kind + "?"), AT, x, rows)


def agg(function: str, type_: str, x: ir.Expr | None = None) -> ir.Aggregate:
    return ir.Aggregate(type_of(type_), AT, function, x)


class RiverBuilder:
    """Adds steps to a river, keeping its schema."""

    def __init__(self, name: str, columns: dict[str, ir.Type], *sources: str, groups: int = 65536):
        self.name, self.input, self.schema = name, columns, dict(columns)
        self.sources, self.groups = sources, groups
        self.params: list[ir.Parameter] = []
        self.steps: list[ir.Step] = []
        self._keys: tuple[str, ...] = ()
        self._window: ir.Window | None = None

    def param(self, name: str, type_: str, default: object) -> ir.Param:
        self.params.append(ir.Parameter(name, type_of(type_), default, AT))
        return ir.Param(type_of(type_), AT, self.name, name)

    def _add(self, kind: type[ir.Step], *args: object) -> RiverBuilder:
        self.steps.append(kind(AT, "", dict(self.schema), *args))
        return self

    def map(self, **columns: ir.Expr) -> RiverBuilder:
        self.schema |= {name: expr.type for name, expr in columns.items()}
        return self._add(ir.Map, tuple(columns.items()))

    def select(self, **columns: ir.Expr) -> RiverBuilder:
        self.schema = {name: expr.type for name, expr in columns.items()}
        return self._add(ir.Select, tuple(columns.items()))

    def filter(self, condition: ir.Expr) -> RiverBuilder:
        return self._add(ir.Filter, condition)

    def take(self, count: int) -> RiverBuilder:
        return self._add(ir.Take, count)

    def skip(self, count: int) -> RiverBuilder:
        return self._add(ir.Skip, count)

    def take_while(self, condition: ir.Expr) -> RiverBuilder:
        return self._add(ir.TakeWhile, condition)

    def skip_while(self, condition: ir.Expr) -> RiverBuilder:
        return self._add(ir.SkipWhile, condition)

    def group(self, *keys: str) -> RiverBuilder:
        self._keys = keys
        return self._add(ir.Group, keys)

    def window(self, rows: int, partial: bool = False) -> RiverBuilder:
        self._add(ir.Window, "tumbling", rows, partial)
        self._window = self.steps[-1]
        return self

    def aggregate(self, **columns: ir.Expr) -> RiverBuilder:
        keys = {name: self.schema[name] for name in self._keys}
        self.schema = keys | {name: expr.type for name, expr in columns.items()}
        self._add(ir.Aggregated, tuple(columns.items()), self._keys, self._window)
        self._keys, self._window = (), None
        return self

    def river(self) -> ir.River:
        fields = ()
        if not self.sources:
            fields = tuple(ir.SourceField(n, t, n, None) for n, t in self.input.items())
        return ir.River(
            name=self.name,
            doc="",
            at=AT,
            fields=fields,
            csv=None,
            sources=self.sources,
            params=tuple(self.params),
            steps=tuple(self.steps),
            input_schema=self.input,
            schema=self.schema,
            to=None,
            max_groups=self.groups,
        )


def file(*builders: RiverBuilder) -> ir.RiverFile:
    return ir.RiverFile("hand.toml", "", {b.name: b.river() for b in builders})
