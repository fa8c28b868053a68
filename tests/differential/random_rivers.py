"""Random river files: every type, operator, step and shape of graph, from a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from .random_expressions import (
    FLOATS,
    INTEGERS,
    KINDS,
    NUMBERS,
    SIGNED,
    UNSIGNED,
    Expressions,
    Scope,
)

SIZES = (1, 2, 3, 15, 16, 17, 63, 64, 65, 100, 511, 512, 513, 1000)


@dataclass
class River:
    """A river as it is written: `columns` are the kinds of what comes out."""

    name: str
    columns: dict[str, str]
    lines: list[str]
    params: dict[str, str] = field(default_factory=dict)  # those its users may name too
    steps: list[str] = field(default_factory=list)
    few: bool = False  # whether it may well have only some rows: an aggregate made them

    def __str__(self) -> str:
        lines = [f"[river.{self.name}]", *self.lines]
        if self.steps:
            lines.append("steps = [" + ", ".join(map(quoted, self.steps)) + "]")
        return "\n".join(lines) + "\n"


class RandomFile:
    """A file of rivers whose names start with `prefix`."""

    def __init__(self, seed: int, prefix: str) -> None:
        self.rng = random.Random(seed)
        self.prefix = prefix
        self.expressions = Expressions(self.rng)
        self.rivers: list[River] = []
        self._names = 0
        self._write()

    def text(self) -> str:
        return "\n".join(map(str, self.rivers))

    def _write(self) -> None:
        rng = self.rng
        for _ in range(1 if rng.random() < 0.85 else 2):
            self._source()
        for _ in range(rng.choice((1, 1, 2, 3))):
            self._chain(rng.choice(self.rivers[-3:]))
        if rng.random() < 0.25:
            self._merge()

    def _name(self, letter: str) -> str:
        self._names += 1
        return f"{letter}{self._names}"

    def _source(self) -> None:
        rng = self.rng
        pool = rng.choice((KINDS, KINDS, (*FLOATS, "i32", "bool"), ("f32", "f32", "utf8", "i64")))
        columns = {self._name("c"): rng.choice(pool) for _ in range(rng.randint(2, 7))}
        if not any(kind != "utf8" for kind in columns.values()):
            columns[self._name("c")] = "f32"
        nulls = rng.choice((0.0, 0.5, 1.0))
        fields = ", ".join(
            f'{name} = "{kind}{"?" if rng.random() < nulls else ""}"'
            for name, kind in columns.items()
        )
        name = self.prefix + self._name("s")
        self.rivers.append(River(name, columns, [f"schema = {{ {fields} }}"]))

    def _chain(self, source: River) -> None:
        rng = self.rng
        river = River(self.prefix + self._name("r"), dict(source.columns), [], dict(source.params))
        river.few = source.few
        river.lines.append(f'from = "{source.name}"')
        if rng.random() < 0.1:
            river.lines.append('doc = "流れ: a \\"random\\" river"')
        if rng.random() < 0.3:
            self._params(river)
        for _ in range(rng.choice((1, 1, 2, 3, 3, 4, 5, 6))):
            river.steps += self._steps(river)
        if any(step.startswith("group ") for step in river.steps):
            river.lines.append(f"max_groups = {rng.choice((2, 16, 300, 5000, 5000, 5000))}")
        self.rivers.append(river)

    def _params(self, river: River) -> None:
        written = []
        for _ in range(self.rng.randint(1, 2)):
            kind = self.rng.choice((*NUMBERS, "bool"))
            name = self._name("p")
            river.params[name] = kind
            written.append(f'{name} = "{kind} = {self.expressions.literal(kind)}"')
        river.lines.append(f"params = {{ {', '.join(written)} }}")

    def _merge(self) -> None:
        """Several rivers with the same columns, and one that takes the rows of all."""
        rng = self.rng
        sources = [rng.choice(self.rivers) for _ in range(rng.choice((2, 2, 3)))]
        shape = {self._name("m"): rng.choice(KINDS) for _ in range(rng.randint(1, 3))}
        parts = []
        for source in sources:
            part = River(self.prefix + self._name("q"), dict(shape), [], dict(source.params))
            scope = Scope(dict(source.columns), source.params)
            part.lines.append(f'from = "{source.name}"')
            if rng.random() < 0.6:
                part.steps.append(f"filter {self._condition(scope)}")
            assigned = [f"{n} = {self.expressions.of(k, scope, 1)}" for n, k in shape.items()]
            part.steps.append("select " + ", ".join(assigned))
            parts.append(part)
        self.rivers += parts
        merged = River(self.prefix + self._name("m"), dict(shape), [])
        merged.lines.append("from = [" + ", ".join(f'"{part.name}"' for part in parts) + "]")
        self.rivers.append(merged)
        self._chain(merged)

    # ---- steps ----

    def _scope(self, river: River) -> Scope:
        rng = self.rng
        failing = 0.6 if rng.random() < 0.15 else 0.0
        return Scope(dict(river.columns), river.params, lags=rng.random() < 0.3, failing=failing)

    def _steps(self, river: River) -> list[str]:
        """The sentences of one more step (or of a group, window and aggregate), applied to the
        river's columns."""
        makers = {
            self._map: 4,
            self._select: 2,
            self._filter: 4,
            self._count: 2,
            self._while: 1,
            self._aggregate: 4,
            self._running: 3,
            self._distinct: 1,
            self._sample: 1,
        }
        return self.rng.choices(list(makers), list(makers.values()))[0](river)

    def _kind(self, river: River) -> str:
        """A kind for a new column: often one that is there, or a float."""
        here = list(river.columns.values())
        return self.rng.choice(self.rng.choice((here or KINDS, here or KINDS, KINDS, FLOATS)))

    def _condition(self, scope: Scope, true: float = 0.5) -> str:
        """Mostly one that is true in about that share of the rows."""
        rng = self.rng
        floats = [name for name, kind in scope.columns.items() if kind in FLOATS]
        integers = [name for name, kind in scope.columns.items() if kind in INTEGERS]
        way = rng.random()
        if floats and way < 0.3:
            low, high = rng.choice((("0", "20.5"), ("-20.5", "40"), ("1", "0")))
            column = rng.choice(floats)
            condition = f"{column} > {low if true >= 0.5 else high}"
            return condition if true < 0.5 else f"{condition} or isnull({column})"
        if integers and way < 0.6:
            operator = "!=" if true >= 0.5 else "=="
            return f"{rng.choice(integers)} & 3 {operator} {rng.randrange(4)}"
        condition = self.expressions.of("bool", scope, 2)
        if scope.columns and way < 0.9:
            column = rng.choice(list(scope.columns))
            return f"{condition} or {'not ' if true >= 0.5 else ''}isnull({column})"
        return condition

    def _map(self, river: River) -> list[str]:
        scope, assigned = self._scope(river), []
        replaceable = list(scope.columns)
        if scope.failing:
            kind = self.rng.choice(INTEGERS)
            name = self._name("c")
            assigned.append(f"{name} = {self.expressions.of(kind, scope, 2)}")
            scope.columns[name] = kind
        for _ in range(self.rng.randint(1, 3)):
            kind, name = self._kind(river), self._name("c")
            if replaceable and self.rng.random() < 0.25:
                name = replaceable.pop(self.rng.randrange(len(replaceable)))
            assigned.append(f"{name} = {self.expressions.of(kind, scope, self.rng.randint(1, 3))}")
            scope.columns[name] = kind
        river.columns = scope.columns
        return ["map " + ", ".join(assigned)]

    def _select(self, river: River) -> list[str]:
        rng, scope = self.rng, self._scope(river)
        listed: dict[str, str] = {}
        written = []
        names = list(scope.columns)
        for name in rng.sample(names, rng.randint(1, len(names))):
            listed[name] = scope.columns[name]
            written.append(name)
        for _ in range(rng.choice((0, 0, 1, 2))):
            kind, name = self._kind(river), self._name("c")
            written.append(f"{name} = {self.expressions.of(kind, scope, 2)}")
            listed[name] = scope.columns[name] = kind
        river.columns = listed
        return ["select " + ", ".join(written)]

    def _filter(self, river: River) -> list[str]:
        return [f"filter {self._condition(self._scope(river))}"]

    def _count(self, river: River) -> list[str]:
        if self.rng.random() < 0.3:
            return [f"skip {self.rng.choice(SIZES[: 1 if river.few else 9])}"]
        return [f"take {self.rng.choice(SIZES)}"]

    def _while(self, river: River) -> list[str]:
        verb, true = self.rng.choice((("take", 0.9), ("skip", 0.2)))
        return [f"{verb} while {self._condition(self._scope(river), true)}"]

    def _aggregate(self, river: River) -> list[str]:
        rng, steps = self.rng, []
        keys: list[str] = []
        possible = [name for name, kind in river.columns.items() if kind not in FLOATS]
        if possible and rng.random() < 0.45:
            keys = rng.sample(possible, min(len(possible), rng.choice((1, 1, 2, 3))))
            steps.append("group " + ", ".join(keys))
        if rng.random() < 0.5:
            partial = rng.choice(("", " partial"))
            rows = rng.choice(SIZES[:3] if river.few else SIZES + SIZES[:10])
            steps.append(f"window tumbling {rows}{partial}")
        river.few = True
        within = self._scope(river)
        within.lags = within.lags and rng.random() < 0.3
        outer = Scope({k: river.columns[k] for k in keys}, river.params, lags=False)
        outer.call = lambda kind, depth: self._call(kind, within)
        columns = dict(outer.columns)
        written = []
        for _ in range(rng.randint(1, 5)):
            name = self._name("a")
            simple = rng.random() < 0.75
            kind = rng.choice(("i64", "f64", "f64", *KINDS) if simple else KINDS)
            call = self._call(kind, within) if simple else None
            written.append(f"{name} = {call or self.expressions.of(kind, outer, 2)}")
            columns[name] = kind
        river.columns = columns
        return [*steps, "aggregate " + ", ".join(written)]

    def _distinct(self, river: River) -> list[str]:
        names = [name for name, kind in river.columns.items() if kind != "utf8"]
        if not names:
            return []
        few = self.rng.sample(names, min(len(names), self.rng.choice((1, 1, 2))))
        everything = len(names) == len(river.columns) and self.rng.random() < 0.2
        return ["distinct until changed " + ("" if everything else ", ".join(few))]

    def _sample(self, river: River) -> list[str]:
        every = f"every {self.rng.choice((1, 2, 3, 7))}"
        part = f"{self.rng.choice(('0.5', '0.9', '1'))} seed {self.rng.randrange(100)}"
        return ["sample " + self.rng.choice((every, part))]

    def _running(self, river: River) -> list[str]:
        """A `scan` or a `rolling`: all its columns see those before."""
        rng, scope = self.rng, self._scope(river)
        scope.lags = scope.lags and rng.random() < 0.3
        word = rng.choice(("scan", "rolling"))
        beside = Scope(scope.columns, scope.params, lags=False)
        beside.call = lambda kind, depth: self._running_call(word, kind, scope)
        columns, written = dict(scope.columns), []
        for _ in range(rng.randint(1, 3)):
            name, kind = self._name("w"), rng.choice(("i64", "f64", "f64", *KINDS[:-1]))
            if word == "scan" and rng.random() < 0.3:
                written.append(self._recurrence(name, kind, scope))
            else:
                call = self._running_call(word, kind, scope)
                if call is None:
                    continue
                if rng.random() < 0.2:
                    call = f"coalesce({call}, {self.expressions.of(kind, beside, 2)})"
                written.append(f"{name} = {call}")
            columns[name] = kind
        if not written:
            return []
        river.columns = columns
        sizes = (*SIZES, 8, 20, 33, 127, 300, 2000)
        end = f" over {rng.choice(sizes)}" if word == "rolling" else ""
        return [f"{word} {', '.join(written)}{end}"]

    def _running_call(self, word: str, kind: str, scope: Scope) -> str | None:
        rng = self.rng
        if word == "scan" and kind == "f64" and rng.random() < 0.3:
            x = self._argument(rng.choice(NUMBERS), scope)
            floats = [name for name, k in scope.params.items() if k in FLOATS]
            return f"ema({x}, {rng.choice(('0.1', '1', '0.9', *floats))})"
        if word == "scan" and kind in ("i64", "u64", "f64") and rng.random() < 0.2:
            kinds = {"i64": SIGNED, "u64": UNSIGNED, "f64": FLOATS}[kind]
            return f"product({self._argument(rng.choice(kinds), scope)})"
        return self._call(kind, scope)

    def _recurrence(self, name: str, kind: str, scope: Scope) -> str:
        columns = scope.columns | {name: kind}
        within = Scope(columns, scope.params, lags=False, failing=scope.failing)
        x = self.expressions.of(kind, within, 2)
        if kind in NUMBERS and self.rng.random() < 0.5:
            x = f"({name} {self.rng.choice('+-*')} {x})"
        start = self.expressions.constant(kind)
        return f"{name} = {x} from {start}"

    def _call(self, kind: str, scope: Scope) -> str | None:
        """One aggregate of this kind; None where there is none."""
        rng = self.rng
        ways: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
        if kind != "utf8" and kind != "bool":
            ways.append((("min", "max", "first", "last"), (kind,)))
        if kind == "bool":
            ways += [(("any", "all"), ("bool",)), (("first", "last"), ("bool",))]
        if kind == "i64":
            ways += [(("sum",), SIGNED), (("count",), KINDS)]
        if kind == "u64":
            ways.append((("sum",), UNSIGNED))
        if kind == "f64":
            ways += [
                (("sum", "mean", "var", "std"), FLOATS),
                (("mean", "var", "std"), INTEGERS),
            ] * 2
        if not ways:
            return None
        functions, kinds = rng.choice(ways)
        if functions == ("count",) and rng.random() < 0.4:
            return "count()"
        here = [k for k in scope.columns.values() if k in kinds]
        argument = rng.choice(here or kinds)
        return f"{rng.choice(functions)}({self._argument(argument, scope)})"

    def _argument(self, kind: str, scope: Scope) -> str:
        """Of an aggregate: mostly a column as it is."""
        named = [name for name, k in scope.columns.items() if k == kind]
        if named and self.rng.random() < 0.6:
            return self.rng.choice(named)
        return self.expressions.of(kind, scope, 2)


def quoted(sentence: str) -> str:
    """A sentence as a TOML string."""
    return '"' + sentence.replace("\\", "\\\\").replace('"', '\\"') + '"'
