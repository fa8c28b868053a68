"""Formatting, lints and freshness of what is generated."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parent.parent


def output_of_a_failure(*command: str) -> str:
    """What the command says if it fails, and nothing if it succeeds."""
    done = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True)
    return f"{done.stdout}{done.stderr}" or "failed" if done.returncode != 0 else ""


def test_python_is_free_of_lint() -> None:
    assert output_of_a_failure(sys.executable, "-m", "ruff", "check", "--quiet") == ""


def test_c_is_formatted() -> None:
    if shutil.which("clang-format-19") is None:
        pytest.skip("clang-format-19 is not installed")
    assert output_of_a_failure(sys.executable, "tools/format.py", "--check") == ""


def test_shell_scripts_parse() -> None:
    for script in ("nagare", ".ci/run", "tools/setup.sh", *(HOUSE / "examples").glob("*.sh")):
        assert output_of_a_failure("sh", "-n", str(script)) == ""


def test_generated_files_are_fresh() -> None:
    assert output_of_a_failure(sys.executable, "tools/generated.py", "--check") == ""
