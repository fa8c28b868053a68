"""nagare.h as its users meet it: every compiler, language, width and way to include it."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from compilers import can_link_32_bits

HOUSE = Path(__file__).resolve().parent.parent
SOURCES = Path(__file__).resolve().parent / "compile"
WARNINGS = [
    *("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wundef", "-Wcast-qual"),
    "-Werror",
]
COMPILERS = {"gcc": ("gcc", "g++"), "clang": ("clang-19", "clang++-19")}
LANGUAGES = {"c99": ".c", "gnu99": ".c", "c11": ".c", "c++17": ".cc", "c++20": ".cc"}

# Names that belong to the layout of every wasm module.
FROM_THE_LINKER = {"__stack_pointer", "__indirect_function_table"}


def run(*command: str | Path, folder: Path = HOUSE) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command], cwd=folder, capture_output=True, text=True
    )


def succeed(*command: str | Path, folder: Path = HOUSE) -> str:
    done = run(*command, folder=folder)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}"
    return done.stdout


def compiler_for(family: str, standard: str) -> str:
    name = COMPILERS[family][standard.startswith("c++")]
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    return name


def skip_without_32_bit(compiler: str) -> None:
    if not can_link_32_bits(compiler):
        pytest.skip(f"{compiler} has no 32-bit libraries")


@pytest.mark.parametrize("width", ["-m64", "-m32"])
@pytest.mark.parametrize("standard", LANGUAGES)
@pytest.mark.parametrize("family", COMPILERS)
def test_every_way_to_include_it(family: str, standard: str, width: str, tmp_path: Path) -> None:
    compiler = compiler_for(family, standard)
    if width == "-m32":
        skip_without_32_bit(compiler)
    ending = LANGUAGES[standard]
    flags = [f"-std={standard}", width, "-O1", "-I", HOUSE, *WARNINGS]
    for source in ("declarations", "twice"):
        succeed(compiler, *flags, SOURCES / (source + ending), "-o", tmp_path / source)
        succeed(tmp_path / source)


@pytest.mark.parametrize("user", ["user.c", "user.cc"])
@pytest.mark.parametrize("family", COMPILERS)
def test_the_library_in_one_unit_and_its_user_in_another(
    family: str, user: str, tmp_path: Path
) -> None:
    library, program = tmp_path / "library.o", tmp_path / "program"
    flags = ["-O1", "-I", HOUSE, *WARNINGS]
    c = compiler_for(family, "c99")
    succeed(c, "-std=c99", *flags, "-c", SOURCES / "library.c", "-o", library)
    standard = "c++17" if user.endswith(".cc") else "c99"
    own = compiler_for(family, standard)
    succeed(own, f"-std={standard}", *flags, SOURCES / user, library, "-o", program)
    succeed(program)


@pytest.mark.parametrize("family", COMPILERS)
def test_the_parts_compile_as_the_whole_does(family: str, tmp_path: Path) -> None:
    """core/nagare.h, from which the one file is made, is itself such a file."""
    compiler = compiler_for(family, "c99")
    flags = ["-std=c99", "-O1", "-I", HOUSE / "core", *WARNINGS]
    succeed(compiler, *flags, SOURCES / "twice.c", "-o", tmp_path / "twice")
    succeed(tmp_path / "twice")


@pytest.mark.parametrize("level", ["-O0", "-Os", "-O3"])
def test_freestanding_wasm_needs_nothing(level: str, tmp_path: Path) -> None:
    compiler = compiler_for("clang", "c99")
    nm, linker = shutil.which("llvm-nm-19"), shutil.which("wasm-ld-19")
    if nm is None or linker is None:
        pytest.skip("llvm-nm-19 or wasm-ld-19 is not installed")
    unit = tmp_path / "nagare.o"
    flags = ["--target=wasm32", "-ffreestanding", "-nostdinc", "-msimd128", "-mbulk-memory"]
    resources = Path(succeed(compiler, "-print-resource-dir").strip())
    succeed(
        compiler, *flags, "-isystem", resources / "include", "-std=c99", level, "-I", HOUSE,
        *WARNINGS, "-c", SOURCES / "freestanding.c", "-o", unit,
    )  # fmt: skip
    wanted = set(succeed(nm, "--undefined-only", "--format=just-symbols", unit).split())
    assert wanted <= FROM_THE_LINKER
    assert "ng_status_text" in succeed(nm, "--defined-only", unit)
    # The linker refuses what is undefined.
    module = tmp_path / "nagare.wasm"
    succeed(linker, "--no-entry", "--no-gc-sections", "--export-all", unit, "-o", module)


@pytest.mark.parametrize("flag", ["-ffast-math", "-Ofast"])
@pytest.mark.parametrize("family", COMPILERS)
def test_inexact_arithmetic_is_refused(family: str, flag: str) -> None:
    compiler = compiler_for(family, "c99")
    done = run(compiler, flag, "-I", HOUSE, "-fsyntax-only", SOURCES / "declarations.c")
    assert done.returncode != 0
    assert "nagare's results are exact" in done.stderr


def test_only_its_own_names_are_defined(tmp_path: Path) -> None:
    compiler = compiler_for("gcc", "c99")
    unit = tmp_path / "library.o"
    succeed(compiler, "-std=c99", "-I", HOUSE, "-c", SOURCES / "library.c", "-o", unit)
    symbols = succeed("nm", "--extern-only", "--defined-only", unit).split()[2::3]
    assert symbols
    assert [name for name in symbols if not re.match(r"ngi?_", name)] == []


def macros_of(text_flags: list[str | Path]) -> set[str]:
    listed = succeed(compiler_for("gcc", "c99"), "-std=c99", "-dM", "-E", *text_flags)
    return set(re.findall(r"#define (\w+)", listed))


def test_only_its_own_macros_are_defined(tmp_path: Path) -> None:
    empty = tmp_path / "system.c"
    empty.write_text(
        "#include <limits.h>\n#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n"
    )
    added = macros_of(["-I", HOUSE, SOURCES / "declarations.c"]) - macros_of([empty])
    # The Arrow project's text names its own, so that two headers with it can meet.
    own = re.compile(r"NGI?_|ARROW_(C_DATA_INTERFACE|C_STREAM_INTERFACE|FLAG_\w+)$")
    assert [name for name in sorted(added) if not own.match(name)] == []


def test_the_manual_comes_first() -> None:
    text = (HOUSE / "nagare.h").read_text(encoding="utf-8")
    manual = text[: text.index("*/")]
    for chapter in ("WHAT IT IS", "DO THIS", "MACROS", "THE SAME BITS EVERYWHERE"):
        assert f" * {chapter}" in manual


def test_the_manual_lists_the_macros_that_the_code_looks_at() -> None:
    text = (HOUSE / "nagare.h").read_text(encoding="utf-8")
    end = text.index("*/")
    chapter = text[text.index("* MACROS") : text.index("* A KERNEL IN FIFTEEN LINES")]
    listed = set(re.findall(r"^ \*   (N\w+)", chapter, re.MULTILINE))
    conditions = re.findall(r"^#(?:if|elif|ifdef|ifndef)\b.*$", text[end:], re.MULTILINE)
    looked_at = set(re.findall(r"\b(?:NAGARE|NG)_\w+", " ".join(conditions)))
    assert listed == looked_at - {"NG_NAGARE_H"}


def test_including_it_is_quick() -> None:
    """Prints how long; what is asserted is only that it can be included without its code."""
    for family in COMPILERS:
        compiler = compiler_for(family, "c99")
        started = time.perf_counter()
        succeed(compiler, "-std=c99", "-I", HOUSE, "-fsyntax-only", SOURCES / "declarations.c")
        print(f"{compiler}: {1000 * (time.perf_counter() - started):.0f} ms")


def manual_example() -> tuple[str, str]:
    """The river file and the program of the manual's example."""
    text = (HOUSE / "nagare.h").read_text(encoding="utf-8")
    chapter = text[text.index("A KERNEL IN FIFTEEN LINES") : text.index(" * COLUMNS")]
    lines = [re.sub(r"^ \* ?", "", line) for line in chapter.splitlines()[1:]]
    code = [line[6:] for line in lines if line.startswith(" " * 6) or not line]
    start = code.index("#include <stdio.h>")
    return "\n".join(code[:start]), "\n".join(code[start:])


@pytest.mark.parametrize("family", COMPILERS)
def test_the_example_of_the_manual_prints_what_it_says(family: str, tmp_path: Path) -> None:
    rivers, program = manual_example()
    (tmp_path / "rivers.toml").write_text(rivers)
    (tmp_path / "program.c").write_text(program)
    succeed(HOUSE / "nagare", "gen", "rivers.toml", "-o", "rivers.h", folder=tmp_path)
    compiler = compiler_for(family, "c99")
    flags = ["-std=c99", "-O2", "-I", HOUSE, *WARNINGS]
    succeed(compiler, *flags, tmp_path / "program.c", "-o", tmp_path / "program")
    assert succeed(tmp_path / "program").split() == ["68", "86"]
