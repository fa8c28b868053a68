"""The amalgamator on small made-up trees: what it joins, and what it refuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools.amalgamate import AmalgamateError, amalgamate

HOUSE = Path(__file__).resolve().parent.parent

ROOT = """\
/* The manual; its #include "ghost.h" is prose. */
#ifndef NG_ROOT_H
#define NG_ROOT_H
#include "a.h"
#include "b.h"
#endif
#if defined(CODE)
#include "a.c"
#endif
"""


def header(name: str, *body: str) -> str:
    guard = f"NGI_{name.upper()}_H"
    text = "\n".join(body)
    return f"/* {name}: a part. */\n#ifndef {guard}\n#define {guard}\n\n{text}\n\n#endif\n"


def tree(folder: Path, **parts: str) -> Path:
    """A root and its parts; `a_h` stands for a.h. What is not given is the plain default."""
    default = {
        "root_h": ROOT,
        "a_h": header("a", "#include <stddef.h>", "int a(void);"),
        "b_h": header("b", '#include "a.h"', "int b(void);"),
        "a_c": '#include "a.h"\n\nint a(void) { return 1; }\n',
    }
    for name, text in (default | parts).items():
        (folder / name.replace("_", ".")).write_text(text)
    return folder / "root.h"


def refusal(root: Path) -> str:
    with pytest.raises(AmalgamateError) as caught:
        amalgamate(root)
    return str(caught.value)


def test_parts_stand_where_they_are_first_included(tmp_path: Path) -> None:
    text = amalgamate(tree(tmp_path))
    order = ["The manual", "int a(void);", "int b(void);", "#if defined(CODE)", "return 1"]
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    assert text.count("int a(void);") == 1


def test_a_part_comes_before_the_one_that_needs_it(tmp_path: Path) -> None:
    root = ROOT.replace('#include "a.h"\n#include "b.h"', '#include "b.h"')
    text = amalgamate(tree(tmp_path, root_h=root))
    assert text.index("int a(void);") < text.index("int b(void);")


def test_guards_and_local_includes_go_and_the_rest_stays(tmp_path: Path) -> None:
    text = amalgamate(tree(tmp_path))
    assert "NGI_A_H" not in text
    assert "NG_ROOT_H" in text
    assert '#include "a.h"' not in text
    assert "#include <stddef.h>" in text
    assert 'its #include "ghost.h" is prose' in text


def test_the_result_is_the_same_each_time_and_for_itself(tmp_path: Path) -> None:
    text = amalgamate(tree(tmp_path))
    assert amalgamate(tmp_path / "root.h") == text
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "root.h").write_text(text)
    assert amalgamate(alone / "root.h") == text


def test_a_cycle_is_shown(tmp_path: Path) -> None:
    root = tree(tmp_path, a_h=header("a", '#include "b.h"'))
    assert refusal(root) == "b.h:5: a cycle: a.h -> b.h -> a.h"


def test_a_missing_part(tmp_path: Path) -> None:
    root = tree(tmp_path, b_h=header("b", '#include "ghost.h"'))
    assert refusal(root) == "b.h:5: there is no ghost.h"


def test_unused_parts(tmp_path: Path) -> None:
    root = tree(tmp_path, spare_h=header("spare"), other_c="int other;\n")
    assert refusal(root) == "no one includes other.c, spare.h"


def test_the_same_include_twice_in_a_file(tmp_path: Path) -> None:
    root = tree(tmp_path, b_h=header("b", '#include "a.h"', '#include "a.h"'))
    assert refusal(root) == "b.h:6: a.h is included twice by the same file"


def test_code_that_two_files_include(tmp_path: Path) -> None:
    root = ROOT + '#include "b.c"\n'
    parts = {"b_c": '#include "a.c"\n'}
    assert refusal(tree(tmp_path, root_h=root, **parts)) == "b.c:1: a.c is included twice"


def test_a_header_without_a_guard(tmp_path: Path) -> None:
    root = tree(tmp_path, a_h="int a(void);\n")
    assert refusal(root) == "a.h: has no include guard around all of its code"


def test_code_behind_the_guard(tmp_path: Path) -> None:
    root = tree(tmp_path, a_h=header("a") + "int outside;\n")
    assert refusal(root) == "a.h: has no include guard around all of its code"


def test_an_open_condition(tmp_path: Path) -> None:
    root = tree(tmp_path, a_c="#if 1\nint a;\n")
    assert refusal(root) == "a.c: an #if is not closed"


def test_a_condition_closed_too_often(tmp_path: Path) -> None:
    root = tree(tmp_path, root_h='#include "a.h"\n#include "b.h"\n#include "a.c"\n#endif\n')
    assert refusal(root) == "root.h:4: #endif without #if"


SECTIONS = """\
#if {first}
#include "a.h"
#endif
#if {second}
#include "b.h"
#include "a.c"
#endif
"""


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("defined(K) || defined(CODE)", "defined(CODE)"),
        ("defined(K) || \\\n    defined(CODE)", "defined(CODE) || defined(K)"),
        ("defined(CODE)", "defined(CODE)"),
    ],
)
def test_a_part_is_shared_where_it_is_known_to_be_there(
    first: str, second: str, tmp_path: Path
) -> None:
    root = tree(tmp_path, root_h=SECTIONS.format(first=first, second=second))
    assert amalgamate(root).count("int a(void);") == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("defined(K)", "defined(CODE)"),
        ("defined(CODE)", "defined(CODE) || defined(K)"),
        ("defined(CODE)", "!defined(CODE)"),
    ],
)
def test_a_part_under_another_condition_is_refused(first: str, second: str, tmp_path: Path) -> None:
    root = tree(tmp_path, root_h=SECTIONS.format(first=first, second=second))
    assert refusal(root) == (
        "b.h:5: a.h stands earlier, under a condition that need not hold here; "
        "include it in an earlier section"
    )


def test_the_else_of_a_condition_is_another_condition(tmp_path: Path) -> None:
    text = '#if X\n#include "a.h"\n#else\n#include "b.h"\n#endif\n#include "a.c"\n'
    assert refusal(tree(tmp_path, root_h=text)).startswith("b.h:5: a.h stands earlier")


def command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    tool = HOUSE / "tools" / "amalgamate.py"
    return subprocess.run(
        [sys.executable, str(tool), *map(str, arguments)], capture_output=True, text=True
    )


def test_check_shows_what_is_stale_and_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "core").mkdir()
    root, output = tree(tmp_path / "core"), tmp_path / "one.h"
    assert command(root, "-o", output).returncode == 0
    assert command(root, "-o", output, "--check").returncode == 0
    (root.parent / "a.c").write_text('#include "a.h"\n\nint a(void) { return 2; }\n')
    stale = command(root, "-o", output, "--check")
    assert stale.returncode == 1
    assert "+int a(void) { return 2; }" in stale.stdout
    assert "return 1" in output.read_text()


def test_the_command_reports_a_refusal(tmp_path: Path) -> None:
    root = tree(tmp_path, spare_h=header("spare"))
    done = command(root, "-o", tmp_path / "one.h")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "amalgamate: error: no one includes spare.h\n"
