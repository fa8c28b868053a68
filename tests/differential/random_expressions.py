"""Random well-typed expressions, built from the type that is asked for.

What is written always has the type it was asked for by itself, so it can stand anywhere: literals
take theirs from beside a value that is no literal, or are cast.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

SIGNED = ("i8", "i16", "i32", "i64")
UNSIGNED = ("u8", "u16", "u32", "u64")
INTEGERS = SIGNED + UNSIGNED
FLOATS = ("f32", "f64")
NUMBERS = INTEGERS + FLOATS
TIMESTAMPS = ("timestamp[s]", "timestamp[ms]", "timestamp[us]", "timestamp[ns]")
KINDS = ("bool", *NUMBERS, *TIMESTAMPS, "utf8")
ORDERED = (*NUMBERS, *TIMESTAMPS, "utf8")

# Which kinds widen to a kind without loss.
NARROWER = {
    "i16": ("i8", "u8"),
    "i32": ("i8", "i16", "u8", "u16"),
    "i64": ("i8", "i16", "i32", "u8", "u16", "u32"),
    "u16": ("u8",),
    "u32": ("u8", "u16"),
    "u64": ("u8", "u16", "u32"),
    "f32": ("i8", "i16", "u8", "u16"),
    "f64": ("i8", "i16", "i32", "u8", "u16", "u32", "f32"),
}
WORDS = ("", "a", "b", "ab", "abc", "B", "~", "é", "流れ", "a longer text of thirty-two byte")
FLOAT_LITERALS = (
    *("0.5", "1.8", "32.0", "-1.5", "100.0", "1e3", "2.5e-3", "0.1", "3"),
    *("-0.0", "nan", "inf", "-inf"),
)
LAGS = (1, 1, 1, 2, 3, 7, 16, 17, 64, 100, 513)


@dataclass
class Scope:
    """What expressions may name, and what they may do.

    `columns` and `params` are kinds by name; `call` writes something of a kind that only this place
    has (an aggregate); `lags` and `failing` allow `lag` and divisions that can stop the run.
    """

    columns: dict[str, str]
    params: dict[str, str] = field(default_factory=dict)
    call: Callable[[str, int], str | None] | None = None
    lags: bool = True
    failing: float = 0.0


class Expressions:
    """Writes expressions with one random source."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def of(self, kind: str, scope: Scope, depth: int) -> str:
        """An expression of exactly this kind."""
        if depth <= 0 or self.rng.random() < 0.15:
            return self.leaf(kind, scope)
        if kind in INTEGERS and self.rng.random() < scope.failing:
            return self._division(kind, scope, depth - 1)
        shared = [self._if, self._coalesce, self._lag]
        if kind == "bool":
            own = [self._compare, self._compare, self._chain, self._logic, self._logic, self._test]
            own += [self._moves]
        elif kind == "utf8":
            own = []
        elif kind in TIMESTAMPS:
            own = [self._shifted_time, self._extreme, self._cast]
        else:
            own = [self._arithmetic, self._arithmetic, self._function, self._extreme, self._cast]
            own += [self._bits, self._division] if kind in INTEGERS else [self._rounded]
        return self.rng.choice(own + own + shared)(kind, scope, depth - 1)

    # ---- leaves ----

    def leaf(self, kind: str, scope: Scope) -> str:
        named = [name for name, k in scope.columns.items() if k == kind] * 3
        named += [name for name, k in scope.params.items() if k == kind]
        if scope.call is not None and self.rng.random() < 0.8:
            call = scope.call(kind, 1)
            if call is not None:
                return call
        if named and self.rng.random() < 0.9:
            return self.rng.choice(named)
        others = [name for name, k in scope.columns.items() if self._castable(k, kind)]
        if others and self.rng.random() < 0.8:
            return f"{kind}({self.rng.choice(others)})"
        return self.constant(kind)

    @staticmethod
    def _castable(of: str, to: str) -> bool:
        """Whether a cast is defined, and changes the kind."""
        if of == to or "utf8" in (of, to):
            return False
        if to in TIMESTAMPS:
            return of in INTEGERS or of in TIMESTAMPS
        return of in NUMBERS or (to != "bool" and (of == "bool" or of in TIMESTAMPS))

    def constant(self, kind: str) -> str:
        """A literal that has this kind by itself."""
        if kind in ("bool", "utf8"):
            return self.literal(kind)
        if kind == "i64":
            return f"({self.literal('i64')})"
        if kind in TIMESTAMPS:
            return f"{kind}({self.rng.choice((0, 1, 1404172800, 86400000))})"
        if kind == "f64":
            return f"({self.literal('f64')})"
        return f"{kind}({self.literal('f64' if kind == 'f32' else 'i8')})"

    def literal(self, kind: str) -> str:
        """A literal that takes this kind beside a value of it."""
        rng = self.rng
        if kind == "bool":
            return rng.choice(("true", "false"))
        if kind == "utf8":
            quote = rng.choice("'\"")
            return quote + rng.choice((*WORDS, "\\\\", "\\'", '\\"', "\\t\\n\\r")) + quote
        if kind in FLOATS:
            return rng.choice(FLOAT_LITERALS)
        bits = int(kind[1:]) - (kind in SIGNED)
        small = [str(rng.randrange(8)), str(rng.randrange(1, 100)), "0x1f", "0b101", "1_0"]
        large = [str(2**bits - 1), hex(rng.randrange(2**bits)), str(rng.randrange(2**bits))]
        text = rng.choice(small * 3 + large)
        return f"-{text}" if kind in SIGNED and rng.random() < 0.3 else text

    def beside(self, kind: str, scope: Scope, depth: int) -> str:
        """Something that becomes this kind beside a value of it."""
        way = self.rng.random()
        if way < 0.3 and kind not in TIMESTAMPS:
            return f"({self.literal(kind)})" if kind in NUMBERS else self.literal(kind)
        if way < 0.45 and kind in NARROWER:
            return self.of(self.rng.choice(NARROWER[kind]), scope, depth - 1)
        return self.of(kind, scope, depth)

    def pair(self, kind: str, scope: Scope, depth: int) -> list[str]:
        """Two operands of which one has the kind by itself."""
        operands = [self.of(kind, scope, depth), self.beside(kind, scope, depth)]
        self.rng.shuffle(operands)
        return operands

    # ---- any kind ----

    def _if(self, kind: str, scope: Scope, depth: int) -> str:
        condition = self.of("bool", scope, depth)
        a, b = self.pair(kind, scope, depth)
        if self.rng.random() < 0.2:
            a, b = self.rng.choice(((a, "null"), ("null", b)))
            anchor = self.of(kind, scope, depth)
            a, b = (anchor, b) if b == "null" else (a, anchor)
        return f"({a} if {condition} else {b})"

    def _coalesce(self, kind: str, scope: Scope, depth: int) -> str:
        args = self.pair(kind, scope, depth)
        if self.rng.random() < 0.3:
            args.append(self.beside(kind, scope, depth - 1))
        return f"coalesce({', '.join(args)})"

    def _lag(self, kind: str, scope: Scope, depth: int) -> str:
        if not scope.lags or kind == "utf8":
            return self.of(kind, scope, depth)
        # Whether a division behind a lag is needed is hard to see: it may not fail there.
        within = Scope(scope.columns, scope.params, scope.call, scope.lags, 0.0)
        x = self.of(kind, within, depth - 1)
        if kind in NUMBERS and self.rng.random() < 0.3:
            return f"delta({x})"
        rows = self.rng.choice(LAGS)
        return f"lag({x})" if rows == 1 else f"lag({x}, {rows})"

    def _moves(self, kind: str, scope: Scope, depth: int) -> str:
        if not scope.lags:
            return self._compare(kind, scope, depth)
        within = Scope(scope.columns, scope.params, scope.call, scope.lags, 0.0)
        of = self._any_of(scope, ORDERED)
        if self.rng.random() < 0.5:
            return f"{self.rng.choice(('rises', 'falls'))}({self.of(of, within, depth - 1)})"
        a, b = self.pair(of, within, depth - 1)
        return f"{self.rng.choice(('crosses_above', 'crosses_below'))}({a}, {b})"

    # ---- truth ----

    def _compare(self, kind: str, scope: Scope, depth: int) -> str:
        of = self._any_of(scope, (*ORDERED, "bool"))
        operators = ("==", "!=") if of == "bool" else ("<", "<=", ">", ">=", "==", "!=")
        operator = self.rng.choice(operators)
        if of in TIMESTAMPS and self.rng.random() < 0.4:
            text = self.rng.choice(("2014-07-01", "1969-12-31T23:59:59.5Z", "2014-07-01 00:00:01"))
            return f"({self.of(of, scope, depth)} {operator} '{text}')"
        a, b = self.pair(of, scope, depth)
        return f"({a} {operator} {b})"

    def _chain(self, kind: str, scope: Scope, depth: int) -> str:
        of = self._any_of(scope, ORDERED)
        middle = self.of(of, scope, depth)
        first, second = self.rng.choice((("<", "<="), (">", ">="), ("<=", "!="), ("==", "<")))
        low, high = (self.beside(of, scope, depth - 1) for _ in range(2))
        return f"({low} {first} {middle} {second} {high})"

    def _logic(self, kind: str, scope: Scope, depth: int) -> str:
        a = self.of("bool", scope, depth)
        operator = self.rng.choice(("and", "or", "not"))
        if operator == "not":
            return f"(not {a})"
        return f"({a} {operator} {self.of('bool', scope, depth)})"

    def _test(self, kind: str, scope: Scope, depth: int) -> str:
        way = self.rng.randrange(3)
        if way == 0:
            return f"isnan({self.of(self.rng.choice(FLOATS), scope, depth)})"
        if way == 1:
            return f"isnull({self.of(self._any_of(scope, KINDS), scope, depth)})"
        return f"bool({self.of(self._any_of(scope, NUMBERS), scope, depth)})"

    def _any_of(self, scope: Scope, kinds: tuple[str, ...]) -> str:
        """A kind, mostly one that a column has."""
        here = [k for k in scope.columns.values() if k in kinds]
        return self.rng.choice(here if here and self.rng.random() < 0.85 else kinds)

    # ---- numbers ----

    def _arithmetic(self, kind: str, scope: Scope, depth: int) -> str:
        rng = self.rng
        if kind == "i64" and rng.random() < 0.15:
            unit = rng.choice(TIMESTAMPS)
            return f"({self.of(unit, scope, depth)} - {self.of(unit, scope, depth)})"
        if kind not in UNSIGNED and rng.random() < 0.15:
            return f"(-{self.of(kind, scope, depth)})"
        operators = "+-*/" if kind in FLOATS else "+-*"
        a, b = self.pair(kind, scope, depth)
        return f"({a} {rng.choice(operators)} {b})"

    def _bits(self, kind: str, scope: Scope, depth: int) -> str:
        way = self.rng.randrange(6)
        if way == 0:
            return f"(~{self.of(kind, scope, depth)})"
        if way < 3:
            amount = self.of(self.rng.choice((kind, *INTEGERS)), scope, depth - 1)
            if self.rng.random() < 0.6:
                amount = str(self.rng.randrange(70))
            return f"({self.of(kind, scope, depth)} {self.rng.choice(('<<', '>>'))} {amount})"
        a, b = self.pair(kind, scope, depth)
        return f"({a} {self.rng.choice('&|^')} {b})"

    def _division(self, kind: str, scope: Scope, depth: int) -> str:
        operator = self.rng.choice("/%")
        a = self.of(kind, scope, depth)
        b = self.of(kind, scope, depth - 1)
        way = self.rng.random()
        if way < scope.failing:
            return f"({a} {operator} {b})"
        if way < 0.4:
            return f"({a} {operator} {self.rng.randrange(1, 128)})"
        if way < 0.6:
            return f"(({a} {operator} {b}) if {b} != 0 else {a})"
        if way < 0.8:
            nothing = f"({a} if isnull({a}) else null)"
            return f"({nothing} {operator} {b})"
        return f"({a} {operator} max({b}, 1))"

    def _function(self, kind: str, scope: Scope, depth: int) -> str:
        if self.rng.random() < 0.3:
            args = [self.of(kind, scope, depth)]
            args += [self.beside(kind, scope, depth - 1) for _ in range(2)]
            return f"clamp({', '.join(args)})"
        return f"{self.rng.choice(('abs', 'sign'))}({self.of(kind, scope, depth)})"

    def _rounded(self, kind: str, scope: Scope, depth: int) -> str:
        function = self.rng.choice(("floor", "ceil", "trunc", "round", "sqrt", "exp"))
        return f"{function}({self.of(kind, scope, depth)})"

    def _extreme(self, kind: str, scope: Scope, depth: int) -> str:
        args = self.pair(kind, scope, depth)
        if self.rng.random() < 0.3:
            args.append(self.beside(kind, scope, depth - 1))
        return f"{self.rng.choice(('min', 'max'))}({', '.join(args)})"

    def _shifted_time(self, kind: str, scope: Scope, depth: int) -> str:
        # Any integer that widens to i64.
        amount = self.of(self.rng.choice((*SIGNED, *UNSIGNED[:3])), scope, depth - 1)
        return f"({self.of(kind, scope, depth)} {self.rng.choice('+-')} {amount})"

    def _cast(self, kind: str, scope: Scope, depth: int) -> str:
        if kind in TIMESTAMPS:
            of = self.rng.choice((*TIMESTAMPS, *INTEGERS))
        else:
            of = self.rng.choice((*NUMBERS, "bool", *TIMESTAMPS))
        return f"{kind}({self.of(of, scope, depth)})"
