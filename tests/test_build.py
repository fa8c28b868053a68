"""`nagare build`: modules that stand alone, their JavaScript and types, static libraries, and what
is said where a compiler is missing or fails."""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from nagare import build as building
from nagare import emit, layout, places, rivers, toolchain
from nagare.build import build
from nagare.errors import NagareError
from oracle.evaluate import evaluate
from oracle.table import Column, Table

HOUSE = Path(__file__).resolve().parent.parent
WASM = HOUSE / "tests" / "wasm"
TSC = HOUSE / "build" / "npm" / "node_modules" / ".bin" / "tsc"

SOURCE = """\
[river.samples]
schema = { x = "f32" }
"""
WARM = """\
[river.warm]
from   = "samples"
params = { lo = "f32 = 50", hi = "f32 = 90" }
steps  = ["map f = x * 1.8 + 32", "filter lo < f and f < hi", "select f"]
"""
WARM_TOTAL = """\
[river.warm_total]
from   = "samples"
params = { lo = "f32 = 50", hi = "f32 = 90" }
steps  = ["map f = x * 1.8 + 32", "filter lo < f and f < hi",
          "aggregate total = sum(f), n = count()"]
"""


def run(*command: str | Path, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*map(str, command)], capture_output=True, text=True, **more)


def must_run(*command: str | Path, **more: object) -> str:
    done = run(*command, **more)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}"
    return done.stdout


def need(*tools: str) -> None:
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


def need_wasm() -> None:
    try:
        toolchain.wasm_tools()
    except NagareError as error:
        pytest.skip(str(error))


def made(text: str, folder: Path, target: str = "wasm", **more: tuple[str, ...]) -> Path:
    """The folder with what is built of a river file's text, called `rivers`."""
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / "rivers.toml"
    source.write_text(text)
    build(str(source), target, str(folder / "out"), more.get("profiles", tuple(emit.PROFILES)))
    return folder / "out"


@pytest.fixture(scope="session")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """tests/wasm/rivers.toml, built."""
    need_wasm()
    folder = tmp_path_factory.mktemp("module")
    build(str(WASM / "rivers.toml"), "wasm", str(folder), tuple(emit.PROFILES))
    return folder


# ---- the module ----------------------------------------------------------------------------------


def sections(path: Path) -> set[str]:
    """The names of a module's sections; those of custom sections with their own names."""
    told = must_run("wasm-objdump", "-h", path)
    return set(re.findall(r"^ *(\w+) start=", told, re.MULTILINE)) | set(
        re.findall(r'^ *Custom start=.*?"(.*?)"', told, re.MULTILINE)
    )


PARTS = {"Type", "Function", "Memory", "Global", "Export", "Code"}


@pytest.mark.parametrize("chain", [WARM, WARM_TOTAL], ids=["compacting", "masked"])
def test_a_module_has_its_kernel_and_nothing_else(tmp_path: Path, chain: str) -> None:
    need("wasm-validate", "wasm-objdump", "wasm-opt")
    need_wasm()
    path = made(SOURCE + chain, tmp_path) / "rivers.wasm"
    must_run("wasm-validate", path)
    assert sections(path) == PARTS
    exports = re.findall(r'-> "(\w+)"', must_run("wasm-objdump", "-x", "-j", "Export", path))
    name = re.search(r"river\.(\w+)", chain)[1]
    calls = {f"{name}_{call}" for call in ("init", "push", "flush")}
    assert set(exports) == {"memory", "__heap_base", *calls}
    assert "f32x4.mul" in must_run("wasm-objdump", "-d", path)


@pytest.mark.parametrize(("chain", "most"), [(WARM, 1024), (WARM_TOTAL, 3072)], ids=["W2", "W1"])
def test_a_module_of_one_chain_is_small(tmp_path: Path, chain: str, most: int) -> None:
    need("wasm-opt")
    need_wasm()
    path = made(SOURCE + chain, tmp_path) / "rivers.wasm"
    assert path.stat().st_size < most


def test_only_texts_of_a_river_need_data(module: Path) -> None:
    need("wasm-validate", "wasm-objdump", "wasm-opt")
    must_run("wasm-validate", module / "rivers.wasm")
    assert sections(module / "rivers.wasm") == PARTS | {"Data", "DataCount"}


def test_a_scalar_module_runs_where_there_is_no_simd(tmp_path: Path) -> None:
    need("wasm-validate", "wasm-objdump")
    need_wasm()
    path = made(SOURCE + WARM, tmp_path, profiles=("scalar",)) / "rivers.wasm"
    must_run("wasm-validate", "--disable-simd", path)
    path = made(SOURCE + WARM, tmp_path, profiles=("v128", "v256")) / "rivers.wasm"
    assert run("wasm-validate", "--disable-simd", path).returncode != 0
    with pytest.raises(NagareError, match="WASM has no profile v256, v512"):
        made(SOURCE + WARM, tmp_path, profiles=("v256", "v512"))


def test_the_same_file_gives_the_same_bytes(tmp_path: Path) -> None:
    need_wasm()
    for target in ("wasm", "native"):
        places = [tmp_path / target / place for place in ("a", "b/c")]
        folders = [made(SOURCE + WARM, place, target) for place in places]
        names = sorted(path.name for path in folders[0].iterdir())
        assert len(names) == 3
        for name in names:
            assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes(), name


def test_lines_say_how_large_files_are(tmp_path: Path) -> None:
    need_wasm()
    source = tmp_path / "warm air.toml"
    source.write_text(SOURCE + WARM)
    lines = build(str(source), "wasm", str(tmp_path), tuple(emit.PROFILES))
    size = (tmp_path / "warm air.wasm").stat().st_size
    assert re.fullmatch(rf"{tmp_path}/warm air\.wasm: {size:,} bytes, [\d,]+ by gzip", lines[0])
    names = [line.partition(":")[0] for line in lines[:3]]
    assert names == [f"{tmp_path}/warm air.{kind}" for kind in ("wasm", "js", "d.ts")]
    need("node")
    script = (
        'import("./warm air.js").then((m) => m.load()).then((r) => console.log(Object.keys(r)))'
    )
    assert must_run("node", "-e", script, cwd=tmp_path) == "[ 'warm' ]\n"


def every_river_file() -> list[Path]:
    return [
        *sorted((HOUSE / "kernels").glob("*.toml")),
        *sorted((HOUSE / "examples" / "rivers").glob("*.toml")),
        HOUSE / "tests" / "explain" / "shapes.toml",
    ]


@pytest.mark.parametrize("source", every_river_file(), ids=lambda path: path.stem)
def test_layouts_are_what_the_compiler_makes(source: Path, tmp_path: Path) -> None:
    """The generated C asserts every offset and size."""
    need_wasm()
    build(str(source), "wasm", str(tmp_path), ("scalar",))


@pytest.mark.parametrize(
    "part", ["inputs", "outputs", "params", "params_size", "state", "state_size"]
)
def test_a_wrong_layout_is_noticed(
    part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_wasm()
    right = layout.layout

    def wrong(view: emit.KernelView) -> layout.Layout:
        there = right(view)
        value = getattr(there, part)
        moved = value + 8 if isinstance(value, int) else {k: at + 4 for k, at in value.items()}
        return replace(there, **{part: moved})

    monkeypatch.setattr(building, "layout", wrong)
    with pytest.raises(NagareError, match=r"static.assert"):
        made(SOURCE + WARM, tmp_path)


# ---- without JavaScript --------------------------------------------------------------------------


def plain_module(folder: Path) -> Path:
    """tests/wasm/plain.c over the two rivers, compiled as `nagare build` compiles."""
    folder.mkdir(exist_ok=True)
    source = folder / "rivers.toml"
    source.write_text(SOURCE + WARM + WARM_TOTAL)
    file = rivers.load(str(source))
    (folder / "kernels.h").write_text(emit.generate(file, ("scalar", "v128"), "kernels.h"))
    shutil.copy(WASM / "plain.c", folder)
    out = folder / "plain.wasm"
    toolchain.compile_wasm([folder / "plain.c"], out, stack_size=1 << 16, shrink=True)
    return out


def expected_rows(folder: Path) -> tuple[Table, Table]:
    file = rivers.load(str(folder / "rivers.toml"))
    x = (np.arange(4000) * 37 % 256).astype(np.float32) / 4 - 8
    column = Column("f32", x.astype(np.float32), np.ones(4000, dtype=bool))
    table = Table(file.rivers["samples"].schema, {"x": column}, 4000)
    return tuple(evaluate(file, name, {"samples": table}) for name in ("warm", "warm_total"))


def interpreted(module: Path, assertions: list[str], folder: Path) -> str:
    """What wabt's interpreter says of a module and assertions about it."""
    body = "".join(f"\\{byte:02x}" for byte in module.read_bytes())
    script = folder / "script.wast"
    script.write_text(f'(module binary "{body}")\n' + "\n".join(assertions) + "\n")
    must_run("wast2json", script, "-o", folder / "script.json")
    return run("spectest-interp", folder / "script.json").stdout


def test_an_interpreter_without_javascript_agrees(tmp_path: Path) -> None:
    need("wast2json", "spectest-interp")
    need_wasm()
    module = plain_module(tmp_path)
    warm, total = expected_rows(tmp_path)
    kept = warm.columns["f"].values
    bits = struct.unpack("<Q", struct.pack("<d", total.columns["total"].values[0]))[0]
    right = []
    for cut in (4000, 1, 17, 512):
        call = f'(invoke "kept" (i32.const 4000) (i32.const {cut}))'
        right.append(f"(assert_return {call} (i32.const {len(kept)}))")
    for row in (0, 1, 17, len(kept) - 1):
        value = int(kept[row : row + 1].view(np.uint32)[0])
        right.append(f'(assert_return (invoke "value" (i32.const {row})) (i32.const {value}))')
    right += [
        f'(assert_return (invoke "total" (i32.const {cut})) (i64.const {bits}))'
        for cut in (4000, 7, 513)
    ]
    commands = len(right) + 1  # the module itself is one
    told = interpreted(module, right, tmp_path)
    assert told.endswith(f"{commands}/{commands} tests passed.\n"), told
    wrong = [f'(assert_return (invoke "total" (i32.const 4000)) (i64.const {bits + 1}))']
    assert interpreted(module, wrong, tmp_path).endswith("1/2 tests passed.\n")


# ---- its JavaScript ------------------------------------------------------------------------------


@pytest.mark.parametrize("script", sorted(WASM.glob("*.test.mjs")), ids=lambda path: path.stem)
def test_in_node(script: Path, module: Path) -> None:
    need("node")
    there = os.environ | {"NAGARE_MODULE": (module / "rivers.js").as_uri()}
    told = must_run("node", "--test", script, env=there)
    assert re.search(r"^# pass [1-9]", told, re.MULTILINE), told


def test_texts_of_statuses_are_the_librarys() -> None:
    template = (places.templates() / "module.js.j2").read_text()
    texts = re.findall(r'^  \[(-\d+)\]: "(.*)",$', template, re.MULTILINE)
    entry = r"X\(NG_\w+, (-?\d+), NG_\w+,[\\\s]*\"(.*)\"\)"
    library = re.findall(entry, places.header().read_text())
    assert len(texts) == 3
    assert set(texts) <= set(library)


def test_types_hold_for_a_users_program(module: Path, tmp_path: Path) -> None:
    if not TSC.exists():
        pytest.skip("TypeScript is not installed; `make setup` with npm brings it")
    for path in (module / "rivers.d.ts", WASM / "user.ts"):
        shutil.copy(path, tmp_path)
    options = ["--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--noEmit"]
    options += ["--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom"]
    assert must_run(TSC, *options, "user.ts", cwd=tmp_path) == ""
    (tmp_path / "wrong.ts").write_text(
        'import { load } from "./rivers.js";\n(await load()).no();\n'
    )
    refused = run(TSC, *options, "wrong.ts", cwd=tmp_path)
    assert refused.returncode != 0
    assert "Property 'no' does not exist" in refused.stdout


def test_the_example_in_the_documents_runs(tmp_path: Path) -> None:
    need("node")
    need_wasm()
    text = (HOUSE / "docs" / "wasm.md").read_text()
    [example] = re.findall(r"^```js\n(// .*?)^```$", text, re.MULTILINE | re.DOTALL)
    [printed] = re.findall(r"^```\n(\{.*?)^```$", text, re.MULTILINE | re.DOTALL)
    source = HOUSE / "examples" / "start.toml"
    build(str(source), "wasm", str(tmp_path), tuple(emit.PROFILES))
    (tmp_path / "example.mjs").write_text(example)
    assert must_run("node", "example.mjs", cwd=tmp_path) == printed


# ---- static libraries ----------------------------------------------------------------------------

USER = """\
#include "rivers.h"
#include <stdio.h>

int main(void) {
    const float x[4] = {5, 20, 30, 99};
    float f[4];
    static warm stream;
    warm_in in = {.x = x};
    warm_out out = {.f = f, .capacity = 4};
    warm_init(&stream, NULL);
    const ng_step step = warm_push(&stream, &in, 4, &out);
    printf("%zu %g %g %s\\n", out.rows, (double)f[0], (double)f[1], ng_status_text(step.status));
    return 0;
}
"""


def test_a_program_links_with_a_library(tmp_path: Path) -> None:
    folder = made(SOURCE + WARM, tmp_path, "native")
    assert sorted(path.name for path in folder.iterdir()) == ["librivers.a", "nagare.h", "rivers.h"]
    (tmp_path / "user.c").write_text(USER)
    flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", f"-I{folder}", f"-L{folder}"]
    must_run("gcc", *flags, tmp_path / "user.c", "-lrivers", "-o", tmp_path / "user")
    assert must_run(tmp_path / "user") == "2 68 86 ok\n"


def test_a_program_links_with_two_libraries(tmp_path: Path) -> None:
    source = tmp_path / "more.toml"
    source.write_text(SOURCE + WARM_TOTAL)
    folder = made(SOURCE + WARM, tmp_path, "native")
    build(str(source), "native", str(folder), ("scalar",))
    text = USER.replace('"rivers.h"\n', '"rivers.h"\n#include "more.h"\n').replace(
        "return 0", "static warm_total total; warm_total_init(&total, NULL); return 0"
    )
    (tmp_path / "user.c").write_text(text)
    libraries = ["-lrivers", "-lmore"]
    for order in (libraries, libraries[::-1]):
        must_run("gcc", f"-I{folder}", tmp_path / "user.c", f"-L{folder}", *order,
                 "-o", tmp_path / "user")  # fmt: skip
        assert must_run(tmp_path / "user") == "2 68 86 ok\n"


# ---- what goes wrong -----------------------------------------------------------------------------


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A PATH that has only the named tools, each a script."""

    def only(**scripts: str) -> None:
        folder = tmp_path / "tools"
        folder.mkdir(exist_ok=True)
        for name, script in scripts.items():
            path = folder / name.replace("_", "-")
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))
        monkeypatch.delenv("CC", raising=False)
        for cached in (toolchain.cc, toolchain.wasm_tools, toolchain.node):
            cached.cache_clear()

    yield only
    for cached in (toolchain.cc, toolchain.wasm_tools, toolchain.node):
        cached.cache_clear()


def test_compilers_are_found_in_order(tools, monkeypatch: pytest.MonkeyPatch) -> None:
    tools(clang_19="", clang_16="", wasm_ld_16="")
    assert toolchain.cc() == ("clang-19",)
    assert toolchain.wasm_tools() == toolchain.WasmTools("clang-16", "wasm-ld-16", None)
    tools(gcc="", wasm_ld_19="")
    assert toolchain.cc() == ("gcc",)
    assert toolchain.wasm_tools().clang == "clang-19"
    tools()
    monkeypatch.setenv("CC", "clang-16 -m32")
    assert toolchain.cc() == ("clang-16", "-m32")
    before = toolchain.fingerprint("native")
    tools(clang_16="# another one")
    monkeypatch.setenv("CC", "clang-16 -m32")
    assert toolchain.fingerprint("native") != before


def test_an_unversioned_clang_is_asked_how_old_it_is(tools) -> None:
    tools(clang="echo 14.0.6", wasm_ld="")
    with pytest.raises(NagareError, match="no clang from version 15"):
        toolchain.wasm_tools()
    tools(clang="echo 20.1.0")
    assert toolchain.wasm_tools() == toolchain.WasmTools("clang", "wasm-ld", None)


def test_what_is_missing_is_named_with_its_package(tools, monkeypatch: pytest.MonkeyPatch) -> None:
    tools()
    with pytest.raises(NagareError) as none:
        toolchain.cc()
    assert str(none.value).endswith("no C compiler\n    install Debian's package gcc, or set CC")
    with pytest.raises(NagareError, match="install Debian's packages clang-19 and lld-19"):
        toolchain.wasm_tools()
    with pytest.raises(NagareError, match="install Debian's package nodejs"):
        toolchain.node()
    tools(clang_17="")
    with pytest.raises(NagareError, match=r"no wasm-ld-17(.|\n)*install Debian's package lld-17"):
        toolchain.wasm_tools()
    monkeypatch.setenv("CC", "tcc -w")
    toolchain.cc.cache_clear()
    with pytest.raises(NagareError, match="there is no `tcc`, which CC names"):
        toolchain.cc()


def test_a_failed_build_leaves_what_was_there(tools, tmp_path: Path) -> None:
    need_wasm()
    folder = made(SOURCE + WARM, tmp_path)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert set(before) == {"rivers.wasm", "rivers.js", "rivers.d.ts"}
    tools(clang_19="echo half > /dev/null; echo it broke >&2; exit 3", wasm_ld_19="")
    with pytest.raises(NagareError, match=r"`clang-19` failed:\nit broke"):
        made(SOURCE + WARM_TOTAL, tmp_path)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_missing_optimiser_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need_wasm()
    without = replace(toolchain.wasm_tools(), optimizer=None)
    monkeypatch.setattr(toolchain, "wasm_tools", lambda: without)
    source = tmp_path / "rivers.toml"
    source.write_text(SOURCE + WARM)
    lines = build(str(source), "wasm", str(tmp_path), ("v128",))
    assert lines[3:] == [
        "there is no wasm-opt (Debian's package binaryen), which makes modules smaller"
    ]


@pytest.mark.parametrize("target", ["native", "wasm"])
def test_a_folder_that_cannot_be_written_is_named(target: str, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(NagareError, match=r"cannot be written: (not a directory|file exists)"):
        made(SOURCE + WARM, tmp_path, target)
