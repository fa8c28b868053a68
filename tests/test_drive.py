"""The driver passes a sound operator and catches each mistake planted in it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from differential import blob
from differential.program import HERE, Config, Crash, Program, build, works
from oracle.table import Table, column

HANDMADE = HERE / "handmade.h"
DEFECTS = re.search(r"enum handmade_defect \{(.*?)\}", HANDMADE.read_text(), re.S)[1]
DEFECTS = [name.strip() for name in DEFECTS.split(",")]
ROWS = 200


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("drive")


def handmade(folder: Path, defect: str = "SOUND", compiler: str = "gcc", *flags: str) -> Program:
    config = Config(compiler, (f"-DDEFECT={defect}", *flags))
    if not works(config, folder):
        pytest.skip(f"{config} makes no programs here")
    return build(config, [HANDMADE], ["handmade"], folder / f"{defect}_{compiler}{''.join(flags)}")


def rows(zero_at: int | None = None) -> Table:
    rng = np.random.default_rng(7)
    x = [None if rng.random() < 0.2 else int(rng.integers(-5, 10)) for _ in range(ROWS)]
    d = rng.integers(1, 50, ROWS).tolist()
    if zero_at is not None:
        x[zero_at], d[zero_at] = 5, 0
    t = ["ab" * int(rng.integers(0, 4)) for _ in range(ROWS)]
    columns = {"x": column("i32", x), "d": column("i32", d), "t": column("utf8", t)}
    return Table({}, columns, ROWS)


def expected(table: Table, least: int, until: int = ROWS) -> list[tuple]:
    made, total = [], 0
    columns = [table.columns[name].items() for name in ("x", "d", "t")]
    for x, d, t in list(zip(*columns, strict=True))[:until]:
        if x is not None and x > least:
            total += x
            made.append((total, None if x == 7 else 100 // d, x % 2 != 0, t))
    return made


OUTS = ((5, 0, 7), (1, 0, 3), (9, 9, 3), (17, 3, 40), (64, 5, 9), (0, 0, 1))
CUTS = ((0, 3), (1, 0), (33, 7), (64, 64), (50, 1), (2, 9), (50, 13))
MOVES = ((2, 0), (4, 1), (5, 4))


def case(table: Table, before: bool, **options: object) -> blob.Case:
    runs = (blob.Run("scalar", OUTS, MOVES, 6), blob.Run("v512", ((1000, 0, 5000),), (), 6))
    return blob.Case(0, table, CUTS, runs, before, **options)


def check(program: Program) -> None:
    """Everything the driver can notice about the operator; raises at the first thing."""
    for before in (False, True):
        for least, params in ((3, None), (-4, (-4,))):
            table = rows()
            [results] = program.run([case(table, before, params=params)])
            for result in results:
                assert result.breach == ""
                assert (result.failure, result.consumed) == (None, ROWS)
                items = [c.items() for c in result.table.columns.values()]
                assert list(zip(*items, strict=True)) == expected(table, least)
        table = rows(zero_at=90)
        [results] = program.run([case(table, before)])
        for result in results:
            assert result.breach == ""
            assert (result.failure, result.failed_row) == ("divided by zero", 90)
            items = [c.items() for c in result.table.columns.values()]
            assert list(zip(*items, strict=True)) == expected(table, 3, 90)


@pytest.mark.parametrize(
    "flags", [(), ("-O3",), ("-m32", "-O2")], ids=lambda f: "".join(f) or "-O0"
)
@pytest.mark.parametrize("compiler", ["gcc", "clang-19"])
def test_a_sound_operator_passes(folder: Path, compiler: str, flags: tuple[str, ...]) -> None:
    check(handmade(folder, "SOUND", compiler, *flags))


@pytest.mark.parametrize("defect", DEFECTS[1:])
def test_each_planted_defect_is_caught(folder: Path, defect: str) -> None:
    program = handmade(folder, defect)
    with pytest.raises((AssertionError, Crash)) as caught:
        check(program)
    print(defect, str(caught.value).splitlines()[0])


def test_a_touched_page_is_named(folder: Path) -> None:
    program = handmade(folder, "READS_A_ROW_BEHIND")
    with pytest.raises(Crash, match=r"touched byte \d+ of the \d+ of x"):
        check(program)


def test_driver_says_how_it_is_used(folder: Path) -> None:
    program = handmade(folder)
    done = subprocess.run([program.path], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (
        2,
        "usage: drive --describe | drive CASES RESULTS\n",
    )
