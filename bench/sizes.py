"""Measures how large the core is as WASM: what a small program carries, and all of it.

    PYTHONPATH=gen python bench/sizes.py

Prints the table of docs/wasm.md, of the newest clang that is here, and fails where a size exceeds
its limit. It takes Binaryen, as the limits are those of modules that it made smaller.
"""

from __future__ import annotations

import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from nagare.toolchain import compile_wasm

HOUSE = Path(__file__).resolve().parent.parent
CORE = HOUSE / "core"
OPTIONS = ("-Oz", "-ffunction-sections", "-fdata-sections")

# A name before a bracket in a line that begins a declaration.
DECLARED = re.compile(r"^(?!static|typedef|NGI_|#)\w[\w *]*?\b(ng_\w+)\(", re.MULTILINE)

GRAPHS = (
    *("base", "batch", "pool", "link", "graph_build", "graph_start", "graph_timers"),
    *("graph_trace", "graph_order", "graph_run", "graph_books", "ops_guard", "account"),
)
LOOPS = ("loop", "loop_tasks", "loop_timers", "channel", "graph_loop", "lane")
OF_GRAPHS = ("base", "batch", "pool", "link", "operator", "graph", "ops_guard", "account")
OF_LOOPS = ("loop", "channel", "graph_loop", "lane")


@dataclass(frozen=True)
class Module:
    name: str
    limit: int
    source: Path | None = None  # a program, or
    parts: tuple[str, ...] = ()  # files of core/,
    headers: tuple[str, ...] = ()  # all whose functions it exports


MODULES = (
    Module("a river: `range`, `map`, `observe`", 11264, HOUSE / "bench" / "hello_wasm.c"),
    Module(
        "an interval, `take`, in a loop", 16896, HOUSE / "examples" / "streams" / "wasm_ticks.c"
    ),
    Module("all of graphs", 23040, None, GRAPHS, OF_GRAPHS),
    Module("all of graphs and loops", 32256, None, GRAPHS + LOOPS, OF_GRAPHS + OF_LOOPS),
)


def public(headers: tuple[str, ...]) -> list[str]:
    """The functions that headers of the core declare."""
    found: set[str] = set()
    for header in headers:
        found |= set(DECLARED.findall((CORE / f"{header}.h").read_text(encoding="utf-8")))
    return sorted(found)


def size_of(module: Module, out: Path) -> int:
    """Builds a module as `out`, which is how large in bytes?"""
    source = module.source
    if source is None:
        source = out.with_suffix(".c")
        lines = [f'#include "{part}.c"\n' for part in module.parts]
        source.write_text("".join(lines), encoding="utf-8")
    options = (*OPTIONS, f"-I{HOUSE}", f"-I{CORE}")
    exports = public(module.headers)
    if not compile_wasm(
        [source], out, stack_size=16384, exports=exports, options=options, shrink=True
    ):
        raise SystemExit("there is no wasm-opt: install Debian's package binaryen")
    return out.stat().st_size


def main() -> None:
    print("| module | bytes | limit |\n| --- | ---: | ---: |")
    fits = True
    with tempfile.TemporaryDirectory() as folder:
        for number, module in enumerate(MODULES):
            size = size_of(module, Path(folder) / f"{number}.wasm")
            print(f"| {module.name} | {size} | {module.limit} |")
            fits = fits and size <= module.limit
    sys.exit(not fits)


if __name__ == "__main__":
    main()
