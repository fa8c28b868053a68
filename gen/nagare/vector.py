"""The vector IR: operations on W rows at once, the same for every profile.

A node is one operation of the thin headers (`core/simd_*.h`); equal nodes are one node, so common
subexpressions cost nothing. Nodes know no width: the templates put it into the names.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field

REGISTERS = ("f32", "f64", "i32", "u32", "i64", "u64")
RANGES = {
    "i8": (-(2**7), 2**7 - 1),
    "i16": (-(2**15), 2**15 - 1),
    "i32": (-(2**31), 2**31 - 1),
    "i64": (-(2**63), 2**63 - 1),
    "u8": (0, 2**8 - 1),
    "u16": (0, 2**16 - 1),
    "u32": (0, 2**32 - 1),
    "u64": (0, 2**64 - 1),
}
_REGISTER = {"i8": "i32", "i16": "i32", "u8": "u32", "u16": "u32", "bool": "mask", "utf8": "text"}


def register(kind: str) -> str:
    """The register type that holds a column kind: narrow integers live in 32-bit lanes."""
    if kind.startswith("timestamp"):
        return "i64"
    return _REGISTER.get(kind, kind)


def to_f32(value: float) -> float:
    """The nearest f32, as a Python float."""
    try:
        return struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)


@dataclass(eq=False)
class Node:
    """One operation. `type` is a register type, `mask` or `text`; `attr` what the operation needs
    besides its arguments (a constant, a column, a parameter)."""

    op: str
    type: str
    args: tuple[Node, ...]
    attr: object
    number: int
    name: str | None = None
    note: str | None = None
    var: str | None = field(default=None, repr=False)  # the local variable that holds it


class Graph:
    """Makes nodes, once each, and folds what is constant."""

    def __init__(self) -> None:
        self._nodes: dict[tuple, Node] = {}

    def node(self, op: str, type_: str, *args: Node, attr: object = None) -> Node:
        key = (op, type_, tuple(a.number for a in args), _key(attr))
        found = self._nodes.get(key)
        if found is None:
            found = Node(op, type_, args, attr, len(self._nodes))
            self._nodes[key] = found
        return found

    def const(self, type_: str, value: bool | int | float | str) -> Node:
        if type_ == "f32":
            value = to_f32(float(value))
        elif type_ == "f64":
            value = float(value)
        return self.node("const", type_, attr=value)

    # ---- masks: constants vanish ----

    def true(self) -> Node:
        return self.const("mask", True)

    def false(self) -> Node:
        return self.const("mask", False)

    def both(self, a: Node | None, b: Node | None) -> Node | None:
        """a and b, where None is all rows."""
        if a is None or is_const(a, True):
            return b if b is None or not is_const(b, True) else None
        if b is None or is_const(b, True) or a is b:
            return a
        if is_const(a, False) or is_const(b, False):
            return self.false()
        return self.node("and", "mask", a, b)

    def either(self, a: Node, b: Node) -> Node:
        if is_const(a, True) or is_const(b, True):
            return self.true()
        if is_const(a, False) or a is b:
            return b
        if is_const(b, False):
            return a
        return self.node("or", "mask", a, b)

    def no(self, a: Node) -> Node:
        if a.op == "const":
            return self.const("mask", not a.attr)
        if a.op == "not":
            return a.args[0]
        return self.node("not", "mask", a)

    def but(self, a: Node | None, b: Node) -> Node:
        """a and not b, where None is all rows."""
        if a is None or is_const(a, True):
            return self.no(b)
        if is_const(b, False) or is_const(a, False):
            return a
        if is_const(b, True):
            return self.false()
        return self.node("andnot", "mask", a, b)

    def pick(self, condition: Node, a: Node, b: Node) -> Node:
        """a where the condition holds, else b."""
        if condition.op == "const":
            return a if condition.attr else b
        if a is b:
            return a
        if a.type == "mask":
            return self.either(_some(self.both(condition, a), self), self.but(b, condition))
        return self.node("pick", a.type, condition, a, b)

    # ---- arithmetic ----

    def op(self, op: str, a: Node, *rest: Node) -> Node:
        """An operation whose result has its arguments' type; folded when all are constants."""
        args = (a, *rest)
        if all(x.op == "const" for x in args):
            value = _fold(op, a.type, *(x.attr for x in args))
            if value is not None:
                return self.const(a.type, value)
        return self.node(op, a.type, *args)

    def compare(self, op: str, a: Node, b: Node) -> Node:
        """`lt`, `le` or `eq`, giving a mask."""
        if a.op == "const" and b.op == "const" and a.type not in ("text", "mask"):
            return self.const("mask", {"lt": a.attr < b.attr, "le": a.attr <= b.attr,
                                       "eq": a.attr == b.attr}[op])
        return self.node(op, "mask", a, b)

    def convert(self, to: str, x: Node) -> Node:
        """Between register types, as the thin headers' `from` operations do."""
        if to == x.type:
            return x
        if x.op == "const":
            value = _convert(to, x.type, x.attr)
            if value is not None:
                return self.const(to, value)
        return self.node("from", to, x)


def is_const(node: Node | None, value: bool) -> bool:
    return node is not None and node.op == "const" and node.type == "mask" and node.attr is value


def _some(node: Node | None, graph: Graph) -> Node:
    return graph.true() if node is None else node


def _key(attr: object) -> object:
    if isinstance(attr, float):
        return ("float", struct.pack("<d", attr))
    return (type(attr).__name__, attr)


def wrap(value: int, kind: str) -> int:
    """The value that is congruent and in the integer kind's range."""
    low, high = RANGES[kind]
    return (value - low) % (high - low + 1) + low


def _fold(op: str, type_: str, *values: object) -> int | float | None:
    """The value of an operation on constants, or None where that is left to the compiler."""
    if type_ in RANGES:
        a, b = int(values[0]), int(values[1]) if len(values) > 1 else 0
        result = {"add": a + b, "sub": a - b, "mul": a * b, "and": a & b, "or": a | b,
                  "xor": a ^ b, "neg": -a, "not": ~a}.get(op)
        return None if result is None else wrap(result, type_)
    if type_ in ("f32", "f64") and op in ("add", "sub", "mul", "neg"):
        a, b = float(values[0]), float(values[1]) if len(values) > 1 else 0.0
        result = -a if op == "neg" else a + b if op == "add" else a - b if op == "sub" else a * b
        return result if math.isfinite(result) else None
    return None


def _convert(to: str, of: str, value: object) -> int | float | None:
    if to in ("f32", "f64") and of in RANGES:
        if to == "f64" and abs(int(value)) < 2**53:
            return float(value)
        return float(value) if abs(int(value)) < 2**24 else None
    if to in ("f32", "f64") and of in ("f32", "f64") and math.isfinite(float(value)):
        return to_f32(float(value)) if to == "f32" else float(value)
    if to in RANGES and of in RANGES:
        return wrap(int(value), to)
    return None
