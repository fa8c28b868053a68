"""Builds every competitor that can be built here; what cannot be is named, loudly, and left out."""

import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
OUT = ROOT / "build" / "bench"
RIVERS = HERE / "rivers" / "samples.toml"
CLANGS = ["clang-19", "clang-18", "clang-17", "clang-16", "clang-15", "clang"]
# Hidden, so that position-independent code costs nothing inside a shared object.
FLAGS = ["-std=gnu11", "-fPIC", "-fvisibility=hidden", "-Wall", "-Wextra"]
# The Python that has Halide's module is the system's, not that of the virtual environment.
SYSTEM_PYTHON = "/usr/bin/python3"


class Skipped(Exception):
    """A competitor for which something is not installed here, and what."""


class Broken(Exception):
    """A competitor that should have been built, and what its tool said."""


@dataclass
class Left:
    """The competitors that were left out."""

    skipped: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


def run(command: list[str]) -> None:
    """Runs a tool in silence; how it began to complain is shown when it failed."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()[:8]
        raise Broken("\n".join([f"`{' '.join(command)}` failed:", *said]))


def compilers() -> dict[str, str]:
    """The compilers to race, by name: the command of each."""
    found = {}
    if shutil.which("gcc"):
        found["gcc"] = "gcc"
    for clang in CLANGS:
        if shutil.which(clang):
            found["clang"] = clang
            break
    if not found:
        sys.exit("bench: no C compiler; `make setup` installs them")
    return found


def shared_object(
    name: str, compiler: str, sources: list[str], flags: list[str], build: str
) -> str:
    """Compiles, and links apart: `-ffast-math` at the link would change rounding for everyone."""
    objects = []
    for source in sources:
        path = HERE / source
        compiled = OUT / f"{name}-{path.stem}.o"
        label = f'-DBENCH_BUILD="{build}"'
        run([compiler, *FLAGS, *flags, label, "-c", str(path), "-o", str(compiled)])
        objects.append(str(compiled))
    linked = OUT / f"{name}.so"
    run([compiler, "-shared", *objects, "-o", str(linked), "-lm"])
    return str(linked)


def harness(tools: dict[str, str]) -> str:
    """The program that times them all. Contraction is off so that its data is wasm.mjs's."""
    target = OUT / "native"
    compiler = tools.get("gcc") or tools["clang"]
    flags = ["-std=gnu11", "-O2", "-ffp-contract=off"]
    run([compiler, *flags, str(HERE / "native.c"), "-o", str(target), "-ldl", "-lm"])
    return str(target)


def by_hand(tools: dict[str, str]) -> list[str]:
    """The limit and the experts: only where their intrinsics exist."""
    if platform.machine() not in ("x86_64", "AMD64"):
        raise Skipped("limit and experts are written for x86-64")
    compiler = tools.get("clang") or tools["gcc"]
    build = f"{'clang' if 'clang' in tools else 'gcc'} -O3"
    names = ["limit", "peers_avx2", "peers_avx512"]
    return [shared_object(name, compiler, [f"{name}.c"], ["-O3"], build) for name in names]


def plain(tools: dict[str, str]) -> list[str]:
    """What a C user gets from each compiler, with and without leave to reorder sums."""
    built = []
    for name, compiler in tools.items():
        for fast in ([], ["-ffast-math"]):
            flags = ["-O3", "-march=native", *fast]
            label = " ".join([name, *flags])
            plugin = f"plain-{name}{''.join(fast)}"
            built.append(shared_object(plugin, compiler, ["peers_plain.c"], flags, label))
    return built


def halide(tools: dict[str, str]) -> list[str]:
    if subprocess.run([SYSTEM_PYTHON, "-c", "import halide"], capture_output=True).returncode != 0:
        raise Skipped("needs Debian's python3-halide and libhalide14-0-dev")
    folder = OUT / "halide"
    folder.mkdir(exist_ok=True)
    run([SYSTEM_PYTHON, str(HERE / "peers_halide.py"), str(folder)])
    headers = sorted(Path("/usr/include").glob("halide*")) or [Path("/usr/include")]
    compiler = tools.get("clang") or tools["gcc"]
    caller = OUT / "halide-caller.o"
    label = '-DBENCH_BUILD="ahead of time"'
    source = str(HERE / "peers_halide.c")
    flags = [*FLAGS, "-O2", f"-I{headers[-1]}", label]
    run([compiler, *flags, "-c", source, "-o", str(caller)])
    linked = OUT / "halide.so"
    objects = [str(folder / f"{name}.o") for name in ("warm_total", "summary", "runtime")]
    run([compiler, "-shared", str(caller), *objects, "-o", str(linked), "-lpthread", "-ldl"])
    return [str(linked)]


def ours(tools: dict[str, str]) -> list[str]:
    """The generated kernels, as their users compile them: -O2 and nothing else."""
    run([str(ROOT / "nagare"), "gen", str(RIVERS), "-o", str(OUT / "samples.h")])
    flags = ["-O2", f"-I{OUT}", f"-I{ROOT}"]
    return [
        shared_object(f"ours-{name}", compiler, ["ours.c"], flags, f"{name} -O2")
        for name, compiler in tools.items()
    ]


def attempt(
    groups: list[Callable[[dict[str, str]], list[str]]], tools: dict[str, str], left: Left
) -> list[str]:
    """What could be built of these; what could not is noted in `left`."""
    built: list[str] = []
    for group in groups:
        name = group.__name__.replace("_", " ")
        try:
            built += group(tools)
        except Skipped as reason:
            left.skipped.append(f"{name}: {reason}")
        except Broken as reason:
            left.broken.append(f"{name}: {reason}")
    return built


def build_native(tools: dict[str, str], left: Left) -> tuple[str, list[str]]:
    """The harness and the shared objects it is to race."""
    OUT.mkdir(parents=True, exist_ok=True)
    return harness(tools), attempt([by_hand, plain, halide, ours], tools, left)


def build_wasm(tools: dict[str, str], left: Left) -> list[str]:
    """The modules, which wasm.mjs finds where they are built; ours needs what `ours` generated."""
    for module in OUT.glob("*.wasm"):
        module.unlink()
    return attempt([our_module, expert_module], tools, left)


def wasm_module(tools: dict[str, str], source: str, flags: list[str]) -> list[str]:
    clang = tools.get("clang")
    linker = next((name for name in ("wasm-ld-19", "wasm-ld") if shutil.which(name)), None)
    if not clang or not linker:
        raise Skipped("needs clang and wasm-ld")
    compiled, linked = OUT / f"{source}.o", OUT / f"{source}.wasm"
    target = ["--target=wasm32", "-ffreestanding", "-msimd128", "-mbulk-memory"]
    target += ["-mnontrapping-fptoint", "-msign-ext"]
    path = str(HERE / f"{source}.c")
    run([clang, "-std=c11", *target, *flags, "-c", path, "-o", str(compiled)])
    exports = ["--no-entry", "--export=__heap_base", "--max-memory=2147483648"]
    run([linker, *exports, str(compiled), "-o", str(linked)])
    return [str(linked)]


def our_module(tools: dict[str, str]) -> list[str]:
    return wasm_module(tools, "ours_wasm", ["-O2", f"-I{OUT}", f"-I{ROOT}"])


def expert_module(tools: dict[str, str]) -> list[str]:
    return wasm_module(tools, "peers_wasm", ["-O3"])
