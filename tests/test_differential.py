"""Random rivers over random data: in every profile, from every compiler, the oracle's bits.

NAGARE_RIVERS  how many random files, shared out among the configurations
NAGARE_SEED    the first file's seed; the same seed gives the same run
NAGARE_FILE    only the file with this seed, in every configuration
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from differential import batch, text_runs
from differential.module import Module
from differential.program import Config, works
from differential.random_rivers import RandomFile
from differential.shrink import shrink
from nagare import rivers
from nagare.errors import RiverErrors

FILES = int(os.environ.get("NAGARE_RIVERS", "56"))
SEED = int(os.environ.get("NAGARE_SEED", "1"))
ONLY = os.environ.get("NAGARE_FILE")


def configurations() -> list[Config]:
    made = []
    for optimised in ("-O2", "-O0", "-O3"):
        for dialect in ("-std=c99", "-std=gnu99"):
            for machine in ((), ("-march=native",)):
                for compiler in ("gcc", "clang-19"):
                    made.append(Config(compiler, (optimised, dialect, *machine)))
    for compiler in ("gcc", "clang-19"):
        for flags in (("-m32", "-O2", "-std=gnu99"), ("-m32", "-O0", "-std=c99")):
            made.append(Config(compiler, flags))
    return made


CONFIGURATIONS = configurations()


def seeds_of(config: Config) -> list[int]:
    """The files that this configuration gets."""
    if ONLY is not None:
        return [int(ONLY)]
    share = CONFIGURATIONS.index(config)
    return [SEED + n for n in range(FILES) if n % len(CONFIGURATIONS) == share]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all workers of a parallel run."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "differential"


@pytest.mark.parametrize("profile", batch.PROFILES)
@pytest.mark.parametrize("config", CONFIGURATIONS, ids=str)
def test_kernels_agree_with_the_oracle(config: Config, profile: str, folder: Path) -> None:
    seeds = batch.accepted(seeds_of(config))
    if not seeds:
        pytest.skip(f"no files for {config}: NAGARE_RIVERS is {FILES}")
    where = folder / str(config).replace(" ", "")
    if not works(config, where):
        pytest.skip(f"{config} makes no programs here")
    made = batch.program(config, seeds, where)
    tried = batch.trials(made, seeds, profile)
    if not tried:
        pytest.skip(f"{config} on this machine has no profile {profile}")
    found = batch.judge(made, tried)
    if found is not None:
        smaller, wrong = shrink(made, config, *found, where / "smaller")
        report = batch.report(config, profile, smaller, wrong)
        raise batch.Mismatch(f"{found[1]}\n\nsmallest:\n{report}")


def test_random_files_are_well_typed() -> None:
    """A generator that mostly writes nonsense would test nothing but the checker."""
    refused = {}
    for seed in range(SEED, SEED + 300):
        try:
            rivers.loads(RandomFile(seed, "k_").text(), f"random-{seed}.toml")
        except RiverErrors as error:
            refused[seed] = str(error)
    assert len(refused) <= 6, "\n".join(refused.values())


# ---- built modules, through their JavaScript ----

MODULES = 3
FILES_OF_A_MODULE = 4


@pytest.mark.parametrize("profile", ["scalar", "v128"])
@pytest.mark.parametrize("which", range(MODULES))
def test_modules_agree_with_the_oracle(which: int, profile: str, tmp_path: Path) -> None:
    if not all(map(shutil.which, ("clang-19", "wasm-ld-19", "node"))):
        pytest.skip("running modules takes clang-19, wasm-ld-19 and node")
    if ONLY is not None and which > 0:
        pytest.skip("NAGARE_FILE asks for one file")
    first = SEED + FILES + which * FILES_OF_A_MODULE
    wanted = [int(ONLY)] if ONLY is not None else range(first, first + FILES_OF_A_MODULE)
    seeds = batch.accepted(list(wanted))
    source = tmp_path / "rivers.toml"
    source.write_text("\n".join(map(batch.text_of, seeds)))
    made = Module(source, tmp_path, profile)
    tried = batch.trials(made, seeds, profile)
    assert tried
    found = batch.judge(made, tried)
    if found is not None:
        trial, wrong = found
        again = f"again: NAGARE_FILE={trial.seed} python -m pytest {__file__} -k modules"
        raise batch.Mismatch(f"{trial.kernel.river}: {wrong}\n{trial.text}\n{again}")


# ---- whole programs: `nagare run`, natively and in WASM ----

RUNS = 4


def files_with_rivers() -> dict[int, list[str]]:
    """Files and the rivers to run of each: those behind a merge, which only this test reaches,
    where there are some; else the last one."""
    wanted = [int(ONLY)] if ONLY is not None else range(SEED, SEED + 200)
    merged = {s: text_runs.merge_rivers(s) for s in batch.accepted(list(wanted))}
    chosen = [s for s, names in merged.items() if names][: RUNS - RUNS // 3]
    chosen += [s for s in merged if s not in chosen][: RUNS - len(chosen)]
    return {s: merged[s] or [batch.names([s])[-1]] for s in chosen}


@pytest.mark.parametrize("target", ["native", "wasm"])
@pytest.mark.parametrize("which", range(RUNS))
def test_runs_agree_with_the_oracle(which: int, target: str, tmp_path: Path) -> None:
    chosen = list(files_with_rivers().items())
    if which >= len(chosen):
        pytest.skip("NAGARE_FILE asks for one file")
    if target == "wasm" and not all(map(shutil.which, ("clang-19", "wasm-ld-19", "node"))):
        pytest.skip("running in WASM takes clang-19, wasm-ld-19 and node")
    seed, names = chosen[which]
    text_runs.check(seed, names, target, tmp_path)
