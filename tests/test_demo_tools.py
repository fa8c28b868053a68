"""The sensor model and the plot."""

from __future__ import annotations

import csv
import hashlib
import io
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
from compilers import can_link_32_bits

HOUSE = Path(__file__).resolve().parent.parent
WARNINGS = "-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Wcast-qual -Werror"

# sensor_model 200000 7, on every machine. A change of it is a change of the demo's data.
DIGEST = "da4fe2775979bae14172d5589f24fedf28d25290a83df4ac2acccf44d328d2a4"


def build(folder: Path, compiler: str, *flags: str) -> Path:
    program = folder / "sensor_model"
    source = HOUSE / "tools" / "sensor_model.c"
    command = [compiler, "-std=c99", *flags, *WARNINGS.split(), str(source), "-o", str(program)]
    subprocess.run(command, check=True)
    return program


def output_of(program: Path, *arguments: str) -> bytes:
    return subprocess.run([program, *arguments], check=True, capture_output=True).stdout


@pytest.mark.parametrize(
    ("compiler", "flags"),
    [
        ("gcc", ["-O2"]),
        ("gcc", ["-O0", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]),
        ("gcc", ["-O2", "-m32"]),
        ("clang-19", ["-O3"]),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_a_seed_gives_the_same_bytes(compiler: str, flags: list[str], tmp_path: Path) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    if "-m32" in flags and not can_link_32_bits(compiler):
        pytest.skip(f"{compiler} has no 32-bit libraries")
    program = build(tmp_path, compiler, *flags)
    text = output_of(program, "200000", "7")
    assert hashlib.sha256(text).hexdigest() == DIGEST
    assert output_of(program, "1000", "8") != output_of(program, "1000", "7")


def test_readings_look_like_those_of_thermometers(tmp_path: Path) -> None:
    text = output_of(build(tmp_path, "gcc", "-O2"), "400000").decode("ascii")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 400000
    assert len({row["sensor"] for row in rows}) == 40
    times = [int(row["ts"]) for row in rows]
    assert times == sorted(times)
    silent = sum(row["celsius"] == "" for row in rows)
    assert 0.001 < silent / len(rows) < 0.05
    values = [float(row["celsius"]) for row in rows if row["celsius"]]
    assert 5 < statistics.mean(values) < 27
    assert sum(abs(value) > 45 for value in values) > 0, "there are spikes"


@pytest.mark.parametrize("arguments", [[], ["-1"], ["ten"], ["1", "2", "3"], [str(2**64)]])
def test_wrong_usage_of_the_model(arguments: list[str], tmp_path: Path) -> None:
    program = build(tmp_path, "gcc", "-O1")
    done = subprocess.run([program, *arguments], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "usage: sensor_model ROWS [SEED]\n"


def plot(text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(HOUSE / "tools" / "plot.py"), *arguments],
        input=text, capture_output=True, text=True, encoding="utf-8",
        env={"COLUMNS": "24", "PYTHONUTF8": "1"},
    )  # fmt: skip


def drawn(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The lines of a plot, its empty braille signs shown as spaces."""
    assert done.returncode == 0, done.stderr
    return [line.rstrip() for line in done.stdout.replace("\u2800", " ").splitlines()]


def test_a_plot() -> None:
    rows = "\n".join(f"{day},{day}" for day in range(1, 38))
    done = plot(f"day,level\n{rows}\n", "level", "--along", "day", "--height", "4")
    assert drawn(done) == [
        "    level",
        "37 ┤               ⢀⣀⠤⠒⠉",
        "   │          ⣀⡠⠔⠒⠊⠁",
        "19 ┤     ⣀⠤⠤⠒⠉",
        " 1 ┤⣀⡠⠔⠒⠉",
        "   └────────────────────",
        "    1                 37",
    ]


def test_a_plot_leaves_gaps_where_there_are_no_values() -> None:
    done = plot("x\n1\n\n\n1\n", "--height", "2", "--title", "gap")
    assert drawn(done) == [
        "   gap",
        "  │",
        "1 ┤⣀⣀⣀⣀⣀⡀          ⣀⣀⣀⣀⣀",
        "  └─────────────────────",
        "   1                   4",
    ]


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        ("", [], "there is no CSV on standard input"),
        ("a,b\n1,2\n", ["c"], "there is no column `c`; there are: a, b"),
        ("a,b\n1\n", [], "row 1 has 1 fields, the header has 2"),
        ("a\n\n", [], "there is no number in the column `a`"),
        ("a\nx\n", [], "could not convert string to float: 'x'"),
    ],
)
def test_what_cannot_be_plotted(text: str, arguments: list[str], message: str) -> None:
    done = plot(text, *arguments)
    assert (done.returncode, done.stderr) == (1, f"plot: error: {message}\n")
