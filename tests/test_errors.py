"""Every message about a river file, shown whole; none is without a case."""

from __future__ import annotations

import ast
import errno
import os
import re
from functools import cache
from pathlib import Path

import pytest
from nagare import messages, names
from nagare.errors import MOST, NagareError, Problem, RiverErrors
from nagare.messages import Message
from nagare.rivers import MOST_BYTES, MOST_PARAMS, MOST_RIVERS, MOST_STEPS, load, loads
from nagare.sentences import MOST_CHARACTERS

HERE = Path(__file__).resolve().parent
PACKAGE = Path(messages.__file__).resolve().parent

COLUMNS = """flag = "bool", maybe = "bool?", t = "i8", i = "i32", n = "i64", y8 = "u8", u = "u32", \
w = "u64", f = "f32", d = "f64", ts = "timestamp[ms]", tn = "timestamp[s]", ns = "timestamp[ns]", \
text = "utf8", celsius = "f32?\""""


def with_steps(steps: list[str]) -> str:
    """A river file with these steps, the first of them in line 8."""
    quoted = [step.replace("\\", "\\\\").replace('"', '\\"') for step in steps]
    lines = "".join(f'  "{step}",\n' for step in quoted)
    return (
        f"[river.s]\nschema = {{ {COLUMNS} }}\n\n"
        f'[river.r]\nfrom = "s"\nparams = {{ lo = "f32 = 50" }}\nsteps = [\n{lines}]\n'
    )


def problems_of(text: str) -> RiverErrors:
    with pytest.raises(RiverErrors) as caught:
        loads(text, "rivers.toml")
    return caught.value


def written_cases(name: str) -> list[tuple[str, str]]:
    """The inputs and outputs of a file of cases: `====`, an input, `----`, what is said of it."""
    text = (HERE / "errors" / name).read_text(encoding="utf-8")
    blocks = ("\n" + text).split("\n====\n")[1:]
    return [tuple(block.rstrip("\n").split("\n----\n")) for block in blocks]


# Inputs that no text file can show, or that are long.
LONG_CHAIN = "filter " + "not " * 101 + "flag"
ODD_CASES = {
    "no steps": (
        with_steps([""]),
        """rivers.toml:8:4: error: river `r`, step 1: the step is empty
    8 |   "",
      |    ^ a step is written like `filter 0 < c and not isnull(f)`""",
    ),
    "blank step": (
        with_steps([" \t"]),
        """rivers.toml:8:4: error: river `r`, step 1: the step is empty
    8 |   " \t",
      |    ^ a step is written like `filter 0 < c and not isnull(f)`""",
    ),
    "long sentence": (
        with_steps(["filter " + "f +" * 3000]),
        f"""rivers.toml:8:4: error: river `r`, step 1: the sentence is longer than \
{MOST_CHARACTERS} characters
    8 |   "filter {"f +" * 30}…
      |    ^ split it into several steps""",
    ),
    "nested operators": (
        with_steps([LONG_CHAIN]),
        f"""rivers.toml:8:15: error: river `r`, step 1: the expression is nested more than 100 deep
    8 |   "filter {"not " * 22}no…
      |               {"^" * 86} compute parts of it in `map` steps before""",
    ),
    "long comparison": (
        with_steps(["filter i" + " < i" * 101]),
        f"""rivers.toml:8:11: error: river `r`, step 1: the expression is nested more than 100 deep
    8 |   "filter i{" < i" * 22} …
      |           {"^" * 90} compute parts of it in `map` steps before""",
    ),
    "many columns in steps": (
        with_steps(["map " + ", ".join(f"c{i} = i" for i in range(600)), "map x = 1"] * 1
          + ["map " + ", ".join(f"e{i} = i" for i in range(600)), "filter e99999 > 3"]),
        """rivers.toml:10:4: error: river `r`, step 3: there are more than 1024 columns
   10 |   "map e0 = i, e1 = i, e2 = i, e3 = i, e4 = i, e5 = i, e6 = i, e7 = i, e8 = i, e9 = i, \
e10 = i, e11 …
      |    """ + "^" * 97 + """ drop some with `select`""",
    ),
    "many columns in a schema": (
        "[river.s]\nschema = { " + ", ".join(f'c{i} = "f32"' for i in range(1025)) + " }\n",
        """rivers.toml:2:10: error: river `s`: there are more than 1024 columns
    2 | schema = { c0 = "f32", c1 = "f32", c2 = "f32", c3 = "f32", c4 = "f32", c5 = "f32", \
c6 = "f32", c7 = …
      |          """ + "^" * 91 + """ drop some with `select`""",
    ),
    "empty file": (
        "",
        """rivers.toml:1:1: error: there are no rivers
    1 |
      | ^ write `[river.NAME]` and below it `from` and `steps`""",
    ),
    "control character": (
        '[river.a]\ndoc = "\0"\n',
        """rivers.toml:2:8: error: this is not TOML: illegal character '\\x00'
    2 | doc = "\N{REPLACEMENT CHARACTER}"
      |        ^ check quotes, brackets and commas up to here""",
    ),
    "long value": (
        "a = " + "1" * 1001 + "\n",
        f"""rivers.toml:1:5: error: the value is longer than 1000 characters
    1 | a = {"1" * 96}…
      |     {"^" * 96} put it in quotes if it is text""",
    ),
    "tabs and wide characters": (
        '[river.s]\nschema = { f = "f32" }\nsteps = [\t"filter\tf > 日本"]\n',
        """rivers.toml:3:23: error: river `s`, step 1: `日` means nothing here
    3 | steps = [\t"filter\tf > 日本"]
      |          \t       \t    ^^ names are ASCII letters, digits and `_`; other text stands \
in quotes""",
    ),
    "combining characters": (
        "[river.s]\nschema = { f = \"f32\" }\nsteps = [\"filter '日本e\u0301' == z\"]\n",
        """rivers.toml:3:28: error: river `s`, step 1: there is no column `z`
    3 | steps = ["filter '日本e\u0301' == z"]
      |                             ^ the names here are f""",
    ),
    "end of lines": (
        '[river.s]\r\nschema = { f = "f32" }\r\nsteps = ["""filter\r\n z"""]\r\n',
        """rivers.toml:4:2: error: river `s`, step 1: there is no column `z`
    4 |  z\"""]
      |  ^ the names here are f""",
    ),
    "many steps": (
        "[river.s]\n" + 'schema = { f = "f32" }\n'
        + "steps = [" + ", ".join(['"take 1"'] * (MOST_STEPS + 1)) + "]\n",
        f"""rivers.toml:1:1: error: the file has more than {MOST_STEPS} steps
    1 | [river.s]
      | ^ split it into several files""",
    ),
    "many rivers": (
        '[river.s]\nschema = { f = "f32" }\n'
        + "".join(f'[river.r{i}]\nfrom = "s"\n' for i in range(MOST_RIVERS)),
        f"""rivers.toml:1:1: error: the file has more than {MOST_RIVERS} rivers
    1 | [river.s]
      | ^ split it into several files""",
    ),
    "many parameters": (
        '[river.s]\nschema = { f = "f32" }\n'
        + "params = { " + ", ".join(f'p{i} = "f32"' for i in range(MOST_PARAMS + 1)) + " }\n",
        f"""rivers.toml:1:1: error: the file has more than {MOST_PARAMS} parameters
    1 | [river.s]
      | ^ split it into several files""",
    ),
}  # fmt: skip


@pytest.mark.parametrize("steps, expected", written_cases("steps.txt"))
def test_a_wrong_step_is_told(steps: str, expected: str) -> None:
    assert str(problems_of(with_steps(steps.split("\n")))) == expected


@pytest.mark.parametrize("text, expected", written_cases("files.txt"))
def test_a_wrong_file_is_told(text: str, expected: str) -> None:
    assert str(problems_of(text + "\n")) == expected


@pytest.mark.parametrize("name", ODD_CASES)
def test_an_odd_input_is_told(name: str) -> None:
    text, expected = ODD_CASES[name]
    assert str(problems_of(text)) == expected


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    for path, why in (
        (tmp_path / "nothing.toml", os.strerror(errno.ENOENT).lower()),
        (tmp_path, os.strerror(errno.EISDIR).lower()),
        ("a\0b", "embedded null byte"),
    ):
        with pytest.raises(RiverErrors) as caught:
            load(str(path))
        assert str(caught.value) == (
            f"{path}: error: the file cannot be read: {why}\n"
            "      | check its name and that it can be read"
        )


def test_a_file_that_is_too_long_is_told(tmp_path: Path) -> None:
    path = tmp_path / "long.toml"
    path.write_bytes(b"#" * (MOST_BYTES + 1))
    expected = (
        f"{path}: error: the file is larger than {MOST_BYTES} bytes\n"
        "      | split it into several files"
    )
    with pytest.raises(RiverErrors) as caught:
        load(str(path))
    assert str(caught.value) == expected
    with pytest.raises(RiverErrors) as caught:
        loads("#" * (MOST_BYTES + 1), str(path))
    assert str(caught.value) == expected


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_bytes_that_are_not_utf8_are_told(tmp_path: Path, mark: bytes) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes(mark + "# grün\n# €: ".encode() + b"gr\xfcn\n")
    with pytest.raises(RiverErrors) as caught:
        load(str(path))
    assert str(caught.value) == (
        f"{path}:2:8: error: the file is not UTF-8: there is a byte 0xfc\n"
        "    2 | # €: gr\N{REPLACEMENT CHARACTER}n\n"
        "      |        ^ save it as UTF-8"
    )


def test_no_more_problems_than_anyone_reads() -> None:
    text = "".join(f"a{i} = 1\n" for i in range(MOST + 50))
    errors = problems_of(text)
    assert len(errors.problems) == MOST
    assert str(errors).endswith(f"\nrivers.toml: stopped after {MOST} errors")


def test_a_problem_holds_its_parts() -> None:
    (problem,) = problems_of(with_steps(["take 3", "filter celcius > 3"])).problems
    assert isinstance(problem, Problem)
    assert (problem.path, problem.river, problem.step_index) == ("rivers.toml", "r", 1)
    at = problem.position
    assert (at.line, at.column, at.length) == (9, 11, len("celcius"))
    assert problem.message == "there is no column `celcius`"
    assert problem.remedy == "did you mean `celsius`?"
    assert problem.source_line == '  "filter celcius > 3",'


def test_problems_of_the_environment_show_their_remedy() -> None:
    error = NagareError("there is no compiler", "install gcc")
    assert str(error) == "nagare: error: there is no compiler\n    install gcc"


# ---- no message without a case -------------------------------------------------------------------


def all_messages() -> dict[str, Message]:
    return {name: m for name, m in vars(messages).items() if isinstance(m, Message)}


def pattern(template: str) -> re.Pattern[str]:
    """What `template` matches with any values for its fields."""
    plain = template.replace("{{", "\0").replace("}}", "\1")
    parts = re.split(r"\{\w+(?::\w+)?\}", plain)
    return re.compile(
        ".*".join(re.escape(p.replace("\0", "{").replace("\1", "}")) for p in parts), re.DOTALL
    )


@cache
def shown_problems() -> list[tuple[str, str]]:
    """The messages and remedies of all cases, by what the cases of this file show."""
    texts = [with_steps(steps.split("\n")) for steps, _ in written_cases("steps.txt")]
    texts += [text + "\n" for text, _ in written_cases("files.txt")]
    texts += [text for text, _ in ODD_CASES.values()]
    return [(p.message, p.remedy) for text in texts for p in problems_of(text).problems]


OF_FILES = {"NO_FILE", "FILE_TOO_LONG", "NOT_UTF8"}  # shown by the tests of `load` above


@pytest.mark.parametrize("name", sorted(set(all_messages()) - OF_FILES))
def test_no_message_is_without_a_case(name: str) -> None:
    message = all_messages()[name]
    text, remedy = pattern(message.text), pattern(message.remedy)
    assert any(text.fullmatch(m) and remedy.fullmatch(r) for m, r in shown_problems())


def test_every_message_is_used_and_problems_are_made_in_two_places() -> None:
    used, makers = set(), []
    for path in sorted(PACKAGE.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                used |= {node.attr} if node.value.id == "m" and node.attr.isupper() else set()
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                makers += [path.name] if node.func.id in ("Problem", "Wrong") else []
    assert used == set(all_messages())
    assert sorted(makers) == ["messages.py", "rivers.py", "rivers.py"]


# ---- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "word, known, near",
    [
        ("fliter", ["map", "filter"], "filter"),
        ("Celsius", ["celsius"], "celsius"),
        ("celsius", ["c", "celsiuss", "celsiu"], "celsiuss"),
        ("x", ["y"], None),
        ("X", ["x"], "x"),
        ("abc", ["abd"], "abd"),
        ("abc", ["xyz", "abcdef"], None),
        ("a", [], None),
    ],
)
def test_the_nearest_name(word: str, known: list[str], near: str | None) -> None:
    assert names.nearest(word, known) == near


@pytest.mark.parametrize(
    "a, b, far",
    [("", "", 0), ("a", "", 1), ("abc", "abc", 0), ("abc", "acb", 1), ("kitten", "sitting", 3)],
)
def test_the_distance_of_names(a: str, b: str, far: int) -> None:
    assert names.distance(a, b) == names.distance(b, a) == far


def test_long_lists_are_cut() -> None:
    assert names.suggestion("zzz", [f"a{i}" for i in range(14)], "columns") == (
        "the columns are a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11 and 2 more"
    )
