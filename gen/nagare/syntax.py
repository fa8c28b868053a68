"""What sentences say, before anything is known about names and types.

A `span` is the first and the last place (exclusive) in the sentence, in characters.
"""

from __future__ import annotations

from dataclasses import dataclass

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


Step = Assignments | Condition | Rows | Keys | Window


@dataclass(frozen=True, slots=True)
class TypeName:
    kind: str
    nullable: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Parameter:
    type: TypeName
    default: Node | None
