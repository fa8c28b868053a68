"""Checks the steps of one river, one after the other: what each does to the columns."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from . import ir, syntax
from . import messages as m
from .check import Aggregation, Broken, Expressions, Scope
from .ir import FLOATS, Position, Schema, Type
from .messages import Wrong
from .names import STEP_WORDS, nearest, suggestion, taken_by
from .syntax import Span

MOST_COLUMNS = 1024
MOST_ROWS = 2**63 - 1
MOST_ROLLING = 2**20
MOST_SEED = 2**63 - 1
SAMPLED = "ng_sampled"  # the column that `sample` counts rows in, until it is done

_ASSIGNED = re.compile(r"(?<![A-Za-z0-9_])([A-Za-z_][A-Za-z0-9_]*+)\s*+=(?!=)", re.ASCII)


@dataclass(frozen=True)
class Sentence:
    """A step as written; without a `tree` it could not be parsed, which has been reported. `place`
    says where its characters stand in the file, `report` takes what else is wrong with it."""

    text: str
    tree: syntax.Step | None
    place: Callable[[Span], Position]
    report: Callable[[Wrong], None]

    @property
    def whole(self) -> Span:
        return 0, max(1, len(self.text))


class Steps:
    """The columns so far, and the checked steps. A column whose expression is wrong stays, without
    a type, so that its later uses are not reported as well."""

    def __init__(self, schema: Schema, params: dict[str, tuple[ir.Param, ...]]) -> None:
        self.steps: list[ir.Step] = []
        self._columns: dict[str, Type | None] = schema
        self._complete = True
        self._params = params
        self._pending: list[tuple[Sentence, ir.Group | ir.Window]] = []
        self._keys_unknown = False  # what may be a `group` could not be parsed

    def run(self, sentences: list[Sentence]) -> Schema:
        """Checks all steps; what comes out of the last, if no problem was reported."""
        for sentence in sentences:
            if sentence.tree is None:
                self._unparsed(sentence.text)
            else:
                self._step(sentence)
        self._nothing_pending()
        return self._columns

    def _step(self, sentence: Sentence) -> None:
        tree = sentence.tree
        match tree:
            case syntax.Keys():
                self._group(sentence, tree)
                return
            case syntax.Window():
                self._window(sentence, tree)
                return
            case syntax.Assignments(word="aggregate"):
                self._aggregate(sentence, tree)
                return
        self._nothing_pending()
        match tree:
            case syntax.Assignments(word="map"):
                self._map(sentence, tree)
            case syntax.Assignments():
                self._select(sentence, tree)
            case syntax.Condition():
                self._condition(sentence, tree)
            case syntax.Distinct():
                self._distinct(sentence, tree)
            case syntax.SampleEvery() | syntax.SamplePart():
                self._sample(sentence, tree)
            case syntax.Scan() | syntax.Rolling():
                self._running(sentence, tree)
            case _:
                self._rows(sentence, tree)

    def _add(self, sentence: Sentence, made: type[ir.Step], *parts: object) -> ir.Step:
        at = sentence.place(sentence.whole)
        step = made(at, sentence.text, self._columns, *parts)
        self.steps.append(step)
        return step

    # ---- columns ---------------------------------------------------------------------------------

    def _map(self, sentence: Sentence, tree: syntax.Assignments) -> None:
        columns = dict(self._columns)
        made = self._assign(sentence, tree, columns, {})
        # Steps that change no column share their schema: a file of many steps stays small.
        before = self._columns
        if any(name not in before or before[name] != columns[name] for name in made):
            self._replace(sentence, columns)
        self._add(sentence, ir.Map, tuple(made.items()))

    def _select(self, sentence: Sentence, tree: syntax.Assignments) -> None:
        made = self._assign(sentence, tree, dict(self._columns), {})
        self._complete = True
        self._replace(sentence, {name: x and x.type for name, x in made.items()})
        self._add(sentence, ir.Select, tuple(made.items()))

    def _aggregate(self, sentence: Sentence, tree: syntax.Assignments) -> None:
        keys: tuple[str, ...] = ()
        window = None
        for _, step in self._pending:
            if isinstance(step, ir.Group):
                keys = step.keys
            else:
                window = step
        self._pending = []
        taken = dict.fromkeys(keys, "a key of the group")
        allowed = tuple(self._columns) if self._keys_unknown else keys
        made = self._assign(sentence, tree, self._columns, taken, Aggregation(allowed, window))
        columns = {key: self._columns.get(key) for key in keys}
        columns |= {name: x and x.type for name, x in made.items()}
        self._complete = not self._keys_unknown
        self._keys_unknown = False
        self._replace(sentence, columns)
        self._add(sentence, ir.Aggregated, tuple(made.items()), keys, window)

    def _running(self, sentence: Sentence, tree: syntax.Scan | syntax.Rolling) -> None:
        """`scan` and `rolling`: all their columns see those before the step."""
        rows = 0
        if isinstance(tree, syntax.Rolling):
            rows = tree.count.value
            if not 1 <= rows <= MOST_ROLLING:
                wrong = m.ROLLING_RANGE.at(tree.count.span, most=MOST_ROLLING)
                sentence.report(wrong)
        by_row = "rolling" if rows else "scan"
        made = self._assign(sentence, tree, self._columns, {}, Aggregation(by_row=by_row))
        self._replace(sentence, self._columns | {name: x and x.type for name, x in made.items()})
        if rows:
            self._add(sentence, ir.Rolling, tuple(made.items()), rows)
        else:
            self._add(sentence, ir.Scan, tuple(made.items()))

    def _assign(
        self,
        sentence: Sentence,
        tree: syntax.Assignments | syntax.Scan | syntax.Rolling,
        columns: dict[str, Type | None],
        taken: dict[str, str],
        aggregation: Aggregation | None = None,
    ) -> dict[str, ir.Expr | None]:
        """The assignments of a step; None for what is wrong. Without `aggregation` each sees those
        before it in `columns`."""
        scope = Scope(columns, self._params, self._complete)
        expressions = Expressions(sentence.text, scope, sentence.place, aggregation)
        made: dict[str, ir.Expr | None] = {}
        for item in tree.items:
            name = item.name.text
            try:
                check_name(item.name)
                if name in made or name in taken:
                    what = taken.get(name, "set in this step")
                    raise m.COLUMN_TWICE.at(item.name.span, name=name, what=what)
                by_row = aggregation is not None and aggregation.by_row
                made[name] = expressions.running(item) if by_row else expressions.infer(item.x)
            except Broken:
                made[name] = None
            except Wrong as wrong:
                sentence.report(wrong)
                made.setdefault(name, None)
            if aggregation is None:
                columns[name] = made[name] and made[name].type
        return made

    def _replace(self, sentence: Sentence, columns: dict[str, Type | None]) -> None:
        if len(columns) > MOST_COLUMNS:
            sentence.report(m.MANY_COLUMNS.at(sentence.whole, most=MOST_COLUMNS))
            self._complete = False
            return
        self._columns = columns

    # ---- rows ------------------------------------------------------------------------------------

    def _condition(self, sentence: Sentence, tree: syntax.Condition) -> None:
        made = {"filter": ir.Filter, "take while": ir.TakeWhile, "skip while": ir.SkipWhile}
        scope = Scope(self._columns, self._params, self._complete)
        try:
            expressions = Expressions(sentence.text, scope, sentence.place)
            condition = expressions.condition(tree.x, f"`{tree.word}`")
            self._add(sentence, made[tree.word], condition)
        except Broken:
            pass
        except Wrong as wrong:
            sentence.report(wrong)

    def _rows(self, sentence: Sentence, tree: syntax.Rows) -> None:
        try:
            self._add(sentence, {"take": ir.Take, "skip": ir.Skip}[tree.word], _count(tree.count))
        except Wrong as wrong:
            sentence.report(wrong)

    def _distinct(self, sentence: Sentence, tree: syntax.Distinct) -> None:
        """A filter that looks back: the first row, and those that differ from the row before."""
        at = sentence.place(sentence.whole)
        columns: dict[str, Type] = {}
        try:
            for name in tree.names:
                if name.text in columns:
                    raise m.LISTED_TWICE.at(name.span, name=name.text)
                if name.text not in self._columns:
                    if not self._complete:
                        return
                    hint = suggestion(name.text, self._columns, "columns")
                    raise m.NO_COLUMN.at(name.span, name=name.text, hint=hint)
                columns[name.text] = self._columns[name.text]
            columns = columns or self._columns
            if not self._complete or None in columns.values():
                return
            spans = {name.text: name.span for name in tree.names}
            for name, column_type in columns.items():
                if column_type.kind == "utf8":
                    span = spans.get(name, sentence.whole)
                    raise m.DISTINCT_TEXT.at(span, name=name)
        except Wrong as wrong:
            sentence.report(wrong)
            return
        sure, maybe = Type("bool"), Type("bool", True)
        before = ir.Lag(maybe, at, ir.Literal(sure, at, True))
        any_of: list[ir.Expr] = [ir.Call(sure, at, "isnull", (before,))]
        for name, column_type in columns.items():
            x = ir.Column(column_type, at, name)
            was = ir.Lag(Type(column_type.kind, True), at, x)
            gone, gone_before = (ir.Call(sure, at, "isnull", (e,)) for e in (x, was))
            other = ir.Compare(maybe, at, "!=", x, was)
            other = ir.Call(sure, at, "coalesce", (other, ir.Literal(sure, at, False)))
            any_of += [ir.Compare(sure, at, "!=", gone, gone_before), other]
        while len(any_of) > 1:  # a tree, so that many columns do not nest deeply
            pairs = zip(any_of[::2], any_of[1::2], strict=False)
            odd = any_of[-1:] if len(any_of) % 2 else []
            any_of = [ir.Or(sure, at, a, b) for a, b in pairs] + odd
        self._add(sentence, ir.Filter, any_of[0])

    def _sample(self, sentence: Sentence, tree: syntax.Sample) -> None:
        """A filter on the row's number at the step, which a hidden column counts from 1."""
        at = sentence.place(sentence.whole)
        try:
            condition = _sampled(sentence, tree, at)
        except Wrong as wrong:
            sentence.report(wrong)
            return
        if None in self._columns.values() or not self._complete:
            return
        columns = self._columns
        number = ir.Aggregate(Type("i64"), at, "count", None)
        self._columns = columns | {SAMPLED: number.type}
        self._add(sentence, ir.Scan, ((SAMPLED, number),))
        self._add(sentence, ir.Filter, condition)
        self._columns = columns
        kept = tuple((name, ir.Column(of, at, name)) for name, of in columns.items())
        self._add(sentence, ir.Select, kept)

    # ---- groups and windows ----------------------------------------------------------------------

    def _group(self, sentence: Sentence, tree: syntax.Keys) -> None:
        if any(isinstance(step, ir.Window) for _, step in self._pending):
            sentence.report(m.WINDOW_BEFORE_GROUP.at(sentence.whole))
            self._pending = []
        self._nothing_pending()
        keys: list[str] = []
        for key in tree.names:
            try:
                if key.text in keys:
                    raise m.KEY_TWICE.at(key.span, name=key.text)
                self._check_key(key)
            except Wrong as wrong:
                sentence.report(wrong)
            keys.append(key.text)
        step = self._add(sentence, ir.Group, tuple(dict.fromkeys(keys)))
        self._pending.append((sentence, step))

    def _check_key(self, key: syntax.Name) -> None:
        if key.text not in self._columns:
            if not self._complete:
                return
            hint = suggestion(key.text, self._columns, "columns")
            raise m.NO_COLUMN.at(key.span, name=key.text, hint=hint)
        key_type = self._columns[key.text]
        if key_type is not None and key_type.kind in FLOATS:
            raise m.FLOAT_KEY.at(key.span, name=key.text, kind=key_type.kind)

    def _window(self, sentence: Sentence, tree: syntax.Window) -> None:
        if any(isinstance(step, ir.Window) for _, step in self._pending):
            self._nothing_pending()
        try:
            rows = _count(tree.count)
        except Wrong as wrong:
            sentence.report(wrong)
            rows = 1
        step = self._add(sentence, ir.Window, tree.kind, rows, tree.partial)
        self._pending.append((sentence, step))

    def _nothing_pending(self) -> None:
        """Reports a group or a window that no aggregate follows."""
        if self._pending:
            sentence, step = self._pending[-1]
            word = "group" if isinstance(step, ir.Group) else "window"
            after = "`window` or `aggregate`" if word == "group" else "`aggregate`"
            sentence.report(m.NO_AGGREGATE.at(sentence.whole, word=word, after=after))
        self._pending = []

    # ---- steps that could not be parsed ----------------------------------------------------------

    def _unparsed(self, text: str) -> None:
        """Takes over what can be told of a sentence that could not be parsed."""
        self._pending = []
        self._columns = self._columns | dict.fromkeys(_ASSIGNED.findall(text))
        word = nearest((text.split(maxsplit=1) or [""])[0], STEP_WORDS)
        self._keys_unknown = word in ("group", "window", None)
        if word in ("select", "aggregate", None):
            self._complete = False


def check_name(name: syntax.Name) -> None:
    """Raises `Wrong` if nothing can be called `name`."""
    taken = taken_by(name.text)
    if taken:
        raise m.NAME_TAKEN.at(name.span, name=name.text, taken=taken)


def _sampled(sentence: Sentence, tree: syntax.Sample, at: Position) -> ir.Expr:
    """Whether the row with the number `SAMPLED` is kept."""
    number = ir.Column(Type("i64"), at, SAMPLED)
    if isinstance(tree, syntax.SampleEvery):
        every = ir.Literal(number.type, at, _count(tree.count))
        before = ir.Binary(number.type, at, "-", number, ir.Literal(number.type, at, 1))
        rest = ir.Binary(number.type, at, "%", before, every)
        return ir.Compare(Type("bool"), at, "==", rest, ir.Literal(number.type, at, 0))
    part = float(tree.part.digits if isinstance(tree.part, syntax.Integer) else tree.part.text)
    if not 0.0 < part <= 1.0:
        text = sentence.text[slice(*tree.part.span)]
        raise m.SAMPLE_PART.at(tree.part.span, text=text)
    if not (isinstance(tree.seed, syntax.Integer) and tree.seed.digits <= MOST_SEED):
        text = sentence.text[slice(*tree.seed.span)]
        raise m.SEED_RANGE.at(tree.seed.span, text=text, most=MOST_SEED)
    return _drawn(number, tree.seed.digits, round(part * 2**53), at)


def _drawn(number: ir.Expr, seed: int, below: int, at: Position) -> ir.Expr:
    """Whether the row's draw, 53 random bits, is below a limit. The draw is SplitMix64's (Steele,
    Lea and Flood, Fast splittable pseudorandom number generators, 2014): the state goes on by a
    constant from row to row, so that any row's draw follows from its number."""
    of = Type("u64")

    def constant(value: int) -> ir.Literal:
        return ir.Literal(of, at, value % 2**64)

    def mixed(x: ir.Expr, shift: int, factor: int) -> ir.Expr:
        folded = ir.Binary(of, at, "^", x, ir.Binary(of, at, ">>", x, constant(shift)))
        return ir.Binary(of, at, "*", folded, constant(factor)) if factor != 1 else folded

    steps = ir.Binary(of, at, "*", ir.Cast(of, at, number), constant(0x9E3779B97F4A7C15))
    state = ir.Binary(of, at, "+", steps, constant(seed))
    bits = mixed(mixed(mixed(state, 30, 0xBF58476D1CE4E5B9), 27, 0x94D049BB133111EB), 31, 1)
    draw = ir.Binary(of, at, ">>", bits, constant(11))
    return ir.Compare(Type("bool"), at, "<", draw, constant(below))


def _count(count: syntax.Integer) -> int:
    if not 1 <= count.value <= MOST_ROWS:
        raise m.ROWS_RANGE.at(count.span, most=MOST_ROWS)
    return count.value
