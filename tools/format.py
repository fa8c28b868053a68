"""Formats the C code that git knows and people wrote, or, with --check, shows what would change.

Formatting differs between versions of clang-format, so it is exactly this one or none.
"""

from __future__ import annotations

import argparse
import difflib
import shutil
import subprocess
import sys
from itertools import islice
from pathlib import Path

HOUSE = Path(__file__).resolve().parent.parent
FORMATTER = "clang-format-19"
FOLDERS = ("core", "tests", "bench", "examples", "tools")
ENDINGS = (".c", ".h", ".cc")


def is_generated(path: Path) -> bool:
    with path.open(encoding="utf-8") as file:
        return any("@generated" in line for line in islice(file, 5))


def written_c_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", *FOLDERS], cwd=HOUSE, check=True, capture_output=True, text=True
    ).stdout
    paths = [HOUSE / name for name in listed.split("\0") if name.endswith(ENDINGS)]
    return [path for path in paths if path.is_file() and not is_generated(path)]


def formatted(path: Path) -> str:
    return subprocess.run(
        [FORMATTER, str(path)], check=True, capture_output=True, text=True, encoding="utf-8"
    ).stdout


def main() -> int:
    parser = argparse.ArgumentParser(description="Format the C code.")
    parser.add_argument("--check", action="store_true", help="change nothing, show what would")
    options = parser.parse_args()
    if shutil.which(FORMATTER) is None:
        print(f"format: error: there is no {FORMATTER}; `make test` installs it", file=sys.stderr)
        return 1
    changed = 0
    for path in written_c_files():
        old, new = path.read_text(encoding="utf-8"), formatted(path)
        if old == new:
            continue
        changed += 1
        if options.check:
            name = str(path.relative_to(HOUSE))
            before, after = old.splitlines(True), new.splitlines(True)
            sys.stdout.writelines(difflib.unified_diff(before, after, name, "formatted", n=0))
        else:
            path.write_text(new, encoding="utf-8")
    return int(options.check and changed > 0)


if __name__ == "__main__":
    sys.exit(main())
