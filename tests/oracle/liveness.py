"""Which columns matter. A column that nothing uses is not evaluated: it cannot fail a run, and a
source need not bring it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from nagare import ir


def children(expr: ir.Expr) -> Iterator[ir.Expr]:
    """The expressions an expression is directly made of, in the order they are written."""
    for f in fields(expr):
        value = getattr(expr, f.name)
        if isinstance(value, ir.Expr):
            yield value
        elif isinstance(value, tuple):
            yield from (item for item in value if isinstance(item, ir.Expr))


def walk(expr: ir.Expr) -> Iterator[ir.Expr]:
    """The expression and all it is made of."""
    yield expr
    for child in children(expr):
        yield from walk(child)


def expressions(step: ir.Step) -> list[ir.Expr]:
    """Those that stand in a step."""
    match step:
        case ir.Map() | ir.Select() | ir.Aggregated() | ir.Scan() | ir.Rolling():
            return [expr for _, expr in step.columns]
        case ir.Filter() | ir.TakeWhile() | ir.SkipWhile():
            return [step.condition]
        case _:
            return []


def names(expr: ir.Expr) -> set[str]:
    """The columns an expression reads."""
    return {node.name for node in walk(expr) if isinstance(node, ir.Column)}


def live(
    columns: tuple[tuple[str, ir.Expr], ...], wanted: set[str]
) -> tuple[list[tuple[str, ir.Expr]], set[str]]:
    """Those assignments whose values are used, and the names that are read from before them."""
    kept: list[tuple[str, ir.Expr]] = []
    for name, expr in reversed(columns):
        if name in wanted:
            kept.append((name, expr))
            wanted = (wanted - {name}) | names(expr)
    return kept[::-1], wanted


def before(step: ir.Step, wanted: set[str]) -> set[str]:
    """The columns of a step's input that matter when `wanted` of its output do."""
    match step:
        case ir.Map() | ir.Select():
            return live(step.columns, wanted)[1]
        case ir.Filter() | ir.TakeWhile() | ir.SkipWhile():
            return wanted | names(step.condition)
        case ir.Scan() | ir.Rolling():
            live_ = [(name, expr) for name, expr in step.columns if name in wanted]
            read = wanted - {name for name, _ in live_}
            return read.union(*(names(expr) for _, expr in live_))
        case ir.Aggregated():
            read = set(step.keys)
            for name, expr in step.columns:
                if name in wanted:
                    read |= names(expr)
            return read
        case _:
            return wanted
