"""What nagare promises itself, and whether this run reached it: a report, not a test."""

from collections.abc import Callable, Iterator

from results import PEERS, Race, Result

# What two runs of the same code differ by when nothing else disturbs them.
NOISE = 0.02

Figure = tuple[str, bool]


def native(race: Race, text: str, figure: Callable[[Result], Figure | None]) -> Iterator[str]:
    """One line for one race: reached when each build's own choice of profile reaches it."""
    figures = [(result, figure(result)) for result in race.chosen()]
    known = [(result, found) for result, found in figures if found]
    if not known:
        yield line(None, f"{race.workload} {race.size}: {text}", "")
        return
    said = ", ".join(f"{found[0]} ({result.name}, {result.build})" for result, found in known)
    yield line(all(found[1] for _, found in known), f"{race.workload} {race.size}: {text}", said)


def line(reached: bool | None, text: str, said: str) -> str:
    verdict = {True: "reached", False: "NOT REACHED", None: "not measured"}[reached]
    return f"{verdict:14}{text:58}{said}".rstrip()


def at_most(limit: float, other: Result | None) -> Callable[[Result], Figure | None]:
    """As slow as `limit` times the other, or faster."""

    def figure(result: Result) -> Figure | None:
        if other is None:
            return None
        times = result.times(other)
        return f"{times:.2f} x", result.right and times <= limit

    return figure


def bandwidth(share: float, limit: Result | None) -> Callable[[Result], Figure | None]:
    def figure(result: Result) -> Figure | None:
        if limit is None:
            return None
        reached = limit.times(result)
        return f"{reached:.0%}", result.right and reached >= share

    return figure


# How many times as fast as the best accurate peer, at S and L.
BESIDE_PEERS = {
    "W3f32": {"S": 5.0, "L": 4.0},
    "W3i32": {"S": 2.5, "L": 1.5},
    "W5max": {"S": 3.5, "L": 3.0},
    "W5mean": {"S": 6.0, "L": 6.0},
}


def native_goals(race: Race) -> Iterator[str]:
    expert, peer = race.best("expert"), race.best(*PEERS)
    if race.workload == "W1" and race.size == "L":
        text = "at least 90 % of read bandwidth"
        yield from native(race, text, bandwidth(0.9, race.best("limit")))
    elif race.workload == "W1":
        yield from native(race, "within 10 % of the best peer", at_most(1.1, peer))
    elif race.workload == "W6":
        text = "no slower than the best accurate peer"
        yield from native(race, text, at_most(1 + NOISE, peer))
    elif race.workload in BESIDE_PEERS:
        factor = BESIDE_PEERS[race.workload][race.size]
        text = f"{factor} x the best accurate peer"
        yield from native(race, text, at_most(1 / factor, peer))
    else:
        yield from native(race, "within 15 % of the expert", at_most(1.15, expert))


def faster(race: Race, factor: float, other: Result | None, text: str) -> str:
    """Our module, with the rows copied in, against something else in the same process."""
    copied = race.best("ours", name="copied")
    goal = f"{race.workload} {race.size} in Node: {text}"
    if copied is None or other is None:
        return line(None, goal, "")
    times = other.times(copied)
    said = f"{times:.1f} x"
    resident = race.best("ours", name="resident")
    if resident is not None:
        said += f" ({other.times(resident):.1f} x without the copy)"
    return line(times >= factor, goal, said)


def node_goals(race: Race) -> Iterator[str]:
    factors = {"W1": (4, 100), "W4": (8, 300)}.get(race.workload)
    if factors:
        js, rxjs = factors
        yield faster(race, js, race.best("js"), f"{js} x the best JavaScript loop")
        yield faster(race, rxjs, race.best("rxjs"), f"{rxjs} x RxJS")


def report(native_races: list[Race], node_races: list[Race]) -> str:
    lines = ["Goals"]
    for race in native_races:
        lines += native_goals(race)
    for race in node_races:
        lines += node_goals(race)
    return "\n".join(lines)
