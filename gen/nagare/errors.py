"""What is told to people: problems of river files, each with its place and a remedy, and of the
environment."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from .ir import Position

MOST = 100  # problems reported of one file; more would not be read
_WIDTH = 100  # characters of a source line that are shown


class NagareError(Exception):
    """The environment does not let us go on: no compiler, a folder that cannot be written, ..."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message, remedy)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"nagare: error: {self.message}\n    {self.remedy}"


@dataclass(frozen=True)
class Problem:
    """Something wrong in a river file. `step_index` counts from 0; without a `position` it is about
    the whole file."""

    path: str
    river: str | None
    step_index: int | None
    position: Position | None
    message: str
    remedy: str
    source_line: str = ""

    def __str__(self) -> str:
        at = self.position
        place = self.path if at is None else f"{self.path}:{at.line}:{at.column}"
        message = f"{place}: error: {self._subject()}{self.message}"
        if at is None:
            return f"{message}\n      | {self.remedy}"
        line, before, marked = _excerpt(self.source_line, at.column - 1, at.length)
        shown = f"{at.line:>5} | {line}".rstrip()
        return f"{message}\n{shown}\n      | {before}{marked} {self.remedy}"

    def _subject(self) -> str:
        if self.river is None:
            return ""
        if self.step_index is None:
            return f"river `{self.river}`: "
        return f"river `{self.river}`, step {self.step_index + 1}: "


class RiverErrors(Exception):
    """Everything that was found wrong in a river file, in the order of the file."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        lines = [str(problem) for problem in self.problems]
        if len(lines) >= MOST:
            lines.append(f"{self.problems[0].path}: stopped after {MOST} errors")
        return "\n".join(lines)


def _excerpt(line: str, start: int, length: int) -> tuple[str, str, str]:
    """The part of `line` to show, the space below it up to `start`, and the carets."""
    shown = "".join("\N{REPLACEMENT CHARACTER}" if _is_control(c) else c for c in line)
    head = tail = ""
    if len(shown) > _WIDTH:
        first = max(0, min(start - _WIDTH // 3, len(shown) - _WIDTH))
        head, tail = "…" * (first > 0), "…" * (first + _WIDTH < len(shown))
        shown, start = shown[first : first + _WIDTH], start - first
    marked = shown[start : start + length]
    space = " " * len(head) + "".join("\t" if c == "\t" else " " * _cells(c) for c in shown[:start])
    return head + shown + tail, space, "^" * max(1, sum(map(_cells, marked)))


def _is_control(character: str) -> bool:
    return character != "\t" and unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _cells(character: str) -> int:
    """How many cells of a terminal a character takes."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
