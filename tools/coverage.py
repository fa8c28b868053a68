"""Which lines and branches of core/ the test programs in C reach.

    python tools/coverage.py [--missing] [PART...]

Builds every program of tests/c that stands on the whole library, from core/ itself, runs it, and
adds up what gcov tells. Vector operations, text and metrics are tested by other programs. With
--missing the lines and branches that no one reaches are listed, of all parts or of those named.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path

HOUSE = Path(__file__).resolve().parent.parent
SOURCES = HOUSE / "tests" / "c"
# What other programs test, which stand on single parts and are driven from Python.
ELSEWHERE = (
    *("bits", "counter", "csv", "exact", "histogram", "kernel", "metrics", "number", "profile"),
    *("reduce", "running", "simd", "slide", "value"),
)
# By number of runs: lines, and for each line its branches in the order of the compiler.
Lines = dict[str, dict[int, int]]
Branches = dict[str, dict[tuple[int, int], int]]


def programs() -> list[Path]:
    """Those that stand on the whole library, on this machine."""
    found = []
    for path in sorted(SOURCES.glob("test_*.c")):
        text = path.read_text()
        if any(name in text for name in ('"marbles.h"', '"heap.h"', '"nagare.h"')):
            found.append(path)
    return found


def run(program: Path, folder: Path, lines: Lines, branches: Branches) -> None:
    folder.mkdir()
    made = folder / program.stem
    command = ["gcc", "-std=gnu99", "-O0", "--coverage", "-DNAGARE_IMPLEMENTATION", "-pthread"]
    command += [f"-I{HOUSE / 'core'}", f"-I{HOUSE}", str(program), "-o", str(made)]
    subprocess.run(command, check=True, cwd=folder)
    done = subprocess.run([str(made)], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"coverage: {program.name} failed:\n{done.stdout[-2000:]}")
    data = next(folder.glob("*.gcda"))
    subprocess.run(["gcov", "--json-format", "--branch-probabilities", data.name],
                   cwd=folder, check=True, stdout=subprocess.DEVNULL)  # fmt: skip
    for report in folder.glob("*.gcov.json.gz"):
        with gzip.open(report, "rt") as file:
            add(json.load(file), lines, branches)


def add(report: dict, lines: Lines, branches: Branches) -> None:
    for file in report["files"]:
        path = Path(file["file"])
        if path.parent.name != "core" or path.name.startswith(("nagare", *ELSEWHERE)):
            continue
        for line in file["lines"]:
            number = line["line_number"]
            lines[path.name][number] = lines[path.name].get(number, 0) + line["count"]
            for place, branch in enumerate(line["branches"]):
                if not branch["throw"]:
                    key = (number, place)
                    known = branches[path.name].get(key, 0)
                    branches[path.name][key] = known + branch["count"]


def share(counts: dict) -> str:
    reached = sum(count > 0 for count in counts.values())
    return f"{reached / len(counts):7.1%}" if counts else "      -"


def tell(lines: Lines, branches: Branches, missing: bool, parts: list[str]) -> None:
    print(f"{'part':24}{'lines':>7}{'branches':>10}")
    for name in sorted(lines):
        if parts and name not in parts:
            continue
        print(f"{name:24}{share(lines[name])}   {share(branches[name])}")
        if missing:
            text = (HOUSE / "core" / name).read_text().splitlines()
            never = {number for number, count in lines[name].items() if count == 0}
            halves = {number for (number, _), count in branches[name].items() if count == 0}
            for number in sorted(never | halves):
                mark = "-" if number in never else "?"
                print(f"  {mark} {number:5} {text[number - 1].strip()}")
    print(f"{'all':24}{share(together(lines))}   {share(together(branches))}")


def together(counts: dict[str, dict]) -> dict:
    return {(name, key): count for name, of in counts.items() for key, count in of.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--missing", action="store_true", help="list what is not reached")
    parser.add_argument("parts", nargs="*", help="files of core/, as link.c")
    options = parser.parse_args()
    lines: Lines = defaultdict(dict)
    branches: Branches = defaultdict(dict)
    with tempfile.TemporaryDirectory() as work:
        for program in programs():
            run(program, Path(work) / program.stem, lines, branches)
    tell(lines, branches, options.missing, options.parts)


if __name__ == "__main__":
    main()
