"""The text of a river file as TOML, and where in it each key and value stands.

`tomllib` says what the file holds; a small scanner goes over the same text to find the places.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from . import messages as m
from .ir import Position

# No river file comes near these limits; beyond them `tomllib` gets slow or gives up.
MOST_PARTS = 16  # of a dotted key
MOST_NESTED = 16  # brackets in one another
MOST_CHARACTERS = 1000  # of a value without quotes

Path = tuple[str | int, ...]  # of a key or value: ("river", "safe", "steps", 0)
Span = tuple[int, int]  # the first character of the file, and the one after the last

_SPACE = re.compile(r"[ \t]*")
_BLANK = re.compile(r"(?:[ \t\r\n]++|#[^\n]*+)*+")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BARE_VALUE = re.compile(r"[^,\]}#\n]+")
_STRINGS = (  # the longer quotes first; a multi-line text may end in two quotes of its own
    re.compile(r'"""(?:[^"\\]++|\\[\s\S]|"(?!""))*+"{3,5}'),
    re.compile(r"'''(?:[^']++|'(?!''))*+'{3,5}"),
    re.compile(r'"(?:[^"\\\n]++|\\.)*+"'),
    re.compile(r"'[^'\n]*+'"),
)
_ESCAPE = re.compile(r"\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[ \t]*\r?\n[ \t\r\n]*|.)", re.DOTALL)
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


class _NotToml(Exception):
    """Raised by the scanner where the text is not TOML; `tomllib` says it better."""


@dataclass
class Source:
    """The text of a file and the places of its keys and values."""

    text: str
    keys: dict[Path, Span] = field(default_factory=lambda: {(): (0, 1)})
    values: dict[Path, Span] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._lines = [0, *(match.end() for match in re.finditer("\n", self.text))]

    def line(self, number: int) -> str:
        """The text of a line, counted from 1, without its end."""
        return self.text[self._lines[number - 1] : self._end(number)]

    def _end(self, number: int) -> int:
        """Where a line ends, without the characters that end it."""
        last = number == len(self._lines)
        end = len(self.text) if last else self._lines[number] - 1
        return end - 1 if self.text[end - 1 : end] == "\r" else end

    def offset(self, line: int, column: int) -> int:
        return min(self._lines[line - 1] + column - 1, len(self.text))

    def position(self, span: Span) -> Position:
        """The place of `span`; its length ends with the line it begins in."""
        start, end = span
        line = bisect_right(self._lines, start)
        column = start - self._lines[line - 1] + 1
        return Position(line, column, max(1, min(end, self._end(line)) - start))

    def key(self, path: Path) -> Span:
        """Where a key stands; for a key that is not written, the nearest around it."""
        while path not in self.keys:
            path = path[:-1]
        return self.keys[path]

    def value(self, path: Path) -> Span:
        """Where a value stands; for one that is not written in one piece, its key."""
        return self.values[path] if path in self.values else self.key(path)

    def places(self, path: Path) -> Sequence[int]:
        """Where each character of the text at `path` stands in the file, and where its end does."""
        start, end = self.value(path)
        return text_places(self.text[start:end], start)


def read(text: str) -> tuple[dict, Source]:
    """What the TOML in `text` holds, and its places. Raises `Wrong` with a place in the file."""
    source = Source(text)
    with suppress(_NotToml):
        _Scanner(source).file()
    try:
        return tomllib.loads(text), source
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        place = _PLACE.search(message)
        offset = len(text)
        if place and place[1]:
            offset = source.offset(int(place[1]), int(place[2]))
        message = message[: place.start()] if place else message
        what = message[:1].lower() + message[1:]
        raise m.NOT_TOML.at((offset, offset + 1), what=what) from None


def within(places: Sequence[int], span: Span) -> Span:
    """Where the characters `span` of a text stand in the file, by the `places` of all of them."""
    last = len(places) - 1
    start = places[min(span[0], last)]
    return start, max(start + 1, places[min(span[1], last)])


def text_places(raw: str, start: int = 0) -> Sequence[int]:
    """Where each character of the value of `raw`, a text with its quotes that begins at `start`,
    stands; the last entry is the place of the closing quote."""
    quotes = 3 if raw[:3] in ('"""', "'''") else 1
    at, end = quotes, len(raw) - quotes
    if quotes == 3:
        at += 2 if raw.startswith("\r\n", 3) else raw.startswith("\n", 3)
    escapes = raw[0] == '"' and "\\" in raw
    if not escapes and "\r" not in raw:
        return range(start + at, start + end + 1)
    places = []
    while at < end:
        escape = _ESCAPE.match(raw, at) if escapes else None
        if escape is None:
            # A line ends in one character, however it is written.
            places.append(start + at)
            at += 2 if raw.startswith("\r\n", at) else 1
            continue
        if escape[0][1] not in " \t\r\n":
            places.append(start + at)
        at = escape.end()
    return [*places, start + end]


class _Scanner:
    """Goes over a TOML text once and notes where keys and values stand."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.at = 0

    def file(self) -> None:
        table: Path = ()
        tables: dict[Path, int] = {}
        self.skip(_BLANK)
        while self.at < len(self.text):
            if self.take("[["):
                table = self.key(())
                tables[table] = tables.get(table, -1) + 1
                table = (*table, tables[table])
                self.expect("]]")
            elif self.take("["):
                table = self.key(())
                self.expect("]")
            else:
                self.pair(table, 0)
            self.skip(_BLANK)

    def pair(self, table: Path, depth: int) -> None:
        path = self.key(table)
        self.expect("=")
        self.skip(_SPACE)
        self.value(path, depth)

    def key(self, table: Path) -> Path:
        path = table
        while True:
            self.skip(_SPACE)
            start = self.at
            if self.peek() in ("'", '"'):
                self.skip_text()
                part = _key_text(self.text[start : self.at])
            else:
                self.skip(_BARE_KEY)
                part = self.text[start : self.at]
            if self.at == start:
                raise _NotToml
            path = (*path, part)
            self.source.keys.setdefault(path, (start, self.at))
            if len(path) - len(table) > MOST_PARTS:
                raise m.KEY_TOO_LONG.at((start, self.at), most=MOST_PARTS)
            self.skip(_SPACE)
            if not self.take("."):
                return path

    def value(self, path: Path, depth: int) -> None:
        start = self.at
        if depth > MOST_NESTED:
            raise m.BRACKETS_TOO_DEEP.at((start, start + 1), most=MOST_NESTED)
        if self.peek() in ("'", '"'):
            self.skip_text()
        elif self.take("["):
            self.array(path, depth + 1)
        elif self.take("{"):
            self.table(path, depth + 1)
        else:
            self.skip(_BARE_VALUE)
            if self.at - start > MOST_CHARACTERS:
                raise m.VALUE_TOO_LONG.at((start, self.at), most=MOST_CHARACTERS)
        end = start + len(self.text[start : self.at].rstrip())
        self.source.values[path] = (start, max(end, start + 1))

    def array(self, path: Path, depth: int) -> None:
        index = 0
        self.skip(_BLANK)
        while not self.take("]"):
            self.value((*path, index), depth)
            index += 1
            self.skip(_BLANK)
            if not self.take(",") and self.peek() != "]":
                raise _NotToml
            self.skip(_BLANK)

    def table(self, path: Path, depth: int) -> None:
        self.skip(_SPACE)
        while not self.take("}"):
            self.pair(path, depth)
            self.skip(_SPACE)
            if not self.take(",") and self.peek() != "}":
                raise _NotToml
            self.skip(_SPACE)

    def skip_text(self) -> None:
        for pattern in _STRINGS:
            match = pattern.match(self.text, self.at)
            if match:
                self.at = match.end()
                return
        raise _NotToml

    def skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self.text, self.at)
        if match:
            self.at = match.end()

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self, word: str) -> bool:
        if not self.text.startswith(word, self.at):
            return False
        self.at += len(word)
        return True

    def expect(self, word: str) -> None:
        self.skip(_SPACE)
        if not self.take(word):
            raise _NotToml


def _key_text(raw: str) -> str:
    """The key that a quoted `raw` writes."""
    try:
        return tomllib.loads(f"key = {raw}")["key"]
    except tomllib.TOMLDecodeError:
        raise _NotToml from None
