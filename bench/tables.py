"""The tables that a benchmark run prints."""

from results import PEERS, Race, Result

ROWS = {"S": "16 Ki rows, looped", "L": "32 Mi rows"}
KINDS = {"plain": "C", "halide": "peer", "js": "JavaScript"}
NAME, BUILD = 54, 36  # widths
COLUMNS = f"{'built by':{BUILD}}{'ns/row':>8}{'x peer':>8}{'x expert':>9}{'of limit':>9}"
HEAD = f"{'':{NAME}}{COLUMNS}  error of sum"


def shown(race: Race) -> list[Result]:
    """Ours all; of the others the fastest of each way, where variants differ after a comma."""
    seen = set()
    kept = []
    for result in race.results:
        way = (result.kind, result.build, result.name.partition(",")[0])
        if result.build == "node" or result.kind == "ours" or way not in seen:
            seen.add(way)
            kept.append(result)
    return kept


def rival(race: Race, result: Result) -> Result | None:
    """The best expert; in Node, of those whose rows come the same way."""
    way = result.name.partition(", ")[2] if result.build == "node" else ""
    return race.best("expert", name=way if way in ("copied", "resident") else "")


def ratio(result: Result, other: Result | None) -> str:
    return f"{result.times(other):.2f}" if other else "-"


def share(result: Result, limit: Result | None) -> str:
    return f"{limit.times(result):.0%}" if limit else "-"


def error(result: Result) -> str:
    if not result.right:
        return "WRONG"
    if not result.accurate:
        return f"{result.sum_error:.0e}, inaccurate"
    return f"{result.sum_error:.0e}" if result.sum_error else ""


def table(race: Race) -> str:
    peer, limit = race.best(*PEERS), race.best("limit")
    lines = [f"{race.workload}, {ROWS[race.size]}", HEAD]
    for result in shown(race):
        name = result.name
        if result.kind != "rxjs":
            name = f"{KINDS.get(result.kind, result.kind)}: {name}"
        mark = ">" if result.kind == "ours" else " "
        expert = rival(race, result)
        lines.append(
            f"{mark}{name:{NAME - 1}}{result.build:{BUILD}}{result.ns:8.4f}"
            f"{ratio(result, peer):>8}{ratio(result, expert):>9}{share(result, limit):>9}"
            f"  {error(result)}".rstrip()
        )
    return "\n".join(lines) + "\n"
