"""Loops, channels, lanes and their ports: programs in C on simulated worlds and on Linux, and the
same world natively and on WASM."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest
from compilers import KERNELS_ALONE, can_link_32_bits, library
from test_graph import BUILDS, WARNINGS

HOUSE = Path(__file__).resolve().parent.parent
LIBRARY = ["-DNAGARE_IMPLEMENTATION", "-I", str(HOUSE)]
PROGRAMS = ("base", "loop", "channel", "runner", "sim", "posix")
WORLDS = 500


def need(*tools: str) -> None:
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")


def must_run(*command: object) -> str:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, cwd=HOUSE)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(name: str, source: str, out: Path) -> None:
    compiler, *flags = BUILDS[name]
    need(compiler)
    if "-m32" in flags and not can_link_32_bits(compiler):
        pytest.skip(f"{compiler} has no 32-bit libraries")
    flags += WARNINGS
    where = ["-I", HOUSE, f"tests/c/{source}", library(compiler, flags), "-o", out]
    must_run(compiler, *flags, *KERNELS_ALONE, *where)


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("how", BUILDS)
def test_programs(how: str, program: str, tmp_path: Path) -> None:
    build(how, f"test_{program}.c", tmp_path / program)
    assert must_run(tmp_path / program).endswith("checks, 0 failed\n")


def test_worlds_are_the_same_everywhere(tmp_path: Path) -> None:
    """What a seed brings about does not depend on the machine, the compiler or the target."""
    seed = random.SystemRandom().randrange(10**9)
    traces = {}
    for how in BUILDS:
        if "-m32" not in BUILDS[how] or can_link_32_bits(BUILDS[how][0]):
            build(how, "sim_trace.c", tmp_path / how)
            traces[how] = must_run(tmp_path / how, seed, WORLDS)
    traces["wasm"] = traces_on_wasm(tmp_path, seed)
    # Where memory was refused while building nothing happens, so some are alike.
    assert len(set(traces["gcc"].split())) > WORLDS // 2
    assert set(traces.values()) == {traces["gcc"]}, f"seed {seed}: {traces.keys()}"


def traces_on_wasm(tmp_path: Path, seed: int) -> str:
    need("clang-19", "wasm-ld-19", "node")
    unit, module = tmp_path / "trace.o", tmp_path / "trace.wasm"
    must_run("clang-19", "--target=wasm32", "-std=c99", "-O2", "-ffreestanding", "-mbulk-memory",
             *WARNINGS, *LIBRARY, "-c", "tests/c/sim_trace_wasm.c", "-o", unit)  # fmt: skip
    must_run("wasm-ld-19", "--no-entry", "--gc-sections", "--strip-all", unit, "-o", module)
    return must_run("node", "tests/c/sim_trace_wasm.mjs", module, seed, WORLDS)


def test_a_hidden_system_is_explained(tmp_path: Path) -> None:
    """Strict C99 hides the system's names from a header that comes after <stdio.h>."""
    program = tmp_path / "program.c"
    program.write_text(
        "#include <stdio.h>\n#define NAGARE_IMPLEMENTATION\n#include <nagare.h>\n"
        "int main(void) {\n    ng_platform platform;\n    ng_port port;\n"
        "    return ng_default_port(&port, &platform);\n}\n"
    )
    command = ["gcc", "-std=c99", "-I", str(HOUSE), str(program), "-o", str(tmp_path / "out")]
    refused = subprocess.run(command, capture_output=True, text=True)
    assert refused.returncode != 0
    assert "compile with -D_POSIX_C_SOURCE=200809L" in refused.stderr
    must_run(*command, "-D_POSIX_C_SOURCE=200809L")
