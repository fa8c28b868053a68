"""What sentences say, before anything is known about names and types.

A `span` is the first and the last place (exclusive) in the sentence, in characters.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a sentence; `depth` is how deeply the expression in it is nested."""

    span: Span
    depth: int


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A column or a parameter."""

    text: str


@dataclass(frozen=True, slots=True)
class Integer(Node):
    """A whole number; its sign belongs to it, so that the least integers can be written."""

    digits: int
    negative: bool = False

    @property
    def value(self) -> int:
        return -self.digits if self.negative else self.digits


@dataclass(frozen=True, slots=True)
class Real(Node):
    """A number with a fraction or an exponent, `inf` or `nan`: as written, without its sign."""

    text: str
    negative: bool = False


@dataclass(frozen=True, slots=True)
class Text(Node):
    value: str


@dataclass(frozen=True, slots=True)
class Bool(Node):
    value: bool


@dataclass(frozen=True, slots=True)
class Null(Node):
    pass


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """`op` is one of `- + ~ not`."""

    op: str
    x: Node


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """`op` is one of `+ - * / % & | ^ << >> and or`."""

    op: str
    a: Node
    b: Node


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    """`operands[0] ops[0] operands[1] ops[1] operands[2] ...`"""

    ops: tuple[str, ...]
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Conditional(Node):
    """`a if cond else b`."""

    cond: Node
    a: Node
    b: Node


@dataclass(frozen=True, slots=True)
class Call(Node):
    function: str
    function_span: Span
    args: tuple[Node, ...]


def children(node: Node) -> Iterator[Node]:
    """The nodes that a node is directly made of."""
    for f in fields(node):
        value = getattr(node, f.name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Node):
                yield part


def names(node: Node) -> Iterator[Name]:
    """The names that stand in it."""
    if isinstance(node, Name):
        yield node
    for child in children(node):
        yield from names(child)


def put(node: Node, name: str, x: Node) -> Node:
    """`node` with `x` in place of a name."""
    if isinstance(node, Name):
        return x if node.text == name else node
    changed = {}
    for f in fields(node):
        value = getattr(node, f.name)
        if isinstance(value, Node):
            changed[f.name] = put(value, name, x)
        elif isinstance(value, tuple) and any(isinstance(part, Node) for part in value):
            changed[f.name] = tuple(put(part, name, x) for part in value)
    return replace(node, **changed)


# ---- sentences ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Assignment:
    """`name = x`; in a `select` a name alone is `name = name`."""

    name: Name
    x: Node


@dataclass(frozen=True, slots=True)
class Assignments:
    """`word` is `map`, `select` or `aggregate`."""

    word: str
    items: tuple[Assignment, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """`word` is `filter`, `take while` or `skip while`."""

    word: str
    x: Node


@dataclass(frozen=True, slots=True)
class Rows:
    """`word` is `take` or `skip`."""

    word: str
    count: Integer


@dataclass(frozen=True, slots=True)
class Keys:
    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Window:
    kind: str
    count: Integer
    partial: bool


@dataclass(frozen=True, slots=True)
class Distinct:
    """`distinct until changed` in these columns; none: in all of them."""

    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class SampleEvery:
    """`sample every N`."""

    count: Integer


@dataclass(frozen=True, slots=True)
class SamplePart:
    """`sample P seed S`."""

    part: Integer | Real
    seed: Integer | Real


@dataclass(frozen=True, slots=True)
class Scanned:
    """`name = x`, or `name = x from start`, where `x` may name the value of the row before."""

    name: Name
    x: Node
    start: Node | None = None


@dataclass(frozen=True, slots=True)
class Scan:
    items: tuple[Scanned, ...]


@dataclass(frozen=True, slots=True)
class Rolling:
    items: tuple[Assignment, ...]
    count: Integer


Sample = SampleEvery | SamplePart
Step = Assignments | Condition | Rows | Keys | Window | Distinct | Sample | Scan | Rolling


@dataclass(frozen=True, slots=True)
class TypeName:
    kind: str
    nullable: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Parameter:
    type: TypeName
    default: Node | None
