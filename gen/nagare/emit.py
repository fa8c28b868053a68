"""From plans to a C header: gathers what the templates need and renders them. The text of the C
stands in the templates."""

from __future__ import annotations

import hashlib
import math
import struct
from dataclasses import dataclass, field
from functools import cache

import jinja2

from . import ir
from .places import templates
from .plan import GROUP_TEXT, ORIGIN, RUN, Column, Kernel, Output, Raw, Running, Segment, plan
from .plan import line as line_of
from .vector import Node

VERSION = "0.1"
PROFILES = {"scalar": 1, "v128": 4, "v256": 8, "v512": 16}
C_TYPES = {
    "bool": "uint8_t", "i8": "int8_t", "i16": "int16_t", "i32": "int32_t", "i64": "int64_t",
    "u8": "uint8_t", "u16": "uint16_t", "u32": "uint32_t", "u64": "uint64_t", "f32": "float",
    "f64": "double", "utf8": "int32_t", "text": "ngi_text",
}
SIZES = {"i8": 1, "i16": 2, "i32": 4, "i64": 8, "u8": 1, "u16": 2, "u32": 4, "u64": 8, "f32": 4,
         "f64": 8, "bool": 1, "utf8": 4, "text": 16}
TYPE_NAMES = {
    "timestamp[s]": "NG_TIMESTAMP_S", "timestamp[ms]": "NG_TIMESTAMP_MS",
    "timestamp[us]": "NG_TIMESTAMP_US", "timestamp[ns]": "NG_TIMESTAMP_NS",
}
LINE = 100
_INLINE_OPS = 4  # how many operations may stand in one expression
# Names of the templates' own variables.
_LOCALS = frozenset(
    ["k", "c", "p", "n", "row", "end", "out", "bad", "first", "alive", "kept", "count", "params",
     "vals"])


def storage(kind: str) -> str:
    """The kind that a column kind is stored as."""
    return "i64" if kind.startswith("timestamp") else kind


def c_type(kind: str) -> str:
    return C_TYPES[storage(kind)]


def c_size(kind: str) -> int:
    return SIZES[storage(kind)]


def enum_name(kind: str) -> str:
    return TYPE_NAMES.get(kind) or "NG_" + kind.upper()


# ---- one loop body: which nodes get a name of their own -----------------------------------------


@dataclass
class Body:
    """A loop's straight-line code: `lines` are nodes with a variable, in order of use."""

    lines: list[Node] = field(default_factory=list)


def body(roots: list[Node]) -> Body:
    """Orders the nodes that `roots` need and names those worth a line. Sets `Node.var`."""
    uses: dict[Node, int] = {}
    order: list[Node] = []

    def visit(node: Node) -> None:
        uses[node] = uses.get(node, 0) + 1
        if uses[node] == 1:
            for arg in node.args:
                visit(arg)
            order.append(node)

    for root in roots:
        visit(root)
    result, taken, cost = Body(), set(_LOCALS), {}
    for node in order:
        node.var = None
        cost[node] = 1 + sum(cost[a] for a in node.args)
        leaf = node.op in ("const", "param")
        plain = node.op in ("load", "valid") and node.name is None
        if not leaf and (node.name or node.op in _STATEFUL or (uses[node] > 1) or (
                cost[node] > _INLINE_OPS and not plain)):
            stem = node.name or (node.attr[0] if plain else "m" if node.type == "mask" else "t")
            stem = stem + "_ok" if node.op == "valid" else stem
            name, count = stem, 1
            while name in taken:
                count += 1
                name = f"{stem}_{count}"
            taken.add(name)
            node.var = name
            cost[node] = 0
            result.lines.append(node)
    return result


_STATEFUL = ("take", "skip", "take_while", "skip_while")


# ---- what the templates see ----------------------------------------------------------------------


@dataclass
class Loop:
    """One segment, with its roots ordered and named."""

    segment: Segment
    body: Body
    values: list[tuple[str, Node]]  # of a fold: v0, v1, ...
    masks: list[tuple[str, Node]]  # of a fold: m0, m1, ...

    @property
    def number(self) -> int:
        return self.segment.number

    def value_of(self, raw: Raw) -> str:
        return next(name for name, node in self.values if node is raw.node)

    def mask_of(self, raw: Raw) -> str | None:
        if raw.mask is None:
            return None
        return next(name for name, node in self.masks if node is raw.mask)

    def sum_of(self, raw: Raw) -> Raw | None:
        """The sum of the same values, if there is one: it tells whether one is NaN."""
        for other in self.segment.raws:
            if (other.kind, other.node, other.mask) == ("sum", raw.node, raw.mask):
                return other
        return None

    def rereads(self, node: Node) -> bool:
        """Whether several accumulators take what is read from a column as it stands."""
        return node.op == "load" and sum(r.node is node for r in self.segment.raws) > 1

    def extremes_of(self, total: Raw) -> list[Raw]:
        """The floats whose least or greatest is looked for among the same values as this sum."""
        return [r for r in self.segment.raws
                if r.kind in ("min", "max") and r.node is total.node and r.mask is total.mask]

    @property
    def origin(self) -> str | None:
        """The column that tells which input row brought a row out, if the segment has it."""
        return next((c.name for c in self.segment.inputs if c.name.startswith(ORIGIN)), None)

    @property
    def one_by_one(self) -> bool:
        """Whether rows are handled singly: a row that fails must not be counted, and behind the
        last row that is taken none is evaluated."""
        return bool(self.segment.failures and self.segment.ordered)

    @property
    def reduces(self) -> bool:
        """Whether accumulators (but the ends, which are looked up) take values row by row."""
        return bool(self.segment.failures) or any(
            r.kind in ("sum", "min", "max", "var") or (r.kind == "count" and r.mask is not None)
            for r in self.segment.raws)

    @property
    def variances(self) -> list[Raw]:
        return [r for r in self.segment.raws if r.kind == "var"]

    def count_of(self, raw: Raw) -> Raw | None:
        return next((o for o in self.segment.raws
                     if o.kind == "count" and o.mask is raw.mask), None)

    @property
    def temps(self) -> list[Column]:
        """The columns that the segment hands to the next one."""
        s = self.segment
        if s.kind == "pack":
            return [o.column for o in s.outputs] + [c for r in s.running for c in r.outs]
        if s.kind == "emit":
            return []
        narrow = s.kind == "window" and s.rows <= RUN and not s.partial
        return s.keys + [
            Column(r.name, "f32" if narrow and r.kind == "sum" and r.type == "f32" else r.carried,
                   False) for r in self.raws_out]

    @property
    def raws_out(self) -> list[Raw]:
        """The accumulators that the next segment may ask for."""
        s = self.segment
        full = s.kind == "window" and not s.partial
        return [r for r in s.raws if not (full and r.kind == "count" and r.mask is None)]

    def asks_count(self, raw: Raw) -> bool:
        """Whether a window's count is used: by the next segment, or for a variance."""
        return raw in self.raws_out or any(
            r.kind == "var" and r.mask is raw.mask for r in self.segment.raws)

    @property
    def narrow_sums(self) -> bool:
        s = self.segment
        return s.kind == "window" and s.rows <= RUN and not s.partial

    @property
    def fast_window(self) -> bool:
        """Whether 16 windows at a time are folded by transposing."""
        s = self.segment
        return s.kind == "window" and s.rows <= 128 and not s.failures


@dataclass(frozen=True)
class Function:
    """The function being written: one segment in one profile."""

    k: KernelView
    loop: Loop
    profile: str

    @property
    def w(self) -> int:
        return PROFILES[self.profile]

    @property
    def attr(self) -> str:
        return f"NGI_{self.profile.upper()}"

    @property
    def inline(self) -> str:
        return self.attr + "_INLINE"

    @property
    def input(self) -> str:
        return self.k.columns(self.loop)

    @property
    def output(self) -> str:
        if self.loop.segment.kind == "emit":
            return f"{self.k.name}_out"
        return f"{self.k.name}_temp{self.loop.number + 1}"

    @property
    def lives(self) -> list[int]:
        """Of a window of at most 128 rows: the rows in each of its groups of 64."""
        rows = self.loop.segment.rows
        return [rows] if rows <= 64 else [64, rows - 64]

    @property
    def groups(self) -> list[list[tuple[str, str]]]:
        """The same as vectors of rows: (variable, its mask or "" where all 16 rows exist)."""
        result = []
        for live, letter in zip(self.lives, "rs", strict=False):
            there = [(f"{letter}{i}", min(live - 16 * i, 16)) for i in range(4) if live > 16 * i]
            result.append([(x, "" if rows == 16 else f"in_{x}") for x, rows in there])
        return result


def prepare(segment: Segment) -> Loop:
    if segment.kind in ("pack", "emit"):
        roots = [n for o in segment.outputs for n in (o.node, o.valid) if n is not None]
        roots += segment.failures + ([segment.keep] if segment.keep is not None else [])
        return Loop(segment, body(roots), [], [])
    nodes = list(dict.fromkeys(r.node for r in segment.raws if r.node is not None))
    masks = list(dict.fromkeys(r.mask for r in segment.raws if r.mask is not None))
    prepared = body(nodes + masks + segment.failures)
    return Loop(segment, prepared, [(f"v{i}", n) for i, n in enumerate(nodes)],
                [(f"m{i}", n) for i, n in enumerate(masks)])


@dataclass
class KernelView:
    """A kernel as the templates see it."""

    kernel: Kernel
    name: str
    spec: str
    loops: list[Loop]
    literal: int  # bytes of the longest text literal
    rivers: list[ir.River]  # from the source or last merge to this one
    small: bool = False  # written for the last profile alone, without unrolled loops

    @property
    def texts_in(self) -> list[Column]:
        return [c for c in self.kernel.inputs if c.storage == "utf8"]

    @property
    def texts_out(self) -> list[Column]:
        return [c for c in self.kernel.outputs if c.storage == "utf8"]

    def columns(self, loop: Loop) -> str:
        """The structure of pointers through which a segment reads its columns."""
        return f"{self.name}_in" if loop.segment.root else f"{self.name}_cols{loop.number}"

    def function(self, loop: Loop, profile: str) -> Function:
        return Function(self, loop, profile)

    def recurring(self, loop: Loop, running: Running) -> Function:
        """The function of a recurrence, which goes over the columns behind the loop's rows."""
        body_, inputs = running.body, [o.column for o in loop.segment.outputs]
        values = [v for v in (body_.next, body_.first) if v is not None]
        roots = [n for v in values for n in (v.node, v.valid) if n is not None]
        segment = Segment(loop.number + 1, "fold", inputs, None, [], [], "")
        return Function(self, Loop(segment, body(roots), [], []), "scalar")

    @property
    def recurs(self) -> bool:
        return any(r.body is not None for loop in self.loops for r in loop.segment.running)

    @property
    def starting(self) -> Function:
        """Where recurrences begin: no row is read."""
        return self.function(self.loops[0], "scalar")

    def only_scalar(self, loop: Loop) -> bool:
        """Whether a packing loop has no vector form: its rows are handled singly, or there is only
        one, the totals of a stream."""
        before = self.loops[loop.number - 1].segment
        return loop.one_by_one or (not loop.segment.root and before.kind == "fold")

    def next(self, loop: Loop) -> Loop:
        return self.loops[loop.number + 1]

    def read(self, loop: Loop) -> list[Column]:
        """The columns in memory that a segment reads."""
        if loop.segment.root:
            return self.kernel.inputs
        return loop.segment.inputs

    def slots(self, loop: Loop) -> int:
        """Slots of a group table: a power of two, at most half full."""
        return 1 << max(4, (2 * loop.segment.groups - 1).bit_length())

    def text_budget(self, loop: Loop) -> int:
        """Bytes for the text of all group keys."""
        texts = sum(c.storage == "text" for c in loop.segment.keys)
        return max(4096, GROUP_TEXT * texts * loop.segment.groups)

    def history(self, loop: Loop, name: str) -> int:
        """Rows before row 0 of a column between loops, rounded up to whole bytes of bits."""
        column = next(c for c in loop.segment.inputs if c.name == name)
        return (column.history + 7) // 8 * 8

    @property
    def limit(self) -> str:
        """What bounds the rows of a push: `rows` (one out for one in), `window` or `none`."""
        for loop in self.loops:
            if loop.segment.blocks:
                return "none"
            if loop.segment.kind == "window":
                return "window"
        return "rows"

    @property
    def first_window(self) -> Loop:
        return next(loop for loop in self.loops if loop.segment.kind == "window")

    @property
    def takes(self) -> list[tuple[str, bool]]:
        """Fields that say that no more rows are needed: counts that reach 0, flags that are set."""
        return [t for loop in self.loops for t in self.takes_in(loop)]

    def takes_in(self, loop: Loop) -> list[tuple[str, bool]]:
        return [(o.name, o.kind == "take") for o in loop.segment.ordered
                if o.kind in ("take", "take_while")]

    def takes_after(self, loop: Loop) -> list[tuple[str, bool]]:
        return [t for later in self.loops[loop.number + 1:] for t in self.takes_in(later)]

    @property
    def recalls(self) -> bool:
        """Whether a failure can turn out to lie behind the last row that is wanted."""
        return any(loop.segment.failures and self.takes_after(loop) for loop in self.loops)

    @property
    def flushes(self) -> list[Loop]:
        return [loop for loop in self.loops if loop.segment.kind == "fold" or (
            loop.segment.kind in ("group", "window")
            and (loop.segment.rows == 0 or loop.segment.partial))]


def view(kernel: Kernel, name: str, spec: str, rivers: list[ir.River]) -> KernelView:
    loops = [prepare(s) for s in kernel.segments]
    literals = [len(str(n.attr).encode()) for loop in loops for n in _all_nodes(loop)
                if n.op == "const" and n.type == "text"]
    return KernelView(kernel, name, spec, loops, max(literals, default=0), rivers)


def _all_nodes(loop: Loop) -> list[Node]:
    seen: dict[Node, None] = {}

    def visit(node: Node) -> None:
        if node not in seen:
            seen[node] = None
            for arg in node.args:
                visit(arg)

    for o in loop.segment.outputs:
        for node in (o.node, o.valid):
            if node is not None:
                visit(node)
    for _, node in loop.values + loop.masks:
        visit(node)
    if loop.segment.keep is not None:
        visit(loop.segment.keep)
    return list(seen)


# ---- literals ------------------------------------------------------------------------------------


def c_literal(type_: str, value: object) -> str:
    """A constant as C reads it back, bit for bit."""
    if type_ in ("bool", "mask"):
        return "true" if value else "false"
    if type_ in ("f32", "f64"):
        suffix = "f" if type_ == "f32" else ""
        if math.isnan(value):
            return f'__builtin_nan{suffix}("")'
        if math.isinf(value):
            return f"{'-' if value < 0 else ''}__builtin_inf{suffix}()"
        text = _shortest_f32(value) if type_ == "f32" else repr(value)
        return text + suffix
    kind = storage(type_)
    number = int(value)
    low = {"i32": -(2**31), "i64": -(2**63)}.get(kind)
    if number == low:
        return f"(-{-(low + 1)}{'LL' if kind == 'i64' else ''} - 1)"
    if kind in ("i64", "u64") and not -(2**31) < number < 2**31:
        return f"{'U' if kind == 'u64' else ''}INT64_C({number})"
    return f"{number}U" if kind in ("u8", "u16", "u32", "u64") else str(number)


def _shortest_f32(value: float) -> str:
    for digits in range(1, 10):
        text = f"{value:.{digits}g}"
        if struct.pack("<f", float(text)) == struct.pack("<f", value):
            break
    return repr(float(text))


def c_text(value: str) -> str:
    """A text as a C string of octal escapes where it is not plain."""
    out = []
    for byte in value.encode():
        plain = 32 <= byte < 127 and chr(byte) not in '"\\?'
        out.append(chr(byte) if plain else f"\\{byte:03o}")
    return '"' + "".join(out) + '"'


# ---- rendering -----------------------------------------------------------------------------------


@cache
def environment() -> jinja2.Environment:
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates()), trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True, undefined=jinja2.StrictUndefined, autoescape=False)
    env.filters |= {"c_type": c_type, "c_literal": c_literal, "c_text": c_text,
                    "enum_name": enum_name, "storage": storage, "c_size": c_size,
                    "utf8_size": lambda s: len(s.encode()), "ord": ord}
    env.globals |= {"PROFILES": PROFILES, "RUN": RUN, "ORIGIN": ORIGIN, "GROUP_TEXT": GROUP_TEXT,
                    "Output": Output}
    return env


def spec_hash(file: ir.RiverFile, river: str) -> str:
    """What identifies a kernel's meaning: the file's text, the river, and this generator."""
    return hashlib.sha256(f"{VERSION}\0{river}\0{file.text}".encode()).hexdigest()


def kernels(file: ir.RiverFile, names: list[str] | None = None,
            origins: frozenset[str] = frozenset(), prefix: str = "") -> list[KernelView]:
    """Views of the kernels of the named rivers, or of every river that has steps. Those in
    `origins` bring out the hidden column that merges need. `prefix` goes before their C names."""
    if names is None:
        names = [r.name for r in file.rivers.values() if r.steps] or list(file.rivers)
    return [view(plan(file, file.rivers[n], n in origins), prefix + n, spec_hash(file, n),
                 line_of(file, file.rivers[n])) for n in names]


def generate(file: ir.RiverFile, profiles: tuple[str, ...], out_name: str,
             views: list[KernelView] | None = None) -> str:
    """The kernels of a river file as one C header. `out_name` goes into its include guard."""
    guard = "".join(ch if ch.isascii() and ch.isalnum() else "_" for ch in out_name.upper())
    template = environment().get_template("header.h.j2")
    wanted = [p for p in PROFILES if p in profiles or p == "scalar"]
    return tidy(template.render(
        file=file, source=file.path.replace("\\", "/").rsplit("/", 1)[-1], guard=f"{guard}_NAGARE",
        sha=hashlib.sha256(file.text.encode()).hexdigest()[:16], version=VERSION,
        profiles=[(p, PROFILES[p]) for p in wanted],
        kernels=kernels(file) if views is None else views))


def tidy(text: str) -> str:
    """The same C with lines of at most 100 characters where they can be broken at a space outside
    of texts, and without runs of empty lines. Comments and directives stay as they are."""
    out: list[str] = []
    for whole in text.split("\n"):
        line = whole.rstrip()
        if not line and out and (not out[-1] or out[-1].endswith("{")):
            continue
        if line.strip() == "}" and out and not out[-1]:
            out.pop()
        while len(line) > LINE and not line.lstrip().startswith(("#", "*", "/*")):
            place = _break(line)
            if place is None:
                break
            indent = " " * (len(line) - len(line.lstrip()) + 4)
            out.append(line[:place].rstrip())
            line = indent + line[place:].lstrip()
        out.append(line)
    return "\n".join(out)


def _break(line: str) -> int | None:
    """The last space before the limit that is not in a text, a comment or the indent."""
    quoted, place, start = False, None, len(line) - len(line.lstrip()) + 4
    for i, ch in enumerate(line[:LINE]):
        quoted ^= ch == '"' and line[i - 1] != "\\"
        if line.startswith("/*", i) and not quoted:
            break
        if ch == " " and not quoted and i > start and line[i - 1] in ",;=?:|&{)":
            place = i + 1
    return place
