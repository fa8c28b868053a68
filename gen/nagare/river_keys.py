"""Reads the keys of one `[river.NAME]` table. What depends on other rivers comes later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from . import ir, syntax
from . import messages as m
from .check import Expressions, Scope
from .ir import INTEGERS, TIMESTAMPS, Csv, Parameter, SourceField, Type
from .messages import Message, Wrong
from .names import is_name, suggestion, taken_by
from .sentences import parse_parameter, parse_step, parse_type
from .steps import MOST_COLUMNS, Sentence
from .toml_source import Path, Source, Span, within
from .widening import NUMBERS

DEFAULT_GROUPS = 65536
MOST_GROUPS = 2**31 - 1
MOST_INDEX = 65535  # of a column of a file

_KEYS = {
    "doc": ("a text", 'write `doc = "what it is for"`'),
    "schema": ("a table", 'write `schema = { celsius = "f32?" }`'),
    "from": ("a text, a list or a table", 'write `from = "readings"` or `from = { csv = "PATH" }`'),
    "params": ("a table", 'write `params = { lo = "f32 = 50" }`'),
    "steps": ("a list", 'write `steps = ["filter celsius > 0"]`'),
    "to": ("a table", 'write `to = { csv = "-" }`'),
    "max_groups": ("a whole number", "write `max_groups = 1000`"),
}
_CSV_KEYS = {
    "csv": ("a text", 'write `csv = "PATH"`'),
    "separator": ("a text", 'write `separator = ";"`'),
    "quote": ("a text", 'write `quote = "\'"`'),
    "header": ("true or false", "write `header = false`"),
    "nulls": ("a list", 'write `nulls = ["", "NA"]`'),
    "on_error": ("a text", 'write `on_error = "null"`'),
}
_FIELD_KEYS = {
    "type": ("a text", 'write `type = "f32"`'),
    "column": ("a text or a whole number", 'write `column = "Temp (C)"` or `column = 3`'),
}
_TO_KEYS = {"csv": _CSV_KEYS["csv"]}
_ON_ERROR = ("fail", "null", "skip")

_TOML_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "true or false"),  # a bool is an int to Python
    (int, "a whole number"),
    (float, "a number"),
    (str, "a text"),
    (list, "a list"),
    (dict, "a table"),
)

Fail = Callable[[Span, Wrong, int | None], None]


@dataclass
class Draft:
    """A river as far as its own table tells."""

    name: str
    at: Span
    doc: str = ""
    schema: dict[str, Type | None] | None = None  # of a source; no type: it is broken
    fields: tuple[SourceField, ...] = ()
    csv: Csv | None = None
    sources: tuple[str, ...] = ()
    params: tuple[Parameter, ...] = ()
    broken_params: list[str] = field(default_factory=list)
    sentences: list[Sentence] = field(default_factory=list)
    to: str | None = None
    max_groups: int = DEFAULT_GROUPS
    is_broken: bool = False


def read_river(name: str, table: object, source: Source, fail: Fail) -> Draft:
    """The river `name`. Problems go to `fail`: the place in the file, what is wrong, the step."""
    return _Reader(name, source, fail).read(table)


def describe(value: object) -> str:
    """What a TOML value is, in words."""
    return next((words for kind, words in _TOML_TYPES if isinstance(value, kind)), "a date or time")


class _Reader:
    def __init__(self, name: str, source: Source, fail: Fail) -> None:
        self._source = source
        self._report = fail
        self._path: Path = ("river", name)
        self._draft = Draft(name, source.key(self._path))

    def read(self, table: object) -> Draft:
        draft = self._draft
        self._check_name(draft.name, self._path)
        if not isinstance(table, dict):
            hint = f"write `[river.{draft.name}]`"
            self._fail(self._path, m.KEY_KIND, key=f"river.{draft.name}", what="a table",
                       found=describe(table), hint=hint)  # fmt: skip
            return draft
        keys = self._table(table, self._path, _KEYS, "of a river")
        draft.doc = keys.get("doc", "")
        draft.to = self._to(keys.get("to"))
        draft.max_groups = self._groups(keys.get("max_groups", DEFAULT_GROUPS))
        draft.params = self._params(keys.get("params", {}))
        draft.sentences = self._sentences(keys.get("steps", []))
        self._from(table, keys)
        return draft

    # ---- where its rows come from ----------------------------------------------------------------

    def _from(self, table: dict, keys: dict) -> None:
        origin, path = keys.get("from"), (*self._path, "from")
        if "from" not in table and "schema" not in table:
            self._fail(self._path, m.NO_SOURCE)
        if isinstance(origin, str | list):
            if "schema" in table:
                self._fail((*self._path, "schema"), m.SCHEMA_AND_FROM)
            self._draft.sources = self._sources(origin, path)
            return
        if isinstance(origin, dict):
            self._draft.csv = self._csv(origin, path)
            if "schema" not in table:
                self._fail(path, m.FILE_WITHOUT_SCHEMA)
        if "schema" in keys:
            self._draft.fields = self._fields(keys["schema"])

    def _sources(self, origin: str | list, path: Path) -> tuple[str, ...]:
        if isinstance(origin, str):
            return (origin,)
        if not origin:
            self._fail(path, m.EMPTY_LIST, key="from", hint='write `from = ["a", "b"]`')
        names: list[str] = []
        for i, name in enumerate(origin):
            if not isinstance(name, str):
                self._wrong_type((*path, i), "from", name, "a list of names", _KEYS["from"][1])
            elif name in names:
                self._fail((*path, i), m.RIVER_TWICE, name=name)
            else:
                names.append(name)
        return tuple(names)

    def _csv(self, table: dict, path: Path) -> Csv:
        options = self._table(table, path, _CSV_KEYS, "beside `csv`")
        if "csv" not in table:
            self._fail(path, m.KEY_MISSING, key="csv", hint='write `from = { csv = "PATH" }`')
        separator = self._character(options, "separator", ",", path)
        quote = self._character(options, "quote", '"', path)
        if separator == quote:
            self._fail((*path, "quote" if "quote" in options else "separator"), m.SAME_CHARACTER)
        nulls = options.get("nulls", [""])
        for i, text in enumerate(nulls):
            if not isinstance(text, str):
                self._wrong_type(
                    (*path, "nulls", i), "nulls", text, "a list of texts", _CSV_KEYS["nulls"][1]
                )
        on_error = options.get("on_error", "fail")
        if on_error not in _ON_ERROR:
            hint = suggestion(on_error, _ON_ERROR, "values")
            self._fail((*path, "on_error"), m.ON_ERROR, value=on_error, hint=hint)
        header = options.get("header", True)
        return Csv(options.get("csv"), separator, quote, header, tuple(nulls), on_error)

    def _character(self, options: dict, key: str, default: str, path: Path) -> str:
        value = options.get(key, default)
        if len(value) != 1 or not (" " <= value <= "~" or value == "\t"):
            example = f"`{_CSV_KEYS[key][1].removeprefix('write ').strip('`')}`"
            self._fail((*path, key), m.ONE_CHARACTER, key=key, example=example)
            return default
        return value

    def _fields(self, schema: dict) -> tuple[SourceField, ...]:
        path = (*self._path, "schema")
        if not schema:
            self._fail(path, m.EMPTY_LIST, key="schema", hint=_KEYS["schema"][1])
        if len(schema) > MOST_COLUMNS:
            self._fail(path, m.MANY_COLUMNS, most=MOST_COLUMNS)
            return ()
        has_header = self._draft.csv is None or self._draft.csv.header
        fields: list[SourceField] = []
        self._draft.schema = {}
        for position, (name, value) in enumerate(schema.items()):
            at = (*path, name)
            self._check_name(name, at)
            column: object = name if has_header else position
            if isinstance(value, dict):
                options = self._table(value, at, _FIELD_KEYS, "of a column")
                if "type" not in value:
                    self._fail(at, m.KEY_MISSING, key="type", hint=_FIELD_KEYS["type"][1])
                column = options.get("column", column)
                text, at_type = options.get("type"), (*at, "type")
            else:
                text, at_type = value, at
            of = self._type(name, text, at_type)
            self._draft.schema[name] = of
            if of is not None:
                fields.append(self._field(name, of, column, at))
                self._check_column(fields[-1], fields[:-1], at)
        return tuple(fields)

    def _field(self, name: str, of: Type, column: object, path: Path) -> SourceField:
        if isinstance(column, str):
            return SourceField(name, of, column, None)
        if not 0 <= column <= MOST_INDEX:
            self._fail((*path, "column"), m.NUMBER_RANGE, key="column", least=0, most=MOST_INDEX)
        return SourceField(name, of, None, column)

    def _check_column(self, made: SourceField, others: list[SourceField], path: Path) -> None:
        csv = self._draft.csv
        if csv is not None and not csv.header and made.label is not None:
            self._fail((*path, "column"), m.NOT_A_LABEL, label=made.label)
        for other in others:
            if (other.label, other.index) == (made.label, made.index):
                self._fail(path, m.SAME_COLUMN, name=made.name, other=other.name)

    def _type(self, name: str, text: object, path: Path) -> Type | None:
        if text is None:
            return None
        if not isinstance(text, str):
            hint = f'write `{name} = "f32"` or `{name} = {{ type = "f32", column = "Label" }}`'
            self._wrong_type(path, name, text, "a type", hint)
            return None
        try:
            parsed = parse_type(text)
        except Wrong as wrong:
            self._fail_within(path, wrong)
            return None
        return Type(parsed.kind, parsed.nullable)

    # ---- the other keys --------------------------------------------------------------------------

    def _to(self, table: dict | None) -> str | None:
        if table is None:
            return None
        path = (*self._path, "to")
        options = self._table(table, path, _TO_KEYS, "of `to`")
        if "csv" not in table:
            self._fail(path, m.KEY_MISSING, key="csv", hint=_KEYS["to"][1])
        return options.get("csv")

    def _groups(self, count: int) -> int:
        if not 1 <= count <= MOST_GROUPS:
            path = (*self._path, "max_groups")
            self._fail(path, m.NUMBER_RANGE, key="max_groups", least=1, most=MOST_GROUPS)
        return count

    def _params(self, table: dict) -> tuple[Parameter, ...]:
        params = []
        for name, text in table.items():
            path = (*self._path, "params", name)
            self._check_name(name, path)
            try:
                if isinstance(text, str):
                    params.append(self._param(name, text, path))
                    continue
                self._wrong_type(path, name, text, "a text", f'write `{name} = "f32 = 50"`')
            except Wrong as wrong:
                self._fail_within(path, wrong)
            self._draft.broken_params.append(name)
        return tuple(params)

    def _param(self, name: str, text: str, path: Path) -> Parameter:
        parsed = parse_parameter(text)
        kind = parsed.type.kind
        if parsed.type.nullable or kind == "utf8":
            shown = Type(kind, parsed.type.nullable)
            raise m.PARAM_KIND.at(parsed.type.span, type=shown)
        at = self._source.position(self._source.key(path))
        if parsed.default is None:
            return Parameter(name, Type(kind), None, at)
        return Parameter(name, Type(kind), _default(parsed.default, kind, text), at)

    def _sentences(self, steps: list) -> list[Sentence]:
        return [self._sentence(i, text) for i, text in enumerate(steps)]

    def _sentence(self, index: int, text: object) -> Sentence:
        path = (*self._path, "steps", index)
        places = self._source.places(path) if isinstance(text, str) else ()

        def place(span: Span) -> ir.Position:
            return self._source.position(within(places, span))

        def report(wrong: Wrong) -> None:
            self._draft.is_broken = True
            self._report(within(places, wrong.span), wrong, index)

        if not isinstance(text, str):
            self._wrong_type(path, "steps", text, "a list of texts", _KEYS["steps"][1])
            return Sentence("", None, place, report)
        try:
            return Sentence(text, parse_step(text), place, report)
        except Wrong as wrong:
            report(wrong)
            return Sentence(text, None, place, report)

    # ---- tables and problems ---------------------------------------------------------------------

    def _table(self, table: dict, path: Path, known: dict, where: str) -> dict:
        """The entries of `table` whose keys are known and whose values have the right type."""
        kept = {}
        for key, value in table.items():
            if key not in known:
                hint = suggestion(key, known, "keys")
                self._fail((*path, key), m.NO_KEY, at_key=True, key=key, where=where, hint=hint)
                continue
            what, hint = known[key]
            if describe(value) not in what:
                self._wrong_type((*path, key), key, value, what, hint)
                continue
            kept[key] = value
        return kept

    def _check_name(self, name: str, path: Path) -> None:
        if not is_name(name):
            self._fail(path, m.BAD_NAME, at_key=True, name=name)
            return
        taken = taken_by(name)
        if taken:
            self._fail(path, m.NAME_TAKEN, at_key=True, name=name, taken=taken)

    def _wrong_type(self, path: Path, key: str, value: object, what: str, hint: str) -> None:
        self._fail(path, m.KEY_KIND, key=key, what=what, found=describe(value), hint=hint)

    def _fail(self, path: Path, message: Message, at_key: bool = False, **values: object) -> None:
        span = self._source.key(path) if at_key else self._source.value(path)
        self._draft.is_broken = True
        self._report(span, message.at((0, 1), **values), None)

    def _fail_within(self, path: Path, wrong: Wrong) -> None:
        """Reports something wrong with a part of the text at `path`."""
        self._draft.is_broken = True
        self._report(within(self._source.places(path), wrong.span), wrong, None)


def _default(node: syntax.Node, kind: str, text: str) -> bool | int | float:
    """The value of a parameter's default, which must be a literal of its type."""
    if kind in TIMESTAMPS and isinstance(node, syntax.Integer):
        kind = "i64"
    literal: ir.Expr | None = None
    if isinstance(node, syntax.Integer | syntax.Real | syntax.Text | syntax.Bool):
        literal = Expressions(text, Scope({}), lambda _span: ir.Position(1, 1)).infer(node, kind)
    if literal is None or literal.type.kind != kind:
        if kind in NUMBERS:
            example = "a whole number, as in `50`" if kind in INTEGERS else "a number, as in `0.5`"
        else:
            example = "`true` or `false`" if kind == "bool" else "a time, as in `'2024-01-31'`"
        raise m.BAD_DEFAULT.at(node.span, kind=kind, example=example)
    return literal.value
