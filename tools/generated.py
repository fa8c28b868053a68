"""Writes every committed generated file anew, or, with --check, shows where one is stale.

Staleness is found by generating again and comparing, not by file times.
"""

from __future__ import annotations

import argparse
import difflib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from amalgamate import AmalgamateError, amalgamate

HOUSE = Path(__file__).resolve().parent.parent


def printed_by(*command: str) -> str:
    return subprocess.run(
        command, cwd=HOUSE, check=True, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ).stdout


def kernel(river_file: Path) -> str:
    """The header of a ready-made river file, generated under the name it is committed under."""
    with tempfile.TemporaryDirectory() as folder:
        header = Path(folder) / river_file.with_suffix(".h").name
        printed_by("./nagare", "gen", str(river_file.relative_to(HOUSE)), "-o", str(header))
        return header.read_text(encoding="utf-8")


def generated_files() -> Iterator[tuple[str, str]]:
    """Name and content of each file, in the order in which they build on one another."""
    yield "core/powers_of_ten.h", printed_by(sys.executable, "core/powers_of_ten.py")
    yield "core/math_exp_terms.h", printed_by(sys.executable, "core/math_exp_terms.py")
    yield "nagare.h", amalgamate(HOUSE / "core" / "nagare.h")
    for river_file in sorted((HOUSE / "kernels").glob("*.toml")):
        yield f"kernels/{river_file.stem}.h", kernel(river_file)


def show_difference(name: str, old: str, new: str) -> None:
    before, after = old.splitlines(True), new.splitlines(True)
    sys.stdout.writelines(difflib.unified_diff(before, after, f"{name} (committed)", name, n=0))


def renew(is_check: bool) -> int:
    """Compares each file with a new one and writes it unless this is a check; how many differ."""
    stale = 0
    for name, new in generated_files():
        target = HOUSE / name
        old = target.read_text(encoding="utf-8") if target.is_file() else ""
        if old == new:
            continue
        stale += 1
        if is_check:
            show_difference(name, old, new)
        else:
            target.write_text(new, encoding="utf-8")
    return stale


def main() -> int:
    parser = argparse.ArgumentParser(description="Write all generated files anew.")
    parser.add_argument("--check", action="store_true", help="change nothing, show what is stale")
    options = parser.parse_args()
    try:
        stale = renew(options.check)
    except (AmalgamateError, subprocess.CalledProcessError) as error:
        print(f"generated: error: {error}", file=sys.stderr)
        return 1
    return int(options.check and stale > 0)


if __name__ == "__main__":
    sys.exit(main())
