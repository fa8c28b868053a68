"""The thin headers: every operation of every profile has the bits of its scalar definition,
whatever compiles it, and keeps to the memory it was given."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
from compilers import can_link_32_bits

HOUSE = Path(__file__).resolve().parent.parent
SOURCES = HOUSE / "tests" / "simd"
WARNINGS = ["-Werror", "-Wall", "-Wextra", "-Wpedantic"]
WARNINGS += ["-Wconversion", "-Wshadow", "-Wundef", "-Wcast-qual"]
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
IS_X86_64 = platform.machine() == "x86_64"
CROSS_INCLUDES = Path("/usr/aarch64-linux-gnu/include")
LANES = {"scalar": 1, "v128": 4, "v256": 8, "v512": 16}


def find(*names: str) -> str | None:
    return next((path for name in names if (path := shutil.which(name))), None)


COMPILERS = {
    "gcc": find("gcc-12", "gcc"),
    "g++": find("g++-12", "g++"),
    "clang": find("clang-19", "clang"),
    "clang++": find("clang++-19", "clang++"),
}


def need(tool: str | None, what: str) -> str:
    if tool is None:
        pytest.skip(f"SKIPPED: {what} is not installed")
    return tool


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True)


@cache
def quirks(compiler: str) -> list[str]:
    """Some clangs warn of every compilation with -march=native on some processors."""
    told = run(compiler, "-march=native", "-x", "c", "-fsyntax-only", os.devnull).stderr
    known = "invalid-feature-combination"
    return [f"-Wno-{known}"] if known in told else []


def compile_test(name: str, compiler: str, flags: list[str], output: Path) -> Path:
    """Builds tests/simd/NAME.c as a program of this machine."""
    path = need(COMPILERS[compiler], compiler)
    if "-m32" in flags and not can_link_32_bits(path):
        pytest.skip(f"SKIPPED: {compiler} has no libraries for -m32")
    language = ["-x", "c++"] if compiler.endswith("++") else []
    silenced = quirks(path) if "-march=native" in flags else []
    command = [path, *WARNINGS, *silenced, *flags, *language]
    built = run(*command, SOURCES / f"{name}.c", "-o", output, "-lm")
    assert built.returncode == 0, built.stderr[:4000]
    return output


def check(told: subprocess.CompletedProcess[str]) -> str:
    """A test has run to its end and found nothing."""
    assert told.returncode == 0 and told.stdout.endswith("done\n"), told.stdout + told.stderr
    assert "FAILED" not in told.stdout
    return told.stdout


def report_skips(told: str) -> None:
    """A profile that this machine does not have is a skip that is seen."""
    skipped = re.findall(r".*SKIPPED.*", told)
    if skipped:
        pytest.skip("; ".join(skipped))


# ---- all operations ----------------------------------------------------------------------------

LEVELS = ("-O0", "-O2", "-O3")
DIALECTS = (["-std=c99"], ["-std=gnu99", "-march=native"])
X86_SSE = ["-m32", "-msse2", "-mfpmath=sse"]
MACHINE_BUILDS = [
    *((c, [o, *d]) for c in ("gcc", "clang") for o in LEVELS for d in DIALECTS),
    ("g++", ["-O2", "-std=c++17"]),
    ("clang++", ["-O2", "-std=c++17"]),
    ("gcc", ["-O2", "-std=c99", "-march=native"]),
    ("clang", ["-O3", "-march=native", "-ffp-contract=fast"]),
    ("gcc", ["-O1", *SANITIZERS]),
    ("clang", ["-O1", *SANITIZERS]),
    ("gcc", ["-O2", *X86_SSE]),
    ("clang", ["-O2", *X86_SSE[:2]]),
]


def label(build: object) -> str:
    return " ".join(build) if isinstance(build, list) else str(build)


@pytest.mark.parametrize(("compiler", "flags"), MACHINE_BUILDS, ids=label)
def test_profiles_equal_scalar(compiler: str, flags: list[str], tmp_path: Path) -> None:
    if "-msse2" in flags and not IS_X86_64:
        pytest.skip("SKIPPED: -m32 is for x86")
    told = check(run(compile_test("equal", compiler, flags, tmp_path / "equal")))
    if IS_X86_64 and Path("/usr/include/simde").is_dir():
        assert "v128" in told
    if IS_X86_64 and "-m32" not in flags:
        assert "v256" in told and "v512" in told
    report_skips(told)


SCALAR_BUILDS = [
    *((c, [o]) for c in ("gcc", "clang") for o in LEVELS),
    *((c, ["-O3", "-march=native"]) for c in ("gcc", "clang", "g++")),
    *((c, ["-O2", "-DNGI_PORTABLE=1"]) for c in ("gcc", "clang")),
    *((c, ["-O1", *SANITIZERS]) for c in ("gcc", "clang")),
    *((c, [o, "-m32"]) for c in ("gcc", "clang") for o in ("-O0", "-O2")),
]


@pytest.mark.parametrize("name", ["scalar", "bits"])
@pytest.mark.parametrize(("compiler", "flags"), SCALAR_BUILDS, ids=label)
def test_definitions(name: str, compiler: str, flags: list[str], tmp_path: Path) -> None:
    check(run(compile_test(name, compiler, flags, tmp_path / name)))


# ---- other targets -----------------------------------------------------------------------------


def simde_alone(directory: Path) -> list[str]:
    """SIMDe without the headers of this machine that stand beside it."""
    simde = Path("/usr/include/simde")
    if not simde.is_dir():
        pytest.skip("SKIPPED: SIMDe is not installed")
    (directory / "include").mkdir()
    (directory / "include" / "simde").symlink_to(simde)
    return ["-isystem", str(directory / "include")]


@pytest.mark.parametrize("name", ["equal", "scalar", "bits", "exact"])
@pytest.mark.parametrize("level", LEVELS)
def test_aarch64(name: str, level: str, tmp_path: Path) -> None:
    clang = need(COMPILERS["clang"], "clang")
    machine = need(find("qemu-aarch64", "qemu-aarch64-static"), "qemu-user")
    need(find("ld.lld-19", "ld.lld"), "lld")
    if not CROSS_INCLUDES.is_dir():
        pytest.skip("SKIPPED: libc6-dev-arm64-cross is not installed")
    flags = ["--target=aarch64-linux-gnu", level, "-ffreestanding", "-DWORLD_WITHOUT_LIBC"]
    flags += ["-isystem", str(CROSS_INCLUDES), *simde_alone(tmp_path), "-fno-math-errno"]
    flags += ["-DNGI_PORTABLE=1"] if name == "scalar" else []
    link = ["-nostdlib", "-static", "-fuse-ld=lld"]
    program = tmp_path / name
    built = run(clang, *WARNINGS, *flags, *link, SOURCES / f"{name}.c", "-o", program)
    assert built.returncode == 0, built.stderr[:4000]
    told = check(run(machine, program))
    assert name in ("scalar", "bits") or "v128" in told


@pytest.mark.parametrize("name", ["equal", "scalar", "bits", "exact"])
@pytest.mark.parametrize("flags", [["-O0"], ["-O2"], ["-O3"], ["-O2", "-mno-simd128"]], ids=label)
def test_wasm(name: str, flags: list[str], tmp_path: Path) -> None:
    clang = need(COMPILERS["clang"], "clang")
    linker = need(find("wasm-ld-19", "wasm-ld"), "wasm-ld")
    node = need(find("node", "nodejs"), "node")
    target = ["--target=wasm32", "-ffreestanding", "-mbulk-memory", "-msimd128", "-fno-math-errno"]
    target += ["-DNGI_PORTABLE=1"] if name == "scalar" else []
    unit, module = tmp_path / "test.o", tmp_path / "test.wasm"
    built = run(clang, *WARNINGS, *target, *flags, "-c", SOURCES / f"{name}.c", "-o", unit)
    assert built.returncode == 0, built.stderr[:4000]
    # Everything that is called is there: no libm, no libc.
    linked = run(linker, "--no-entry", unit, "-o", module)
    assert linked.returncode == 0, linked.stderr
    told = check(run(node, SOURCES / "run.mjs", module))
    if name == "equal":
        assert ("v128" in told) == ("-mno-simd128" not in flags)


# ---- the includer's flags ----------------------------------------------------------------------

HOSTILE = (
    [],
    ["-march=native"],
    ["-ffp-contract=fast"],
    ["-march=native", "-ffp-contract=fast"],
    ["-march=native", "-funsafe-math-optimizations"],
    ["-fassociative-math", "-fno-signed-zeros", "-fno-trapping-math"],
    ["-freciprocal-math"],
    ["-fno-signed-zeros"],
    ["-ffast-math", "-fno-finite-math-only"],
    ["-fwrapv", "-frounding-math"],
    ["-ftrapv"],
    ["-m32"],
    ["-m32", "-march=native"],
)


@pytest.mark.parametrize("compiler", ["gcc", "g++", "clang", "clang++"])
@pytest.mark.parametrize("level", ["-O0", "-O3"])
def test_arithmetic_survives(compiler: str, level: str, tmp_path: Path) -> None:
    dialect = "-std=gnu++17" if compiler.endswith("++") else "-std=gnu99"
    for number, hostile in enumerate(HOSTILE):
        if "-m32" in hostile and not IS_X86_64:
            continue
        flags = [dialect, level, *hostile]
        told = check(run(compile_test("exact", compiler, flags, tmp_path / str(number))))
        assert "c f64: 0 failures" in told and "scalar f64: 0 failures" in told


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_settings_end_with_the_kernel(compiler: str, tmp_path: Path) -> None:
    if not IS_X86_64 or "fma" not in Path("/proc/cpuinfo").read_text():
        pytest.skip("SKIPPED: this machine has no fused multiply-add")
    flags = ["-std=gnu99", "-O2", "-mfma", "-ffp-contract=fast"]
    told = check(run(compile_test("exact", compiler, flags, tmp_path / "exact"), "outside"))
    assert "outside: 0 failures" in told


@pytest.mark.parametrize("compiler", ["gcc", "g++", "clang", "clang++"])
@pytest.mark.parametrize("flag", ["-ffast-math", "-Ofast", "-ffinite-math-only"])
def test_what_cannot_be_survived_is_refused(compiler: str, flag: str) -> None:
    path = need(COMPILERS[compiler], compiler)
    language = ["-x", "c++"] if compiler.endswith("++") else []
    told = run(path, flag, *language, "-fsyntax-only", SOURCES / "exact.c")
    assert told.returncode != 0
    assert re.search(r"#error|error: ", told.stderr) and "without -ff" in told.stderr


def test_single_precision_constants_are_refused() -> None:
    gcc = need(COMPILERS["gcc"], "gcc")
    told = run(gcc, "-fsingle-precision-constant", "-fsyntax-only", SOURCES / "exact.c")
    assert told.returncode != 0 and "double_constants_are_double" in told.stderr


# ---- what is declared --------------------------------------------------------------------------


def declared(text: str, lanes: int) -> set[str]:
    """The operations on types of `lanes` lanes, as `f32_add` and `m_and`."""
    types = rf"(f32|f64|i32|u32|i64|u64)x{lanes}|(m){lanes}"
    found = re.findall(rf"\bngi_(?:{types})_(\w+) ?\(", text)
    return {f"{value or mask}_{name}" for value, mask, name in found}


def test_every_operation_is_in_every_profile_and_tested(tmp_path: Path) -> None:
    program = compile_test("equal", "gcc", ["-O0"], tmp_path / "equal")
    tested = set(run(program, "names").stdout.split()) - {"bits_pack"}
    assert len(tested) > 200
    gcc = need(COMPILERS["gcc"], "gcc")
    header = HOUSE / "core" / "simd.h"
    text = run(gcc, "-E", "-P", "-DNAGARE_KERNELS=1", header).stdout
    present = [name for name in LANES if f"ngi_{name}_bits_pack" in text]
    assert "scalar" in present and (not IS_X86_64 or {"v256", "v512"} <= set(present))
    for profile in present:
        assert declared(text, LANES[profile]) == tested, profile


def test_nothing_is_called_that_a_freestanding_program_lacks(tmp_path: Path) -> None:
    for compiler, level in (("gcc", "-O0"), ("gcc", "-O2"), ("clang", "-O0"), ("clang", "-O2")):
        path = need(COMPILERS[compiler], compiler)
        unit = tmp_path / "equal.o"
        flags = [level, "-fno-stack-protector", "-fno-pie"]
        assert run(path, *flags, "-c", SOURCES / "equal.c", "-o", unit).returncode == 0
        wanted = set(re.findall(r"\bU (\w+)", run(need(find("nm"), "nm"), "-u", unit).stdout))
        assert wanted - {"memcpy", "memset"} <= {"fwrite", "stdout", "strlen", "fputc", "puts"}


def test_without_simde_there_is_no_v128() -> None:
    gcc = need(COMPILERS["gcc"], "gcc")
    header = HOUSE / "core" / "simd.h"
    for flags, expected in ((["-DNG_NO_SIMDE=1"], "0"), ([], "1")):
        if expected == "1" and not Path("/usr/include/simde").is_dir():
            pytest.skip("SKIPPED: SIMDe is not installed")
        told = run(gcc, "-E", "-dM", "-DNAGARE_KERNELS=1", *flags, header).stdout
        assert f"#define NGI_HAS_V128 {expected}\n" in told
        assert ("simde_wasm_f32x4_add" in told) is False


@pytest.mark.parametrize("compiler", ["gcc", "g++", "clang", "clang++"])
def test_simde_is_silent_wherever_it_stands(compiler: str, tmp_path: Path) -> None:
    """Found through -I, SIMDe's headers are no system headers, and still do not warn."""
    path = need(COMPILERS[compiler], compiler)
    simde = Path("/usr/include/simde")
    if not simde.is_dir():
        pytest.skip("SKIPPED: SIMDe is not installed")
    shutil.copytree(simde, tmp_path / "simde")
    language = ["-x", "c++"] if compiler.endswith("++") else ["-std=c99"]
    flags = [*WARNINGS, "-Wsign-conversion", "-DNAGARE_KERNELS=1", "-I", str(tmp_path)]
    told = run(path, *language, *flags, "-O2", "-c", SOURCES / "equal.c", "-o", tmp_path / "o")
    assert told.returncode == 0, told.stderr[:3000]
