"""Races nagare's kernels against hand-written C, intrinsics, Halide, JavaScript and RxJS, and its
core against Concurrency Kit, libuv and Tokio.

    python bench/run.py [--quick] [--only W1,W4] [--sizes S,L]

Prints a table per workload and size, then the goals, and writes build/bench/results.json; with all
workloads also the core's table (bench/core.py). It fails
when something does not build or a kernel of ours is wrong, never because of a figure.
"""

import argparse
import json
import shutil
import subprocess
import sys
from dataclasses import asdict

import competitors
import goals
import machine
import tables
from results import Race, Result, parse, races

import core

WORKLOADS = ["W1", "W2", "W3f32", "W3i32", "W4", "W5max", "W5mean", "W6"]
IN_NODE = ["W1", "W2", "W4", "W6"]


def names_of(known: list[str]):
    """An argument type: names out of `known`, with commas between."""

    def parse_names(text: str) -> list[str]:
        names = text.split(",")
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"`{name}` is none of {', '.join(known)}")
        return names

    return parse_names


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="few rounds: a look, not a figure")
    parser.add_argument(
        "--only", type=names_of(WORKLOADS), default=WORKLOADS, help="workloads, as W1,W4"
    )
    parser.add_argument(
        "--sizes", type=names_of(["S", "L"]), default=["S", "L"], help="S: 16 Ki rows, L: 32 Mi"
    )
    return parser.parse_args()


def measure(command: list[str]) -> list[Result]:
    """Runs one process that races its competitors; its skips and errors go straight through."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"bench: `{command[0]}` failed with {done.returncode}")
    return [parse(line) for line in done.stdout.splitlines()]


def how_long(quick: bool, rounds: int) -> list[str]:
    """Rounds, and the shortest sample in nanoseconds."""
    return ["3", "500000"] if quick else [str(rounds), "2000000"]


def write_results(facts: dict[str, str], everything: dict[str, list[Result]]) -> str:
    path = competitors.OUT / "results.json"
    found = {host: [asdict(result) for result in results] for host, results in everything.items()}
    path.write_text(json.dumps({"machine": facts, **found}, indent=1) + "\n")
    return str(path.relative_to(competitors.ROOT))


def wrong(every_race: list[Race]) -> list[str]:
    """The results of ours that are not what they should be."""
    return [
        f"{race.workload} {race.size}, {result.name} by {result.build}: wrong result"
        for race in every_race
        for result in race.results
        if result.kind == "ours" and not result.accurate
    ]


def main() -> int:
    options = arguments()
    sizes = "".join(options.sizes)
    cases = [sizes, ",".join(options.only)]
    node_cases = [sizes, ",".join(name for name in options.only if name in IN_NODE)]
    tools = competitors.compilers()
    facts = machine.describe(tools)
    print("\n".join(f"{name:12}{fact}" for name, fact in facts.items()), end="\n\n", flush=True)

    left = competitors.Left()
    harness, objects = competitors.build_native(tools, left)
    competitors.build_wasm(tools, left)
    for what in left.skipped:
        print(f"SKIPPED: {what}", file=sys.stderr)
    in_c = measure([harness, *how_long(options.quick, 15), *cases, *objects])
    in_node = []
    if shutil.which("node") and node_cases[1]:
        script = str(competitors.HERE / "wasm.mjs")
        in_node = measure(["node", script, *how_long(options.quick, 9), *node_cases])
    elif node_cases[1]:
        print("SKIPPED: everything in Node: there is no `node`", file=sys.stderr)

    native_races, node_races = races(in_c), races(in_node)
    for race in native_races:
        print(tables.table(race))
    print("In Node\n")
    for race in node_races:
        print(tables.table(race))
    print(goals.report(native_races, node_races))
    if options.only == WORKLOADS:
        print(f"\n{core.race(options.quick)}")
    print(f"\nwritten: {write_results(facts, {'native': in_c, 'node': in_node})}")
    failed = left.broken + wrong(native_races + node_races)
    for what in failed:
        print(f"FAILED: {what}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
