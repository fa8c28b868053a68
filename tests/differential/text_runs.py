"""Whole rivers, merges among them, run by `nagare run` on CSV and compared with the oracle."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

from nagare import ir
from oracle.evaluate import EvaluationError, evaluate
from oracle.table import Table

from . import batch, cases, csv_text
from .cases import Expected
from .program import ROOT
from .random_data import RandomData


def merge_rivers(seed: int) -> list[str]:
    """The rivers of the file whose rows come through a merge."""
    file = cases.parse(seed, batch.prefix(seed))
    return [name for name in file.rivers if through_merge(file, name)]


def through_merge(file: ir.RiverFile, name: str) -> bool:
    sources = file.rivers[name].sources
    return len(sources) > 1 or any(through_merge(file, source) for source in sources)


def sources_of(file: ir.RiverFile, name: str) -> set[str]:
    """The sources that a river's rows come from."""
    sources = file.rivers[name].sources
    return set().union(*(sources_of(file, s) for s in sources)) if sources else {name}


def check(seed: int, names: list[str], target: str, folder: Path) -> None:
    """Runs these rivers of the file, each in a random profile and with random batches."""
    rng = random.Random(seed)
    file = cases.parse(seed, batch.prefix(seed))
    path = folder / "rivers.toml"
    path.write_text(batch.text_of(seed))
    data = RandomData(seed)
    tables = {}
    for name in sorted(set().union(*(sources_of(file, name) for name in names))):
        tables[name] = csv_text.plain(data.tables(file, data.rows())[name])  # each its own length
        (folder / f"{name}.csv").write_bytes(csv_text.write(tables[name]))
    profiles = ("scalar", "v128", "auto") if target == "wasm" else ("scalar", "auto")
    for name in names:
        options = ["--target", target, "--profile", rng.choice(profiles)]
        options += rng.choice(([], ["--batch", str(rng.choice((1, 7, 64, 1000)))]))
        compare(file, name, path, tables, options)


def compare(
    file: ir.RiverFile, name: str, path: Path, tables: dict[str, Table], options: list[str]
) -> None:
    try:
        expected = Expected(evaluate(file, name, tables))
    except EvaluationError as error:
        expected = Expected(error.before, error.kind)
    inputs = [f"{source}={path.parent / source}.csv" for source in sorted(sources_of(file, name))]
    given = [argument for text in inputs for argument in ("--input", text)]
    command = [sys.executable, "-m", "nagare", "run", str(path), name, *given, *options]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "gen")}
    done = subprocess.run(command, capture_output=True, env=environment, timeout=300)
    again = " ".join(command) + "\n" + path.read_text()
    assert done.returncode == (1 if expected.failure else 0), f"{done.stderr.decode()}\n{again}"
    if expected.failure is None:
        table = csv_text.read(done.stdout, expected.table.schema)
        wrong = cases.unlike(csv_text.plain(expected.table), table)
        assert not wrong, f"{name}: {wrong}\n{again}"
