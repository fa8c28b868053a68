"""Joins core/ into the one file nagare.h.

It follows the real `#include "..."` lines from core/nagare.h, so what compiles in pieces is what
gets assembled. Each file lands where it is first included, without its guard. A file that stands
under a condition may be used again only where that condition is known to hold. Cycles, missing
files, files that no one includes and files included twice by the same file are errors.
"""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

HOUSE = Path(__file__).resolve().parent.parent

COMMENT_OR_TEXT = re.compile(
    r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL
)
DIRECTIVE = re.compile(r"\s*#\s*(\w+)\s*(.*?)\s*$")
LOCAL_INCLUDE = re.compile(r'\s*#\s*include\s*"([^"]+)"')


class AmalgamateError(Exception):
    """The parts do not fit together; the message names the file and line."""


@dataclass(frozen=True)
class Branch:
    """An open branch of a conditional: it is taken where one of `any_of` is true."""

    any_of: frozenset[str]
    is_guard: bool = False

    def implies(self, other: Branch) -> bool:
        return self.any_of <= other.any_of


@dataclass
class Assembly:
    """What has been put down so far, and where in it each file stands."""

    root: Path
    lines: list[str] = field(default_factory=list)
    branches: list[Branch] = field(default_factory=list)
    open_files: list[Path] = field(default_factory=list)
    placed: dict[Path, tuple[Branch, ...]] = field(default_factory=dict)


def without_comments(text: str) -> str:
    """The same text, line for line, with its comments blanked out."""

    def blank(match: re.Match[str]) -> str:
        found = match.group()
        return re.sub(r"[^\n]", " ", found) if found.startswith(("/*", "//")) else found

    return COMMENT_OR_TEXT.sub(blank, text)


def directives(code: list[str]) -> dict[int, tuple[str, str]]:
    """Line number -> (word, rest) of each preprocessor directive, continuation lines joined."""
    found = {}
    number = 0
    while number < len(code):
        start, line = number, code[number]
        while line.endswith("\\") and number + 1 < len(code):
            number += 1
            line = line[:-1] + " " + code[number]
        match = DIRECTIVE.match(line)
        if match:
            found[start] = (match.group(1), re.sub(r"\s+", " ", match.group(2)))
        number += 1
    return found


def guard_lines(code: list[str], words: dict[int, tuple[str, str]]) -> tuple[int, int, int] | None:
    """The lines of `#ifndef X`, `#define X` and the last `#endif`, if they enclose all code."""
    used = [number for number, line in enumerate(code) if line.strip()]
    if len(used) < 3:
        return None
    first, second, last = used[0], used[1], used[-1]
    name = words.get(first, ("", ""))
    if name[0] == "ifndef" and words.get(second) == ("define", name[1]) and last in words:
        return (first, second, last) if words[last][0] == "endif" else None
    return None


def branch_of(word: str, rest: str, next_directive: tuple[str, str] | None) -> Branch:
    if word == "ifdef":
        return Branch(frozenset({f"defined({rest})"}))
    if word == "ifndef":
        return Branch(frozenset({f"!defined({rest})"}), next_directive == ("define", rest))
    return Branch(frozenset(part.strip() for part in rest.split("||")))


def follow_condition(
    at: str, word: str, rest: str, after: tuple[str, str] | None, branches: list[Branch]
) -> None:
    """Keeps `branches` up to date with one directive."""
    if word in ("if", "ifdef", "ifndef"):
        branches.append(branch_of(word, rest, after))
    elif word in ("else", "elif", "endif"):
        if not branches:
            raise AmalgamateError(f"{at}: #{word} without #if")
        closed = branches.pop()
        if word != "endif":
            condition = " || ".join(sorted(closed.any_of))
            branches.append(Branch(frozenset({f"!({condition}) && ({rest or 'true'})"})))


def is_available(stood: tuple[Branch, ...], here: list[Branch]) -> bool:
    """Whether what stands under `stood` is there for sure under `here`."""
    return all(
        branch.is_guard or any(open_one.implies(branch) for open_one in here) for branch in stood
    )


def place(path: Path, assembly: Assembly) -> None:
    """Puts down `path` with everything it includes that does not stand yet."""
    text = path.read_text(encoding="utf-8")
    lines, code = text.splitlines(), without_comments(text).splitlines()
    words = directives(code)
    dropped: set[int] = set()
    is_root = path == assembly.root
    if path.suffix == ".h" and not is_root:
        guard = guard_lines(code, words)
        if guard is None:
            raise AmalgamateError(f"{path.name}: has no include guard around all of its code")
        dropped = set(guard)
    if not is_root:
        title = f"/* ---- {path.relative_to(assembly.root.parent)} "
        assembly.lines += ["", title + "-" * (97 - len(title)) + " */", ""]
    assembly.placed[path] = tuple(assembly.branches)
    assembly.open_files.append(path)
    depth = len(assembly.branches)
    included_here: set[Path] = set()
    order = sorted(words)
    for number, line in enumerate(lines):
        if number in dropped:
            continue
        at = f"{path.name}:{number + 1}"
        match = LOCAL_INCLUDE.match(code[number]) if number in words else None
        if match:
            include((path.parent / match.group(1)).resolve(), at, included_here, assembly)
            continue
        if number in words:
            position = order.index(number) + 1
            after = words[order[position]] if position < len(order) else None
            follow_condition(at, *words[number], after, assembly.branches)
        assembly.lines.append(line.rstrip())
    if len(assembly.branches) != depth:
        raise AmalgamateError(f"{path.name}: an #if is not closed")
    assembly.open_files.pop()


def include(path: Path, at: str, included_here: set[Path], assembly: Assembly) -> None:
    if path in assembly.open_files:
        cycle = [*assembly.open_files[assembly.open_files.index(path) :], path]
        raise AmalgamateError(f"{at}: a cycle: " + " -> ".join(part.name for part in cycle))
    if path in included_here:
        raise AmalgamateError(f"{at}: {path.name} is included twice by the same file")
    included_here.add(path)
    if not path.is_file():
        raise AmalgamateError(f"{at}: there is no {path.name}")
    if path not in assembly.placed:
        place(path, assembly)
    elif path.suffix != ".h":
        raise AmalgamateError(f"{at}: {path.name} is included twice")
    elif not is_available(assembly.placed[path], assembly.branches):
        raise AmalgamateError(
            f"{at}: {path.name} stands earlier, under a condition that need not hold here; "
            "include it in an earlier section"
        )


def amalgamate(root: Path) -> str:
    """The one file that `root` and all it includes make."""
    root = root.resolve()
    assembly = Assembly(root)
    place(root, assembly)
    parts = {part for ending in ("*.h", "*.c") for part in root.parent.glob(ending)}
    unused = sorted(part.name for part in parts - assembly.placed.keys())
    if unused:
        raise AmalgamateError(f"no one includes {', '.join(unused)}")
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(assembly.lines))
    return text.strip("\n") + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description="Join core/ into the one file nagare.h.")
    parser.add_argument("root", nargs="?", type=Path, default=HOUSE / "core" / "nagare.h")
    parser.add_argument("-o", "--output", type=Path, default=HOUSE / "nagare.h")
    parser.add_argument("--check", action="store_true", help="only say whether it is up to date")
    options = parser.parse_args()
    try:
        text = amalgamate(options.root)
    except AmalgamateError as error:
        print(f"amalgamate: error: {error}", file=sys.stderr)
        return 1
    old = options.output.read_text(encoding="utf-8") if options.output.is_file() else ""
    if options.check:
        sys.stdout.writelines(
            difflib.unified_diff(
                old.splitlines(True), text.splitlines(True), "committed", "regenerated", n=1
            )
        )
        return int(old != text)
    if old != text:
        options.output.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
