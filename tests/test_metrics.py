"""core/histogram, counter, metrics and account: against NumPy's quantiles, and Prometheus's own
readers of the text."""

from __future__ import annotations

import math
import os
import random
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from compilers import can_link_32_bits
from prometheus_client.parser import text_string_to_metric_families

HOUSE = Path(__file__).resolve().parent.parent
WARNINGS = [
    *("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wundef", "-Wcast-qual"),
    "-Werror",
]
SANITIZERS = ["-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
HALVES = "-DNGI_CELL_HALVES=1"
BUILDS = {
    "gcc": ["gcc", "-std=c99", "-O2"],
    "gcc-32-bit": ["gcc", "-std=gnu99", "-O2", "-m32"],
    "clang": ["clang-19", "-std=c99", "-O3"],
    "clang-32-bit": ["clang-19", "-std=gnu99", "-O2", "-m32"],
    "clang-checked": ["clang-19", "-std=c99", *SANITIZERS],
    "clang-checked-halves": ["clang-19", "-std=c99", *SANITIZERS, HALVES],
}
CORE = [f"core/{name}.c" for name in ("number", "histogram", "counter", "metrics", "account")]
COUNTER, GAUGE, HISTOGRAM, TOTAL, LEVEL = range(1, 6)
TYPES = {COUNTER: "counter", GAUGE: "gauge", HISTOGRAM: "histogram", TOTAL: "counter",
         LEVEL: "gauge"}  # fmt: skip
U64 = 2**64 - 1


def must_run(*command: str | Path, data: bytes = b"") -> bytes:
    done = subprocess.run([str(part) for part in command], cwd=HOUSE, input=data,
                          capture_output=True)  # fmt: skip
    said = (done.stdout[-4000:] + done.stderr[-4000:]).decode(errors="replace")
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{said}"
    return done.stdout


def need(tool: str) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")


def need_32_bits(compiler: str) -> None:
    if not can_link_32_bits(compiler):
        pytest.skip(f"{compiler} has no 32-bit libraries")


def promtool() -> str:
    """Where Prometheus's checker is: on the path, or where tools/setup.sh puts it."""
    found = shutil.which("promtool", path=f"{os.environ['PATH']}:{HOUSE}/build/promtool")
    if found is None:
        pytest.skip("promtool is not installed")
    return found


@pytest.fixture(scope="session", params=BUILDS)
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The test program, built in one of the ways it must work in."""
    compiler, *flags = BUILDS[request.param]
    need(compiler)
    if "-m32" in flags:
        need_32_bits(compiler)
    made = tmp_path_factory.mktemp(request.param) / "test_metrics"
    must_run(compiler, *flags, *WARNINGS, *CORE, "tests/c/test_metrics.c", "-o", made)
    return made


def test_own_checks(program: Path) -> None:
    assert must_run(program).decode().endswith("checks, 0 failed\n")


@pytest.mark.parametrize("flags", [["-O2", "-fsanitize=thread", HALVES],
                                   ["-O2", "-fsanitize=thread"], ["-O2", "-m32"]],
                         ids=["halves", "words", "32-bit"])  # fmt: skip
def test_reading_while_another_thread_writes(flags: list[str], tmp_path: Path) -> None:
    compiler = "gcc" if "-m32" in flags else "clang-19"
    need(compiler)
    if "-m32" in flags:
        need_32_bits(compiler)
    made = tmp_path / "threads"
    must_run(compiler, "-std=c99", *flags, *WARNINGS, "core/counter.c",
             "tests/c/metrics_threads.c", "-pthread", "-o", made)  # fmt: skip
    assert must_run(made).decode().endswith("checks, 0 failed\n")


# ---- histograms ----------------------------------------------------------------------------------

QUANTILES = (0.0, 1e-9, 0.01, 0.1, 0.25, 0.3, 0.5, 0.7, 0.9, 0.95, 0.99, 0.999, 1 - 2**-53, 1.0,
             -1.0, 2.0, math.inf, -math.inf, math.nan)  # fmt: skip


def random_values(rng: random.Random) -> list[int]:
    size = rng.choice((1, 2, 3, 10, 100, 1000))
    kind = rng.randrange(4)
    if kind == 0:  # as often of one size as of another
        return [rng.getrandbits(rng.randint(1, 64)) for _ in range(size)]
    if kind == 1:  # latencies
        return [int(rng.lognormvariate(12, 2)) for _ in range(size)]
    if kind == 2:  # few, and small
        return [rng.randrange(100) for _ in range(size)]
    edge = 1 << rng.randrange(1, 63)
    return [edge - rng.randrange(2) for _ in range(size)]


def exact_quantile(values: list[int], q: float) -> int:
    """By the definition in histogram.h."""
    share = 0.0 if math.isnan(q) else min(max(q, 0.0), 1.0)
    rank = min(max(math.ceil(share * len(values)), 1), len(values))
    return sorted(values)[rank - 1]


def test_quantiles(program: Path) -> None:
    rng = random.Random(1)
    tables = [random_values(rng) for _ in range(300)]
    lines = [
        " ".join(map(str, (len(QUANTILES), *QUANTILES, len(values), *values))) for values in tables
    ]
    told = must_run(program, "histogram", data="".join(f"{line}\n" for line in lines).encode())
    for values, answer in zip(tables, told.decode().splitlines(), strict=True):
        count, total, least, most, mean, *quantiles = answer.split()
        assert (int(count), int(total)) == (len(values), min(sum(values), U64))
        assert (int(least), int(most)) == (min(values), max(values))
        assert float(mean) == float(int(total)) / len(values)
        for q, text in zip(QUANTILES, quantiles, strict=True):
            got, wanted = int(text), exact_quantile(values, q)
            assert wanted <= got <= min(wanted + wanted // 32, max(values)), (q, values)
            if q <= 0 or q >= 1:
                assert got == wanted
        if max(values) < 2**53:
            for q in QUANTILES[:14]:
                numpys = np.quantile(np.array(values, np.float64), q, method="inverted_cdf")
                assert exact_quantile(values, q) == int(numpys)


# ---- text ----------------------------------------------------------------------------------------


@dataclass
class Metric:
    name: str
    kind: int
    help: str
    unit: str | None = None
    divisor: int = 0
    labels: dict[str, str] = field(default_factory=dict)
    value: float = 0
    edges: list[int] = field(default_factory=list)
    recorded: list[tuple[int, int]] = field(default_factory=list)

    def question(self) -> str:
        unit = "-" if self.unit is None else hexed(self.unit)
        value = repr(self.value) if self.kind == GAUGE else int(self.value)
        lines = [
            f"M {self.kind} {self.divisor} {hexed(self.name)} {hexed(self.help)} {unit} {value}",
            *(f"L {hexed(name)} {hexed(text)}" for name, text in sorted(self.labels.items())),
            *(f"E {edge}" for edge in self.edges),
            *(f"V {value} {n}" for value, n in self.recorded),
        ]
        return "".join(line + "\n" for line in lines)

    def shown(self, value: float) -> float:
        return float(value) / self.divisor if self.divisor > 1 else value

    def samples(self) -> list[tuple[str, dict[str, str], float]]:
        """In the order in which they are written."""
        if self.kind != HISTOGRAM:
            return [(self.name, self.labels, self.shown(self.value))]
        found = []
        for edge in map(widened, self.edges or [4**k - 1 for k in range(1, 21)]):
            below = sum(n for value, n in self.recorded if value <= edge)
            le = {"le": shortest(self.shown(edge)) if self.divisor > 1 else str(edge)}
            found.append((f"{self.name}_bucket", self.labels | le, below))
        count = sum(n for _, n in self.recorded)
        total = min(sum(value * n for value, n in self.recorded), U64)
        return [
            *found,
            (f"{self.name}_bucket", self.labels | {"le": "+Inf"}, count),
            (f"{self.name}_sum", self.labels, self.shown(total)),
            (f"{self.name}_count", self.labels, count),
        ]


def hexed(text: str) -> str:
    return text.encode().hex()


def shortest(value: float) -> str:
    return repr(value).removesuffix(".0")


def number(text: str) -> float:
    """Integers exactly, as Prometheus's client reads them."""
    return int(text) if re.fullmatch(r"\d+", text) else float(text)


def widened(edge: int) -> int:
    return edge | ((1 << max(edge.bit_length() - 6, 0)) - 1)


def random_text(rng: random.Random, size: int) -> str:
    return "".join(rng.choices('ab\\\\n"\n\r{}=, #\t流🌊é\x01', k=size))


def random_family(rng: random.Random, number: int) -> list[Metric]:
    kind = rng.randint(COUNTER, LEVEL)
    unit = rng.choice((None, "seconds", "bytes"))
    name = f"f{number}_{rng.choice(('x', 'Rows', '_y9'))}" + (f"_{unit}" if unit else "")
    name += "_total" if TYPES[kind] == "counter" else ""
    divisor = rng.choice((0, 1, 1000, 10**9, 3))
    # Readers take away spaces around it.
    about = f"a{random_text(rng, rng.randrange(20))}b"
    family, seen = [], set()
    for _ in range(rng.randint(1, 4)):
        names = rng.sample(("a", "B", "_c", "d1", "operator", "z"), rng.randrange(5))
        labels = {key: random_text(rng, rng.randint(1, 6)) for key in names}
        if tuple(sorted(labels.items())) in seen:
            continue
        seen.add(tuple(sorted(labels.items())))
        metric = Metric(name, kind, about, unit, divisor, labels)
        if kind == GAUGE:
            metric.value = rng.choice((0.0, -0.0, 0.1, 1e300, -5e-324, math.inf, -math.inf,
                                       rng.uniform(-1e6, 1e6)))  # fmt: skip
        elif kind == HISTOGRAM:
            metric.recorded = [(value, rng.randrange(4)) for value in random_values(rng)[:50]]
            edges = {widened(rng.getrandbits(rng.randint(1, 64))) for _ in range(rng.randrange(9))}
            metric.edges = [edge - (edge > 10**6) for edge in sorted(edges)]
        else:
            metric.value = rng.getrandbits(rng.randint(1, 64))
        family.append(metric)
    return family


def texts_of(program: Path, lists: list[list[Metric]]) -> list[str]:
    data = "".join("".join(map(Metric.question, metrics)) + "W\n" for metrics in lists)
    told, texts = must_run(program, "text", data=data.encode()), []
    for _ in lists:
        line, _, told = told.partition(b"\n")
        size, rest = line.decode().split(" ", 1)
        assert rest == "0 0 ", "status, failed checks, message"
        texts.append(told[: int(size)].decode())
        told = told[int(size) :]
    assert told == b""
    return texts


def unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], text)


def read_plainly(text: str) -> tuple[list[tuple[str, str, str]], list[tuple[str, dict, float]]]:
    """(name, help, type) of the families and (name, labels, value) of the samples, in order."""
    families, samples, about = [], [], ""
    for line in text.removesuffix("\n").split("\n"):
        if line.startswith("# HELP "):
            _, _, name, about = line.split(" ", 3)
        elif line.startswith("# TYPE "):
            families.append((name, unescaped(about), line.split(" ")[3]))
            assert line.split(" ")[2] == name
        else:
            match = re.fullmatch(r'(\w+)(?:\{((?:\w+="(?:\\.|[^"\\])*",?)+)\})? (\S+)', line)
            assert match, line
            labels = re.findall(r'(\w+)="((?:\\.|[^"\\])*)"', match[2] or "")
            samples.append((match[1], {n: unescaped(t) for n, t in labels}, number(match[3])))
    return families, samples


def test_random_lists(program: Path) -> None:
    """Every number, name, label and help, as three readers see them."""
    rng = random.Random(2)
    lists, wanted = [], []
    for _ in range(40):
        families = [random_family(rng, number) for number in range(rng.randint(1, 6))]
        wanted.append(families)
        metrics = [metric for family in families for metric in family]
        rng.shuffle(metrics)
        lists.append(metrics)
    for families, text in zip(wanted, texts_of(program, lists), strict=True):
        check_against_readers(families, text)


def check_against_readers(families: list[list[Metric]], text: str) -> None:
    families = sorted(families, key=lambda family: family[0].name)
    heads, samples = read_plainly(text)
    assert heads == [(f[0].name, f[0].help, TYPES[f[0].kind]) for f in families]
    at = 0
    for family in families:
        ordered = sorted(
            family, key=lambda m: [(n.encode(), t.encode()) for n, t in sorted(m.labels.items())]
        )
        for metric in ordered:
            expected = metric.samples()
            assert samples[at : at + len(expected)] == expected
            at += len(expected)
    assert at == len(samples)
    theirs = [
        (sample.name, sample.labels, sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    ]
    assert theirs == samples


def test_nan_is_written_as_prometheus_reads_it(program: Path) -> None:
    (text,) = texts_of(program, [[Metric("a", GAUGE, "A.", value=math.nan)]])
    assert text == "# HELP a A.\n# TYPE a gauge\na NaN\n"


def test_an_empty_list_is_an_empty_text(program: Path) -> None:
    assert texts_of(program, [[]]) == [""]


def test_lists_of_any_size_are_sorted(program: Path) -> None:
    rng = random.Random(3)
    lists = []
    for size in range(1, 60):
        metrics = [Metric(f"m{n}", LEVEL, "M.", value=n) for n in range(size)]
        rng.shuffle(metrics)
        lists.append(metrics)
    for metrics, text in zip(lists, texts_of(program, lists), strict=True):
        names = [name for name, _, _ in read_plainly(text)[0]]
        assert names == sorted(metric.name for metric in metrics)


def test_the_case_is_the_same_everywhere(program: Path) -> None:
    """Compilers, widths and, below, WASM: the very same bytes."""
    text = must_run(program, "case").decode()
    assert text == (HOUSE / "tests" / "c" / "metrics_case.txt").read_text(encoding="utf-8")


def test_the_case_on_wasm(tmp_path: Path) -> None:
    for tool in ("clang-19", "wasm-ld-19", "node"):
        need(tool)
    unit, module = tmp_path / "metrics.o", tmp_path / "metrics.wasm"
    must_run("clang-19", "--target=wasm32", "-std=c99", "-O2", "-ffreestanding", "-mbulk-memory",
             *WARNINGS, "-c", "tests/c/metrics_wasm.c", "-o", unit)  # fmt: skip
    must_run("wasm-ld-19", "--no-entry", "--gc-sections", "--strip-all", "--export-memory",
             "-z", "stack-size=65536", "--stack-first", unit, "-o", module)  # fmt: skip
    wanted = (HOUSE / "tests" / "c" / "metrics_case.txt").read_bytes()
    for room in (1, 7, 4096):
        assert must_run("node", "tests/c/metrics_wasm.mjs", module, str(room)) == wanted


def test_promtool_accepts_the_case() -> None:
    text = (HOUSE / "tests" / "c" / "metrics_case.txt").read_bytes()
    assert must_run(promtool(), "check", "metrics", data=text) == b""


def test_promtool_accepts_random_lists(program: Path) -> None:
    """Names that its own taste objects to are left out; what it cannot parse fails."""
    tool, rng = promtool(), random.Random(4)
    families = [random_family(rng, number) for number in range(15)]
    metrics = [metric for family in families for metric in family]
    for metric in metrics:
        metric.name = metric.name.lower()
    (text,) = texts_of(program, [metrics])
    must_run(tool, "check", "metrics", data=text.encode())


def test_promtool_does_refuse() -> None:
    text = b"# HELP a A.\n# TYPE a counter\na 1\n"
    done = subprocess.run([promtool(), "check", "metrics"], input=text, capture_output=True)
    assert done.returncode != 0


def test_speed_program_runs(tmp_path: Path) -> None:
    need("gcc")
    made = tmp_path / "metrics_speed"
    must_run("gcc", "-std=c99", "-O2", *WARNINGS, *CORE, "bench/metrics_speed.c", "-o", made)
    assert len(re.findall(r"\d (?:ns|us|MB/s)\n", must_run(made, "1").decode())) == 7
