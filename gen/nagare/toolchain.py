"""The compilers: which are there, and how generated C becomes a native file or a WASM module.

What is compiled appears under its name whole or not at all: it is made in a folder of its own
beside the place where it goes, then moved.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .errors import NagareError
from .places import include_folder

OLDEST_CLANG = 15  # the first that compiles what we generate
NEWEST_CLANG = 40  # names are tried from here down

# Spelt out, since what `generic` means differs from clang to clang.
WASM_FEATURES = ("-mcpu=mvp", "-mbulk-memory", "-mnontrapping-fptoint", "-msign-ext")
WASM_SIMD = "-msimd128"
WASM_OPT_FEATURES = (
    "--mvp-features",
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-simd",
)


# ---- which ones are there ------------------------------------------------------------------------


def versioned(name: str) -> Iterator[tuple[str, str]]:
    """A tool's names under which it may be installed, the newest first, each with its suffix."""
    for version in range(NEWEST_CLANG, OLDEST_CLANG - 1, -1):
        yield f"{name}-{version}", f"-{version}"
    yield name, ""


@cache
def cc() -> tuple[str, ...]:
    """The C compiler's command: $CC, or else gcc, or else the newest clang."""
    chosen = shlex.split(os.environ.get("CC", ""))
    if chosen:
        if shutil.which(chosen[0]) is None:
            raise NagareError(
                f"there is no `{chosen[0]}`, which CC names", "unset CC, or correct it"
            )
        return tuple(chosen)
    for name in ("gcc", *(name for name, _ in versioned("clang"))):
        if shutil.which(name) is not None:
            return (name,)
    raise NagareError("there is no C compiler", "install Debian's package gcc, or set CC")


@dataclass(frozen=True)
class WasmTools:
    """A compiler and the linker of its version; `optimizer` is None where Binaryen is missing."""

    clang: str
    linker: str
    optimizer: str | None


@cache
def wasm_tools() -> WasmTools:
    """The newest clang that has its linker beside it."""
    unlinked = None
    for clang, suffix in versioned("clang"):
        if shutil.which(clang) is None or (not suffix and _major(clang) < OLDEST_CLANG):
            continue
        linker = f"wasm-ld{suffix}"
        if shutil.which(linker) is not None:
            return WasmTools(clang, linker, shutil.which("wasm-opt"))
        unlinked = unlinked or (clang, linker, f"lld{suffix}")
    if unlinked is not None:
        clang, linker, package = unlinked
        raise NagareError(
            f"there is {clang} but no {linker}, which links WASM modules",
            f"install Debian's package {package}",
        )
    raise NagareError(
        f"there is no clang from version {OLDEST_CLANG} on, which makes WASM modules",
        "install Debian's packages clang-19 and lld-19",
    )


def _major(clang: str) -> int:
    told = subprocess.run([clang, "-dumpversion"], capture_output=True, text=True, check=False)
    major = told.stdout.strip().partition(".")[0]
    return int(major) if major.isdigit() else 0


@cache
def node() -> str:
    """Node, which runs programs for WASM."""
    if shutil.which("node") is None:
        raise NagareError("there is no `node`, which runs WASM", "install Debian's package nodejs")
    return "node"


def fingerprint(target: str) -> str:
    """Changes when another compiler would be used: the tools' files, by path, size and time."""
    if target == "native":
        return "\n".join(map(_file_facts, cc()))
    tools = wasm_tools()
    return "\n".join(map(_file_facts, (tools.clang, tools.linker)))


def _file_facts(word: str) -> str:
    """What identifies the file that a word of a command names; a flag stands for itself."""
    found = shutil.which(word)
    if found is None:
        return word
    path = Path(found).resolve()
    info = path.stat()
    return f"{path} {info.st_size} {info.st_mtime_ns}"


# ---- compiling -----------------------------------------------------------------------------------


def compile_native(sources: Sequence[Path], out: Path, options: Sequence[str]) -> None:
    """Compiles C files to what the options say: a program, linked with the objects that are among
    the files, or with `-c` an object."""
    with making(out) as work:
        made = work / out.name
        files = [str(source) for source in sources]
        _must_run([*cc(), *options, f"-I{include_folder()}", *files, "-o", str(made)])
        os.replace(made, out)


def archive(objects: Sequence[Path], out: Path) -> None:
    """Puts objects into a static library, always the same bytes for the same objects."""
    told = subprocess.run(
        [*cc(), "-print-prog-name=ar"], capture_output=True, text=True, check=False
    )
    with making(out) as work:
        made = work / out.name
        _must_run([told.stdout.strip() or "ar", "rcsD", str(made), *map(str, objects)])
        os.replace(made, out)


def compile_wasm(
    sources: Sequence[Path],
    out: Path,
    *,
    stack_size: int,
    exports: Iterable[str] = (),
    options: Sequence[str] = ("-O2", WASM_SIMD),
    shrink: bool = False,
) -> bool:
    """Compiles C files, and links them and objects to a module that exports its memory, `exports`,
    and what says so by attribute. `shrink` has Binaryen make it smaller; returns whether that was
    done."""
    tools = wasm_tools()
    with making(out) as work:
        objects = []
        for number, source in enumerate(sources):
            if source.suffix == ".o":
                objects.append(str(source))
                continue
            objects.append(str(work / f"{number}.o"))
            _must_run(_to_wasm_object(source, objects[-1], options))
        made = work / out.name
        _must_run(
            [
                tools.linker,
                "--no-entry",
                "--gc-sections",
                "--strip-all",
                "--stack-first",
                "-z",
                f"stack-size={stack_size}",
                *(f"--export={name}" for name in exports),
                *objects,
                "-o",
                str(made),
            ]
        )
        shrunk = shrink and tools.optimizer is not None
        if shrunk:
            small = work / f"small-{out.name}"
            _must_run([tools.optimizer, *WASM_OPT_FEATURES, "-Os", str(made), "-o", str(small)])
            made = small
        os.replace(made, out)
    return shrunk


def compile_object(source: Path, out: Path, target: str) -> None:
    """Compiles a C file for `compile_native` or `compile_wasm` to link."""
    if target == "native":
        compile_native([source], out, ["-O2", "-c"])
        return
    with making(out) as work:
        made = work / out.name
        _must_run(_to_wasm_object(source, str(made), ("-O2", WASM_SIMD)))
        os.replace(made, out)


def _to_wasm_object(source: Path, out: str, options: Sequence[str]) -> list[str]:
    """The command that compiles a C file for WASM."""
    return [
        wasm_tools().clang,
        "--target=wasm32",
        "-std=c99",
        "-ffreestanding",
        "-nostdlibinc",
        *WASM_FEATURES,
        *options,
        f"-I{include_folder()}",
        "-c",
        str(source),
        "-o",
        out,
    ]


@contextmanager
def making(out: Path) -> Iterator[Path]:
    """A folder beside `out` that is gone afterwards, whatever happens."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=".making-") as work:
            yield Path(work)
    except OSError as error:
        raise NagareError(
            f"`{out}` cannot be written: {(error.strerror or str(error)).lower()}",
            "choose a folder that can be written",
        ) from None


def _must_run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise NagareError(
            f"`{command[0]}` cannot be run: {(error.strerror or str(error)).lower()}",
            "install it again, or put another one first in PATH",
        ) from None
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()
        raise NagareError(
            f"`{Path(command[0]).name}` failed:\n{said}", "the command was: " + shlex.join(command)
        )
