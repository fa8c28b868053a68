"""Parses one sentence of a river file: a step, a parameter or a type."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, v_args

from . import messages as m
from . import syntax
from .ir import KINDS
from .literals import is_real, read_integer
from .messages import Wrong
from .names import STEP_WORDS, is_name, suggestion
from .syntax import Node, Span

MOST_CHARACTERS = 8192  # of one sentence
MOST_NESTED = 100  # operators and calls in one another; the passes that follow recurse so deeply

_EXAMPLES = {
    "map": "map f = c * 1.8 + 32, g = f - lag(f)",
    "select": "select sensor, f = c * 1.8 + 32",
    "filter": "filter 0 < c and not isnull(f)",
    "take": "take 10` or `take while c < 90",
    "skip": "skip 10` or `skip while c < 90",
    "group": "group sensor, floor",
    "window": "window tumbling 100` or `window tumbling 100 partial",
    "aggregate": "aggregate n = count(), peak = max(f)",
    "distinct": "distinct until changed` or `distinct until changed sensor",
    "sample": "sample every 100` or `sample 0.01 seed 7",
    "scan": "scan total = sum(f)` or `scan e = e * 0.9 + f * 0.1 from 0",
    "rolling": "rolling m = mean(f), s = std(f) over 256",
}
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", "'": "'", '"': '"'}
_LAST_TOKEN = re.compile(r"([\w.]+|[<>=!]=|<<|>>|\S)\Z", re.ASCII)
_MOST_SHOWN = 40  # characters of the token before a mistake

# What the parser would take next, in words. The first entry whose terminals it all takes is said,
# and they are crossed out.
_EXPECTED = (
    ({"TEXT", "NUMBER", "NAME", "TIMESTAMP", "TRUE", "FALSE", "NULL", "NAN", "INF", "OPEN", "MINUS"}
     | {"PLUS", "TILDE"}, "an expression"),
    ({"PLUS", "MINUS", "STAR", "SLASH", "PERCENT", "BAR", "CARET", "AMPERSAND", "SHIFT"},
     "an operator"),
    ({"NAME", "TIMESTAMP"}, "a type"),
    ({"NAME"}, "a name"),
    ({"NUMBER", "EVERY"}, "`every` or a number"),
    ({"NUMBER"}, "a whole number"),
    ({"WHILE"}, "`while`"),
    ({"TUMBLING"}, "`tumbling`"),
    ({"PARTIAL"}, "`partial`"),
    ({"UNTIL"}, "`until`"),
    ({"SEED"}, "`seed`"),
    ({"CHANGED"}, "`changed`"),
    ({"FROM"}, "`from`"),
    ({"OVER"}, "`over`"),
    ({"ELSE"}, "`else`"),
    ({"QUESTION"}, "`?`"),
    ({"EQUALS"}, "`=`"),
    ({"COMMA"}, "`,`"),
    ({"CLOSE"}, "`)`"),
    ({"$END"}, "the end"),
)  # fmt: skip


def parse_step(text: str) -> syntax.Step:
    return _parse(text, "step")


def parse_parameter(text: str) -> syntax.Parameter:
    return _parse(text, "parameter")


def parse_type(text: str) -> syntax.TypeName:
    return _parse(text, "type")


def _parse(text: str, kind: str):
    if len(text) > MOST_CHARACTERS:
        raise m.SENTENCE_TOO_LONG.at((0, 1), most=MOST_CHARACTERS)
    if not text.strip(" \t\r\n"):
        raise m.SENTENCE_EMPTY.at((0, 1), kind=kind, example=_example(kind, ""))
    try:
        return _parser().parse(text, start=kind)
    except UnexpectedCharacters as error:
        raise _unknown_character(text, error.pos_in_stream) from None
    except UnexpectedInput as error:
        raise _unexpected(text, kind, error) from None


@cache
def _parser() -> Lark:
    grammar = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    return Lark(
        grammar,
        parser="lalr",
        lexer="basic",
        start=["step", "parameter", "type"],
        transformer=_Builder(),
    )


# ---- from the grammar's rules to the nodes of `syntax` -------------------------------------------


def _span(token: Token) -> Span:
    return token.start_pos, token.end_pos


def _depth(span: Span, *parts: Node) -> int:
    depth = 1 + max((part.depth for part in parts), default=0)
    if depth > MOST_NESTED:
        raise m.TOO_DEEP.at(span, most=MOST_NESTED)
    return depth


def _number(token: Token) -> syntax.Integer | syntax.Real:
    value = read_integer(token)
    if value is not None:
        return syntax.Integer(_span(token), 1, value)
    if is_real(token):
        return syntax.Real(_span(token), 1, str(token))
    raise m.BAD_NUMBER.at(_span(token), text=token)


def _count(token: Token) -> syntax.Integer:
    number = _number(token)
    if not isinstance(number, syntax.Integer):
        raise m.NOT_WHOLE.at(number.span, text=token)
    return number


def _text(token: Token) -> str:
    parts = []
    at = 1
    while at < len(token) - 1:
        if token[at] != "\\":
            parts.append(token[at])
            at += 1
            continue
        if token[at + 1] not in _ESCAPES:
            start = token.start_pos + at
            raise m.BAD_ESCAPE.at((start, start + 2), escape=token[at : at + 2])
        parts.append(_ESCAPES[token[at + 1]])
        at += 2
    return "".join(parts)


@v_args(inline=True)
class _Builder(Transformer):
    """One method for each rule of the grammar."""

    def assignments(self, word: Token, *items: Token | syntax.Assignment) -> syntax.Assignments:
        kept = tuple(item for item in items if isinstance(item, syntax.Assignment))
        return syntax.Assignments(str(word), kept)

    def assignment(self, name: syntax.Name, _equals: Token, x: Node) -> syntax.Assignment:
        return syntax.Assignment(name, x)

    def kept(self, name: syntax.Name) -> syntax.Assignment:
        return syntax.Assignment(name, name)

    def condition(self, *parts: Token | Node) -> syntax.Condition:
        *words, x = parts
        return syntax.Condition(" ".join(words), x)

    def rows(self, word: Token, count: Token) -> syntax.Rows:
        return syntax.Rows(str(word), _count(count))

    def keys(self, _group: Token, *names: Token | syntax.Name) -> syntax.Keys:
        return syntax.Keys(tuple(name for name in names if isinstance(name, syntax.Name)))

    def window(self, _window: Token, kind: Token, count: Token, *partial: Token) -> syntax.Window:
        return syntax.Window(str(kind), _count(count), bool(partial))

    def distinct(self, *parts: Token | syntax.Name) -> syntax.Distinct:
        return syntax.Distinct(tuple(part for part in parts if isinstance(part, syntax.Name)))

    def sample_every(self, _sample: Token, _every: Token, count: Token) -> syntax.SampleEvery:
        return syntax.SampleEvery(_count(count))

    def sample_part(
        self, _sample: Token, part: Token, _seed: Token, seed: Token
    ) -> syntax.SamplePart:
        return syntax.SamplePart(_number(part), _number(seed))

    def scanned(self, item: syntax.Assignment) -> syntax.Scanned:
        return syntax.Scanned(item.name, item.x)

    def recurrence(
        self, name: syntax.Name, _equals: Token, x: Node, _from: Token, start: Node
    ) -> syntax.Scanned:
        return syntax.Scanned(name, x, start)

    def scan(self, _scan: Token, *items: Token | syntax.Scanned) -> syntax.Scan:
        return syntax.Scan(tuple(item for item in items if isinstance(item, syntax.Scanned)))

    def rolling(self, _rolling: Token, *parts: Token | syntax.Assignment) -> syntax.Rolling:
        items = tuple(part for part in parts if isinstance(part, syntax.Assignment))
        return syntax.Rolling(items, _count(parts[-1]))

    def parameter(self, type_name: syntax.TypeName, *default: Token | Node) -> syntax.Parameter:
        return syntax.Parameter(type_name, default[1] if default else None)

    def type(self, kind: Token, *nullable: Token) -> syntax.TypeName:
        if kind == "timestamp":
            raise m.NO_UNIT.at(_span(kind))
        if kind not in KINDS:
            hint = suggestion(kind, KINDS, "types")
            raise m.NO_TYPE.at(_span(kind), name=kind, hint=hint)
        return syntax.TypeName(str(kind), bool(nullable), _span(kind))

    def name(self, token: Token) -> syntax.Name:
        return syntax.Name(_span(token), 1, str(token))

    def number(self, token: Token) -> Node:
        return _number(token)

    def text(self, token: Token) -> syntax.Text:
        return syntax.Text(_span(token), 1, _text(token))

    def constant(self, token: Token) -> Node:
        span = _span(token)
        if token == "null":
            return syntax.Null(span, 1)
        if token in ("true", "false"):
            return syntax.Bool(span, 1, token == "true")
        return syntax.Real(span, 1, str(token))

    def parenthesis(self, opening: Token, x: Node, closing: Token) -> Node:
        return replace(x, span=(opening.start_pos, closing.end_pos))

    def unary(self, op: Token, x: Node) -> Node:
        span = op.start_pos, x.span[1]
        if op == "-" and isinstance(x, syntax.Integer | syntax.Real) and not x.negative:
            return replace(x, span=span, negative=True)
        return syntax.Unary(span, _depth(span, x), str(op), x)

    def binary(self, a: Node, op: Token, b: Node) -> syntax.Binary:
        span = a.span[0], b.span[1]
        return syntax.Binary(span, _depth(span, a, b), str(op), a, b)

    def comparison(self, *parts: Node | Token) -> syntax.Comparison:
        operands, ops = parts[::2], parts[1::2]
        span = operands[0].span[0], operands[-1].span[1]
        depth = _depth(span, *operands) + len(ops) - 1
        if depth > MOST_NESTED:
            raise m.TOO_DEEP.at(span, most=MOST_NESTED)
        return syntax.Comparison(span, depth, tuple(map(str, ops)), operands)

    def conditional(self, a: Node, _if: Token, cond: Node, _else: Token, b: Node) -> Node:
        span = a.span[0], b.span[1]
        return syntax.Conditional(span, _depth(span, a, cond, b), cond, a, b)

    def call(self, function: Token, opening: Token, *rest: Node | Token) -> syntax.Call:
        args = tuple(part for part in rest if isinstance(part, Node))
        span = function.start_pos, rest[-1].end_pos
        return syntax.Call(span, _depth(span, *args), str(function), _span(function), args)


# ---- from the parser's errors to ours ------------------------------------------------------------


def _example(kind: str, text: str) -> str:
    if kind == "parameter":
        return "write a type and a default, as in `f32 = 50`"
    if kind == "type":
        return "write a type, as in `f32`, `timestamp[ms]` or `utf8?`"
    word = text.split(maxsplit=1)[0] if text.split() else ""
    return f"a step is written like `{_EXAMPLES.get(word, _EXAMPLES['filter'])}`"


def _unknown_character(text: str, at: int) -> Wrong:
    character = text[at]
    if character in "'\"":
        return m.TEXT_NOT_CLOSED.at((at, len(text)), quote=character)
    if character == "!":
        return m.NO_CHARACTER.at((at, at + 1), found="!", hint="write `not`, or `!=` to compare")
    hint = "names are ASCII letters, digits and `_`; other text stands in quotes"
    return m.NO_CHARACTER.at((at, at + 1), found=character, hint=hint)


def _unexpected(text: str, kind: str, error: UnexpectedInput) -> Wrong:
    token = error.token
    at_end = token.type == "$END"
    end = len(text.rstrip())
    span = (end, end + 1) if at_end else _span(token)
    accepted = set(error.interactive_parser.accepts())
    if "MAP" in accepted:
        return m.NO_STEP.at(span, word=token, hint=suggestion(token, STEP_WORDS, "steps"))
    expected = _in_words(accepted)
    told = text[: span[0]].rstrip()
    before = _LAST_TOKEN.search(told[-_MOST_SHOWN:])
    if before is None:
        return m.EXPECTED_FIRST.at(span, expected=expected, hint=_example(kind, text))
    hint = _slip(token, accepted, told) or _example(kind, text)
    return m.EXPECTED.at(span, expected=expected, before=before[1], hint=hint)


def _in_words(accepted: set[str]) -> str:
    left = set(accepted)
    words = []
    for terminals, word in _EXPECTED:
        if terminals <= left:
            words.append(word)
            left -= terminals
            if word == "an operator":
                left -= {"AND", "OR", "IF", "COMPARE", "OPEN"}
    *most, last = words or ["the end"]
    return f"{', '.join(most)} or {last}" if most else last


def _slip(token: Token, accepted: set[str], before: str) -> str | None:
    """What was probably meant, where a word or another language's operator stands."""
    if token == "=" and "COMPARE" in accepted:
        return "write `==` to compare"
    if token in ("&", "|") and before.endswith(token):
        return f"write `{'and' if token == '&' else 'or'}`"
    if token == "not":
        return "put it in parentheses: `(not a)`"
    if "NAME" in accepted and is_name(token):
        return f"`{token}` is a word of the language, it cannot name a column"
    return None
