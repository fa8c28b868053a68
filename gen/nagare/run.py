"""`nagare run`: compiles a river file into a program, once, and runs it.

Programs are cached by content: the river file, the generator, the compiler and the target; and so
is the library's own code, which takes the compiler the longest and is the same in each. What a
program needs to know about its own command line stands beside it, so a cached run needs neither the
parser nor the templates.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from . import places, toolchain
from .errors import NagareError
from .names import suggestion

PROFILES = {"auto": 0, "scalar": 1, "v128": 2, "v256": 3, "v512": 4}


def run(path: str, river: str | None, inputs: dict[str, str], settings: dict[str, str], target: str,
        profile: str, batch: int | None, stats: bool) -> int:
    """Runs a river (or all that say where they go `to`). Returns the exit status; a native program
    takes this process's place, so then there is nothing to return to."""
    folder = program_folder(path, river, target)
    facts = json.loads((folder / "facts.json").read_text())
    arguments = _paths(facts, Path(path).parent, inputs) + _settings(facts, settings)
    arguments += ["--profile", str(PROFILES[profile]), "--batch", str(batch or 4096)]
    arguments += ["--stats"] if stats else []
    if target == "native":
        command = [str(folder / "program"), *arguments]
        sys.stdout.flush()
        os.execv(command[0], command)
    command = [toolchain.node(), str(folder / "run.mjs"), *arguments]
    return subprocess.run(command, check=False).returncode


# ---- the cache -----------------------------------------------------------------------------------


def cache_folder() -> Path:
    """$NAGARE_CACHE, or `nagare` in the user's cache folder."""
    root = os.environ.get("NAGARE_CACHE")
    if root:
        return Path(root)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nagare"


def _library(target: str) -> Path:
    """The library's own code as an object, compiled if it is not there."""
    from .program import library_source

    made = cache_folder() / f"library-{_key(target)}.o"
    if not made.exists():
        with toolchain.making(made) as work:
            source = work / "library.c"
            source.write_text(library_source())
            toolchain.compile_object(source, made, target)
    return made


def _own_files() -> list[Path]:
    here = Path(__file__).resolve().parent
    return [*sorted(here.glob("*.py")), *sorted(here.glob("*.lark")),
            *sorted(places.templates().iterdir()), places.header()]


def _key(target: str, *made_of: bytes) -> str:
    state = hashlib.sha256()
    for part in (target.encode(), toolchain.fingerprint(target).encode(), *made_of):
        state.update(len(part).to_bytes(8, "little") + part)
    for file in _own_files():
        info = file.stat()
        state.update(f"{file.name} {info.st_size} {info.st_mtime_ns}\n".encode())
    return state.hexdigest()[:32]


def program_folder(path: str, river: str | None, target: str) -> Path:
    """The folder of the compiled program, made if it is not there. An interrupted making leaves
    nothing under its name."""
    try:
        content = Path(path).read_bytes()
    except OSError:
        content = b""  # loading it says what is wrong
    folder = cache_folder() / _key(target, content, (river or "").encode())
    if not (folder / "facts.json").exists():
        _make(path, river, target, folder)
    return folder


def _make(path: str, river: str | None, target: str, folder: Path) -> None:
    from .program import assemble, render
    from .rivers import load

    file = load(path)
    rivers = _choose(file, river)
    program = assemble(file, rivers)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=folder.parent, prefix="making-"))
    except OSError as error:
        raise NagareError(f"cannot write to `{folder.parent}`: {error.strerror}",
                          "set NAGARE_CACHE to a folder that can be written") from None
    try:
        _compile(render(program, file, target), work, target)
        (work / "facts.json").write_text(json.dumps(_facts(program)))
        try:
            work.rename(folder)
        except OSError:
            if not (folder / "facts.json").exists():
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _compile(texts: dict[str, str], work: Path, target: str) -> None:
    for name, text in texts.items():
        (work / name).write_text(text)
    source = [work / "program.c", _library(target)]
    if target == "native":
        toolchain.compile_native(source, work / "program", ["-O2"])
    else:
        toolchain.compile_wasm(source, work / "program.wasm", stack_size=1 << 20)


# ---- which rivers, and the command line of the program -------------------------------------------


def _choose(file, river: str | None) -> list[tuple[str, str]]:
    """The rivers to run and where each goes."""
    if river is not None:
        if river not in file.rivers:
            raise NagareError(f"there is no river `{river}` in `{file.path}`",
                              suggestion(river, list(file.rivers), "rivers"))
        return [(river, "-")]
    named = [(r.name, r.to) for r in file.rivers.values() if r.to is not None]
    if sum(path == "-" for _, path in named) > 1:
        names = ", ".join(f"`{n}`" for n, path in named if path == "-")
        raise NagareError(f"several rivers of `{file.path}` go to standard output: {names}",
                          f"name one: nagare run {file.path} {named[0][0]}")
    if named:
        return named
    used = {s for r in file.rivers.values() for s in r.sources}
    ends = [n for n in file.rivers if n not in used]
    if len(ends) > 1:
        names = ", ".join(f"`{n}`" for n in ends)
        raise NagareError(f"`{file.path}` ends in several rivers: {names}",
                          f"name one: nagare run {file.path} {ends[0]}")
    return [(ends[0], "-")]


def _facts(program) -> dict:
    sources = {n.name: [i, n.source.csv.path if n.source.csv else None]
               for i, n in enumerate(program.nodes) if n.kind == "source"}
    sinks = {n.name: [i, n.path] for i, n in enumerate(program.nodes) if n.kind == "sink"}
    return {"sources": sources, "sinks": sinks, "settings": program.settings(),
            "required": program.required()}


def _paths(facts: dict, base: Path, inputs: dict[str, str]) -> list[str]:
    for name in inputs:
        if name not in facts["sources"]:
            raise NagareError(f"this run has no source `{name}`",
                              suggestion(name, list(facts["sources"]), "sources"))
    arguments = []
    for name, (node, path) in facts["sources"].items():
        if name in inputs:
            path = inputs[name]
        elif path is None:
            raise NagareError(f"the source `{name}` has no file",
                              f"write --input {name}=PATH, or --input {name}=- for standard input")
        elif path != "-":
            path = str(base / path)
        arguments += ["--path", f"{node}={path}"]
    standard = [n for n, (_, p) in facts["sources"].items() if inputs.get(n, p) == "-"]
    if len(standard) > 1:
        raise NagareError(f"standard input cannot be both `{standard[0]}` and `{standard[1]}`",
                          "give one of them a file")
    for node, path in facts["sinks"].values():
        arguments += ["--path", f"{node}={path if path == '-' else base / path}"]
    return arguments


def _settings(facts: dict, settings: dict[str, str]) -> list[str]:
    arguments, known = [], facts["settings"]
    missing = set(facts["required"])
    for name, value in settings.items():
        if name not in known:
            raise NagareError(f"this run has no parameter `{name}`",
                              suggestion(name, list(known), "parameters"))
        missing -= {name, *(m for m in missing if m.endswith("." + name))}
        arguments += [part for node, index, _ in known[name]
                      for part in ("--set", f"{node}.{index}={value}")]
    if missing:
        name = sorted(missing)[0]
        raise NagareError(f"the parameter `{name}` has no default", f"write --set {name}=VALUE")
    return arguments
