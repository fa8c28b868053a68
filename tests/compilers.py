"""What the compilers of this machine can do, found out by having them do it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

HOUSE = Path(__file__).resolve().parent.parent
LIBRARY = "tests/compile/library.c"
# For the programs that are linked with it: their kernels' code, and not the library's once more.
KERNELS_ALONE = ("-DNAGARE_IMPLEMENTATION", "-DNGI_IMPLEMENTATION_SECTION")


@cache
def can_link_32_bits(compiler: str) -> bool:
    """Whether a program can be made with -m32. Asking where the libraries stand is not enough:
    compilers name the 64-bit ones where they have no others."""
    language = "c++" if "++" in compiler else "c"
    header = "new" if language == "c++" else "stdio.h"
    made = subprocess.run(
        [compiler, "-m32", "-x", language, "-", "-o", os.devnull],
        input=f"#include <{header}>\nint main(void) {{ return 0; }}\n",
        capture_output=True,
        text=True,
    )
    return made.returncode == 0


def library(compiler: str, flags: Sequence[str]) -> Path:
    """The library's own code as an object, so compiled: made by the first test that asks, and kept
    for those that ask later, also in other processes."""
    header = HOUSE / "nagare.h"
    command = [compiler, *flags]
    version = subprocess.run([compiler, "--version"], capture_output=True, text=True).stdout
    told = "\0".join([*command, version, header.read_text(encoding="utf-8")])
    folder = HOUSE / "build" / "tests"
    folder.mkdir(parents=True, exist_ok=True)
    out = folder / f"library-{hashlib.sha256(told.encode()).hexdigest()[:16]}.o"
    with open(out.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not out.exists():
            made = out.with_suffix(".making")
            told = subprocess.run(
                [*command, "-I", str(HOUSE), "-c", str(HOUSE / LIBRARY), "-o", str(made)],
                capture_output=True,
                text=True,
            )
            assert told.returncode == 0, told.stderr
            made.rename(out)
    return out
