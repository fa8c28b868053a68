"""What `nagare explain` says: whole outputs for every shape of loop, sizes a compiler confirms."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
from differential import batch
from nagare import emit, ir, memory
from nagare.explain import VERSION, explain, render
from nagare.rivers import load

HOUSE = Path(__file__).resolve().parent.parent
HERE = HOUSE / "tests" / "explain"
SHAPES = HERE / "shapes.toml"
SEEDS = range(700, 724)


@cache
def shapes() -> ir.RiverFile:
    return load(str(SHAPES))


def command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [HOUSE / "nagare", "explain", *arguments], cwd=HOUSE, capture_output=True, text=True
    )


# ---- the text ------------------------------------------------------------------------------------


def test_every_shape_as_text() -> None:
    assert render(explain(shapes())) + "\n" == (HERE / "shapes.txt").read_text()


def test_one_river_is_a_part_of_all() -> None:
    for name in (r.name for r in shapes().rivers.values() if r.steps):
        assert render(explain(shapes(), name)) in render(explain(shapes()))


def test_a_source_passes_its_rows_on() -> None:
    assert "straight: each row goes to the output" in render(explain(shapes(), "file"))


def test_the_command_prints_the_text() -> None:
    done = command(SHAPES, "totals")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == render(explain(shapes(), "totals")) + "\n"


def test_a_river_that_is_not_there() -> None:
    done = command(SHAPES, "total")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no river `total`" in done.stderr and "totals" in done.stderr


# ---- the data ------------------------------------------------------------------------------------


def test_one_river_as_json() -> None:
    done = command("tests/explain/shapes.toml", "totals", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (HERE / "totals.json").read_text()


def keys(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*(keys(v) for v in value.values()))
    return set().union(*(keys(v) for v in value)) if isinstance(value, list) else set()


def test_every_key_is_documented_and_every_documented_key_is_there() -> None:
    text = (HOUSE / "docs" / "explain.md").read_text()
    documented = set(re.findall(r"^\| *`(\w+)`", text, re.MULTILINE))
    assert documented == keys(explain(shapes())) - set(emit.PROFILES)
    assert f'"version": {VERSION}' in text


def test_the_documents_show_what_is_printed() -> None:
    text = (HOUSE / "docs" / "explain.md").read_text()
    sensors = load(str(HOUSE / "examples" / "rivers" / "sensors.toml"))
    assert f"```\n{render(explain(sensors, 'total'))}\n```\n" in text


def test_the_data_survives_json() -> None:
    explained = explain(shapes())
    assert json.loads(json.dumps(explained, allow_nan=False)) == explained


def test_steps_are_fused_or_left_out_but_never_lost() -> None:
    for river in explain(shapes())["rivers"]:
        said = {s for loop in river["loops"] for s in loop["steps"]} | set(river["unused"])
        through = [shapes().rivers[name] for name in river["through"]]
        assert said == {s.text for r in through for s in r.steps}


def test_all_but_the_last_loop_say_why_they_end() -> None:
    for river in explain(shapes())["rivers"]:
        reasons = [loop["cut_because"] for loop in river["loops"]]
        assert all(reasons[:-1]) and reasons[-1] is None


@pytest.mark.parametrize(
    ("parameter", "shown"),
    [
        ("f32 = 0.1", "0.1"),
        ("f32 = inf", "inf"),
        ("f64 = nan", "nan"),
        ("f64 = 0.1", "0.1"),
        ("bool = true", "true"),
        ("u64 = 18446744073709551615", "18446744073709551615"),
        ("i8 = -3", "-3"),
        ("i8", None),
    ],
)
def test_defaults_read_as_written(parameter: str, shown: str | None, tmp_path: Path) -> None:
    path = tmp_path / "rivers.toml"
    path.write_text(
        '[river.rows]\nschema = { x = "f32" }\n\n[river.some]\nfrom = "rows"\n'
        f'params = {{ p = "{parameter}" }}\nsteps = ["filter x > 0"]\n'
    )
    assert explain(load(str(path)))["rivers"][0]["params"][0]["default"] == shown


# ---- the bytes -----------------------------------------------------------------------------------


def river_files(folder: Path) -> list[ir.RiverFile]:
    """The shapes, the examples, and random files, whose names do not collide."""
    files = [SHAPES, *sorted((HOUSE / "examples" / "rivers").glob("*.toml"))]
    for seed in batch.accepted(list(SEEDS)):
        files.append(folder / f"random_{seed}.toml")
        files[-1].write_text(batch.text_of(seed))
    return [load(str(path)) for path in files]


def expected_sizes(files: list[ir.RiverFile]) -> dict[str, int]:
    sizes = {}
    for file in files:
        for view in emit.kernels(file):
            assert view.name not in sizes, f"two rivers are called {view.name}"
            sizes[view.name] = memory.state(view)
            for loop in view.loops[:-1]:
                sizes[f"{view.name}_temp{loop.number + 1}"] = memory.buffer(loop)
    return sizes


@pytest.mark.parametrize("compiler", ["gcc", "clang-19"])
def test_sizes_are_those_of_the_compiler(compiler: str, tmp_path: Path) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    files = river_files(tmp_path)
    expected = expected_sizes(files)
    lines = ["#define NAGARE_IMPLEMENTATION"]
    for number, file in enumerate(files):
        (tmp_path / f"k{number}.h").write_text(emit.generate(file, ("scalar",), f"k{number}.h"))
        lines.append(f'#include "k{number}.h"')
    lines += ["#include <stdio.h>", "int main(void) {"]
    lines += [f'    printf("{name} %zu\\n", sizeof({name}));' for name in expected]
    (tmp_path / "sizes.c").write_text("\n".join([*lines, "    return 0;", "}", ""]))
    subprocess.run(
        [compiler, "-std=c99", "-O0", "-w", f"-I{HOUSE}", "sizes.c", "-o", "sizes"],
        cwd=tmp_path,
        check=True,
    )
    printed = subprocess.run([tmp_path / "sizes"], check=True, capture_output=True, text=True)
    assert dict(line.split() for line in printed.stdout.splitlines()) == {
        name: str(size) for name, size in expected.items()
    }
    assert len(expected) > 60
