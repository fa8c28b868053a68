"""Races the parts of the core: links, channels, tasks, timers, wakes and graphs, beside Concurrency
Kit, libuv and Tokio.

    python bench/core.py [--quick]

Prints a table with the goals, and writes build/bench/core.json. It fails when something of ours
does not build or run, never because of a figure.
"""

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median

import competitors
import machine

# What an operation may cost, in nanoseconds.
GOALS = {
    "link, one thread": 15.0,
    "link, two threads": 120.0,
    "channel": 50.0,
    "spawn": 100.0,
    "timer": 100.0,
    "graph of kernels, a row": 10.0,
    "callback, a row": 20.0,
}
PEERS = {"ck": ("ck_ring.h", "-DHAVE_CK", "-lck"), "uv": ("uv.h", "-DHAVE_UV", "-luv")}


def peers(compiler: str) -> tuple[list[str], list[str]]:
    """Flags that bring in the libraries that are here, and the names of the others."""
    flags, missing = [], []
    for name, (header, *brings) in PEERS.items():
        source = f"#include <{header}>\nint main(void) {{ return 0; }}\n"
        command = [compiler, "-x", "c", "-", "-o", "/dev/null"]
        tried = subprocess.run(command, input=source.encode(), capture_output=True)
        if tried.returncode == 0:
            flags += brings
        else:
            missing.append(name)
    return flags, missing


def build(compiler: str, flags: list[str]) -> Path:
    competitors.OUT.mkdir(parents=True, exist_ok=True)
    header, made = competitors.OUT / "flow.h", competitors.OUT / "core_race"
    river_file = competitors.HERE / "rivers" / "flow.toml"
    competitors.run([str(competitors.ROOT / "nagare"), "gen", str(river_file), "-o", str(header)])
    folders = [f"-I{competitors.ROOT}", f"-I{competitors.OUT}"]
    source = str(competitors.HERE / "core_race.c")
    libraries = [flag for flag in flags if flag.startswith("-l")]
    defines = [flag for flag in flags if flag.startswith("-D")]
    command = [compiler, "-std=gnu11", "-O2", *defines, *folders, source, "-o", str(made)]
    competitors.run([*command, "-pthread", *libraries])
    return made


def tokio(rounds: str) -> list[dict]:
    """Nothing where there is no cargo, or it cannot build."""
    if shutil.which("cargo") is None:
        print("SKIPPED: Tokio: there is no `cargo`", file=sys.stderr)
        return []
    target = competitors.OUT / "tokio"
    manifest = competitors.HERE / "tokio" / "Cargo.toml"
    command = ["cargo", "build", "--release", "--quiet"]
    command += ["--manifest-path", str(manifest), "--target-dir", str(target)]
    made = subprocess.run(command, capture_output=True, text=True)
    if made.returncode != 0:
        print(f"SKIPPED: Tokio: {made.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return []
    return measure([str(target / "release" / "tokio_race"), rounds])


def measure(command: list[str]) -> list[dict]:
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"bench: `{command[0]}` failed with {done.returncode}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def table(results: list[dict]) -> str:
    """A line for each case: ours, the goal, and the peers."""
    lines = [f"{'the core, ns':26}{'nagare':>9}{'goal':>9}  beside"]
    for case in dict.fromkeys(result["case"] for result in results):
        here = [result for result in results if result["case"] == case]
        ours = median(next(r["rounds"] for r in here if r["name"] == "nagare"))
        goal = GOALS.get(case)
        beside = [
            f"{r['name']} {median(r['rounds']):.1f} ({median(r['rounds']) / ours:.2f} x)"
            for r in here
            if r["name"] != "nagare"
        ]
        verdict = "" if goal is None else f"{goal:.0f}{' ' if ours <= goal else '!'}"
        lines.append(f"{case:26}{ours:9.1f}{verdict:>9}  {', '.join(beside)}".rstrip())
    return "\n".join([*lines, "!: not reached"])


def race(quick: bool) -> str:
    """Builds, runs, and tells."""
    rounds = "3" if quick else "11"
    compiler = competitors.compilers().get("gcc") or next(iter(competitors.compilers().values()))
    flags, missing = peers(compiler)
    for name in missing:
        print(f"SKIPPED: {name}: its library is not installed", file=sys.stderr)
    results = measure([str(build(compiler, flags)), rounds]) + tokio(rounds)
    (competitors.OUT / "core.json").write_text(json.dumps(results, indent=1) + "\n")
    return table(results)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="few rounds: a look, not a figure")
    options = parser.parse_args()
    facts = machine.describe(competitors.compilers())
    print("\n".join(f"{name:12}{fact}" for name, fact in facts.items()), end="\n\n", flush=True)
    print(race(options.quick))
    return 0


if __name__ == "__main__":
    sys.exit(main())
