"""Draws a column of a CSV from standard input as a line of braille dots, as wide as the terminal.

./nagare run rivers.toml daily | python tools/plot.py mean --title "degrees"
"""

from __future__ import annotations

import argparse
import csv
import math
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass

# The bit of each dot in a braille sign, by row and column; U+2800 is the empty sign.
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
EMPTY = 0x2800


@dataclass(frozen=True)
class Series:
    """The values of a column (NaN where there is none) and the labels of its first and last row."""

    name: str
    values: list[float]
    first: str
    last: str


def read_series(lines: Iterable[str], column: str | None, along: str | None) -> Series:
    rows = csv.reader(lines)
    header = next(rows, None)
    if header is None:
        raise ValueError("there is no CSV on standard input")
    for wanted in (column, along):
        if wanted is not None and wanted not in header:
            raise ValueError(f"there is no column `{wanted}`; there are: {', '.join(header)}")
    at = header.index(column) if column else len(header) - 1
    label_at = header.index(along) if along else None
    values, labels = [], []
    for number, row in enumerate(rows, 1):
        if len(row) not in (0, len(header)):
            raise ValueError(f"row {number} has {len(row)} fields, the header has {len(header)}")
        values.append(float(row[at]) if row and row[at] else math.nan)
        labels.append(row[label_at] if row and label_at is not None else str(number))
    if not any(math.isfinite(value) for value in values):
        raise ValueError(f"there is no number in the column `{header[at]}`")
    return Series(header[at], values, labels[0], labels[-1])


def spans(values: list[float], width: int) -> list[tuple[float, float] | None]:
    """For each of `width` dot columns the least and greatest value that falls into it."""
    columns: list[tuple[float, float] | None] = []
    for i in range(width):
        start = i * len(values) // width
        stop = max((i + 1) * len(values) // width, start + 1)
        here = [value for value in values[start:stop] if math.isfinite(value)]
        columns.append((min(here), max(here)) if here else None)
    return columns


def draw(values: list[float], width: int, height: int) -> list[str]:
    """`height` lines of `width` braille signs; each line of the plot joins its neighbours."""
    finite = [value for value in values if math.isfinite(value)]
    low, high = min(finite), max(finite)
    rows = height * 4
    half = high / 2 - low / 2  # halves, since the whole may be beyond the largest float

    def level(value: float) -> int:
        return round((value / 2 - low / 2) / half * (rows - 1)) if half > 0 else 0

    signs = [[0] * width for _ in range(height)]
    before: tuple[int, int] | None = None
    for x, span in enumerate(spans(values, width * 2)):
        if span is None:
            before = None
            continue
        bottom, top = here = level(span[0]), level(span[1])
        if before is not None:
            bottom, top = min(bottom, before[1] + 1), max(top, before[0] - 1)
        for y in range(bottom, top + 1):
            row = rows - 1 - y
            signs[row // 4][x // 2] |= DOTS[row % 4][x % 2]
        before = here
    return ["".join(chr(EMPTY + sign) for sign in line) for line in signs]


def short(value: float) -> str:
    return f"{value:.4g}"


def plot(series: Series, title: str, width: int, height: int) -> str:
    finite = [value for value in series.values if math.isfinite(value)]
    low, high = min(finite), max(finite)
    ticks = {height - 1: short(low)}
    if high > low:
        ticks |= {0: short(high), height // 2: short(low / 2 + high / 2)}
    margin = max(len(tick) for tick in ticks.values())
    room = max(width - margin - 2, 10)
    lines = [" " * (margin + 2) + title] if title else []
    for number, line in enumerate(draw(series.values, room, height)):
        tick = ticks.get(number, "")
        lines.append(f"{tick:>{margin}} {'┤' if tick else '│'}{line}")
    lines.append(" " * (margin + 1) + "└" + "─" * room)
    gap = max(room - len(series.first) - len(series.last), 1)
    lines.append(" " * (margin + 2) + series.first + " " * gap + series.last)
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description="Plot a column of a CSV from standard input.")
    parser.add_argument("column", nargs="?", help="the column to draw (default: the last one)")
    parser.add_argument("--along", metavar="COLUMN", help="what to show below its ends")
    parser.add_argument("--title", default="", help="a line above the plot")
    parser.add_argument("--height", type=int, default=12, help="lines of the plot (default 12)")
    options = parser.parse_args()
    sys.stdout.reconfigure(encoding="utf-8")
    if options.height < 2:
        parser.error("--height must be at least 2")
    try:
        series = read_series(sys.stdin, options.column, options.along)
    except (ValueError, csv.Error) as error:
        print(f"plot: error: {error}", file=sys.stderr)
        return 1
    width = shutil.get_terminal_size((80, 24)).columns
    print(plot(series, options.title or series.name, width, options.height))
    return 0


if __name__ == "__main__":
    sys.exit(main())
