"""Graphs of operators: programs in C that check flows in virtual time, built in every way."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest
from compilers import KERNELS_ALONE, can_link_32_bits, library

HOUSE = Path(__file__).resolve().parent.parent
WARNINGS = [
    *("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wundef", "-Wcast-qual"),
    "-Werror",
]
SANITIZERS = ["-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
BUILDS = {
    "gcc": ["gcc", "-std=c99", "-O2"],
    "clang": ["clang-19", "-std=c99", "-O3"],
    "gcc-32-bit": ["gcc", "-std=gnu99", "-O2", "-m32"],
    "clang-checked": ["clang-19", "-std=c99", *SANITIZERS],
    "clang-threads": ["clang-19", "-std=c99", "-g", "-O1", "-fsanitize=thread"],
}
PROGRAMS = (
    *("link", "graph", "rows", "kernel", "cut", "distinct", "sort", "join", "order"),
    *("csv_ends", "arrow", "health", "reactive", "worlds", "time", "guard"),
)


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("build", BUILDS)
def test_flows(build: str, program: str, tmp_path: Path) -> None:
    compiler, *flags = BUILDS[build]
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    if "-m32" in flags and not can_link_32_bits(compiler):
        pytest.skip(f"{compiler} has no 32-bit libraries")
    out = tmp_path / program
    source = HOUSE / "tests" / "c" / f"test_{program}.c"
    command = [compiler, *flags, *WARNINGS, *KERNELS_ALONE, "-I", HOUSE, source]
    command += [library(compiler, [*flags, *WARNINGS]), "-o", out]
    made = subprocess.run([*map(str, command)], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    done = subprocess.run([str(out)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("checks, 0 failed\n")


def test_random_worlds(tmp_path: Path) -> None:
    """Thousands of graphs from a fresh seed, which a failure names."""
    out = tmp_path / "worlds"
    source = HOUSE / "tests" / "c" / "test_worlds.c"
    flags = [*BUILDS["gcc"][1:], *WARNINGS]
    command = ["gcc", *flags, *KERNELS_ALONE, "-I", HOUSE, source, library("gcc", flags), "-o", out]
    made = subprocess.run([*map(str, command)], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    seed = str(random.SystemRandom().randrange(10**9))
    done = subprocess.run([str(out), seed, "20000"], capture_output=True, text=True)
    assert done.returncode == 0, f"seed {seed}:\n{done.stdout}"
