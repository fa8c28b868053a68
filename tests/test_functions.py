"""Elementary functions: their largest errors, as docs/functions.md gives them, and what they are
where results end. That all profiles have the same bits, test_simd.py tests."""

from __future__ import annotations

import math
import random
import shutil
import struct
import subprocess
from decimal import Decimal, localcontext
from pathlib import Path

import numpy as np
import pytest

HOUSE = Path(__file__).resolve().parent.parent
SAMPLES = 20_000
# The exponent of the last bit of the numbers below 2, and of the least number.
LAST_BIT = {"f32": (-23, -149), "f64": (-52, -1074)}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("functions") / "functions"
    compiler = shutil.which("gcc-12") or shutil.which("gcc")
    assert compiler is not None
    source = HOUSE / "tests" / "simd" / "functions.c"
    subprocess.run([compiler, "-std=c99", "-O2", source, "-o", output], check=True)
    return output


def results(program: Path, values: list[float]) -> dict[str, list[float]]:
    """exp of each value, by type."""
    told = subprocess.run(
        [program], input=struct.pack(f"{len(values)}d", *values), capture_output=True, check=True
    ).stdout
    numbers = struct.unpack(f"{2 * len(values)}d", told)
    return {"f64": list(numbers[0::2]), "f32": list(numbers[1::2])}


def error(kind: str, got: float, x: float) -> Decimal:
    """How far `got` is from e^x, in units of the last place of e^x."""
    with localcontext() as context:
        context.prec = 40
        exact = Decimal(x).exp()
        last, least = LAST_BIT[kind]
        place = max(math.frexp(float(exact))[1] - 1 + last, least)
        return abs(Decimal(got) - exact) / Decimal(2) ** place


def samples(kind: str) -> list[float]:
    """Arguments whose results are numbers: over the whole range, around 0, and tiny ones."""
    rng = random.Random(f"exp {kind}")
    least, most = {"f32": (-103.9, 88.7), "f64": (-745.1, 709.7)}[kind]
    values = [rng.uniform(least, most) for _ in range(SAMPLES // 2)]
    values += [rng.uniform(-1, 1) for _ in range(SAMPLES // 4)]
    values += [rng.choice((-1, 1)) * 2.0 ** rng.uniform(-60, 0) for _ in range(SAMPLES // 4)]
    return values if kind == "f64" else [float(np.float32(x)) for x in values]


@pytest.mark.parametrize("kind", ["f32", "f64"])
def test_the_largest_error_is_the_documented_one(kind: str, program: Path) -> None:
    values = samples(kind)
    got = results(program, values)[kind]
    largest = max(error(kind, y, x) for x, y in zip(values, got, strict=True))
    row = f"| `exp` | {kind} | {largest:.4f} |"
    print(row)
    assert largest <= 1
    assert row in (HOUSE / "docs" / "functions.md").read_text(), row


def test_special_values(program: Path) -> None:
    expected = [(0.0, 1), (-0.0, 1), (math.inf, math.inf), (-math.inf, 0), (5e-324, 1),
                (-5e-324, 1), (1e300, math.inf), (-1e300, 0)]  # fmt: skip
    for kind, got in results(program, [x for x, _ in expected]).items():
        assert got == [y for _, y in expected], kind
        assert not any(math.copysign(1, y) < 0 for y in got)
    assert all(math.isnan(y) for (y,) in results(program, [math.nan]).values())


def test_results_end_where_the_numbers_end(program: Path) -> None:
    most = math.log(1.7976931348623157e308)
    ends = [most, math.nextafter(most, math.inf), -745.13, -745.14]
    largest, beyond, least, below = results(program, ends)["f64"]
    assert math.isfinite(largest)
    assert (beyond, least, below) == (math.inf, 5e-324, 0)
    single = [float(np.float32(x)) for x in (88.72283, 88.72284, -103.97, -103.98)]
    largest, beyond, least, below = results(program, single)["f32"]
    assert math.isfinite(largest)
    assert (beyond, least, below) == (math.inf, 2.0**-149, 0)
