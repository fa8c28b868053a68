"""The plan of a kernel: a river's chain of steps, cut into segments that are one loop each.

A segment reads columns, computes in registers, and ends in one of five ways:

- `emit`: what is left goes to the kernel's output;
- `pack`: survivors are packed into columns for the next segment;
- `fold`: rows stay in place under a mask and are reduced over the whole stream, run by run;
- `window`: the same for tumbling windows of rows;
- `group`: rows are added to their group, one by one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace

from . import ir
from .ir import walk
from .lower import Lowering, Value
from .vector import RANGES, Graph, Node, register

RUN = 512  # rows; also the rows of a chunk between two segments
ORIGIN = "ng_row"  # the hidden column that says which input row brought a row out
GROUP_TEXT = 32  # bytes of budget per text key and group


# ---- the chain, in primitive steps -------------------------------------------------------------


@dataclass(frozen=True)
class Assign:
    name: str
    expr: ir.Expr
    text: str


@dataclass(frozen=True)
class Project:
    names: tuple[str, ...]
    text: str


ORDERED = (ir.Take, ir.Skip, ir.TakeWhile, ir.SkipWhile)
Primitive = (
    Assign | Project | ir.Filter | ir.Take | ir.Skip | ir.TakeWhile | ir.SkipWhile
    | ir.Aggregated | ir.Scan | ir.Rolling
)


def primitives(steps: list[ir.Step]) -> list[Primitive]:
    """The steps, with `map` and `select` taken apart into single assignments."""
    out: list[Primitive] = []
    for step in steps:
        match step:
            case ir.Map():
                out += [Assign(name, expr, step.text) for name, expr in step.columns]
            case ir.Select():
                for name, expr in step.columns:
                    if not (isinstance(expr, ir.Column) and expr.name == name):
                        out.append(Assign(name, expr, step.text))
                out.append(Project(tuple(name for name, _ in step.columns), step.text))
            case ir.Group() | ir.Window():
                pass  # repeated in the aggregate
            case _:
                out.append(step)
    return out


def references(expr: ir.Expr) -> set[str]:
    return {e.name for e in walk(expr) if isinstance(e, ir.Column)}


def expressions(step: Primitive) -> tuple[ir.Expr, ...]:
    match step:
        case Assign():
            return (step.expr,)
        case ir.Filter() | ir.TakeWhile() | ir.SkipWhile():
            return (step.condition,)
        case ir.Aggregated() | ir.Scan() | ir.Rolling():
            return tuple(expr for _, expr in step.columns)
        case _:
            return ()


def can_fail(expr: ir.Expr) -> bool:
    """Whether evaluating it can stop the kernel: a division of integers that cannot be null."""
    for e in walk(expr):
        divides = isinstance(e, ir.Binary) and e.op in ("/", "%") and e.type.kind in RANGES
        if divides and not e.type.nullable and not (
                isinstance(e.b, ir.Literal) and e.b.value != 0):
            return True
    return False


def needs(steps: list[Primitive], final: set[str]) -> list[set[str]]:
    """For each place in the chain (before step i; the last: the end) the columns still needed."""
    result = [final]
    for step in reversed(steps):
        need = set(result[0])
        match step:
            case Assign():
                if step.name in need:
                    need.discard(step.name)
                    need |= references(step.expr)
            case ir.Aggregated():
                need = set(step.keys).union(*(references(e) for n, e in step.columns if n in need))
            case ir.Scan() | ir.Rolling():
                live = [(name, expr) for name, expr in step.columns if name in need]
                need -= {name for name, _ in live}
                need = need.union(*(references(expr) for _, expr in live))
            case ir.Filter() | ir.TakeWhile() | ir.SkipWhile():
                need |= references(step.condition)
            case _:
                pass
        result.insert(0, need)
    return result


# ---- segments ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Column:
    """A column in memory between two loops (or of the kernel's input).

    `name` is its name in C, `label` in the river file. `storage` is a column kind, `text` for text
    in flight; `history` counts the rows before row 0 that are kept for `lag`.
    """

    name: str
    storage: str
    nullable: bool
    history: int = 0
    label: str = ""


# Members of the structures around columns, and macros that a C file is likely to see.
_OURS = frozenset(
    ["offset", "capacity", "rows", "alive_rows", "bad", "linux", "unix", "i386", "errno", "stdin",
     "stdout", "stderr", "NULL", "EOF", "assert"])
_SUFFIX = re.compile(r".*_(valid|bytes|room|before|set|nan)_*")


def c_name(name: str) -> str:
    """What a column is called in C, where some names are taken by the structures around it."""
    return name + "_" if name in _OURS or _SUFFIX.fullmatch(name) else name


@dataclass(frozen=True)
class Output:
    """A value that a `pack` or `emit` loop writes."""

    column: Column
    node: Node
    valid: Node | None


@dataclass(frozen=True)
class Raw:
    """An accumulator: `count`, `sum`, `min`, `max`, `var`, `first` or `last` of `node` over the
    rows in `mask` (None: all rows). `type` is the register type of `node`."""

    kind: str
    name: str
    node: Node | None
    mask: Node | None
    says: str

    @property
    def type(self) -> str:
        return "i64" if self.node is None else self.node.type

    @property
    def carried(self) -> str:
        """The type of the result between the segments."""
        if self.kind in ("count",):
            return "i64"
        if self.kind in ("sum", "var"):
            return {"i32": "i64", "u32": "u64", "f32": "f64"}.get(self.type, self.type)
        return "bool" if self.type == "mask" else self.type


@dataclass(frozen=True)
class Running:
    """A value that goes on from row to row of a packed chunk: `kind` is rows, sum, product, min,
    max, first, last, var, moments or recurrence of the column `arg`, over the last `rows` rows (0:
    all so far). `there` is a column that is 0 where `arg` is null. `outs` are the columns it
    writes. A recurrence has its `body` (None in the rows where it stays: `valid`), and its `start`
    or `first` value."""

    kind: str
    name: str
    type: str
    rows: int
    arg: Column | None
    there: Column | None
    outs: tuple[Column, ...]
    says: str
    body: Recurring | None = None

    @property
    def in_profiles(self) -> bool:
        """Whether its loop is there in vectors; the others go row by row."""
        return self.kind in ("sum", "product", "min", "max", "var", "mean")


@dataclass(frozen=True)
class Recurring:
    """The nodes of a recurrence: the next value, where it has one, and the first."""

    next: Value
    start: Node | None
    first: Value | None


@dataclass
class Segment:
    number: int
    kind: str
    inputs: list[Column]
    keep: Node | None
    failures: list[Node]
    steps: list[str]
    why: str  # why the chain was cut after it; "" for the last
    ordered: list[Ordered] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    raws: list[Raw] = field(default_factory=list)
    running: list[Running] = field(default_factory=list)
    keys: list[Column] = field(default_factory=list)
    rows: int = 0  # of a window, 0: no window
    partial: bool = False
    groups: int = 0

    @property
    def root(self) -> bool:
        return self.number == 0

    @property
    def blocks(self) -> bool:
        """Whether nothing comes out of it before the end of the stream."""
        return self.kind == "fold" or (self.kind == "group" and self.rows == 0)


@dataclass(frozen=True)
class Ordered:
    """A step that counts rows in order: its state is one field of the kernel."""

    kind: str  # take, skip, take_while, skip_while
    name: str
    count: int


@dataclass
class Kernel:
    """Everything the templates need to know about one river's kernel."""

    river: ir.River
    inputs: list[Column]
    outputs: list[Column]
    params: list[tuple[str, ir.Parameter]]
    segments: list[Segment]
    origin: bool  # whether rows carry the number of the input row that brought them out
    chain: list[str]  # for people: the sentences with their rivers


class _Building:
    """The segment under construction."""

    def __init__(self, number: int, lowering: Lowering) -> None:
        self.number = number
        self.lower = lowering
        self.loads: dict[str, Column] = {}
        self.steps: list[str] = []
        self.ordered: list[Ordered] = []
        self.dropped = False
        self.known: set[Node] = set()  # floats that are not NaN in the rows kept


class Planner:
    def __init__(self, file: ir.RiverFile, river: ir.River, origin: bool) -> None:
        self.file = file
        self.river = river
        self.rivers = line(file, river)
        self.params: list[tuple[str, ir.Parameter]] = []
        self._name_params()
        steps = [step for r in self.rivers for step in r.steps]
        schemas = [self.rivers[0].input_schema, *(step.schema for step in steps)]
        self._known = {name for schema in schemas for name in schema}
        self.steps = primitives(steps)
        self.emits_origin = origin
        self.origin = origin or any(
            (isinstance(s, ir.Aggregated) and s.keys) or any(can_fail(e) for e in expressions(s))
            for s in self.steps)
        final = set(river.schema) | ({ORIGIN} if origin else set())
        self.needs = needs(self.steps, final)
        self.segments: list[Segment] = []
        self.now = self._begin([])
        self.counter = 0
        root = self.rivers[0].input_schema
        for name in root:
            if name in self.needs[0]:
                self._load_root(name, root[name])

    # ---- names ----

    def _name_params(self) -> None:
        taken: set[str] = set()
        for r in reversed(self.rivers):
            for p in r.params:
                name = p.name if p.name not in taken else f"{r.name}_{p.name}"
                taken.add(name)
                self.params.append((name, p))
                self._names = getattr(self, "_names", {}) | {(r.name, p.name): name}

    def _param_name(self, p: ir.Param) -> str:
        return self._names[(p.river, p.name)]

    def fresh(self, stem: str) -> str:
        """A name that begins like none of the user's."""
        while True:
            self.counter += 1
            name = f"{stem}_{self.counter}"
            if not any(known.startswith(name) for known in self._known):
                return name

    # ---- segments ----

    def _begin(self, steps: list[str]) -> _Building:
        building = _Building(len(self.segments), Lowering(Graph(), self._param_name))
        building.steps = steps
        return building

    def _load_root(self, name: str, type_: ir.Type) -> None:
        column = Column(c_name(name), type_.kind, type_.nullable, 0, name)
        self.now.lower.columns[name] = self._load(column, type_.kind, 0, False)

    def _load(self, column: Column, kind: str, back: int, computed: bool) -> Value:
        """A column of the segment's input, `back` rows earlier."""
        graph = self.now.lower.graph
        self.now.loads[column.name] = column
        reg = register(kind)
        node = graph.node("load", reg, attr=(column.name, column.storage, back))
        valid = graph.node("valid", "mask", attr=(column.name, back)) if column.nullable else None
        return Value(kind, node, valid, computed)

    def _close(self, kind: str, why: str, outputs: list[Output], keep: Node | None) -> Segment:
        now = self.now
        segment = Segment(now.number, kind, list(now.loads.values()), keep,
                          now.lower.failures, now.steps, why, now.ordered, outputs)
        self.segments.append(segment)
        return segment

    def _cut(self, place: int, why: str, extra: dict[str, tuple[Value, int]],
             keep_rows: bool = False, only: set[str] | None = None) -> dict[str, tuple[Value, int]]:
        """Ends the segment with a `pack` and begins the next one, which sees the columns needed
        from `place` on. `extra` are further values with the history each needs; what they are in
        the new segment is returned. With `keep_rows` dropped rows stay, as a mask."""
        lower = self.now.lower
        values: dict[str, Value] = {}
        needed = self.needs[place] if only is None else only
        for name, value in lower.columns.items():
            if name in needed:
                values[name] = value
        if self.origin and ORIGIN not in values:
            values[ORIGIN] = lower.columns.get(ORIGIN) or self._origin()
        histories = {name: history for name, (_, history) in extra.items()}
        values |= {name: value for name, (value, _) in extra.items()}
        keep = lower.keep
        if keep_rows and keep is not None:
            values["ng_keep"] = Value("bool", keep)
            keep = None
        outputs, kinds = [], {}
        for name, value in values.items():
            history = histories.get(name, 0)
            storage = {"mask": "bool", "text": "text"}.get(value.node.type, value.node.type)
            column = Column(c_name(name), storage, value.valid is not None or history > 0, history)
            outputs.append(Output(column, value.node, value.valid))
            kinds[name] = (column, value)
        self._close("pack", why, outputs, keep)
        masked = keep_rows and "ng_keep" in values
        self.now = self._begin([])
        result = {}
        for name, (column, value) in kinds.items():
            loaded = self._load(column, value.kind, 0, value.computed)
            if name == "ng_keep" and masked:
                self.now.lower.keep = loaded.node
            elif name in extra:
                result[name] = (loaded, column)
            else:
                self.now.lower.columns[name] = loaded
        return result

    def _origin(self) -> Value:
        """The input row's number, as the first segment sees it."""
        return self._load(Column(ORIGIN, "u64", False), "u64", 0, False)

    # ---- the walk ----

    def plan(self) -> Kernel:
        for i, step in enumerate(self.steps):
            if isinstance(step, Assign) and step.name not in self.needs[i + 1]:
                continue
            live = expressions(step)
            if isinstance(step, ir.Scan | ir.Rolling):
                live = tuple(e for name, e in step.columns if name in self.needs[i + 1])
                if not live:
                    continue
            if not isinstance(step, ir.Aggregated):
                if self.now.ordered and not isinstance(step, ORDERED) and self._folds_ahead(i):
                    self._cut(i, "rows are counted afresh after " + self.now.steps[-1], {})
                self._resolve_lags(i, live)
                self._say(step)
            self._step(i, step)
        self._emit()
        root = self.rivers[0].input_schema
        first = self.segments[0]
        inputs = [c for c in first.inputs if c.name != ORIGIN]
        inputs.sort(key=lambda c: list(root).index(c.label))
        chain = [f"{r.name}: {s.text}" for r in self.rivers for s in r.steps]
        uses_origin = any(ORIGIN in (c.name for c in s.inputs) for s in self.segments)
        return Kernel(self.river, inputs, [o.column for o in self.segments[-1].outputs],
                      self.params, self.segments, uses_origin, chain)

    def _say(self, step: Primitive) -> None:
        if step.text not in self.now.steps:
            self.now.steps.append(step.text)

    def _folds_ahead(self, place: int) -> bool:
        """Whether the next step that counts rows is an aggregate of the whole stream."""
        for step in self.steps[place:]:
            if isinstance(step, ir.Aggregated):
                return not step.keys and step.window is None
            if isinstance(step, (*ORDERED, ir.Scan, ir.Rolling)) or any(
                    _lags(e) for e in expressions(step)):
                return False
        return False

    def _resolve_lags(self, place: int, exprs: tuple[ir.Expr, ...]) -> None:
        """Cuts until every `lag` in the expressions reads a column of the segment's input."""
        while True:
            ready = dict.fromkeys(
                lag for e in exprs for lag in _lags(e) if lag not in self.now.lower.lags
                and all(inner in self.now.lower.lags for inner in _lags(lag.x)))
            if not ready:
                return
            lower, depth, extra, names = self.now.lower, {}, {}, {}
            for lag in ready:
                depth[lag.x] = max(depth.get(lag.x, 0), lag.rows)
            for x, history in depth.items():
                names[x] = self.fresh("lag")
                extra[names[x]] = (lower(x), history)
            carried = {}
            for lag, value in lower.lags.items():
                carried[lag] = self.fresh("old")
                extra[carried[lag]] = (value, 0)
            loaded = self._cut(place, "lag looks back at rows that are kept", extra)
            for lag in ready:
                value, column = loaded[names[lag.x]]
                self.now.lower.lags[lag] = self._load(column, value.kind, lag.rows, value.computed)
            for lag, name in carried.items():
                self.now.lower.lags[lag] = loaded[name][0]

    def _step(self, place: int, step: Primitive) -> None:
        lower = self.now.lower
        graph = lower.graph
        match step:
            case Assign():
                value = lower(step.expr)
                lower.columns[step.name] = value
                if value.node.name is None and value.node.op not in ("load", "const", "param"):
                    value.node.name = step.name
                    value.node.note = step.text.split()[0]
            case Project():
                lower.columns = {n: lower.columns[n] for n in step.names if n in lower.columns} | {
                    n: v for n, v in lower.columns.items() if n == ORIGIN}
            case ir.Filter():
                condition = lower.true(step.condition)
                lower.keep = graph.both(lower.keep, condition)
                self.now.known |= _ordered_operands(condition)
                self.now.dropped = True
            case ir.Take() | ir.Skip():
                kind = "take" if isinstance(step, ir.Take) else "skip"
                self._order(kind, step.count, ())
            case ir.TakeWhile() | ir.SkipWhile():
                kind = "take_while" if isinstance(step, ir.TakeWhile) else "skip_while"
                name = self.fresh(kind)
                with lower.only(graph.node("waiting", "mask", attr=name)):
                    condition = lower.true(step.condition) or graph.true()
                self._order(kind, 0, (condition,), name)
            case ir.Aggregated():
                self._aggregate(place, step)
            case ir.Scan() | ir.Rolling():
                self._run(place, step)
        self.now.lower.lags = {}

    # ---- values that go on from row to row ----

    def _run(self, place: int, step: ir.Scan | ir.Rolling) -> None:
        """Packs what running values take, has them run over the packed chunk, and goes on with
        what they give."""
        columns = [(n, e) for n, e in step.columns if n in self.needs[place + 1]]
        calls = list(dict.fromkeys(call for _, expr in columns for call in _running(expr)))
        runs = _Runs(self, step.rows if isinstance(step, ir.Rolling) else 0)
        plans = {call: runs.plan(call) for call in calls}
        beside = set().union(*(_beside(expr) for _, expr in columns))
        only = (self.needs[place + 1] - {name for name, _ in columns}) | beside
        extra = {name: (value, 0) for name, value in runs.args.items()}
        loaded = self._cut(place, "running values take the rows that are kept, in order", extra,
                           only=only)
        args = {name: column for name, (_, column) in loaded.items()}
        for column in args.values():
            del self.now.loads[column.name]  # the loop that follows does not need them
        self.segments[-1].running = [run(args) for run in runs.list]
        lower = self.now.lower
        for call, finish in plans.items():
            lower.aggregates[call] = finish()
        made = {name: lower(expr) for name, expr in columns}
        lower.columns |= made
        for name, value in made.items():
            node = value.node
            if node.name is None and node.op not in ("load", "const", "param"):
                node.name, node.note = name, step.text.split()[0]
                self._say(step)

    def load_value(self, column: Column, kind: str) -> Value:
        """A column that a running value of the segment before wrote."""
        return self._load(column, kind, 0, False)

    def load_running(self, column: Column) -> Node:
        return self.load_value(column, column.storage).node

    def constants(self) -> Lowering:
        """For what is the same in every row: literals and parameters."""
        return Lowering(Graph(), self._param_name)

    def _order(self, kind: str, count: int, args: tuple[Node, ...], name: str = "") -> None:
        lower = self.now.lower
        name = name or self.fresh(kind)
        keep = lower.keep if lower.keep is not None else lower.graph.true()
        lower.keep = lower.graph.node(kind, "mask", keep, *args, attr=name)
        self.now.ordered.append(Ordered(kind, name, count))
        self.now.dropped = True

    def _emit(self) -> None:
        lower = self.now.lower
        outputs = []
        for name, type_ in self.river.schema.items():
            value = lower.columns[name]
            node = value.node if value.node in self.now.known else lower.canonical(value)
            column = Column(c_name(name), type_.kind, type_.nullable, 0, name)
            outputs.append(Output(column, node, value.valid))
        if self.emits_origin:
            origin = lower.columns.get(ORIGIN) or self._origin()
            outputs.append(Output(Column(ORIGIN, "u64", False, 0, ORIGIN), origin.node, None))
        self._close("emit", "", outputs, lower.keep)

    # ---- aggregates ----

    def _aggregate(self, place: int, step: ir.Aggregated) -> None:
        wanted = [(n, e) for n, e in step.columns if n in self.needs[place + 1]]
        calls = list(dict.fromkeys(
            e for _, expr in wanted for e in walk(expr) if isinstance(e, ir.Aggregate)))
        args = self._arguments(place, step, calls)
        lower = self.now.lower
        self._say(step)
        raws = _Raws(lower, self.fresh)
        constant = step.window is not None and not step.keys and not step.window.partial
        plans = {c: raws.plan(c, args[c.x] if c.x is not None else None) for c in calls}
        if self.origin and step.window is not None:
            place_of = lower.columns[ORIGIN].node
            raws.add("last", place_of, None, "origin", f"{ORIGIN}_{len(self.segments)}")
        segment = self._close("fold", "an aggregate makes new rows", [], lower.keep)
        # Extremes ask sums whether there is a NaN, variances where the mean is.
        segment.raws = sorted(raws.list, key=lambda r: {"count": 0, "sum": 1}.get(r.kind, 2))
        self._shape(segment, step)
        window = step.window.rows if constant else 0
        self._after(step, wanted, segment, plans, window)

    def _shape(self, segment: Segment, step: ir.Aggregated) -> None:
        if step.window is not None:
            segment.kind = "window"
            segment.rows, segment.partial = step.window.rows, step.window.partial
        if step.keys:
            segment.kind = "group"
            segment.groups = self.river_of(step).max_groups
            segment.keys = [self.now.loads[c_name(k)] for k in step.keys]

    def river_of(self, step: ir.Step) -> ir.River:
        return next(r for r in self.rivers if any(s is step for s in r.steps))

    def _arguments(self, place: int, step: ir.Aggregated,
                   calls: list[ir.Aggregate]) -> dict[ir.Expr, Value]:
        """The arguments of the aggregates, lowered in the segment that will reduce them: a new
        one where rows were dropped before a window, counted, or made of text."""
        self._resolve_lags(place, tuple(c.x for c in calls if c.x is not None))
        now, lower = self.now, self.now.lower
        args: dict[ir.Expr, Value] = {}
        for call in calls:
            if call.x is not None and call.x not in args:
                args[call.x] = lower(call.x)
        whole = step.window is None and not step.keys
        texts = any(c.storage in ("utf8", "text") for c in now.loads.values())
        why = ""
        if step.keys:
            why = "rows are added to their groups one by one"
        elif now.ordered:
            why = "rows are counted afresh after " + now.ordered[-1].kind.replace("_", " ")
        elif now.dropped and not whole:
            why = "a window counts the rows that are kept"
        elif any(c.history for c in now.loads.values()):
            why = "lag looks back, and a run keeps no rows before it"
        elif texts:
            why = "text is not kept for a later run"
        elif self.origin and not whole:
            why = "rows are numbered for errors and merges"
        if not why:
            return args
        names = {x: self.fresh("arg") for x in args}
        extra = {names[x]: (self._plain(v), 0) for x, v in args.items()}
        masked = whole and not now.ordered
        loaded = self._cut(place, why, extra, keep_rows=masked, only=set(step.keys))
        return {x: loaded[name][0] for x, name in names.items()}

    def _plain(self, value: Value) -> Value:
        """Text arguments are only counted: their bytes are not needed."""
        if value.node.type != "text":
            return value
        return Value("bool", self.now.lower.graph.true(), value.valid)

    def _after(self, step: ir.Aggregated, wanted: list[tuple[str, ir.Expr]], segment: Segment,
               plans: dict[ir.Aggregate, _Plan], window: int) -> None:
        """Begins the segment that turns accumulators into columns."""
        self.now = self._begin([])
        lower, graph = self.now.lower, self.now.lower.graph

        def load(name: str, kind: str) -> Node:
            return self._load(Column(name, kind, False), kind, 0, False).node

        for name, key in zip(step.keys, segment.keys, strict=True):
            lower.columns[name] = self._load(
                Column(key.name, key.storage, key.nullable), step.schema[name].kind, 0, False)
        for raw in segment.raws:
            if raw.says == "origin":
                lower.columns[ORIGIN] = Value("u64", load(raw.name, "u64"))
        if self.origin and ORIGIN not in lower.columns:
            lower.columns[ORIGIN] = Value("u64", graph.const("u64", 2**64 - 1))

        def result(name: str) -> Node:
            raw = next(r for r in segment.raws if r.name == name)
            if raw.kind == "count" and raw.mask is None and window:
                return graph.const("i64", window)
            if raw.kind == "sum" and raw.type == "f32" and segment.kind == "window" and window and (
                    window <= RUN):
                total = graph.convert("f64", load(name, "f32"))
                return graph.op("add", graph.const("f64", 0.0), total)
            return load(name, raw.carried)

        for call, p in plans.items():
            lower.aggregates[call] = p.finish(graph, result, call)
        for name, expr in wanted:
            lower.columns[name] = lower(expr)
            node = lower.columns[name].node
            if node.name is None and node.op not in ("load", "const", "param"):
                node.name, node.note = name, "aggregate"


@dataclass(frozen=True)
class _Plan:
    """How an aggregate follows from accumulators (by name)."""

    function: str
    kind: str
    value: str | None
    count: str | None

    def finish(self, graph: Graph, load, call: ir.Aggregate) -> Value:
        kind = call.type.kind
        count = load(self.count) if self.count is not None else None
        valid = None
        if call.type.nullable:
            least = 2 if self.function in ("var", "std") else 1
            valid = graph.compare("le", graph.const("i64", least), count)
        match self.function:
            case "count":
                return Value("i64", count)
            case "any":
                some = graph.compare("lt", graph.const("i64", 0), load(self.value))
                return Value("bool", some, valid)
            case "all":
                return Value("bool", graph.compare("eq", load(self.value), count), valid)
            case "mean":
                total = graph.convert("f64", load(self.value))
                mean = graph.op("div", total, graph.convert("f64", count))
                return Value("f64", mean, valid, True)
            case "var" | "std":
                less = graph.op("sub", count, graph.const("i64", 1))
                var = graph.op("div", load(self.value), graph.convert("f64", less))
                node = var if self.function == "var" else graph.node("sqrt", "f64", var)
                return Value("f64", node, valid, True)
            case _:
                is_computed = self.function in ("sum", "product")
                return Value(kind, load(self.value), valid, is_computed)


class _Raws:
    """The accumulators that a segment's aggregates need, each once."""

    def __init__(self, lower: Lowering, fresh) -> None:
        self.lower = lower
        self.fresh = fresh
        self.list: list[Raw] = []

    def add(self, kind: str, node: Node | None, mask: Node | None, says: str,
            name: str | None = None) -> str:
        for raw in self.list:
            if (raw.kind, raw.node, raw.mask) == (kind, node, mask):
                return raw.name
        self.list.append(Raw(kind, name or self.fresh(kind), node, mask, says))
        return self.list[-1].name

    def plan(self, call: ir.Aggregate, x: Value | None) -> _Plan:
        lower, graph, function = self.lower, self.lower.graph, call.function
        mask = lower.keep if x is None else graph.both(lower.keep, x.valid)
        says = f"{function}"
        counted = function in ("count", "mean", "var", "std", "all") or call.type.nullable or (
            function in ("first", "last"))
        count = self.add("count", None, mask, "count") if counted else None
        if function == "count":
            return _Plan(function, "i64", None, count)
        kind = call.type.kind
        if function in ("any", "all"):
            true = graph.both(mask, x.node)
            return _Plan(function, kind, self.add("count", None, true, says), count)
        node, raw = x.node, function
        if function in ("var", "std"):
            node, raw = (node if x.kind in ir.FLOATS else graph.convert("f64", node)), "var"
            self.add("count", None, mask, "count")
            self.add("sum", node, mask, "sum")
        elif function == "mean":
            node, raw = (graph.convert("f64", node) if x.kind in ("i64", "u64") else node), "sum"
        elif function in ("first", "last"):
            node = lower.canonical(x)
        return _Plan(function, kind, self.add(raw, node, mask, says), count)


def _running(expr: ir.Expr) -> list[ir.Expr]:
    """The running values in an expression of a `scan` or `rolling` step."""
    if isinstance(expr, ir.Aggregate | ir.Recurrence):
        return [expr]
    return [e for child in ir.children(expr) for e in _running(child)]


def _says(function: str, node: Node) -> str:
    """A running value in words."""
    name = node.name or (node.attr[0] if node.op == "load" else "")
    return f"{function}({name})" if name else function


def _beside(expr: ir.Expr) -> set[str]:
    """The columns that stand beside running values."""
    if isinstance(expr, ir.Aggregate | ir.Recurrence):
        return set()
    found = {expr.name} if isinstance(expr, ir.Column) else set()
    return found.union(*(_beside(child) for child in ir.children(expr)))


class _Runs:
    """The running values that a step needs, each once, and the columns they take (`args`)."""

    def __init__(self, planner: Planner, rows: int) -> None:
        self.planner = planner
        self.lower = planner.now.lower
        self.rows = rows
        self.args: dict[str, Value] = {}
        self.list: list[Callable[[dict[str, Column]], Running]] = []
        self._known: dict[tuple, str] = {}
        self._outs: dict[str, tuple[Column, ...]] = {}
        self._results: dict[str, Callable[[], Node]] = {}

    def plan(self, call: ir.Expr) -> Callable[[], Value]:
        """Arranges for a running value; the answer gives it in the segment that follows."""
        if isinstance(call, ir.Recurrence):
            return self._recurrence(call)
        function, x = call.function, None if call.x is None else self.lower(call.x)
        there = None if x is None else x.valid
        if function == "mean" and there is None and self.rows and x.kind in ir.FLOATS:
            return self._mean(x)
        counted = call.type.nullable or function in ("count", "mean", "var", "std", "all")
        count = self._count(there) if counted else None
        value = None if function == "count" else self._value(function, x, there, count)
        plan = _Plan(function, call.type.kind, value, count)
        return lambda: self._finish(plan, call)

    def _finish(self, plan: _Plan, call: ir.Aggregate) -> Value:
        graph = self.planner.now.lower.graph
        result = plan.finish(graph, lambda name: self._results[name](), call)
        if plan.function in ("min", "max") and result.node.type in ir.FLOATS:
            return Value(result.kind, result.node, result.valid, True)
        return result

    def _count(self, there: Node | None) -> str:
        graph = self.lower.graph
        if there is None:
            return self._add("rows", None, None, "count")
        one = graph.pick(there, graph.const("i64", 1), graph.const("i64", 0))
        return self._add("sum", one, None, "count")

    def _value(self, function: str, x: Value, there: Node | None, count: str) -> str:
        graph, node = self.lower.graph, x.node
        if function in ("any", "all"):
            return self._count(graph.both(there, node) or graph.true())
        says = _says("sum" if function == "mean" else function, node)
        if function in ("first", "last"):
            return self._end(function, x, there, says)
        if function in ("min", "max"):
            return self._extreme(function, node, there, says)
        if function in ("var", "std"):
            return self._variance(graph.convert("f64", node), there, count, says)
        if function == "mean" and x.kind in ("i64", "u64"):
            node = graph.convert("f64", node)
        if node.type in ("i32", "u32", "u64") or (function == "product" and node.type == "f32"):
            node = graph.convert("f64" if node.type == "f32" else "i64", node)
        if there is not None:
            empty = graph.const(node.type, 1 if function == "product" else 0)
            node = graph.pick(there, node, empty)
        added = self._add("sum" if function == "mean" else function, node, None, says)
        if x.kind in ir.UNSIGNED and node.type == "i64":
            return self._then(added, lambda node, graph: graph.convert("u64", node))
        return added

    def _mean(self, x: Value) -> Callable[[], Value]:
        """Of floats that are never null, over a window: the sum divided by its rows."""
        total = self._value("mean", x, None, "")
        key = ("mean", total)
        if key not in self._known:
            self._known[key] = added = self.planner.fresh("mean")
            out = Column(f"{added}_out", "f64", False)
            running = Running("mean", added, "f64", self.rows, self._outs[total][0], None, (out,),
                              _says("mean", x.node))
            self.list.append(lambda args: running)
            self._results[added] = lambda: self.planner.load_running(out)
        added = self._known[key]
        return lambda: Value("f64", self._results[added](), None, True)

    def _end(self, function: str, x: Value, there: Node | None, says: str) -> str:
        graph, node = self.lower.graph, self.lower.canonical(x)
        if node.type != "mask":
            return self._add(function, node, there, says)
        node = graph.pick(node, graph.const("i32", 1), graph.const("i32", 0))
        added = self._add(function, node, there, says)
        return self._then(added, lambda node, graph: graph.no(
            graph.compare("eq", node, graph.const("i32", 0))))

    def _extreme(self, function: str, node: Node, there: Node | None, says: str) -> str:
        """Floats are compared by keys in integers, so that any order of comparing gives the same
        bits: -0 comes before 0, and a NaN before all (`min`) or behind all (`max`)."""
        graph, of = self.lower.graph, node.type
        if of in ir.FLOATS:
            kind = "i32" if of == "f32" else "i64"
            node = graph.node("low_key" if function == "min" else "top_key", kind, node)
        if there is not None:
            least, most = RANGES[node.type]
            empty = graph.const(node.type, most if function == "min" else least)
            node = graph.pick(there, node, empty)
        added = self._add(function, node, None, says)
        if of in ir.FLOATS:
            return self._then(added, lambda node, graph: graph.node("of_key", of, node))
        return added

    def _variance(self, node: Node, there: Node | None, count: str, says: str) -> str:
        if self.rows == 0:
            return self._add("moments", node, there, says)
        added = self._add("var", node, there, says, ("f64", "f64"))

        def moment(sums: tuple[Node, Node], graph: Graph) -> Node:
            """The squares of the distances from the pivot, less what its own distance makes."""
            sum_, squared = sums
            n = graph.convert("f64", self._results[count]())
            less = graph.op("div", graph.op("mul", sum_, sum_), n)
            rest = graph.op("sub", squared, less)
            zero = graph.const("f64", 0.0)
            return graph.pick(graph.compare("lt", rest, zero), zero, rest)

        return self._then(added, moment)

    def _recurrence(self, call: ir.Recurrence) -> Callable[[], Value]:
        """What does not depend on the value before is computed with the other columns."""
        added_up = self._added_up(call)
        if added_up is not None:
            return added_up
        hoisted: dict[str, ir.Expr] = {}
        body, first = self._hoist(call.body, hoisted), None
        if call.first is not None:
            first = self._hoist(call.first, hoisted)
        kind = call.type.kind
        reg = register(kind)

        def run(args: dict[str, Column]) -> Running:
            lower = self.planner.constants()
            for name, expr in hoisted.items():
                column = args[name]
                node = lower.graph.node("load", register(expr.type.kind),
                                        attr=(column.name, column.storage, 0))
                valid = lower.graph.node("valid", "mask", attr=(column.name, 0)) if (
                    column.nullable) else None
                lower.columns[name] = Value(expr.type.kind, node, valid, self.args[name].computed)
            lower.state = Value(kind, lower.graph.node("state", reg), None, True)
            start = None if call.start is None else lower(call.start).node
            body_ = Recurring(lower(body), start, None if first is None else lower(first))
            return Running("recurrence", added, reg, 0, None, None, (out,), call.says, body_)

        added = self.planner.fresh("next")
        storage = "bool" if reg == "mask" else reg
        out = Column(f"{added}_out", storage, call.type.nullable)
        self.list.append(run)

        def finish() -> Value:
            loaded = self.planner.load_value(out, kind)
            return Value(kind, loaded.node, loaded.valid, True)

        return finish

    def _added_up(self, call: ir.Recurrence) -> Callable[[], Value] | None:
        """Integers that are only added up wrap, so that the order does not matter: a sum."""
        body, kind = call.body, call.type.kind
        adds = isinstance(body, ir.Binary) and body.op == "+" and kind not in ir.FLOATS
        if call.start is None or not adds:
            return None
        rest = [side for side in (body.a, body.b) if not isinstance(side, ir.State)]
        if len(rest) != 1 or any(isinstance(e, ir.State) for e in walk(rest[0])):
            return None
        lower, graph, reg = self.lower, self.lower.graph, register(kind)
        x = lower(rest[0])
        node = graph.convert("i32" if reg in ("i32", "u32") else "i64", x.node)
        if x.valid is not None:
            node = graph.pick(x.valid, node, graph.const(node.type, 0))
        added = self._add("sum", node, None, call.says)

        def finish() -> Value:
            after = self.planner.now.lower
            sum_ = after.graph.convert(reg, self._results[added]())
            return after.sum(kind, after(call.start).node, sum_)

        return finish

    def _hoist(self, expr: ir.Expr, hoisted: dict[str, ir.Expr]) -> ir.Expr:
        """The expression with the largest parts that are known before as columns."""
        parts = list(walk(expr))
        if not any(isinstance(e, ir.State) for e in parts):
            if all(not isinstance(e, ir.Column) for e in parts):
                return expr
            for name, known in hoisted.items():
                if known == expr:
                    return ir.Column(expr.type, expr.at, name)
            name = self.planner.fresh("of")
            hoisted[name] = expr
            self.args[name] = self.lower(expr)
            return ir.Column(expr.type, expr.at, name)
        changed = {}
        for f in fields(expr):
            value = getattr(expr, f.name)
            if isinstance(value, ir.Expr):
                changed[f.name] = self._hoist(value, hoisted)
            elif isinstance(value, tuple) and value and isinstance(value[0], ir.Expr):
                changed[f.name] = tuple(self._hoist(v, hoisted) for v in value)
        return replace(expr, **changed)

    def _then(self, added: str, change: Callable[[Node, Graph], Node]) -> str:
        """What a running value gives, changed before it is used."""
        changed = self.planner.fresh("changed")
        self._results[changed] = lambda: change(
            self._results[added](), self.planner.now.lower.graph)
        return changed

    def _add(self, kind: str, node: Node | None, there: Node | None, says: str,
             outs: tuple[str, ...] = ()) -> str:
        key = (kind, node, there)
        if key in self._known:
            return self._known[key]
        graph, added = self.lower.graph, self.planner.fresh(kind)
        type_ = "i64" if node is None else node.type
        if node is not None:
            self.args[added] = Value(node.type, node)
        if there is not None:
            some = graph.pick(there, graph.const("u32", 1), graph.const("u32", 0))
            self.args[f"{added}_there"] = Value("u32", some)
        wide = "f64" if (kind, type_) == ("sum", "f32") or kind == "moments" else type_
        columns = tuple(Column(f"{added}_out{i or ''}", out, False)
                        for i, out in enumerate(outs or (wide,)))

        def run(args: dict[str, Column]) -> Running:
            return Running(kind, added, type_, self.rows, args.get(added),
                           args.get(f"{added}_there"), columns, says)

        self.list.append(run)
        self._known[key] = added
        self._outs[added] = columns
        if len(columns) == 1:
            self._results[added] = lambda: self.planner.load_running(columns[0])
        else:
            self._results[added] = lambda: [self.planner.load_running(c) for c in columns]
        return added


def _lags(expr: ir.Expr) -> list[ir.Lag]:
    return [e for e in walk(expr) if isinstance(e, ir.Lag)]


def line(file: ir.RiverFile, river: ir.River) -> list[ir.River]:
    """The rivers a kernel runs through, from its source or last merge to itself."""
    rivers = [river]
    while len(rivers[0].sources) == 1:
        rivers.insert(0, file.rivers[rivers[0].sources[0]])
    return rivers


def _ordered_operands(mask: Node | None) -> set[Node]:
    """The floats that cannot be NaN where the mask holds."""
    if mask is None:
        return set()
    if mask.op == "and":
        return _ordered_operands(mask.args[0]) | _ordered_operands(mask.args[1])
    if mask.op in ("lt", "le", "eq") and mask.args[0].type in ir.FLOATS:
        return set(mask.args)
    return set()


def plan(file: ir.RiverFile, river: ir.River, origin: bool = False) -> Kernel:
    """Plans the kernel of a river. With `origin` its output has the hidden column `ng_row`."""
    return Planner(file, river, origin).plan()
