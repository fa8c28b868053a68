"""The example programs: each is built by the command in its first comment, and prints what that
comment says."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parent.parent
EXAMPLES = sorted((HOUSE / "examples" / "streams").glob("*.c"))
LINES_MOST = 80


def told(text: str) -> tuple[str, str]:
    """The command and the output in a program's first comment."""
    comment = text[: text.index("*/")]
    command, output = comment.split("\n * prints\n")
    indented = re.compile(r"^ \*     (.*)$", re.MULTILINE)
    return "\n".join(indented.findall(command)), "\n".join(indented.findall(output)) + "\n"


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 10


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= LINES_MOST
    command, output = told(text)
    for tool in ("clang-19", "node"):
        if tool in command and shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    (HOUSE / "build").mkdir(exist_ok=True)
    done = subprocess.run(["sh", "-ec", command], cwd=HOUSE, capture_output=True, text=True)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", output)
