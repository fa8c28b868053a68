"""`nagare explain`: what becomes of a river, as data (docs/explain.md) and as text for people."""

from __future__ import annotations

import math
from itertools import pairwise

from . import ir, memory
from .emit import PROFILES, KernelView, Loop, c_literal, kernels
from .plan import ORIGIN, RUN, Column, Output, Raw, Running, Segment
from .vector import Node

REDUCING = ("fold", "window", "group")  # loops that end in an aggregate
VERSION = 1  # of the data; raised when a key changes its meaning or goes away


def explain(file: ir.RiverFile, river: str | None = None) -> dict:
    """The plans of one river, or of every river that has steps."""
    views = kernels(file, None if river is None else [river])
    return {"version": VERSION, "file": file.path, "rivers": [_river(file, v) for v in views]}


def _river(file: ir.RiverFile, view: KernelView) -> dict:
    river, root = view.kernel.river, view.rivers[0]
    used = {c.label for c in view.kernel.inputs}
    shown = _Names(view)
    return {
        "name": river.name,
        "doc": river.doc,
        "through": [r.name for r in view.rivers],
        "source": _source(root),
        "to": river.to,
        "reads": [_column(n, t) for n, t in root.input_schema.items() if n in used],
        "skips": [_column(n, t) for n, t in root.input_schema.items() if n not in used],
        "params": [
            {"name": name, "type": p.type.kind, "default": _default(p)}
            for name, p in view.kernel.params
        ],
        "gives": [_column(n, t) for n, t in river.schema.items()],
        "loops": [_loop(view, loop, shown) for loop in view.loops],
        "unused": _unused(view),
        "state_bytes": memory.state(view),
        "buffer_bytes": sum(memory.buffer(loop) for loop in view.loops),
        "rows_at_a_time": dict(PROFILES),
        "spec": view.spec,
    }


def _source(root: ir.River) -> dict:
    """Where the rows come from: pushed by the caller, a CSV file, or a merge."""
    if root.sources:
        return {"kind": "merge", "rivers": list(root.sources)}
    if root.csv is None:
        return {"kind": "pushed"}
    return {"kind": "csv", "path": root.csv.path}


def _column(name: str, type_: ir.Type) -> dict:
    return {"name": name, "type": str(type_)}


def _default(p: ir.Parameter) -> str | None:
    """As text, since JSON has neither infinities nor all 64-bit integers."""
    if p.default is None:
        return None
    if isinstance(p.default, float):
        is_f32 = p.type.kind == "f32" and math.isfinite(p.default)
        return c_literal("f32", p.default).removesuffix("f") if is_f32 else repr(p.default)
    return str(p.default).lower()


# ---- columns between loops -----------------------------------------------------------------------


class _Names:
    """What people call the columns that loops hand on: a column `arg_1` of the generated code may
    be the river's `f`."""

    def __init__(self, view: KernelView) -> None:
        self.names: list[dict[str, str]] = [{c.name: c.label for c in view.kernel.inputs}]
        for loop, following in pairwise(view.loops):
            before = self.names[-1]
            after = {o.column.name: self._of(o, before) for o in loop.segment.outputs}
            after |= {key.name: before.get(key.name, key.name) for key in loop.segment.keys}
            after |= {r.name: self.total(r, before) for r in loop.segment.raws}
            after |= {c.name: r.says for r in loop.segment.running for c in r.outs}
            after |= {c.name: c.name for c in following.segment.inputs if c.name not in after}
            self.names.append(after)

    def _of(self, output: Output, before: dict[str, str]) -> str:
        if output.column.name == "ng_keep":
            return "which rows count"
        return self._value(output.node, before) or output.column.name

    def _value(self, node: Node | None, before: dict[str, str]) -> str | None:
        if node is not None and node.op == "load":
            return before.get(node.attr[0], node.attr[0])
        return None if node is None else node.name

    def total(self, raw: Raw, before: dict[str, str]) -> str:
        """What an accumulator adds up, such as `sum(f)`."""
        value = self._value(raw.node, before)
        return f"{raw.kind}({value})" if value else raw.kind

    def totals(self, loop: Loop) -> list[dict]:
        """The accumulators of a loop."""
        before = self.names[loop.number]
        return [
            {"name": self.total(r, before), "type": r.carried}
            for r in loop.segment.raws
            if r.says != "origin"
        ]

    def of(self, loop: int, columns: list[Column]) -> list[str]:
        """Names for people, each once; the hidden row number comes last."""
        names = self.names[loop]
        shown = [names.get(c.name, c.name) for c in columns if not c.name.startswith(ORIGIN)]
        shown += ["row number" for c in columns if c.name.startswith(ORIGIN)]
        return list(dict.fromkeys(shown))


# ---- loops ---------------------------------------------------------------------------------------


def _loop(view: KernelView, loop: Loop, shown: _Names) -> dict:
    segment = loop.segment
    reads = segment.inputs
    result = {
        "kind": segment.kind,
        "shape": _shape(view, loop),
        "steps": _sentences(view, loop),
        "reads": shown.of(loop.number, reads),
        "looks_back": max((c.history for c in reads), default=0),
        "writes": [],
        "accumulators": shown.totals(loop),
        "running": [_running(r) for r in segment.running],
        "cut_because": segment.why or None,
        "buffer_bytes": memory.buffer(loop),
    }
    if segment.kind == "pack":
        wanted = {c.name for c in view.next(loop).segment.inputs}
        written = [o.column for o in segment.outputs]
        if segment.running:  # what those take is not handed on
            written = [c for c in written if c.name in wanted]
        result["writes"] = shown.of(loop.number + 1, written)
    elif segment.kind == "emit":
        result["writes"] = [o.column.label for o in segment.outputs]
    return result


def _running(r: Running) -> dict:
    """A value that goes on from row to row."""
    return {
        "name": r.says,
        "over_rows": r.rows or None,
        "one_by_one": not r.in_profiles,
        "bytes": memory.structure(memory.running(r)).size,
    }


def _shape(view: KernelView, loop: Loop) -> str:
    segment = loop.segment
    before = view.loops[loop.number - 1].segment if loop.number else None
    match segment.kind:
        case "fold":
            return f"masked: runs of {RUN} rows, in which dropped rows stay where they are"
        case "window":
            return _window_shape(loop)
        case "group":
            windows = f", each in windows of {segment.rows} rows" if segment.rows else ""
            return f"row by row into at most {segment.groups:,} groups{windows}"
    packing = segment.keep is not None or segment.ordered
    if before is not None and before.kind in REDUCING:
        of = "the stream" if before.kind == "fold" else f"each {before.kind}"
        return f"makes a row of the totals of {of}" + (", drops some" if packing else "")
    where = "the output" if segment.kind == "emit" else f"loop {loop.number + 1}"
    if packing:
        return f"compacting: the rows that stay are packed for {where}"
    return f"straight: each row goes to {where}"


def _window_shape(loop: Loop) -> str:
    rows = loop.segment.rows
    partial = ", the last may be shorter" if loop.segment.partial else ""
    if loop.fast_window:
        return f"windows of {rows} rows, 16 of them at a time{partial}"
    runs = f", each in runs of {RUN}" if rows > RUN else ", one run each"
    return f"windows of {rows} rows{runs}{partial}"


def _sentences(view: KernelView, loop: Loop) -> list[str]:
    """The steps of a loop as written; those of `group` and `window` stand with their aggregate."""
    if loop.segment.kind not in REDUCING:
        return list(loop.segment.steps)
    return loop.segment.steps[:-1] + _aggregates(view)[_place(view, loop.segment)]


def _place(view: KernelView, segment: Segment) -> int:
    reducing = [it.segment for it in view.loops if it.segment.kind in REDUCING]
    return next(i for i, other in enumerate(reducing) if other is segment)


def _aggregates(view: KernelView) -> list[list[str]]:
    """Each aggregate of the chain with the `group` and `window` before it."""
    found: list[list[str]] = []
    opening: list[str] = []
    for step in (s for r in view.rivers for s in r.steps):
        if isinstance(step, ir.Group | ir.Window):
            opening.append(step.text)
        elif isinstance(step, ir.Aggregated):
            found.append([*opening, step.text])
            opening = []
    return found


def _unused(view: KernelView) -> list[str]:
    """Sentences that nothing is generated for, since no one reads what they compute."""
    said = {text for loop in view.loops for text in _sentences(view, loop)}
    return [s.text for r in view.rivers for s in r.steps if s.text not in said]


# ---- text ----------------------------------------------------------------------------------------

_MARGIN = 11


def render(explained: dict) -> str:
    return "\n\n".join(_render_river(river) for river in explained["rivers"])


def _render_river(river: dict) -> str:
    lines = [river["name"] + (f": {river['doc']}" if river["doc"] else "")]
    _add(lines, "from", _from(river))
    _add(lines, "reads", _columns(river["reads"]) or "no column, only how many rows there are")
    _add(lines, "skips", _columns(river["skips"]))
    _add(lines, "params", ", ".join(_parameter(p) for p in river["params"]))
    _add(lines, "gives", _columns(river["gives"]))
    _add(lines, "to", "standard output" if river["to"] == "-" else river["to"])
    for sentence in river["unused"]:
        _add(lines, "left out", f"{sentence}   (no one reads it)")
    for number, loop in enumerate(river["loops"]):
        _render_loop(lines, number, loop)
    stack = river["buffer_bytes"]
    between = f", {_bytes(stack)} of stack between loops" if stack else ""
    _add(lines, "memory", f"{_bytes(river['state_bytes'])} of state{between}; allocates nothing")
    rows = ", ".join(f"{profile} {n}" for profile, n in river["rows_at_a_time"].items())
    _add(lines, "profiles", f"{rows} rows at a time")
    return "\n".join(lines)


def _render_loop(lines: list[str], number: int, loop: dict) -> None:
    _add(lines, f"loop {number}", loop["shape"])
    for sentence in loop["steps"]:
        _add(lines, "", f"  {sentence}")
    read = ", ".join(loop["reads"])
    if loop["looks_back"]:
        back = loop["looks_back"]
        read += f" (and {back} row{'s' * (back != 1)} back)"
    made = f"writes {', '.join(loop['writes'])}" if loop["writes"] else _kept(loop["accumulators"])
    _add(lines, "", "; ".join(part for part in (f"reads {read}" if read else "", made) if part))
    for r in loop["running"]:
        rows = f"the last {r['over_rows']:,} rows" if r["over_rows"] else "all rows so far"
        serial = ", row by row" if r["one_by_one"] else ""
        _add(lines, "", f"then {r['name']} over {rows}{serial}; {_bytes(r['bytes'])} of state")
    if loop["cut_because"]:
        _add(lines, "cut", f"{loop['cut_because']}   ({_bytes(loop['buffer_bytes'])})")


def _add(lines: list[str], label: str, text: str | None) -> None:
    if text:
        lines.append(f"  {label:<{_MARGIN - 2}}{text}")


def _from(river: dict) -> str:
    source = river["source"]
    names = " > ".join(river["through"])
    match source["kind"]:
        case "merge":
            return f"{names}, which merges {', '.join(source['rivers'])}"
        case "csv":
            path = "standard input" if source["path"] == "-" else source["path"]
            return f"{names}, starting from {path}"
    return f"{names}, starting from rows that the caller pushes"


def _columns(columns: list[dict]) -> str:
    return ", ".join(f"{c['name']} {c['type']}" for c in columns)


def _parameter(p: dict) -> str:
    default = "must be set" if p["default"] is None else f"= {p['default']}"
    return f"{p['name']} {p['type']} {default}"


def _kept(accumulators: list[dict]) -> str:
    names = [a["name"] for a in accumulators]
    counts = {name: names.count(name) for name in names}
    kept = [name if n == 1 else f"{n} x {name}" for name, n in counts.items()]
    return f"keeps {', '.join(kept) or 'how many rows there are'}"


def _bytes(count: int) -> str:
    return f"{count:,} bytes"
