"""Random rivers over random data: in every profile, from every compiler, the oracle's bits.

NAGARE_RIVERS  how many random files, shared out among the configurations
NAGARE_SEED    the first file's seed; the same seed gives the same run
NAGARE_FILE    only the file with this seed, in every configuration
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from differential import batch
from differential.program import Config, works
from differential.random_rivers import RandomFile
from differential.shrink import shrink
from nagare import rivers
from nagare.errors import RiverErrors

FILES = int(os.environ.get("NAGARE_RIVERS", "112"))
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
        raise batch.Mismatch(f"{found[1]}\n\nsmallest:\n{batch.report(config, smaller, wrong)}")


def test_random_files_are_well_typed() -> None:
    """A generator that mostly writes nonsense would test nothing but the checker."""
    refused = {}
    for seed in range(SEED, SEED + 300):
        try:
            rivers.loads(RandomFile(seed, "k_").text(), f"random-{seed}.toml")
        except RiverErrors as error:
            refused[seed] = str(error)
    assert len(refused) <= 6, "\n".join(refused.values())
