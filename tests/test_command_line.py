"""The command `nagare`: what it prints, and with which status it ends."""

from __future__ import annotations

import os
import subprocess
import sys
import types
from pathlib import Path

import nagare
import pytest
from nagare import cli
from nagare.errors import NagareError

HOUSE = Path(__file__).resolve().parent.parent
GOOD = '[river.s]\nschema = { f = "f32" }\n\n[river.r]\nfrom = "s"\nsteps = ["filter f > 3"]\n'
BAD = GOOD.replace("f > 3", "g > 3")


@pytest.fixture
def good(tmp_path: Path) -> str:
    path = tmp_path / "good.toml"
    path.write_text(GOOD, encoding="utf-8")
    return str(path)


@pytest.fixture
def bad(tmp_path: Path) -> str:
    path = tmp_path / "bad.toml"
    path.write_text(BAD, encoding="utf-8")
    return str(path)


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch):
    """Puts a function in place of one that a subcommand imports, and notes how it is called."""

    def put(module: str, name: str, result: object) -> list[tuple]:
        calls: list[tuple] = []

        def called(*arguments: object) -> object:
            calls.append(arguments)
            if isinstance(result, BaseException):
                raise result
            return result

        made = sys.modules.get(module)
        if made is None or not getattr(made, "stands_in", False):
            made = types.ModuleType(module)
            made.stands_in = True
            monkeypatch.setitem(sys.modules, module, made)
        setattr(made, name, called)
        return calls

    return put


def usage_error(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The last line of what is said about a wrong use."""
    with pytest.raises(SystemExit) as caught:
        cli.main(list(arguments))
    assert caught.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    return said.err.strip().splitlines()[-1]


def test_check(capsys: pytest.CaptureFixture[str], good: str, bad: str, tmp_path: Path) -> None:
    one = tmp_path / "one.toml"
    one.write_text('[river.s]\nschema = { f = "f32" }\n', encoding="utf-8")
    assert cli.main(["check", good, str(one)]) == 0
    assert capsys.readouterr() == (
        f"{good}: 2 rivers, no errors\n{one}: 1 river, no errors\n", ""
    )  # fmt: skip
    assert cli.main(["check", bad, good]) == 1
    assert capsys.readouterr() == (
        f"{good}: 2 rivers, no errors\n",
        f"{bad}:6:18: error: river `r`, step 1: there is no column `g`\n"
        '    6 | steps = ["filter g > 3"]\n'
        "      |                  ^ the names here are f\n",
    )


def test_explain(capsys: pytest.CaptureFixture[str], good: str, stand_in) -> None:
    calls = stand_in("nagare.explain", "explain", {"river": "日本"})
    rendered = stand_in("nagare.explain", "render", "as text")
    assert cli.main(["explain", good]) == 0
    assert cli.main(["explain", good, "r", "--json"]) == 0
    assert capsys.readouterr() == ('as text\n{\n  "river": "日本"\n}\n', "")
    assert [(list(file.rivers), river) for file, river in calls] == [
        (["s", "r"], None), (["s", "r"], "r"),
    ]  # fmt: skip
    assert rendered == [({"river": "日本"},)]
    assert cli.main(["explain", good, "rr"]) == 1
    assert capsys.readouterr().err == (
        f"nagare: error: there is no river `rr` in {good}\n    the rivers are s, r\n"
    )


def test_gen(capsys: pytest.CaptureFixture[str], good: str, stand_in, tmp_path: Path) -> None:
    calls = stand_in("nagare.emit", "generate", "/* ü */\n")
    out = tmp_path / "kernels.h"
    assert cli.main(["gen", good, "-o", str(out)]) == 0
    assert out.read_bytes() == "/* ü */\n".encode()
    assert cli.main(["gen", good, "-o", "-", "--profiles", "v256,scalar"]) == 0
    assert capsys.readouterr() == ("/* ü */\n", "")
    assert [call[1:] for call in calls] == [
        (("scalar", "v128", "v256", "v512"), "kernels.h"),
        (("scalar", "v256"), "good.h"),
    ]
    assert cli.main(["gen", good, "-o", str(tmp_path)]) == 1
    assert capsys.readouterr().err == (
        f"nagare: error: {tmp_path} cannot be written: is a directory\n"
        "    give another path to `-o`, or `-o -` to print the header\n"
    )


def test_a_wrong_file_leaves_the_header_alone(bad: str, stand_in, tmp_path: Path) -> None:
    calls = stand_in("nagare.emit", "generate", "")
    out = tmp_path / "kernels.h"
    out.write_text("before", encoding="utf-8")
    assert cli.main(["gen", bad, "-o", str(out)]) == 1
    assert calls == []
    assert out.read_text(encoding="utf-8") == "before"


def test_build(capsys: pytest.CaptureFixture[str], stand_in) -> None:
    calls = stand_in("nagare.build", "build", ["a.wasm", "a.js"])
    arguments = ["build", "a.toml", "--target", "wasm", "-o", "site", "--profiles", "v128"]
    assert cli.main(arguments) == 0
    assert capsys.readouterr().out == "a.wasm\na.js\n"
    assert calls == [("a.toml", "wasm", "site", ("v128",))]


def test_run(stand_in) -> None:
    calls = stand_in("nagare.run", "run", 7)
    assert cli.main(["run", "a.toml"]) == 7
    arguments = "run a.toml r --input s=- --input t=a=b.csv --set lo=-5 --set hi=1 --target wasm"
    assert cli.main([*arguments.split(), "--profile", "v128", "--batch", "64", "--stats"]) == 7
    assert calls == [
        ("a.toml", None, {}, {}, "native", "auto", None, False),
        ("a.toml", "r", {"s": "-", "t": "a=b.csv"}, {"lo": "-5", "hi": "1"}, "wasm", "v128", 64,
         True),
    ]  # fmt: skip


def test_problems_of_the_environment(capsys: pytest.CaptureFixture[str], stand_in) -> None:
    stand_in("nagare.run", "run", NagareError("there is no compiler", "install gcc or clang"))
    assert cli.main(["run", "a.toml"]) == 1
    assert capsys.readouterr() == (
        "", "nagare: error: there is no compiler\n    install gcc or clang\n"
    )  # fmt: skip


def test_an_interrupt(capsys: pytest.CaptureFixture[str], stand_in) -> None:
    stand_in("nagare.run", "run", KeyboardInterrupt())
    assert cli.main(["run", "a.toml"]) == 130
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "arguments, said",
    [
        ("", "nagare: error: the following arguments are required: COMMAND"),
        ("frob", "(choose from"),
        ("check", "the following arguments are required: FILE"),
        ("gen a.toml", "the following arguments are required: -o/--output"),
        ("build a.toml -o x", "the following arguments are required: --target"),
        ("build a.toml -o x --target js", "argument --target: invalid choice: 'js'"),
        ("gen a.toml -o x --profiles v129", "there is no profile `v129`: did you mean `v128`?"),
        ("gen a.toml -o x --profiles=", "there is no profile ``: the profiles are scalar, v128"),
        ("run a.toml --profile sse", "argument --profile: invalid choice: 'sse'"),
        ("run a.toml --batch 0", "argument --batch: `0` is not a number of rows, 1 or more"),
        ("run a.toml --batch x", "argument --batch: `x` is not a number of rows, 1 or more"),
        ("run a.toml --batch=-1", "argument --batch: `-1` is not a number of rows, 1 or more"),
        ("run a.toml --batch ²", "argument --batch: `²` is not a number of rows, 1 or more"),
        ("run a.toml --batch 1" + "0" * 18, "is not a number of rows, 1 or more"),
        ("run a.toml --set lo", "argument --set: `lo` is not of the form NAME=VALUE"),
        ("run a.toml --set lo=", "argument --set: `lo=` is not of the form NAME=VALUE"),
        ("run a.toml --set 1o=2", "argument --set: `1o=2` is not of the form NAME=VALUE"),
        ("run a.toml --set lo=1 --set lo=2", "argument --set: `lo` is given twice"),
        ("run a.toml --input a.csv", "argument --input: `a.csv` is not of the form NAME=PATH"),
        ("run a.toml --input s=a --input s=b", "argument --input: `s` is given twice"),
    ],
)
def test_wrong_usage(capsys: pytest.CaptureFixture[str], arguments: str, said: str) -> None:
    assert said in usage_error(capsys, *arguments.split())


@pytest.mark.parametrize("command", ["", "check", "explain", "gen", "build", "run"])
def test_help_shows_examples(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as caught:
        cli.main([*command.split(), "--help"])
    assert caught.value.code == 0
    said = capsys.readouterr().out
    assert "\nexamples:\n  nagare " in said
    assert all(len(line) <= 80 for line in said.splitlines())


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"nagare {nagare.__version__}\n"
    for file, written in (
        ("pyproject.toml", f'\nversion = "{nagare.__version__}"\n'),
        ("core/base.h", f'\n#define NG_VERSION "{nagare.__version__}"\n'),
    ):
        assert written in (HOUSE / file).read_text(encoding="utf-8")


# ---- as a process --------------------------------------------------------------------------------


def command(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(HOUSE / "gen")}
    return subprocess.run(
        [sys.executable, "-m", "nagare", *arguments],
        env=environment, capture_output="stdout" not in options, text=True, **options,
    )  # fmt: skip


def test_as_a_module(good: str, bad: str) -> None:
    done = command("check", good)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{good}: 2 rivers, no errors\n", "")
    done = command("check", bad)
    assert (done.returncode, done.stdout) == (1, "")
    assert "there is no column `g`" in done.stderr
    assert command("check").returncode == 2


def test_a_closed_pipe_is_no_error(good: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as pipe:
        done = command("check", good, stdout=pipe, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (141, "")
