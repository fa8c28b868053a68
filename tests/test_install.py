"""The launcher, the wheel and the setup, from where users stand."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parent.parent

RIVERS = """\
[river.readings]
schema = { celsius = "f32" }

[river.warm]
from  = "readings"
steps = ["filter celsius > 20"]
"""

# What setup.sh calls that is there on every Unix.
EVERYWHERE = [
    "sh",
    "basename",
    "cat",
    "cut",
    "dirname",
    "env",
    "id",
    "ln",
    "mkdir",
    "tail",
    "uname",
]


def run(
    *command: str | Path, folder: Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command], cwd=folder, env=env, capture_output=True, text=True
    )


@pytest.fixture
def rivers(tmp_path: Path) -> Path:
    path = tmp_path / "rivers.toml"
    path.write_text(RIVERS)
    return path


def copy_of_the_house(folder: Path) -> Path:
    """The launcher and the generator alone, without a .venv."""
    house = folder / "a house"
    house.mkdir()
    shutil.copy(HOUSE / "nagare", house / "nagare")
    shutil.copytree(HOUSE / "gen", house / "gen", ignore=shutil.ignore_patterns("__pycache__"))
    return house


def tools_only(folder: Path, *names: str) -> dict[str, str]:
    """An environment whose PATH leads to these commands and nothing else."""
    folder.mkdir()
    for name in names:
        found = shutil.which(name)
        assert found is not None, name
        (folder / name).symlink_to(found)
    return {"PATH": str(folder), "HOME": str(folder)}


def test_the_launcher_works_from_another_folder(rivers: Path) -> None:
    done = run(HOUSE / "nagare", "check", rivers.name, folder=rivers.parent)
    assert done.returncode == 0, done.stderr


def test_the_launcher_works_through_links(rivers: Path, tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "one").symlink_to(HOUSE / "nagare")
    (tmp_path / "two").symlink_to("far/one")
    done = run(tmp_path / "two", "check", rivers, folder=tmp_path / "far")
    assert done.returncode == 0, done.stderr


def test_the_launcher_takes_the_python_there_is(rivers: Path, tmp_path: Path) -> None:
    house = copy_of_the_house(tmp_path)
    env = tools_only(tmp_path / "bin", "sh", "dirname", "readlink")
    # As if lark and jinja2 had been installed beside the system's Python.
    python = tmp_path / "bin" / "python3"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    done = run(house / "nagare", "check", rivers, folder=tmp_path, env=env)
    assert done.returncode == 0, done.stderr


def test_the_launcher_says_what_to_do_where_it_cannot_run(tmp_path: Path) -> None:
    house = copy_of_the_house(tmp_path)
    env = tools_only(tmp_path / "bin", "sh", "dirname", "readlink")
    done = run(house / "nagare", "--version", folder=tmp_path, env=env)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "nagare: error: Python 3.11 or later with lark and jinja2 is not there\n"
        f"    run `make setup` in {house}, which installs them in its .venv\n"
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    built = run(
        sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, folder=HOUSE
    )
    assert built.returncode == 0, built.stderr
    return next(folder.glob("nagare-*.whl"))


def test_the_wheel_holds_all_that_the_checkout_has(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    package = [path for path in (HOUSE / "gen" / "nagare").rglob("*") if path.is_file()]
    templates = [path for path in (HOUSE / "templates").rglob("*") if path.is_file()]
    wanted = {f"nagare/{path.relative_to(HOUSE / 'gen' / 'nagare')}" for path in package}
    wanted |= {f"nagare/templates/{path.relative_to(HOUSE / 'templates')}" for path in templates}
    wanted = {name for name in wanted if "__pycache__" not in name} | {"nagare/nagare.h"}
    assert wanted <= names


def test_the_installed_package_generates_what_the_checkout_does(
    wheel: Path, rivers: Path, tmp_path: Path
) -> None:
    installed = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    env = {**os.environ, "PYTHONPATH": str(installed)}
    command = ["-c", "import sys; from nagare.cli import main; sys.exit(main())"]
    done = run(sys.executable, *command, "gen", rivers.name, "-o", "-", folder=tmp_path, env=env)
    assert done.returncode == 0, done.stderr
    own = run(HOUSE / "nagare", "gen", rivers.name, "-o", "-", folder=tmp_path)
    assert done.stdout == own.stdout != ""


def test_setup_names_what_is_missing_where_it_cannot_install(tmp_path: Path) -> None:
    env = tools_only(tmp_path / "bin", *EVERYWHERE)
    done = run(HOUSE / "tools" / "setup.sh", "test", folder=tmp_path, env=env)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("setup: please install, as root: make gcc ")
    assert done.stderr.endswith("setup: error: nothing works without make\n")
    packages = "python3 clang-19 lld-19 nodejs wabt binaryen clang-format-19"
    for package in packages.split():
        assert f" {package} " in done.stderr


def test_setup_refuses_another_level(tmp_path: Path) -> None:
    done = run(HOUSE / "tools" / "setup.sh", "all", folder=tmp_path)
    assert (done.returncode, done.stderr) == (2, "usage: setup.sh demo|test|bench|tck\n")


def test_setup_is_silent_when_nothing_is_missing(tmp_path: Path) -> None:
    """What runs the tests has been set up; saying it again says and changes nothing."""
    if not (HOUSE / ".venv" / "installed-requirements-test.txt").is_file():
        pytest.skip("this checkout was not set up by tools/setup.sh")
    done = run(HOUSE / "tools" / "setup.sh", "test", folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
