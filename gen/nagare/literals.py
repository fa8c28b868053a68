"""Literals: from their text to exact values, rounded once."""

from __future__ import annotations

import math
import re
import struct
from decimal import Decimal

from .ir import INTEGERS, TIMESTAMPS

_BITS = {kind: int(kind[1:]) for kind in INTEGERS}
RANGES = {
    kind: (0, 2**bits - 1) if kind[0] == "u" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    for kind, bits in _BITS.items()
} | dict.fromkeys(TIMESTAMPS, (-(2**63), 2**63 - 1))

_DIGITS = r"[0-9](?:_?[0-9])*"
_INTEGER = re.compile(r"0|[1-9](?:_?[0-9])*|0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+")
_REAL = re.compile(
    rf"(?:{_DIGITS}\.(?:{_DIGITS})?|\.{_DIGITS}|{_DIGITS}(?=[eE]))(?:[eE][+-]?{_DIGITS})?"
)
_MOST_DIGITS = 1000  # of an integer; Python reads a few thousand at most

_UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(?:Z|([+-])(\d\d):?(\d\d))?)?",
    re.ASCII,
)


def read_integer(text: str) -> int | None:
    """The value of `42`, `1_000`, `0xff` or `0b1010`; None if `text` is none of these."""
    if len(text) > _MOST_DIGITS or not _INTEGER.fullmatch(text):
        return None
    return int(text, 0)


def is_real(text: str) -> bool:
    """Whether `text` is a number with a fraction or an exponent, as in `2.5` and `1e-3`."""
    return _REAL.fullmatch(text) is not None


def round_to(kind: str, number: int | str) -> float | None:
    """A not negative number, or its text, in `f32` or `f64`: to nearest, ties to even, rounded
    once. None if it is beyond the largest finite value; `inf` and `nan` are what they are."""
    if number in ("inf", "nan"):
        return float(number)
    try:
        double = float(number)
    except OverflowError:
        return None
    if math.isinf(double):
        return None
    return double if kind == "f64" else _round_to_f32(double, number)


def _round_to_f32(double: float, number: int | str) -> float | None:
    """`number`, whose nearest double is `double`, in f32. Rounding `double` is right unless it lies
    midway between two values of f32 and `number` does not."""
    single = _single(double)
    if single == double:
        return single
    if single is None:
        # The midpoint above the largest f32 rounds away from it; a number below must not.
        single, other = math.inf, _single(math.nextafter(double, 0.0))
        if other is None:
            return None
    else:
        other = _single(2 * double - single)
        if other != 2 * double - single:
            return single
    exact = number if isinstance(number, int) else Decimal(number)
    if exact != double:
        single = max(single, other) if exact > double else min(single, other)
    return None if math.isinf(single) else single


def _single(value: float) -> float | None:
    try:
        return struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return None


def read_timestamp(text: str, kind: str) -> int | None:
    """The count of an ISO 8601 text in the unit of `kind`, finer digits rounded down; it may be out
    of range. None if `text` is not a date, or not a date with a time."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    year, month, day = (int(part) for part in match.group(1, 2, 3))
    hour, minute, second = (int(part or 0) for part in match.group(4, 5, 6))
    ahead_hours, ahead_minutes = (int(part or 0) for part in match.group(9, 10))
    if not (1 <= month <= 12 and 1 <= day <= _days_in(year, month)):
        return None
    if hour > 23 or minute > 59 or second > 59 or ahead_hours > 23 or ahead_minutes > 59:
        return None
    ahead = (ahead_hours * 60 + ahead_minutes) * (-60 if match.group(8) == "-" else 60)
    seconds = _days_before(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - ahead
    unit = kind[len("timestamp[") : -1]
    digits = (match.group(7) or "")[:9].ljust(9, "0")
    return seconds * _UNITS[unit] + int(digits) * _UNITS[unit] // 10**9


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _days_in(year: int, month: int) -> int:
    if month == 2:
        return 29 if _is_leap(year) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def _days_before(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01 to a date; the year 0 is the leap year before the year 1."""
    past = year - 1
    days = past * 365 + past // 4 - past // 100 + past // 400
    days += sum(_days_in(year, earlier) for earlier in range(1, month)) + day
    return days - 719163
