"""How large the core is as WASM: bench/sizes.py's limits, and that the smallest module works."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOUSE / "bench"))

import sizes  # noqa: E402

TABLE = (HOUSE / "docs" / "wasm.md").read_text(encoding="utf-8")

# Runs a module whose only import shows numbers.
RUN = """
const bytes = require("fs").readFileSync(process.argv[1]);
const shown = [];
const imports = { program: { show: (number) => shown.push(String(number)) } };
WebAssembly.instantiate(bytes, imports).then(({ instance }) => {
  const status = instance.exports.run();
  console.log([...shown, status].join(" "));
});
"""


@pytest.mark.parametrize("module", sizes.MODULES, ids=lambda module: module.name)
def test_modules_keep_within_their_limits(module: sizes.Module, tmp_path: Path) -> None:
    if shutil.which("clang-19") is None or shutil.which("wasm-opt") is None:
        pytest.skip("clang-19 or wasm-opt is not installed")
    size = sizes.size_of(module, tmp_path / "module.wasm")
    assert size <= module.limit
    assert size > module.limit - 1024, "the limit is no limit: lower it"


def test_the_smallest_module_is_a_river(tmp_path: Path) -> None:
    if shutil.which("wasm-opt") is None or shutil.which("node") is None:
        pytest.skip("wasm-opt or node is not installed")
    out = tmp_path / "hello.wasm"
    sizes.size_of(sizes.MODULES[0], out)
    done = subprocess.run(["node", "-e", RUN, str(out)], capture_output=True, text=True)
    assert done.stdout == "0 1 4 9 16 2\n", done.stderr


def test_the_documented_table_is_the_one_that_is_measured() -> None:
    rows = re.findall(r"^\| (.+?) \| (\d+) \| (\d+) \|$", TABLE, re.MULTILINE)
    assert [(name, int(limit)) for name, _, limit in rows] == [
        (module.name, module.limit) for module in sizes.MODULES
    ]
    assert all(int(size) <= int(limit) for _, size, limit in rows)


def test_all_public_functions_are_in_what_is_all() -> None:
    names = sizes.public(sizes.OF_GRAPHS)
    assert {"ng_graph_step", "ng_graph_trace", "ng_link_send", "ng_circuit_breaker"} <= set(names)
    assert {"ng_spawn", "ng_runner_start"} <= set(sizes.public(sizes.OF_LOOPS))
