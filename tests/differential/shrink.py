"""Makes a mismatch small: fewer rows, plainer calls, fewer rivers and steps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from nagare import rivers
from nagare.errors import RiverErrors
from oracle.table import Table

from . import batch, blob, cases
from .program import BuildError, Config, Crash, Program, build
from .random_rivers import RandomFile, River

TRIES = 40


def shrink(
    made: Program, config: Config, t: batch.Trial, wrong: str, folder: Path
) -> tuple[batch.Trial, str]:
    """The smallest trial found that still goes wrong."""
    t, wrong = fewer_rows(made, *plainer(made, t, wrong))
    smaller = fewer_steps(config, t, wrong, folder)
    if smaller is not None:
        made, t, wrong = smaller
        t, wrong = fewer_rows(made, t, wrong)
    return t, wrong


def still(made: Program, t: batch.Trial) -> str:
    """How the trial goes wrong, alone; empty where it does not."""
    try:
        found = batch.judge(made, [t])
    except Crash as crash:
        return crash.message
    return found[1] if found else ""


def plainer(made: Program, t: batch.Trial, wrong: str) -> tuple[batch.Trial, str]:
    """All rows in one call, with room for all, if that goes wrong as well."""
    rows = t.expected.table.rows + 1
    outs = ((rows, 0, rows * (cases.roomy_text(t.kernel, t.table) + 1)),)
    runs = tuple(replace(run, outs=outs, moves=()) for run in t.case.runs[:1])
    case = replace(t.case, cuts=((t.table.rows, 0),), runs=runs, before=False)
    for candidate in (case, replace(t.case, runs=t.case.runs[:1])):
        plain = replace(t, case=candidate)
        found = still(made, plain)
        if found:
            return plain, found
    return t, wrong


def cut_to(cuts: tuple[tuple[int, int], ...], rows: int) -> tuple[tuple[int, int], ...]:
    kept = []
    for size, offset in cuts:
        kept.append((min(size, rows), offset))
        rows -= min(size, rows)
    return tuple(kept)


def fewer_rows(made: Program, t: batch.Trial, wrong: str) -> tuple[batch.Trial, str]:
    """Drops rows from the end, then from the beginning."""
    for from_end in (True, False):
        step = t.table.rows // 2
        while step > 0:
            left = t.table.rows - step
            table = t.table.take(slice(left) if from_end else slice(step, None))
            expected = t.kernel.expected(table, t.params or {})
            case = replace(t.case, inputs=table, cuts=cut_to(t.case.cuts, left))
            smaller = replace(t, table=table, expected=expected, case=case)
            found = still(made, smaller) if left >= 0 else ""
            if found:
                t, wrong = smaller, found
                step = min(step, t.table.rows)
            else:
                step //= 2
    return t, wrong


def ancestry(file: RandomFile, name: str) -> list[River]:
    """The rivers that `name` is made of: itself and all it is built on."""
    by_name = {river.name: river for river in file.rivers}
    needed, open_names = set(), [name]
    while open_names:
        river = by_name[open_names.pop()]
        needed.add(river.name)
        open_names += [n for n in by_name if any(f'"{n}"' in line for line in river.lines)]
    return [river for river in file.rivers if river.name in needed]


def fewer_steps(
    config: Config, t: batch.Trial, wrong: str, folder: Path
) -> tuple[Program, batch.Trial, str] | None:
    """Leaves out rivers that do not matter, then steps, one by one."""
    kept = ancestry(RandomFile(t.seed, batch.prefix(t.seed)), t.kernel.river)
    best = attempt(config, t, kept, folder / "0")
    if best is None:
        return None
    tries = 0
    for river in reversed(kept):
        for step in reversed(list(river.steps)):
            if tries == TRIES:
                return best
            tries += 1
            at = river.steps.index(step)
            river.steps.remove(step)
            smaller = attempt(config, best[1], kept, folder / str(tries))
            if smaller is None:
                river.steps.insert(at, step)
            else:
                best = smaller
    return best


def attempt(
    config: Config, t: batch.Trial, kept: list[River], folder: Path
) -> tuple[Program, batch.Trial, str] | None:
    """The trial with these rivers alone, if it still goes wrong."""
    text = "\n".join(map(str, kept))
    try:
        file = rivers.loads(text, "smaller.toml")
        kernel = next((k for k in cases.kernels(file) if k.river == t.kernel.river), None)
        if kernel is None:  # without its steps the river is no kernel
            return None
        folder.mkdir(parents=True, exist_ok=True)
        batch.generate(text, folder / "rivers.h")
        made = build(config, [folder / "rivers.h"], [t.kernel.river], folder / "driver")
    except (RiverErrors, BuildError, AssertionError):
        return None
    if made.operators[0].inputs.keys() - t.table.columns.keys():
        return None
    expected = kernel.expected(t.table, t.params or {})
    runs = tuple(fitting(run, kernel, t.table) for run in t.case.runs)
    params = None
    if t.params is not None:
        params = tuple(t.params.get(name, 0) for name in made.operators[0].params)
    case = replace(t.case, operator=0, runs=runs, params=params)
    smaller = replace(t, kernel=kernel, text=text, expected=expected, case=case)
    found = still(made, smaller)
    return (made, smaller, found) if found else None


def fitting(run: blob.Run, kernel: cases.Kernel, table: Table) -> blob.Run:
    """The run, with rooms for at least one row of the text that comes out now."""
    enough = cases.roomy_text(kernel, table)
    outs = tuple((rows, filled, max(room, enough)) for rows, filled, room in run.outs)
    return replace(run, outs=outs, longest_text=enough)
