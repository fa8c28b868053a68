"""What holds for the repository as a whole: its folders, what it may contain, and its documents."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parent.parent
FOLDERS = (
    *("core", "gen", "templates", "kernels", "wasm", "adapters"),
    *("tests", "bench", "examples", "docs"),
)
FILES = ("nagare.h", "LICENSE", "README.md", "CHANGELOG.md")

REGISTRY_HOST = re.compile(
    r"\b(?:registry\.npmjs\.org|registry\.yarnpkg\.com|npm\.pkg\.github\.com|pypi\.org"
    r"|files\.pythonhosted\.org|deb\.debian\.org|archive\.ubuntu\.com|index\.crates\.io)\b"
)
# A folder of the machine something was written on. System folders that every Unix has are fine.
OWN_FOLDER = re.compile(r"(?<![\w./$}{*-])/(?:work|home|root|tmp|Users|mnt|srv|media)/[\w.]")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"^```.*?^```$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


@cache
def tracked() -> tuple[Path, ...]:
    """The files that git knows, or, outside of a clone, nothing."""
    done = subprocess.run(
        ["git", "ls-files", "-z"], cwd=HOUSE, capture_output=True, text=True, check=False
    )
    names = done.stdout.split("\0") if done.returncode == 0 else []
    return tuple(HOUSE / name for name in names if name and (HOUSE / name).is_file())


@pytest.fixture(autouse=True)
def clone() -> None:
    if not tracked():
        pytest.skip("this is not a git clone")


def short(path: Path) -> str:
    return str(path.relative_to(HOUSE))


def documents() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".md"]


def blocks(language: str) -> list[tuple[str, str]]:
    """(place, text) of each fenced block of this language in the documents."""
    found = []
    for path in documents():
        text = path.read_text(encoding="utf-8")
        for match in BLOCK.finditer(text):
            if match.group(1) == language:
                line = text.count("\n", 0, match.start()) + 1
                found.append((f"{short(path)}:{line}", match.group(2)))
    return found


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_room_of_the_house(folder: str) -> None:
    assert any(HOUSE / folder in path.parents for path in tracked())


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_the_house(name: str) -> None:
    assert HOUSE / name in tracked()


def offences(pattern: re.Pattern[str]) -> list[str]:
    this_file = Path(__file__).resolve()
    return [
        f"{short(path)}:{number}: {line.strip()[:80]}"
        for path in tracked()
        if path != this_file
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


def test_the_patterns_find_what_they_are_for() -> None:
    assert REGISTRY_HOST.search('"resolved": "https://registry.' + 'npmjs.org/rxjs"')
    for offence in ("see /wo" + "rk/x", '"/home/me/x"', "-I /root/x", "(/Users/a)"):
        assert OWN_FOLDER.search(offence), offence
    for innocent in ("$HOME/work/x", "../home/x", "a/work/b", "/usr/include", "build/root/x"):
        assert not OWN_FOLDER.search(innocent), innocent


def test_no_file_is_binary() -> None:
    assert [short(path) for path in tracked() if b"\0" in path.read_bytes()] == []


def test_every_file_is_utf_8_and_ends_in_one_newline() -> None:
    for path in tracked():
        text = path.read_bytes().decode("utf-8")
        assert text == "" or (text.endswith("\n") and not text.endswith("\n\n")), short(path)
        assert "\r" not in text, short(path)


def test_no_host_of_a_registry_is_named() -> None:
    assert offences(REGISTRY_HOST) == []


def test_no_folder_of_someones_machine_is_named() -> None:
    assert offences(OWN_FOLDER) == []


def test_nothing_is_left_for_later() -> None:
    marks = "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"))
    assert offences(re.compile(rf"\b(?:{marks})\b")) == []


def make_targets() -> set[str]:
    makefile = (HOUSE / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z-]+):.*##", makefile, re.MULTILINE))


def test_every_make_target_is_listed_and_phony() -> None:
    makefile = (HOUSE / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony is not None
    assert set(phony.group(1).split()) == make_targets()
    listed = subprocess.run(["make"], cwd=HOUSE, capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"make ([a-z-]+)", listed)) >= make_targets()


def test_the_commands_of_the_readme_exist() -> None:
    named = set()
    for place, text in blocks("sh"):
        if place.startswith("README.md:"):
            named |= set(re.findall(r"^make ([a-z-]+)", text, re.MULTILINE))
    assert {"demo", "test"} <= named <= make_targets()


def test_links_lead_somewhere() -> None:
    dead = [
        f"{short(path)}: {target}"
        for path in documents()
        for target in LINK.findall(CODE.sub("", path.read_text(encoding="utf-8")))
        if not re.match(r"https?:|#|mailto:", target)
        and not (path.parent / target.split("#")[0]).exists()
    ]
    assert dead == []


def river_blocks() -> list[tuple[str, str]]:
    return [(place, text) for place, text in blocks("toml") if "[river." in text]


@pytest.mark.parametrize(("place", "text"), river_blocks(), ids=lambda value: value[:40])
def test_a_river_file_of_the_documents(place: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / "rivers.toml"
    path.write_text(text)
    done = subprocess.run(
        [HOUSE / "nagare", "check", path], cwd=HOUSE, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{place}\n{done.stdout}{done.stderr}"


def test_the_documents_have_river_files() -> None:
    assert river_blocks()


def example_files() -> list[Path]:
    folders = (HOUSE / "examples", HOUSE / "kernels", HOUSE / "bench")
    files = [path for folder in folders for path in folder.rglob("*.toml")]
    return sorted(path for path in files if path.name != "Cargo.toml")


@pytest.mark.parametrize("path", example_files(), ids=short)
def test_a_river_file_of_the_repository(path: Path) -> None:
    done = subprocess.run(
        [HOUSE / "nagare", "check", path], cwd=HOUSE, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


RUNS = "# runs in CI\n"
RUN_BLOCKS = [(place, text) for place, text in blocks("sh") if text.startswith(RUNS)]


@pytest.mark.skipif(not RUN_BLOCKS, reason="no document has a block that says `# runs in CI`")
@pytest.mark.parametrize(("place", "text"), RUN_BLOCKS, ids=lambda value: value[:40])
def test_a_command_of_the_documents(place: str, text: str) -> None:
    done = subprocess.run(
        ["sh", "-eu", "-c", text], cwd=HOUSE, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, f"{place}\n{done.stdout}{done.stderr}"
