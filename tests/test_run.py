"""`nagare run`: what it prints, what it says when something is wrong, and what it leaves behind."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("NAGARE_DATA", ROOT.parent / "shared" / "data"))
TARGETS = ["native", "wasm"]

RIVERS = """
[river.readings]
from   = { csv = "readings.csv" }
schema = { ts = "timestamp[s]", sensor = "utf8", celsius = "f32?" }

[river.warm]
from   = "readings"
params = { lo = "f32 = 60", limit = "i32" }
steps  = ["map f = celsius * 1.8 + 32", "filter f > lo"]

[river.per_sensor]
from  = "readings"
steps = ["group sensor", "aggregate n = count(), mean = mean(celsius), first = first(ts)"]

[river.ratio]
from  = "readings"
steps = ["select ratio = 100 / i32(celsius - 20)"]

[river.whole]
from  = "readings"
steps = ["filter not isnull(celsius)", "select q = 60 / i32(coalesce(celsius, 0) - 20)"]
"""
READINGS = """ts,sensor,celsius
2024-05-01T10:00:00Z,kitchen,21.5
1714557660,"attic, north",30.25
1714557720,kitchen,
1714557780,"the ""cold"" one",-3
"""


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all workers of a parallel run."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "cache"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "rivers.toml").write_text(RIVERS)
    (tmp_path / "readings.csv").write_text(READINGS)
    return tmp_path


def nagare(place: Path, cache: Path, *words: str, text: str | None = None,
           **environment: str) -> subprocess.CompletedProcess[str]:  # fmt: skip
    return subprocess.run(
        [ROOT / "nagare", "run", *words], input=text, capture_output=True, text=True, cwd=place,
        env=os.environ | {"NAGARE_CACHE": str(cache)} | environment)  # fmt: skip


@pytest.mark.parametrize("target", TARGETS)
def test_rows_come_out_as_csv(place: Path, cache: Path, target: str) -> None:
    done = nagare(place, cache, "rivers.toml", "warm", "--set", "limit=3", "--target", target)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "ts,sensor,celsius,f\n"
        "2024-05-01T10:00:00Z,kitchen,21.5,70.7\n"
        '2024-05-01T10:01:00Z,"attic, north",30.25,86.45\n'
    )


@pytest.mark.parametrize("target", TARGETS)
def test_groups_nulls_and_quotes(place: Path, cache: Path, target: str) -> None:
    done = nagare(place, cache, "rivers.toml", "per_sensor", "--target", target)
    assert done.stdout == (
        "sensor,n,mean,first\n"
        "kitchen,2,21.5,2024-05-01T10:00:00Z\n"
        '"attic, north",1,30.25,2024-05-01T10:01:00Z\n'
        '"the ""cold"" one",1,-3,2024-05-01T10:03:00Z\n'
    )


@pytest.mark.parametrize("batch", ["1", "2", "3", "4096"])
@pytest.mark.parametrize("profile", ["auto", "scalar", "v128", "v256", "v512"])
def test_profiles_and_batches_change_nothing(
    place: Path, cache: Path, batch: str, profile: str
) -> None:
    words = ("--batch", batch, "--profile", profile, "--input", "readings=-")
    done = nagare(place, cache, "rivers.toml", "per_sensor", *words, text=READINGS)
    assert done.stdout == nagare(place, cache, "rivers.toml", "per_sensor").stdout


@pytest.mark.parametrize("target", TARGETS)
def test_a_parameter_can_be_set(place: Path, cache: Path, target: str) -> None:
    words = ("--set", "limit=3", "--set", "warm.lo=80", "--target", target)
    done = nagare(place, cache, "rivers.toml", "warm", *words)
    assert done.stdout.count("\n") == 2
    done = nagare(place, cache, "rivers.toml", "warm", "--set", "limit=3", "--set", "lo=hot",
                  "--target", target)  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == "nagare: error: `hot` is not a value for the parameter `lo`\n"


@pytest.mark.parametrize("target", TARGETS)
def test_statistics(place: Path, cache: Path, target: str) -> None:
    done = nagare(place, cache, "rivers.toml", "per_sensor", "--stats", "--target", target)
    lines = done.stderr.splitlines()
    assert lines[0].split() == ["read", "readings", "4", "rows", str(len(READINGS)), "bytes"]
    assert lines[1].split()[:4] == ["wrote", "per_sensor", "3", "rows"]
    assert re.fullmatch(r"\d+\.\d{3} s, \d+\.\d{3} GB/s, \d+\.\d MB of memory", lines[2])


@pytest.mark.parametrize("target", TARGETS)
def test_more_text_at_the_end_than_a_block_takes(place: Path, cache: Path, target: str) -> None:
    """The keys of all groups come out at once, and fill several blocks of a megabyte of text."""
    (place / "long.toml").write_text("""
[river.keyed]
schema = { key = "utf8" }
[river.counted]
from  = "keyed"
max_groups = 60000
steps = ["group key", "aggregate n = count()"]
""")
    keys = [f"a key that takes some room in a block {i:06}" for i in range(40000)]
    text = "key\n" + "\n".join(keys) + "\n"
    words = ("counted", "--input", "keyed=-", "--batch", "65536", "--target", target)
    done = nagare(place, cache, "long.toml", *words, text=text)
    assert done.returncode == 0
    assert done.stdout == "key,n\n" + "".join(f"{key},1\n" for key in keys)


WRONG = {
    "no such river": (("rivers.toml", "wrm"), 1, "there is no river `wrm`"),
    "no such parameter": (("rivers.toml", "warm", "--set", "low=1"), 1, "no parameter `low`"),
    "a parameter is missing": (("rivers.toml", "warm"), 1, "the parameter `warm.limit` has no"),
    "no such source": (("rivers.toml", "per_sensor", "--input", "reading=x"), 1, "no source"),
    "several ends": (("rivers.toml",), 1, "ends in several rivers"),
    "no river file": (("nothing.toml",), 1, "nothing.toml"),
    "no input": (("rivers.toml", "per_sensor", "--input", "readings=no.csv"), 1,
                 "cannot read `no.csv`"),
    "a folder": (("rivers.toml", "per_sensor", "--input", "readings=."), 1, "cannot read `.`"),
    "no such profile": (("rivers.toml", "per_sensor", "--profile", "v1024"), 2, "v1024"),
    "no such batch": (("rivers.toml", "per_sensor", "--batch", "0"), 2, "batch"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said(place: Path, cache: Path, case: str) -> None:
    words, status, message = WRONG[case]
    done = nagare(place, cache, *words)
    assert (done.returncode, done.stdout) == (status, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


BAD_INPUT = {
    "empty": ("", "is empty"),
    "truncated row": ("ts,sensor,celsius\n1,a,2\n2,b\n", "row has 2 fields"),
    "not a number": ("ts,sensor,celsius\n1,a,2\n2,b,warm\n", "warm"),
    "not UTF-8": (b"ts,sensor,celsius\n1,a,2\n2,\xff,3\n", "UTF-8"),
    "an open quote": ('ts,sensor,celsius\n1,a,2\n2,"b,3\n', "quote"),
    "no such column": ("ts,sensor,fahrenheit\n1,a,2\n", "celsius"),
}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_is_named_and_what_was_good_is_kept(
    place: Path, cache: Path, case: str, target: str
) -> None:
    content, message = BAD_INPUT[case]
    path = place / "readings.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    done = nagare(place, cache, "rivers.toml", "warm", "--set", "limit=1", "--set", "lo=0",
                  "--target", target)  # fmt: skip
    assert done.returncode == 1
    assert message in done.stderr
    assert "readings.csv" in done.stderr
    unreadable = case in ("empty", "no such column")
    kept = "ts,sensor,celsius,f\n1970-01-01T00:00:01Z,a,2,35.6\n"
    assert done.stdout == ("" if unreadable else kept)


@pytest.mark.parametrize("target", TARGETS)
def test_division_by_zero_names_the_row(place: Path, cache: Path, target: str) -> None:
    (place / "readings.csv").write_text("ts,sensor,celsius\n1,a,25\n2,a,20\n3,a,30\n")
    done = nagare(place, cache, "rivers.toml", "whole", "--target", target)
    assert done.returncode == 1
    assert done.stdout == "q\n12\n"
    assert done.stderr.startswith("nagare: error: river `whole`, row 2: an integer was divided")


def test_a_full_disk_is_told(place: Path, cache: Path) -> None:
    for target in TARGETS:
        with open("/dev/full", "w") as full:
            done = subprocess.run(
                [ROOT / "nagare", "run", "rivers.toml", "per_sensor", "--target", target],
                stdout=full, stderr=subprocess.PIPE, text=True, cwd=place,
                env=os.environ | {"NAGARE_CACHE": str(cache)})  # fmt: skip
        assert done.returncode == 1
        assert "cannot write `-`" in done.stderr
        assert "no space left" in done.stderr.lower()


@pytest.mark.parametrize("target", TARGETS)
def test_a_closed_pipe_is_no_error(place: Path, cache: Path, target: str) -> None:
    rows = "".join(f"{i},a,{i % 90}\n" for i in range(200_000))
    (place / "readings.csv").write_text("ts,sensor,celsius\n" + rows)
    command = f"'{ROOT}/nagare' run rivers.toml warm --set limit=1 --target {target} | head -n 1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, cwd=place,
                          env=os.environ | {"NAGARE_CACHE": str(cache)})  # fmt: skip
    assert (done.stdout, done.stderr) == ("ts,sensor,celsius,f\n", "")


def test_a_missing_compiler_names_the_package(place: Path, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "dirname", "readlink", "env", "ls", "uname"):
        found = shutil.which(name)
        if found is not None:
            (tools / name).symlink_to(found)
    for target, package in (("native", "gcc"), ("wasm", "clang")):
        done = nagare(place, tmp_path / "new", "rivers.toml", "per_sensor", "--target", target,
                      PATH=str(tools), CC="")  # fmt: skip
        assert done.returncode == 1
        assert package in done.stderr
        assert "Traceback" not in done.stderr


def test_an_unwritable_cache_is_told(place: Path) -> None:
    (place / "file").write_text("")
    done = nagare(place, place / "file" / "cache", "rivers.toml", "per_sensor")
    assert done.returncode == 1
    assert "NAGARE_CACHE" in done.stderr


def test_an_interrupted_run_leaves_nothing_half_made(place: Path, tmp_path: Path) -> None:
    cache = tmp_path / "interrupted"
    for delay in (0.2, 0.5, 0.9, 1.3):
        process = subprocess.Popen(
            [ROOT / "nagare", "run", "rivers.toml", "per_sensor"], cwd=place,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
            env=os.environ | {"NAGARE_CACHE": str(cache)})  # fmt: skip
        time.sleep(delay)
        os.killpg(process.pid, signal.SIGINT)
        process.communicate()
        for made in cache.glob("[0-9a-f]*"):
            assert (made / "facts.json").exists()
            assert (made / "program").exists()
        assert all(made.stat().st_size > 0 for made in cache.glob("library-*"))
    assert nagare(place, cache, "rivers.toml", "per_sensor").returncode == 0


def test_a_take_ends_an_endless_input(place: Path, cache: Path) -> None:
    (place / "rivers.toml").write_text(
        '[river.s]\nschema = { x = "i32" }\n\n'
        '[river.some]\nfrom = "s"\nsteps = ["filter x % 2 == 0", "take 3"]\n')  # fmt: skip
    command = f"(echo x; yes 4) | timeout 20 '{ROOT}/nagare' run rivers.toml some --input s=-"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, cwd=place,
                          env=os.environ | {"NAGARE_CACHE": str(cache)})  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "x\n4\n4\n4\n")


NAB = """
[river.series]
schema = { ts = { type = "timestamp[s]", column = "timestamp" }, value = "f64" }

[river.days]
from  = "series"
steps = [
    "map rise = delta(value)",
    "window tumbling 48 partial",
    "aggregate day = first(ts), n = count(), low = min(value), high = max(value), "
    "mean = mean(value), spread = std(value), steepest = max(abs(rise))",
]
"""


@pytest.mark.parametrize("name", ["ambient_temperature_system_failure",
                                  "machine_temperature_system_failure", "nyc_taxi"])  # fmt: skip
def test_real_series_agree_with_numpy(place: Path, cache: Path, name: str) -> None:
    path = DATA / "nab" / f"{name}.csv"
    if not path.exists():
        pytest.skip(f"{path.name} is not there; NAGARE_DATA names the folder of test data")
    np = pytest.importorskip("numpy")
    (place / "nab.toml").write_text(NAB.replace('"\n    "mean', "mean"))
    outputs = [nagare(place, cache, "nab.toml", "days", "--input", f"series={path}",
                      "--target", target).stdout for target in TARGETS]  # fmt: skip
    assert outputs[0] == outputs[1]
    values = np.array([float(line.split(",")[1]) for line in path.read_text().splitlines()[1:]])
    rises = np.abs(np.diff(values, prepend=np.nan))
    lines = outputs[0].splitlines()[1:]
    assert len(lines) == -(-len(values) // 48)
    for i, line in enumerate(lines):
        part, rise = values[i * 48 : (i + 1) * 48], rises[i * 48 : (i + 1) * 48]
        _, n, low, high, mean, spread, steepest = line.split(",")
        assert (int(n), float(low), float(high)) == (len(part), part.min(), part.max())
        assert float(mean) == pytest.approx(part.mean(), rel=1e-14)
        assert float(spread or "nan") == pytest.approx(part.std(ddof=1) if len(part) > 1
                                                       else float("nan"), rel=1e-10,
                                                       nan_ok=True)  # fmt: skip
        assert float(steepest) == np.nanmax(rise)
