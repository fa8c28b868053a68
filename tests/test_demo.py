"""The demonstration, on few rows: it runs to its end, and its plain loops agree with kernels."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parent.parent
ROWS = 20_000


@pytest.fixture(scope="module")
def shown() -> str:
    environment = os.environ | {"DEMO_ROWS": str(ROWS)}
    done = subprocess.run(
        [HOUSE / "examples" / "demo.sh"],
        cwd=HOUSE,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def rows_after(text: str, heading: str) -> list[list[str]]:
    """The table below a line that begins with `heading`, up to an empty line."""
    lines = text[text.index(heading) :].splitlines()
    end = lines.index("")
    return [line.split() for line in lines[1:end]]


def test_it_is_plain_text_where_there_is_no_terminal(shown: str) -> None:
    assert "\033" not in shown


def test_it_shows_every_part(shown: str) -> None:
    parts = [f"{ROWS} readings", "What becomes of it", "as generated", "What comes out", "How fast"]
    places = [shown.index(part) for part in parts]
    assert places == sorted(places)
    assert "NGI_V512_INLINE" in shown and "loop 0   masked" in shown


def test_both_targets_gave_the_same_bytes(shown: str) -> None:
    if "SKIPPED: everything about WASM" in shown:
        pytest.skip("WASM cannot be built or run here")
    proved = {line.split()[3] for line in shown.splitlines() if "native = WASM" in line}
    real = {"daily", "by_phase"} if (HOUSE / "build" / "data").exists() else set()
    assert proved == {"total", "by_sensor", "hourly"} | real


def test_plain_loops_agree(shown: str) -> None:
    """They say the same to two decimals, in another order of additions."""
    rows = rows_after(shown, "  who ")
    assert len(rows) == (2 if "SKIPPED: everything about WASM" in shown else 3)
    assert len({tuple(row[-5:]) for row in rows}) == 1


def test_plain_loops_over_arrays_agree(shown: str) -> None:
    assert "Numbers in memory" in shown
    said = [
        line.split()[2:]
        for name in ("arrays.c.txt", "arrays.js.txt")
        if name.endswith("c.txt") or shutil.which("node")
        for line in (HOUSE / "build" / "demo" / name).read_text().splitlines()
    ]
    assert len(said) >= 2
    assert all(row == said[0] for row in said)
