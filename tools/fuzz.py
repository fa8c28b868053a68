"""Runs every fuzzer under tests/fuzz for a while: Python ones as they are, C ones with libFuzzer.

A C fuzzer keeps what it learns in build/fuzz/NAME and leaves what broke it beside that.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

HOUSE = Path(__file__).resolve().parent.parent
BUILD = HOUSE / "build" / "fuzz"
COMPILERS = [f"clang-{version}" for version in (19, *range(25, 14, -1))] + ["clang"]


def python_fuzzer(source: Path, seconds: int, seed: int) -> list[str]:
    return [sys.executable, str(source), "--seconds", str(seconds), "--seed", str(seed)]


def c_fuzzer(source: Path, seconds: int, seed: int) -> list[str]:
    compiler = next((name for name in COMPILERS if shutil.which(name)), None)
    if compiler is None:
        raise SystemExit("fuzz: error: there is no clang; tools/setup.sh test installs it")
    program, corpus = BUILD / f"{source.stem}.exe", BUILD / source.stem
    corpus.mkdir(parents=True, exist_ok=True)
    flags = ["-std=c99", "-g", "-O1", "-fsanitize=fuzzer,address,undefined"]
    folders = [f"-I{HOUSE / name}" for name in ("", "core", "tests/c")]
    no_mercy = "-fno-sanitize-recover=all"
    subprocess.run(
        [compiler, *flags, no_mercy, *folders, str(source), "-o", str(program)], check=True
    )
    return [
        str(program), str(corpus), f"-max_total_time={seconds}", f"-seed={seed}",
        f"-artifact_prefix={BUILD / source.stem}-", "-print_final_stats=1", "-verbosity=0",
    ]  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description="Run the fuzzers under tests/fuzz.")
    parser.add_argument("names", nargs="*", help="which ones, without ending (default: all)")
    parser.add_argument("--seconds", type=int, default=60, help="for each (default 60)")
    parser.add_argument("--seed", type=int, default=1, help="default 1")
    options = parser.parse_args()
    sources = sorted((HOUSE / "tests" / "fuzz").glob("fuzz_*.*"))
    unknown = set(options.names) - {source.stem for source in sources}
    if unknown or not sources:
        parser.error(f"there is no fuzzer {', '.join(sorted(unknown)) or 'at all'}")
    broken = []
    for source in sources:
        if options.names and source.stem not in options.names:
            continue
        print(f"fuzz: {source.stem}, {options.seconds} s", flush=True)
        prepare = python_fuzzer if source.suffix == ".py" else c_fuzzer
        command = prepare(source, options.seconds, options.seed)
        if subprocess.run(command, cwd=HOUSE).returncode != 0:
            broken.append(source.stem)
    print(f"fuzz: broken: {', '.join(broken)}" if broken else "fuzz: nothing broke")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
