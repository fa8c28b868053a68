"""Builds `drive` around operators with one compiler configuration, and runs cases through it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nagare.ir import KINDS, Type

from . import blob

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wundef", "-Wcast-qual"]


class BuildError(Exception):
    """The compiler refused; the text is what it said."""


class Crash(Exception):
    """`drive` died: `case` is the index of the case it was in, `results` those before it."""

    def __init__(self, case: int, message: str, results: list[list[blob.Result]]) -> None:
        super().__init__(f"case {case}: {message}")
        self.case = case
        self.message = message
        self.results = results


@dataclass(frozen=True)
class Config:
    """How a program is compiled."""

    compiler: str
    flags: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join([self.compiler, *self.flags])


def works(config: Config, folder: Path) -> bool:
    """Whether this machine can build and run a program so compiled."""
    if shutil.which(config.compiler) is None:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    source, program = folder / f"works{os.getpid()}.c", folder / f"works{os.getpid()}"
    source.write_text('#include <stdio.h>\nint main(void) { return puts("") < 0; }\n')
    made = subprocess.run([config.compiler, *config.flags, source, "-o", program],
                          capture_output=True)  # fmt: skip
    return made.returncode == 0 and subprocess.run([program], capture_output=True).returncode == 0


def _quirks(config: Config) -> list[str]:
    """Some clangs warn of every compilation with -march=native on some processors."""
    told = subprocess.run([config.compiler, *config.flags, "-x", "c", "-fsyntax-only", "/dev/null"],
                          capture_output=True, text=True).stderr  # fmt: skip
    known = "invalid-feature-combination"
    return [f"-Wno-{known}"] if known in told else []


class Program:
    """A built driver."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.operators = _describe(path)

    def run(self, cases: Sequence[blob.Case], timeout: float = 300) -> list[list[blob.Result]]:
        """The results of each case, one for each of its runs."""
        mine = f".{os.getpid()}"  # several processes run one program
        given = self.path.with_suffix(mine + ".cases")
        results = self.path.with_suffix(mine + ".results")
        given.write_bytes(b"".join(blob.encode(c, self.operators[c.operator]) for c in cases))
        results.unlink(missing_ok=True)
        message = ""
        try:
            done = subprocess.run([self.path, given, results], capture_output=True, text=True,
                                  timeout=timeout)  # fmt: skip
            if done.returncode != 0:
                message = done.stderr.strip() or f"exit status {done.returncode}"
        except subprocess.TimeoutExpired:
            message = f"no end after {timeout} s"
        reader = blob.Reader(results.read_bytes() if results.exists() else b"")
        read: list[list[blob.Result]] = []
        try:
            for case in cases:
                outputs = self.operators[case.operator].outputs
                read.append([reader.result(outputs) for _ in case.runs])
        except EOFError:
            raise Crash(len(read), message, read) from None
        if message:
            raise Crash(len(read), message, read)
        return read


def build(config: Config, headers: Sequence[Path], names: Sequence[str], path: Path) -> Program:
    """A driver over the operators `names` that the headers declare and, with
    `NAGARE_IMPLEMENTATION`, define."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table = path.with_suffix(".c")
    includes = "".join(f'#include "{header.resolve()}"\n' for header in headers)
    rows = "".join(f"    &{name}_kernel,\n" for name in names)
    table.write_text(
        "/* The operators of one driver program. */\n"
        f'#define NAGARE_IMPLEMENTATION\n{includes}#include "drive.h"\n\n'
        f"const ng_kernel *const drive_operators[] = {{\n{rows}}};\n"
        f"const size_t drive_operator_count = {len(names)};\n"
    )
    dialect = any(flag.startswith("-std=") for flag in config.flags)
    common = [*WARNINGS, *_quirks(config), "-Werror", f"-I{ROOT}", f"-I{HERE}"]
    kernels = [*config.flags, *([] if dialect else ["-std=c99"])]
    made = path.with_suffix(".o")
    _compile([config.compiler, *kernels, *common, "-c", str(table), "-o", str(made)])
    harness = [_harness(config, common, name, path.parent) for name in ("drive", "guarded")]
    objects = [str(made), *map(str, harness)]
    _compile([config.compiler, *config.flags, *objects, "-o", str(path)])
    return Program(path)


def _harness(config: Config, common: list[str], name: str, folder: Path) -> Path:
    """An object of the driver itself: its optimisation does not matter, its word size does."""
    words = [flag for flag in config.flags if flag.startswith("-m3")]
    made = folder / "_".join([name, config.compiler, *words, "harness.o"])
    if not made.exists():
        source = str(HERE / f"{name}.c")
        flags = [*words, "-std=gnu99", "-O1", *common]
        _compile([config.compiler, *flags, "-c", source, "-o", str(made)])
    return made


def _compile(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise BuildError(" ".join(command) + "\n" + done.stderr)


def _describe(path: Path) -> list[blob.Operator]:
    done = subprocess.run([path, "--describe"], capture_output=True, text=True, check=True)
    operators: list[blob.Operator] = []
    names = {number: name for name, number in blob.PROFILES.items()}
    for line in done.stdout.splitlines():
        what, *rest = line.split(" ")
        if what == "operator":
            operators.append(blob.Operator(rest[0], int(rest[1]), (), {}, {}, {}))
        elif what == "profile":
            last = operators[-1]
            profiles = (*last.profiles, names[int(rest[0])])
            operators[-1] = blob.Operator(
                last.name, last.state_size, profiles, last.inputs, last.outputs, last.params
            )
        else:
            fields = {"in": "inputs", "out": "outputs", "param": "params"}[what]
            type_ = Type(KINDS[int(rest[1]) - 1], rest[2] == "1")
            getattr(operators[-1], fields)[rest[0]] = type_
    return operators
