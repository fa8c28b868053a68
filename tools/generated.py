"""Writes every committed generated file anew, or, with --check, shows where one is stale.

Staleness is found by generating again and comparing, not by file times.
"""

from __future__ import annotations

import argparse
import difflib
import subprocess
import sys
import tempfile
from pathlib import Path

HOUSE = Path(__file__).resolve().parent.parent


def commands(folder: Path) -> dict[str, list[str]]:
    """Generated file -> the command that writes a new one of the same name into `folder`."""
    table = {
        "nagare.h": [sys.executable, "tools/amalgamate.py", "-o", str(folder / "nagare.h")],
        "core/powers_of_ten.h": [
            sys.executable, "core/powers_of_ten.py", str(folder / "powers_of_ten.h"),
        ],
    }  # fmt: skip
    for river_file in sorted((HOUSE / "kernels").glob("*.toml")):
        header = river_file.with_suffix(".h").name
        source = f"kernels/{river_file.name}"
        table[f"kernels/{header}"] = ["./nagare", "gen", source, "-o", str(folder / header)]
    return table


def show_difference(name: str, old: str, new: str) -> None:
    before, after = old.splitlines(True), new.splitlines(True)
    sys.stdout.writelines(difflib.unified_diff(before, after, f"{name} (committed)", name, n=0))


def main() -> int:
    parser = argparse.ArgumentParser(description="Write all generated files anew.")
    parser.add_argument("--check", action="store_true", help="change nothing, show what is stale")
    options = parser.parse_args()
    stale = 0
    with tempfile.TemporaryDirectory() as scratch:
        for name, command in commands(Path(scratch)).items():
            subprocess.run(command, cwd=HOUSE, check=True)
            new = (Path(scratch) / Path(name).name).read_text(encoding="utf-8")
            target = HOUSE / name
            old = target.read_text(encoding="utf-8") if target.is_file() else ""
            if old == new:
                continue
            stale += 1
            if options.check:
                show_difference(name, old, new)
            else:
                target.write_text(new, encoding="utf-8")
    return int(options.check and stale > 0)


if __name__ == "__main__":
    sys.exit(main())
