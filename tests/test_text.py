"""Text in and out: core/number, core/csv_reader, core/csv_writer against Python's own answers."""

from __future__ import annotations

import csv
import io
import os
import random
import re
import shutil
import struct
import subprocess
import sys
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from text_cases import CASES, Case, by_index, by_label

HOUSE = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("NAGARE_DATA", HOUSE.parent / "shared" / "data"))
WARNINGS = [
    *("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wundef", "-Wcast-qual"),
    "-Werror",
]
SANITIZERS = ["-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
BUILDS = {
    "gcc": ["gcc", "-std=c99", "-O2"],
    "clang": ["clang-19", "-std=c99", "-O3"],
    "gcc-32-bit": ["gcc", "-std=gnu99", "-O2", "-m32"],
    "clang-checked": ["clang-19", "-std=c99", *SANITIZERS],
}
SOURCES = {
    "number": ["core/number.c", "tests/c/test_number.c"],
    "csv": ["core/number.c", "core/csv_reader.c", "core/csv_writer.c", "tests/c/test_csv.c"],
}
EPOCH = datetime(1970, 1, 1)
UNITS = (1, 10**3, 10**6, 10**9)


def must_run(*command: str | Path, data: bytes = b"") -> bytes:
    done = subprocess.run([str(part) for part in command], cwd=HOUSE, input=data,
                          capture_output=True)  # fmt: skip
    said = (done.stdout[-4000:] + done.stderr[-4000:]).decode(errors="replace")
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{said}"
    return done.stdout


def need(tool: str) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")


def need_data(folder: str) -> Path:
    if not (DATA / folder).is_dir():
        pytest.skip(f"there is no {folder}/ in the folder that NAGARE_DATA names")
    return DATA / folder


@pytest.fixture(scope="session", params=BUILDS)
def programs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """The test programs, built in one of the ways they must work in."""
    compiler, *flags = BUILDS[request.param]
    need(compiler)
    if "-m32" in flags:
        start = must_run(compiler, "-m32", "-print-file-name=crt1.o").decode().strip()
        if not Path(start).is_absolute():
            pytest.skip(f"{compiler} has no 32-bit libraries")
    folder = tmp_path_factory.mktemp(request.param)
    for name, sources in SOURCES.items():
        must_run(compiler, *flags, *WARNINGS, *sources, "-o", folder / name)
    return {name: folder / name for name in SOURCES}


def answers(program: Path, question: str, lines: list[str]) -> list[str]:
    data = "".join(line + "\n" for line in lines).encode()
    told = must_run(program, question, data=data).decode().split("\n")[:-1]
    assert len(told) == len(lines)
    return told


def assert_equal_lines(questions: list[str], got: list[str], wanted: list[str]) -> None:
    wrong = [
        f"{question}: got {has}, wanted {should}"
        for question, has, should in zip(questions, got, wanted, strict=True)
        if has != should
    ]
    assert not wrong, f"{len(wrong)} of {len(got)} differ:\n" + "\n".join(wrong[:10])


@pytest.mark.parametrize("name", SOURCES)
def test_own_checks(programs: dict[str, Path], name: str) -> None:
    assert must_run(programs[name]).decode().endswith("checks, 0 failed\n")


# ---- numbers -------------------------------------------------------------------------------------


def f64_bits(value: float) -> int:
    return struct.unpack("<Q", struct.pack("<d", value))[0]


def f32_bits(value: Fraction) -> int:
    """The bits of the nearest f32, ties to even, of a number that is not negative; exactly."""
    if value == 0:
        return 0
    exponent = value.numerator.bit_length() - value.denominator.bit_length()
    if Fraction(2) ** exponent > value:
        exponent -= 1
    unit = Fraction(2) ** (max(exponent, -126) - 23)
    steps = round(value / unit)  # Python rounds a Fraction's half to even
    bits = ((max(exponent, -126) + 126) << 23) + steps
    return min(bits, 0xFF << 23)


def both_bits(text: str) -> str:
    """What `read` must answer for a plain decimal."""
    negative = text.startswith("-")
    narrow = f32_bits(abs(Fraction(text))) | negative << 31
    return f"{f64_bits(float(text)):016x} {narrow:08x}"


def plain(value: Fraction) -> str:
    """All decimal digits of a fraction whose denominator is a power of two."""
    places = value.denominator.bit_length() - 1
    digits = str(value.numerator * 5**places).rjust(places + 1, "0")
    return f"{digits[: len(digits) - places]}.{digits[len(digits) - places :]}"


def halves(rng: random.Random, fraction_bits: int, exponents: range, count: int) -> list[Fraction]:
    """Points half-way between two neighbouring floats of a type."""
    found = []
    for _ in range(count):
        exponent = rng.choice(exponents)
        lead = 0 if exponent == exponents[0] else 1 << fraction_bits
        steps = lead | rng.getrandbits(fraction_bits) >> rng.choice((0, 0, 20))
        found.append(Fraction(2 * steps + 1) * Fraction(2) ** (exponent - fraction_bits - 1))
    return found


def test_known_numbers(programs: dict[str, Path]) -> None:
    texts, wanted = [], []
    for path in sorted(need_data("numbers").glob("*.txt")):
        for line in path.read_text().splitlines():
            _, narrow, wide, text = line.split()
            texts.append(text)
            wanted.append(f"{wide} {narrow}".lower())
    assert len(texts) > 20000
    assert_equal_lines(texts, answers(programs["number"], "read", texts), wanted)


def test_reading_what_is_hard(programs: dict[str, Path]) -> None:
    rng = random.Random(20141)
    texts = []
    doubles = halves(rng, 52, range(-1022, 1024), 150) + halves(rng, 52, range(-1022, -1021), 50)
    floats = halves(rng, 23, range(-126, 128), 150) + halves(rng, 23, range(-126, -125), 50)
    for half in (*doubles, *floats):
        text = plain(half)
        digits = text.rstrip("0")
        texts += [text, digits + "0" * 50, digits + "0" * 50 + "1", f"-{digits}"]
        below = re.sub(r"([1-9])(0*)$", lambda m: f"{int(m[1]) - 1}{'9' * len(m[2])}",
                       digits.rstrip("."))  # fmt: skip
        texts += [below, below + "9" * 40]
    for _ in range(300):
        digits = "".join(rng.choices("0123456789", k=rng.choice((19, 20, 21, 40, 800))))
        at = rng.randrange(len(digits))
        texts.append(f"{digits[:at]}.{digits[at:]}e{rng.randrange(-1200, 320)}")
    texts += ["0." + "0" * 1000 + "1e1001", "1" + "0" * 1000 + "e-1000", "9" * 800, "1e-324",
              "2.4703282292062327208828439643411068e-324", "2.4703282292062327e-324",
              "2.4703282292062328e-324", "1.7976931348623158e308", "1.7976931348623159e308",
              "340282346638528859811704183484516925440", "340282356779733661637539395458142568447",
              "340282356779733661637539395458142568448", "7.0064923216240853546186479164495e-46",
              "7.0064923216240853546186479164496e-46"]  # fmt: skip
    for _ in range(3000):
        digits = rng.randrange(10 ** rng.randrange(1, 20))
        texts.append(f"{digits}e{rng.randrange(-345, 310)}")
        texts.append(f"{digits}e{rng.randrange(-66, 40)}")
    assert_equal_lines(texts, answers(programs["number"], "read", texts), [*map(both_bits, texts)])


def lower_ends_that_are_short() -> list[int]:
    """Doubles whose interval begins at a decimal of fewer digits than any other within it.

    The interval of c * 2^q, for an even c, begins at (2c - 1) * 2^(q - 1) and includes it.
    """
    found = []
    for q in range(4, 53):
        tens = len(str(2**q))  # the largest power of ten below the interval's width, times ten
        power = 5**tens
        if q - 1 < tens or power > 2**53:
            continue
        first = (2**53 + power) // power * power
        found += [
            ((q + 1075) << 52) + (number + 1) // 2 - 2**52
            for number in range(first, min(first + 400 * power, 2**54), power)
            if number % 4 == 3
        ]
    assert len(found) > 1000
    return found


def test_writing_the_shortest(programs: dict[str, Path]) -> None:
    rng = random.Random(1990)
    wide = [rng.getrandbits(64) for _ in range(20000)]
    wide += [(exponent << 52) + step for exponent in range(0x7FF) for step in (0, 1, (1 << 52) - 1)]
    wide += [*range(1, 3000), *lower_ends_that_are_short()]
    wide += [f64_bits(rng.randrange(10**9) / 10 ** rng.randrange(12)) for _ in range(2000)]
    narrow = [rng.getrandbits(32) for _ in wide]
    for index, exponent in enumerate(range(0xFF)):
        narrow[3 * index : 3 * index + 3] = (exponent << 23) + np.array([0, 1, (1 << 23) - 1])
    narrow[1000:4000] = range(1, 3001)
    asked = [f"{w:x} {n:x}" for w, n in zip(wide, narrow, strict=True)]
    wanted = []
    for w, n in zip(wide, narrow, strict=True):
        double = struct.unpack("<d", struct.pack("<Q", w))[0]
        single = struct.unpack("<f", struct.pack("<I", int(n)))[0]
        wanted.append(f"{shortest(double)} {shortest_f32(np.uint32(n).view(np.float32), single)}")
    assert_equal_lines(asked, answers(programs["number"], "write", asked), wanted)


def shortest(value: float) -> str:
    return repr(value).removesuffix(".0")


def shortest_f32(value: np.float32, same: float) -> str:
    """NumPy knows the digits; Python, for the double with these digits, the notation."""
    if same != same or same in (float("inf"), float("-inf")):
        return repr(same)
    return shortest(float(np.format_float_scientific(value, unique=True, trim="-")))


def test_writing_and_reading_at_random(programs: dict[str, Path]) -> None:
    assert must_run(programs["number"], "round", "200000").endswith(b" 0 failed\n")


def test_timestamps(programs: dict[str, Path]) -> None:
    rng = random.Random(86400)
    asked, wanted, dated, dates = [], [], [], []
    for _ in range(3000):
        unit = rng.randrange(4)
        moment = datetime.min + timedelta(microseconds=rng.randrange(315537897599999999))
        digits = f"{moment.microsecond:06}{rng.randrange(1000):03}"
        shown = rng.randrange(10)
        fraction = f".{digits[:shown]}" if shown else ""
        minutes = rng.randrange(-1439, 1440)
        zone = rng.choice(("", "Z", f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}"
                           f"{rng.choice((':', ''))}{abs(minutes) % 60:02}"))  # fmt: skip
        ahead = minutes * 60 if zone not in ("", "Z") else 0
        seconds = (moment.replace(microsecond=0) - EPOCH) // timedelta(seconds=1) - ahead
        count = seconds * UNITS[unit] + int(f"0{digits[:shown]}".ljust(10, "0")[:10]) * UNITS[
            unit
        ] // 10**9  # fmt: skip
        text = f"{moment:%Y}".rjust(4, "0") + f"{moment:-%m-%d}{rng.choice('T ')}{moment:%H:%M:%S}"
        asked.append(f"{unit} {text}{fraction}{zone}")
        wanted.append(str(count) if -(2**63) <= count < 2**63 else "-")
        count = (seconds + ahead) * UNITS[unit] + int(digits) * UNITS[unit] // 10**9
        if -(2**63) <= count < 2**63:
            dated.append(f"{unit} {count}")
            places = 3 * unit
            dates.append(text[:10] + "T" + text[11:] + ("." + digits[:places]) * bool(unit) + "Z")
    assert_equal_lines(asked, answers(programs["number"], "time", asked), wanted)
    assert_equal_lines(dated, answers(programs["number"], "date", dated), dates)


LIMITS = {
    "3 9223372036854775807": "9223372036854775807",
    "3 2262-04-11T23:47:16.854775807": "9223372036854775807",
    "3 2262-04-11T23:47:16.854775808": "-",
    "3 1677-09-21T00:12:43.145224192": "-9223372036854775808",
    "3 1677-09-21T00:12:43.145224191": "-",
    "3 2262-04-12": "-",
    "0 9999-12-31T23:59:59-23:59": "253402387139",
    "1 1970-01-01T00:00:00.0009999": "0",
    "1 1969-12-31T23:59:59.9990001": "-1",
    "0 2000-02-29": "951782400",
    "0  2000-02-29 ": "951782400",
    "0 -62135596801": "-62135596801",
}
NO_TIMES = (
    *("1900-02-29", "2001-02-29", "2001-00-01", "2001-13-01", "2001-01-00", "2001-04-31"),
    *("0000-01-01", "2001-1-1", "01-01-2001", "20010101T00", "2001-01-01T", "2001-01-01T1:00"),
    *("2001-01-01T24:00", "2001-01-01T00:60", "2001-01-01T00:00:60", "2001-01-01T00:00:00."),
    *("2001-01-01T00:00:00,5", "2001-01-01t00:00", "2001-01-01T00:00z", "2001-01-01T00:00+24:00"),
    *("2001-01-01T00:00+00:60", "2001-01-01T00:00+1", "2001-01-01T00:00+01:0", "2001-01-01Z"),
    *("2001-01-01T00:00ZZ", "2001-01-01T00:00Z+01:00", "2001-01-01  00:00", "2001-01-01T00:00 Z"),
    *("2001-01-01T00", "2001-01-01 x", "1.5", "", "now", "9223372036854775808"),
)


def test_timestamps_at_their_limits(programs: dict[str, Path]) -> None:
    asked = [*LIMITS, *(f"0 {text}" for text in NO_TIMES)]
    wanted = [*LIMITS.values(), *("-" for _ in NO_TIMES)]
    assert_equal_lines(asked, answers(programs["number"], "time", asked), wanted)
    limits = ["0 253402300799", "0 253402300800", "0 -62135596800", "0 -62135596801",
              "3 -9223372036854775808", "1 -1"]  # fmt: skip
    texts = ["9999-12-31T23:59:59Z", "253402300800", "0001-01-01T00:00:00Z", "-62135596801",
             "1677-09-21T00:12:43.145224192Z", "1969-12-31T23:59:59.999Z"]  # fmt: skip
    assert_equal_lines(limits, answers(programs["number"], "date", limits), texts)


def test_powers_of_ten_are_as_generated() -> None:
    header = (HOUSE / "core" / "powers_of_ten.h").read_text()
    assert must_run(sys.executable, "core/powers_of_ten.py").decode() == header
    rows = re.findall(r"\{0x(\w{16}), 0x(\w{16})\}, /\* 1e(-?\d+) \*/", header)
    assert len(rows) == 667
    for high, low, exponent in rows:
        # By definition, and not by the generator's own way: the largest 128-bit integer, scaled by
        # a power of two, that is not above the power of ten.
        value = int(high + low, 16)
        power = Fraction(10) ** int(exponent)
        scale = power.numerator.bit_length() - power.denominator.bit_length() - 128
        scaled = power / Fraction(2) ** scale
        scaled = scaled / 2 if scaled >= 2**128 else scaled
        assert 2**127 <= value < 2**128
        assert value <= scaled < value + 1, exponent


# ---- CSV -----------------------------------------------------------------------------------------


def run_cases(program: Path, cases: list[Case]) -> list[tuple[str, bytes]]:
    """For each case the answer, and what a writer makes of the rows."""
    told = must_run(program, "cases", data=b"".join(case.packed() for case in cases))
    parts, at = [], 0
    while at < len(told):
        (size,) = struct.unpack_from("<I", told, at)
        parts.append(told[at + 4 : at + 4 + size])
        at += 4 + size
    assert len(parts) == 2 * len(cases)
    return [(answer.decode(), text) for answer, text in zip(parts[::2], parts[1::2], strict=True)]


def test_every_case(programs: dict[str, Path]) -> None:
    assert len({case.name for case in CASES}) == len(CASES)
    wrong = [
        f"{case.name}: got\n{got}wanted\n{case.answer}"
        for case, (got, _) in zip(CASES, run_cases(programs["csv"], CASES), strict=True)
        if got != case.answer
    ]
    assert not wrong, f"{len(wrong)} of {len(CASES)} differ:\n" + "\n".join(wrong)


def own_checks() -> str:
    """The source of test_csv.c, with texts that are written in pieces put together."""
    text = (HOUSE / "tests/c/test_csv.c").read_text()
    return re.sub(r'"\s*\n\s*"', "", text)


def test_no_message_is_without_a_case() -> None:
    """Whatever the sources can say to people stands in the answer of a case, or in test_csv.c."""
    said = "".join(case.answer for case in CASES) + own_checks()
    missing = []
    for name in ("csv_errors.h", "csv_labels.h", "csv_reader.c"):
        code = re.sub(r"/\*.*?\*/", "", (HOUSE / "core" / name).read_text(), flags=re.DOTALL)
        code = re.sub(r'#include.*|"\s*\n\s*"', "", code)
        for literal in re.findall(r'"((?:\\.|[^"\\\n])*)"', code):
            text = re.sub(r"\\(.)", r"\1", literal)
            if len(re.findall("[a-z]{2,}", text)) >= 2 and text not in said:
                missing.append(text)
    assert missing == []


def random_text(rng: random.Random) -> str:
    return "".join(rng.choices('ab ,;"\n\r\'é流🌊', k=rng.choice((0, 1, 2, 5, 20))))


def python_csv(rows: list[list[str]], line_end: str, separator: str, quote: str, how: int) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator, quotechar=quote, lineterminator=line_end,
               quoting=how).writerows(rows)  # fmt: skip
    return text.getvalue()


def escaped(text: str) -> str:
    return "".join(f"\\x{ord(c):02x}" if c < " " or c == "'" else c for c in text)


def test_random_tables(programs: dict[str, Path]) -> None:
    """What Python's csv module writes we read, and what we write it reads."""
    rng = random.Random(4180)
    cases, tables = [], []
    for number in range(300):
        width = rng.randrange(2, 5)
        rows = [[random_text(rng) for _ in range(width)] for _ in range(rng.randrange(8))]
        separator, quote = rng.choice((",", ";", "\t")), rng.choice(('"', "'"))
        ends = rng.choice(("\n", "\r\n", "\r"))
        # Python only puts those line ends in quotes that it ends lines with.
        is_safe = not re.search("[\r\n]", "".join(map("".join, rows)))
        how = csv.QUOTE_MINIMAL if is_safe else csv.QUOTE_ALL
        names = ["a", "b", "c", "d"][:width]
        text = python_csv([names, *rows], ends, separator, quote, how)
        answer = "".join("|".join(f"'{escaped(field)}'" for field in row) + "\n" for row in rows)
        cases.append(Case(str(number), text, by_label(**dict.fromkeys(names, "utf8")),
                          f"{answer}rows {len(rows)}\n", separator, quote,
                          chunk=rng.randrange(1, 600), capacity=rng.randrange(1, 9)))  # fmt: skip
        tables.append([names, *rows])
    for case, table, (got, text) in zip(
        cases, tables, run_cases(programs["csv"], cases), strict=True
    ):
        assert got == case.answer
        lines = io.StringIO(text.decode(), newline="")
        read = csv.reader(lines, delimiter=case.separator, quotechar=case.quote, strict=True)
        assert list(read) == table


def test_real_files(programs: dict[str, Path]) -> None:
    files = sorted(need_data("nab").glob("*.csv"))
    assert len(files) == 3
    for path in files:
        text = path.read_text()
        rows = list(csv.reader(io.StringIO(text)))[1:]
        fields = by_index("timestamp[s]", "f64")
        ((got, written),) = run_cases(programs["csv"], [Case("", text, fields, "", chunk=4096)])
        wanted, again = [], ["a,b"]
        for time, value in rows:
            count = (datetime.fromisoformat(time) - EPOCH) // timedelta(seconds=1)
            wanted.append(f"{count}|{shortest(float(value))}")
            again.append(f"{time.replace(' ', 'T')}Z,{shortest(float(value))}")
        assert got.splitlines() == [*wanted, f"rows {len(rows)}"]
        assert written.decode().splitlines() == again


# ---- elsewhere -----------------------------------------------------------------------------------


def test_on_wasm(tmp_path: Path) -> None:
    for tool in ("clang-19", "wasm-ld-19", "node"):
        need(tool)
    module, linked = tmp_path / "text.o", tmp_path / "text.wasm"
    must_run("clang-19", "--target=wasm32", "-std=c99", "-O2", "-ffreestanding", "-mbulk-memory",
             *WARNINGS, "-c", "tests/c/text_wasm.c", "-o", module)  # fmt: skip
    must_run("wasm-ld-19", "--no-entry", "--gc-sections", "--strip-all", "--export-memory",
             "-z", "stack-size=65536", "--stack-first", module, "-o", linked)  # fmt: skip
    assert must_run("node", "tests/c/text_wasm.mjs", linked).endswith(b"checks, 0 failed\n")


def test_fuzzer_for_a_moment(tmp_path: Path) -> None:
    need("clang-19")
    program = tmp_path / "fuzz_csv"
    flags = ["-std=c99", *SANITIZERS, "-fsanitize=fuzzer", *WARNINGS]
    must_run("clang-19", *flags, "tests/fuzz/fuzz_csv.c", "-o", program)
    must_run(program, "-runs=20000", "-seed=1", f"-artifact_prefix={tmp_path}/", "-verbosity=0")


def test_speed_program_runs(tmp_path: Path) -> None:
    need("gcc")
    program = tmp_path / "csv_speed"
    must_run("gcc", "-std=c99", "-O2", *WARNINGS, *SOURCES["csv"][:3], "bench/csv_speed.c",
             "-o", program)  # fmt: skip
    assert len(re.findall(r"\d MB/s", must_run(program, "1").decode())) == 7
