"""Which types widen to which, and which casts there are."""

from __future__ import annotations

from .ir import FLOATS, INTEGERS, SIGNED, TIMESTAMPS

NUMBERS = (*INTEGERS, *FLOATS)

# The types that hold all values of a type, besides itself; the smallest first, integers first.
_WIDER = {
    "i8": ("i16", "i32", "i64", "f32", "f64"),
    "u8": ("u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64"),
    "i16": ("i32", "i64", "f32", "f64"),
    "u16": ("u32", "i32", "u64", "i64", "f32", "f64"),
    "i32": ("i64", "f64"),
    "u32": ("u64", "i64", "f64"),
    "f32": ("f64",),
}


def widens(kind: str, wider: str) -> bool:
    """Whether each value of `kind` is a value of `wider`."""
    return kind == wider or wider in _WIDER.get(kind, ())


def common(a: str, b: str) -> str | None:
    """The smallest type that holds all values of both; None if there is none."""
    return next((kind for kind in (a, *_WIDER.get(a, ())) if widens(b, kind)), None)


def castable(kind: str, to: str) -> bool:
    """Whether a cast from `kind` to `to` exists."""
    if kind == to:
        return True
    if kind in NUMBERS:
        return to in NUMBERS or to == "bool" or (kind in INTEGERS and to in TIMESTAMPS)
    if kind == "bool":
        return to in NUMBERS
    return kind in TIMESTAMPS and (to in NUMBERS or to in TIMESTAMPS)


def cast_for(a: str, b: str) -> tuple[str, str] | None:
    """How to bring `a` and `b`, which have no common type, together: which of the two to cast, and
    to what. None if no cast helps."""
    kinds = {a, b}
    if kinds <= set(NUMBERS):
        if kinds & set(FLOATS):
            return (a if a in INTEGERS else b, "f64")
        return (a if a.startswith("u") else b, "i64")
    if kinds <= set(TIMESTAMPS):
        return b, a
    for kind, other in ((a, b), (b, a)):
        if kind == "bool" and other in NUMBERS:
            return kind, other
        if kind in TIMESTAMPS and other in NUMBERS:
            return kind, "i64" if other in INTEGERS else other
    return None


def sum_type(kind: str) -> str:
    """The type of a sum of numbers of `kind`."""
    if kind in FLOATS:
        return "f64"
    return "i64" if kind in SIGNED else "u64"
