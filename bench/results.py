"""What was measured, and the few questions that tables and goals ask of it."""

import json
from dataclasses import dataclass
from statistics import median

# The sums of an accurate competitor are this near the f64 reference, relatively.
SUM_TOLERANCE = 1e-6
VARIANCE_TOLERANCE = 1e-5
# A kernel picks the last of these that the machine has.
PROFILES = ["scalar", "v128", "v256", "v512"]
PEERS = ("plain", "halide", "js")


@dataclass(frozen=True)
class Result:
    """One competitor in one case: nanoseconds a row in each round."""

    workload: str
    size: str
    kind: str
    name: str
    build: str
    right: bool
    sum_error: float
    variance_error: float
    rounds: tuple[float, ...]

    @property
    def ns(self) -> float:
        return median(self.rounds)

    @property
    def accurate(self) -> bool:
        exact_enough = self.sum_error < SUM_TOLERANCE and self.variance_error < VARIANCE_TOLERANCE
        return self.right and exact_enough

    def times(self, other: "Result") -> float:
        """How many times as long as `other` this took: the median over the rounds."""
        return median(mine / its for mine, its in zip(self.rounds, other.rounds, strict=True))


def parse(line: str) -> Result:
    fields = json.loads(line)
    fields.pop("rows", None)
    return Result(**{**fields, "rounds": tuple(fields["rounds"])})


class Race:
    """All competitors of one workload at one size in one process."""

    def __init__(self, results: list[Result]) -> None:
        self.results = sorted(results, key=lambda result: result.ns)
        self.workload, self.size = results[0].workload, results[0].size

    def best(self, *kinds: str, name: str = "") -> Result | None:
        """The fastest accurate one of these kinds, of those with `name` in their name."""
        for result in self.results:
            if result.kind in kinds and result.accurate and name in result.name:
                return result
        return None

    def chosen(self) -> list[Result]:
        """Of each of our builds, the profile that its kernels pick for themselves."""
        ours = [result for result in self.results if result.kind == "ours"]
        strongest: dict[str, Result] = {}
        for result in sorted(ours, key=lambda one: PROFILES.index(one.name)):
            strongest[result.build] = result
        return list(strongest.values())


def races(results: list[Result]) -> list[Race]:
    """The results of one process, case by case in the order they came."""
    cases: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        cases.setdefault((result.workload, result.size), []).append(result)
    return [Race(case) for case in cases.values()]
