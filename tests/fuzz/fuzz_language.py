"""Feeds mutated river files to the front end: whatever comes, it answers, and soon.

    python tests/fuzz/fuzz_language.py --seconds 60 --seed 1

Anything but a checked file or `RiverErrors` is a finding, and so is a file that takes longer than
`--slow` seconds. The input of a finding is written to a file, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import traceback
from pathlib import Path

HOUSE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(HOUSE / "gen"))

from nagare.errors import RiverErrors  # noqa: E402
from nagare.rivers import loads  # noqa: E402

COLUMNS = """flag = "bool", maybe = "bool?", a = "i8", s = "i16", i = "i32", n = "i64", y = "u8", \
u = "u32", w = "u64", f = "f32", d = "f64", z = "f32?", ts = "timestamp[ms]", text = "utf8?\""""
_WORDS = """
    [river. ] = from schema params steps to doc max_groups csv "f32" "utf8?" { } , [ ' \" \"\"\" '''
    \\n \\u00e9 # map select filter take skip while group window tumbling partial aggregate if else
    or and not true false null nan inf f32( i8( timestamp[ms]( abs( min( max( lag( delta( count(
    rises( crosses_above(
    sum( coalesce( clamp( ( ) == <= << ~ % / - + 0 1 255 0x 1e 1e39 99999999999999999999 日"""
WORDS = [*_WORDS.split(), "'2024-01-31'", " ", "\0", "\t", "\r\n", "\U0001f600", "\ufeff"]


def seeds() -> list[str]:
    """Good river files to begin with: the documentation's, and every construct once."""
    docs = (HOUSE / "docs" / "rivers.md").read_text(encoding="utf-8")
    texts = [docs.split("```toml\n")[1].split("```")[0]]
    table = (HOUSE / "tests" / "language" / "expressions.txt").read_text(encoding="utf-8")
    expressions = [row for row in table.split("\n") if row and not row.startswith(" ")]
    for at in range(0, len(expressions), 6):
        lines = ",\n".join(f'  """map x = {x}"""' for x in expressions[at : at + 6] if '"' not in x)
        texts.append(f"[river.s]\nschema = {{ {COLUMNS} }}\nsteps = [\n{lines}\n]\n")
    return texts


def mutate(rng: random.Random, text: str, others: list[str]) -> str:
    """A few random edits: drop, repeat, move, replace and mix in what other files hold."""
    for _ in range(rng.choice((1, 1, 2, 3, 8))):
        start = rng.randrange(len(text) + 1)
        end = min(len(text), start + rng.choice((0, 1, 1, 2, 5, 20, 100)))
        piece = text[start:end]
        match rng.randrange(6):
            case 0:
                piece = ""
            case 1:
                piece = piece * rng.choice((2, 3, 50, 1000))
            case 2:
                piece = rng.choice(WORDS)
            case 3:
                piece += rng.choice(WORDS) * rng.choice((1, 1, 2, 200))
            case 4:
                other = rng.choice(others)
                place = rng.randrange(len(other) + 1)
                piece = other[place : place + rng.choice((1, 5, 20, 100))]
            case 5:
                piece = "".join(chr(ord(c) ^ 1 << rng.randrange(8)) for c in piece)
        text = text[:start] + piece + text[end:]
    return text[: 1 << 16]


def answer(text: str) -> bool:
    """Whether `text` is a right river file; raises whatever must not be raised."""
    try:
        loads(text, "fuzz.toml")
    except RiverErrors as errors:
        if not str(errors) or not all(p.message and p.remedy for p in errors.problems):
            raise AssertionError("an error says nothing") from errors
        return False
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--slow", type=float, default=5.0, help="seconds one file may take")
    parser.add_argument("--output", type=Path, default=HOUSE / "build", help="for findings")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    corpus = seeds()
    end = time.monotonic() + options.seconds
    count = right = 0
    slowest = 0.0
    while time.monotonic() < end:
        text = mutate(rng, rng.choice(corpus), corpus)
        start = time.monotonic()
        finding = None
        try:
            if answer(text):
                right += 1
                corpus[rng.randrange(len(corpus))] = text
        except Exception:
            finding = traceback.format_exc()
        took = time.monotonic() - start
        slowest = max(slowest, took)
        count += 1
        if took > options.slow:
            finding = f"one file took {took:.1f} s"
        if finding:
            options.output.mkdir(parents=True, exist_ok=True)
            path = options.output / f"fuzz_language_{options.seed}_{count}.toml"
            path.write_bytes(text.encode("utf-8", "surrogatepass"))
            print(f"{finding}\ninput {count} of seed {options.seed}: {path}")
            return 1
    print(f"{count} files, {right} of them right, slowest {slowest:.2f} s, no findings")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
