"""Names: which ones are allowed, and which known one was probably meant."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .ir import KINDS

STEP_WORDS = (
    *("map", "select", "filter", "take", "skip", "group", "window", "aggregate"),
    *("scan", "rolling", "distinct", "sample"),
)
_WORDS = """
    while tumbling partial from over until changed every seed if else or and not true false null nan
    inf"""
WORDS_OF_THE_LANGUAGE = frozenset((*STEP_WORDS, *_WORDS.split())) | frozenset(
    kind.partition("[")[0] for kind in KINDS
)

_C = """
    auto break case char const continue default do double else enum extern float for goto if inline
    int long register restrict return short signed sizeof static struct switch typedef union
    unsigned void volatile while _Alignas _Alignof _Atomic _Bool _Complex _Generic _Imaginary
    _Noreturn _Static_assert _Thread_local"""
_CPP = """
    alignas alignof and and_eq asm bitand bitor bool catch char8_t char16_t char32_t class co_await
    co_return co_yield compl concept consteval constexpr constinit const_cast decltype delete
    dynamic_cast explicit export false friend mutable namespace new noexcept not not_eq nullptr
    operator or or_eq private protected public reinterpret_cast requires static_assert static_cast
    template this thread_local throw true try typeid typename using virtual wchar_t xor xor_eq"""
_JAVASCRIPT = """
    arguments await break case catch class const continue debugger default delete do else enum eval
    export extends false finally for function if implements import in instanceof interface let new
    null package private protected public return static super switch this throw true try typeof var
    void while with yield"""
KEYWORDS_OF_C = frozenset(_C.split())
KEYWORDS_OF_CPP = frozenset(_CPP.split())
KEYWORDS_OF_JAVASCRIPT = frozenset(_JAVASCRIPT.split())

LISTED = 12  # names a message lists before it says how many more there are

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def is_name(text: str) -> bool:
    """Whether `text` has the form of a name."""
    return _NAME.fullmatch(text) is not None


def taken_by(name: str) -> str | None:
    """Who already uses `name`, so that no column, parameter or river can be called so."""
    if name in WORDS_OF_THE_LANGUAGE:
        return "a word of the river language"
    if name in KEYWORDS_OF_C:
        return "a keyword of C"
    if name in KEYWORDS_OF_CPP:
        return "a keyword of C++"
    if name in KEYWORDS_OF_JAVASCRIPT:
        return "a keyword of JavaScript"
    if name.startswith("ng_"):
        return "one of the library's own (they start with `ng_`)"
    return None


def distance(a: str, b: str) -> int:
    """How many letters must be added, dropped, changed or swapped to make `a` of `b`."""
    before: list[int] = []
    last = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        row = [i]
        for j, other in enumerate(b, 1):
            best = min(row[j - 1] + 1, last[j] + 1, last[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and other == a[i - 2]:
                best = min(best, before[j - 2] + 1)
            row.append(best)
        before, last = last, row
    return last[-1]


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The name in `known` that `word` is probably a slip of; None if none is near."""
    limit = min(3, (len(word) + 1) // 3) if len(word) > 2 else 0
    best = None
    for name in known:
        if abs(len(name) - len(word)) > limit:
            continue
        far = distance(word.lower(), name.lower())
        if far <= limit:
            best, limit = name, far - 1
        if limit < 0:
            break
    return best


def suggestion(word: str, known: Iterable[str], plural: str) -> str:
    """A remedy for an unknown `word`: the nearest known name, or those there are."""
    names = list(known)
    near = nearest(word, names)
    if near is not None:
        return f"did you mean `{near}`?"
    if not names:
        return f"there are no {plural}"
    listed = ", ".join(names[:LISTED])
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return f"the {plural} are {listed}{more}"
