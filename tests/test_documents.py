"""What the documents show is what there is: generated code, the C example, and printed results."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parent.parent
STRICT = [
    "-std=c99",
    "-O2",
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Wconversion",
    "-Wshadow",
    "-Wundef",
]


def text_of(name: str) -> str:
    return (HOUSE / name).read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[str]:
    found = re.findall(rf"^```{language}\n(.*?)^```$", text_of(name), re.MULTILINE | re.DOTALL)
    assert found, f"{name} has no ```{language} block"
    return found


def squashed(text: str) -> str:
    return re.sub(r"\s+", "", re.sub(r"^ *\(void\)\w+;$", "", text, flags=re.MULTILINE))


def compiled(compiler: str, source: Path, out: Path, *options: str) -> Path:
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    done = subprocess.run(
        [compiler, *STRICT, *options, f"-I{HOUSE}", str(source), "-o", str(out)],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return out


def printed(program: Path) -> str:
    return subprocess.run([program], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def safe(tmp_path: Path) -> Path:
    """The README's first river as a header."""
    (tmp_path / "safe.toml").write_text(blocks("README.md", "toml")[0])
    subprocess.run(
        [HOUSE / "nagare", "gen", tmp_path / "safe.toml", "-o", tmp_path / "safe.h"], check=True
    )
    return tmp_path / "safe.h"


def test_the_readme_shows_what_is_generated(safe: Path) -> None:
    code = safe.read_text()
    rest = squashed(code[code.index("/* v512: ") :])
    for part in blocks("README.md", "c")[0].split("...\n"):
        assert squashed(part) in rest, part
        rest = rest.split(squashed(part), 1)[1]


def test_the_readme_pushes_rows(safe: Path, tmp_path: Path) -> None:
    source = tmp_path / "readme.c"
    source.write_text(
        '#define NAGARE_IMPLEMENTATION\n#include "safe.h"\n#include <stdio.h>\nint main(void) {\n'
        + blocks("README.md", "c")[1]
        + 'for (size_t i = 0; i < out.rows; i++) { printf("%g\\n", (double)f[i]); }\n'
        "return (int)step.status; }\n"
    )
    assert printed(compiled("gcc", source, tmp_path / "readme")) == "68\n86\n"


def test_every_snippet_about_kernels_is_in_the_example() -> None:
    example = text_of("examples/thermo.c")
    for snippet in blocks("docs/kernels.md", "c"):
        assert snippet in example


@pytest.mark.parametrize("compiler", ["gcc", "clang-19"])
def test_the_example_runs(compiler: str, tmp_path: Path) -> None:
    program = compiled(compiler, HOUSE / "examples" / "thermo.c", tmp_path / "thermo")
    totals = "4 readings, mean 72.838, from 53.60 to 88.25"
    assert printed(program).splitlines() == ["53.60", "88.25", "70.70", "78.80", totals]


@pytest.mark.parametrize("compiler", ["gcc", "clang-19"])
def test_all_ready_made_kernels_live_in_one_program(compiler: str, tmp_path: Path) -> None:
    headers = sorted((HOUSE / "kernels").glob("*.h"))
    assert len(headers) == len(list((HOUSE / "kernels").glob("*.toml"))) >= 4
    source = tmp_path / "all.c"
    includes = "".join(f'#include "kernels/{header.name}"\n' for header in headers)
    source.write_text(f"#define NAGARE_IMPLEMENTATION\n{includes}")
    compiled(compiler, source, tmp_path / "all.o", "-c")


def test_the_table_of_kernels_is_complete() -> None:
    table = text_of("kernels/README.md")
    for river_file in (HOUSE / "kernels").glob("*.toml"):
        assert f"[{river_file.stem}.h]({river_file.name})" in table
        kernels = re.findall(
            r"^extern const ng_kernel (\w+)_kernel;$",
            river_file.with_suffix(".h").read_text(),
            re.MULTILINE,
        )
        assert kernels
        assert all(f"`{kernel}`" in table for kernel in kernels)


def test_getting_started_prints_what_it_says() -> None:
    document = text_of("docs/getting-started.md")
    river = text_of("examples/start.toml").split("\n\n", 1)[1]
    shown = re.sub(r"   # .*", "", blocks("docs/getting-started.md", "toml")[0])
    assert shown == river
    command = next(b for b in blocks("docs/getting-started.md", "sh") if "nagare run" in b)
    done = subprocess.run(["sh", "-euc", command], cwd=HOUSE, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"```\n{done.stdout}```\n" in document


def test_the_page_on_functions_prints_what_it_says(tmp_path: Path) -> None:
    rivers = tmp_path / "scores.toml"
    rivers.write_text(blocks("docs/functions.md", "toml")[0])
    done = subprocess.run(
        [HOUSE / "nagare", "run", rivers], input="x\n0\n1\n-800\n", capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == blocks("docs/functions.md", "text")[0]


@pytest.mark.parametrize("compiler", ["gcc", "clang-19"])
def test_the_metrics_page_shows_what_is_written(compiler: str, tmp_path: Path) -> None:
    source = tmp_path / "metrics.c"
    source.write_text(blocks("docs/metrics.md", "c")[0])
    shown, account, *_ = blocks("docs/metrics.md", "text")
    assert printed(compiled(compiler, source, tmp_path / "metrics")) == shown
    lines = text_of("tests/c/metrics_case.txt").splitlines()
    assert [line for line in lines if line.startswith("nagare_")] == account.splitlines()


PROGRAM = re.compile(r"^```c\n(.*?)^```$.*?^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def programs() -> list[tuple[str, str, str]]:
    """(page, program, what it prints) of each whole program in the documents."""
    return [
        (page.name, code, output)
        for page in sorted((HOUSE / "docs").glob("*.md"))
        for code, output in PROGRAM.findall(page.read_text())
        if "int main(" in code
    ]


@pytest.mark.parametrize("compiler", ["gcc", "clang-19"])
@pytest.mark.parametrize("page", sorted({page for page, _, _ in programs()}))
def test_whole_programs_print_what_is_shown(page: str, compiler: str, tmp_path: Path) -> None:
    for number, (_, code, output) in enumerate(p for p in programs() if p[0] == page):
        source = tmp_path / f"{number}.c"
        source.write_text(code)
        assert printed(compiled(compiler, source, tmp_path / str(number))) == output
