"""Batches: the random files that one compiler configuration gets, built as one program."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nagare.errors import RiverErrors
from oracle.table import Table

from . import blob, cases
from .cases import Expected, Kernel
from .program import ROOT, BuildError, Config, Crash, Program, build
from .random_rivers import RandomFile

PROFILES = tuple(blob.PROFILES)


class Mismatch(AssertionError):
    """A kernel and the oracle disagree; the text says all there is to say."""


@dataclass(frozen=True)
class Trial:
    """One kernel on one table, in one way."""

    kernel: Kernel
    seed: int  # of the file
    text: str  # of the file
    table: Table
    params: dict[str, object] | None
    expected: Expected
    case: blob.Case


def generate(text: str, path: Path) -> None:
    """`nagare gen` of a river file's text, as a user runs it."""
    source = path.with_suffix(".toml")
    source.write_text(text)
    command = [sys.executable, "-m", "nagare", "gen", str(source), "-o", str(path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "gen")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        raise AssertionError(f"nagare gen {source}\n{done.stdout}{done.stderr}")


def accepted(seeds: list[int]) -> list[int]:
    """Those whose random files are well typed: nearly all (a test of its own counts them)."""
    return [seed for seed in seeds if is_accepted(seed)]


def is_accepted(seed: int) -> bool:
    try:
        cases.parse(seed, prefix(seed))
    except RiverErrors:
        return False
    return True


def prefix(seed: int) -> str:
    """What the names of a file's rivers start with: files share a program."""
    return f"k{seed}_"


def text_of(seed: int) -> str:
    return RandomFile(seed, prefix(seed)).text()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One process at a time in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def program(config: Config, seeds: list[int], folder: Path) -> Program:
    """The driver over all rivers of these files; built once, whichever process asks first."""
    with locked(folder):
        path, header, failed = folder / "driver", folder / "rivers.h", folder / "failed"
        if failed.exists():
            raise BuildError(failed.read_text())
        if path.exists():
            return Program(path)
        try:
            generate("\n".join(text_of(seed) for seed in seeds), header)
            return build(config, [header], names(seeds), path)
        except (AssertionError, BuildError) as error:
            failed.write_text(str(error))
            raise


def names(seeds: list[int]) -> list[str]:
    return [k.river for seed in seeds for k in cases.kernels(cases.parse(seed, prefix(seed)))]


def trials(made: Program, seeds: list[int], profile: str) -> list[Trial]:
    """Every kernel of the files on several tables."""
    found, index = [], 0
    for seed in seeds:
        file = cases.parse(seed, prefix(seed))
        tables = [cases.inputs(file, 1000 * seed + n) for n in range(cases.TABLES)]
        for kernel in cases.kernels(file):
            operator = made.operators[index]
            check_shape(kernel, operator)
            if profile in operator.profiles:
                for n, given in enumerate(tables):
                    at = 1000 * seed + n
                    found.append(trial(index, operator, kernel, seed, given, profile, at))
            index += 1
    return found


def trial(
    index: int, operator: blob.Operator, kernel: Kernel, seed: int,
    tables: dict[str, Table], profile: str, at: int,
) -> Trial:  # fmt: skip
    table = tables[kernel.root]
    params = cases.params(operator, at)
    expected = kernel.expected(table, params or {})
    case = cases.case(index, operator, kernel, table, expected, params, profile, at)
    return Trial(kernel, seed, text_of(seed), table, params, expected, case)


def check_shape(kernel: Kernel, operator: blob.Operator) -> None:
    """The operator's fields are the river's columns."""
    assert operator.name == kernel.river
    assert list(operator.outputs.items()) == list(kernel.outputs.items()), kernel.river
    for name, type_ in operator.inputs.items():
        assert kernel.inputs[name] == type_, (kernel.river, name)


def judge(made: Program, tried: list[Trial]) -> tuple[Trial, str] | None:
    """The first trial that went wrong, and how."""
    try:
        results = made.run([t.case for t in tried])
    except Crash as crash:
        for t, result in zip(tried, crash.results, strict=False):
            wrong = differences(t, result)
            if wrong:
                return t, wrong
        return tried[crash.case], crash.message
    for t, result in zip(tried, results, strict=True):
        wrong = differences(t, result)
        if wrong:
            return t, wrong
    return None


def differences(t: Trial, results: list[blob.Result]) -> str:
    for run, result in zip(t.case.runs, results, strict=True):
        wrong = cases.difference(t.expected, result, t.table.rows)
        if wrong:
            return f"{run.profile}: {wrong}"
    return ""


def report(config: Config, profile: str, t: Trial, wrong: str) -> str:
    """All that is needed to see the mismatch again."""
    case = t.case
    lines = [
        f"{t.kernel.river}, compiled by {config}: {wrong}",
        f"file seed {t.seed}, {t.table.rows} rows of `{t.kernel.root}`, params {t.params}",
        f"cuts {case.cuts}",
        *(f"{run.profile}: rooms {run.outs}, moves {run.moves}" for run in case.runs),
        "",
        t.text,
    ]
    if t.table.rows <= 8:
        lines += [f"{name} = {c.items()}" for name, c in t.table.columns.items()]
        lines += [f"expected {n} = {c.items()}" for n, c in t.expected.table.columns.items()]
    test = f"tests/test_differential.py::test_kernels_agree_with_the_oracle[{config}-{profile}]"
    lines.append(f'again: NAGARE_FILE={t.seed} python -m pytest "{test}"')
    return "\n".join(lines)
