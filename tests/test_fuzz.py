"""Each fuzzer for a while: NAGARE_FUZZ_SECONDS, else half a minute in CI, ten seconds elsewhere."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SECONDS = os.environ.get("NAGARE_FUZZ_SECONDS", "30" if os.environ.get("CI") else "10")


@pytest.mark.parametrize("name", sorted(p.stem for p in (ROOT / "tests" / "fuzz").glob("fuzz_*.*")))
def test_nothing_breaks(name: str) -> None:
    if name == "fuzz_csv" and shutil.which("clang-19") is None:
        pytest.skip("SKIPPED: the C fuzzer needs clang-19")
    seed = os.environ.get("NAGARE_SEED", str(random.randrange(1, 10**6)))
    print(f"seed {seed}")
    command = [sys.executable, "tools/fuzz.py", name, "--seconds", SECONDS, "--seed", seed]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
