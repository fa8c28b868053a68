"""Every message about a river file: what is wrong, and what to write instead."""

from __future__ import annotations

from dataclasses import dataclass


class Wrong(Exception):
    """A mistake in a sentence or a value; `span` counts characters in it."""

    def __init__(self, span: tuple[int, int], message: str, remedy: str) -> None:
        super().__init__(span, message, remedy)
        self.span = span
        self.message = message
        self.remedy = remedy


@dataclass(frozen=True)
class Message:
    text: str
    remedy: str

    def at(self, span: tuple[int, int], **values: object) -> Wrong:
        """The message as an error at a place, its braces filled in."""
        return Wrong(span, self.text.format(**values), self.remedy.format(**values))


# ---- sentences -----------------------------------------------------------------------------------

SENTENCE_EMPTY = Message("the {kind} is empty", "{example}")
SENTENCE_TOO_LONG = Message(
    "the sentence is longer than {most} characters", "split it into several steps"
)
TOO_DEEP = Message(
    "the expression is nested more than {most} deep", "compute parts of it in `map` steps before"
)
NO_STEP = Message("there is no step `{word}`", "{hint}")
NO_TYPE = Message("there is no type `{name}`", "{hint}")
NO_UNIT = Message("a timestamp needs a unit", "write `timestamp[s]`, `[ms]`, `[us]` or `[ns]`")
NO_CHARACTER = Message("`{found}` means nothing here", "{hint}")
TEXT_NOT_CLOSED = Message("the text is not closed", "end it with {quote}")
BAD_ESCAPE = Message(
    "there is no escape `{escape}`",
    "the escapes are \\\\ \\' \\\" \\n \\r \\t; write `\\\\` for `\\`",
)
BAD_NUMBER = Message(
    "`{text}` is not a number", "numbers are written 42, 1_000, 0xff, 0b1010, 2.5 or 1e-3"
)
NOT_WHOLE = Message("`{text}` is not a whole number", "write a number of rows, such as `100`")
EXPECTED = Message("expected {expected} after `{before}`", "{hint}")
EXPECTED_FIRST = Message("expected {expected}", "{hint}")

# ---- expressions ---------------------------------------------------------------------------------

NO_COLUMN = Message("there is no column `{name}`", "{hint}")
NO_FUNCTION = Message("there is no function `{name}`", "{hint}")
COLUMN_AND_PARAM = Message(
    "`{name}` is both a column and a parameter", "give one of them another name"
)
PARAM_OF_TWO = Message(
    "`{name}` is a parameter of {rivers}", "declare it in this river's own `params`"
)
COLUMN_BESIDE = Message(
    "the column `{name}` stands beside aggregates",
    "write an aggregate of it, as in `first({name})`, or make it a key with `group {name}`",
)
LAG_BESIDE = Message(
    "`{name}` stands beside aggregates", "compute it in a `map` step before or after"
)
NOT_AGGREGATING = Message(
    "`{name}` is an aggregate, and this is not an `aggregate` step",
    "write `aggregate y = {name}(x)`, and use `y` in the steps after it",
)
NESTED_AGGREGATE = Message(
    "the aggregate `{name}` stands inside another", "aggregate twice: two `aggregate` steps"
)
ARGUMENTS = Message("`{name}` does not take {arguments}", "write `{written}`")
BAD_LAG = Message("`lag` goes back 1 to {most} rows", "write a number, as in `lag(x, 2)`")
NO_COMMON = Message("{a} and {b} have no common type", "{hint}")
WRONG_KIND = Message("{who} takes {words}, not `{kind}`", "{hint}")
NO_CAST = Message("there is no cast from `{kind}` to `{to}`", "{hint}")
NULL_ALONE = Message("nothing says of which type this `null` is", "write a cast, as in `f32(null)`")
INTEGER_RANGE = Message("`{text}` does not fit `{kind}`", "`{kind}` holds {least} to {most}")
FLOAT_RANGE = Message("`{text}` does not fit `{kind}`", "write `inf` if infinity is meant")
BAD_TIMESTAMP = Message(
    "this is not a date or a time", "write it as in '2024-01-31' or '2024-01-31T12:30:00.5Z'"
)
TIMESTAMP_RANGE = Message("the time does not fit `{kind}`", "use a coarser unit")
TIME_PLUS_TIME = Message("two timestamps cannot be added", "subtract them, or add a number")
TIME_LAST = Message(
    "the timestamp stands last, after `{op}`", "write it first, as in `ts + n` and `ts - n`"
)

# ---- steps ---------------------------------------------------------------------------------------

NAME_TAKEN = Message("`{name}` is {taken}", "choose another name, such as `{name}_`")
COLUMN_TWICE = Message("the column `{name}` is already {what}", "give it another name")
MANY_COLUMNS = Message("there are more than {most} columns", "drop some with `select`")
KEY_TWICE = Message("`{name}` is twice in the group", "write it once")
FLOAT_KEY = Message(
    "a float cannot be a key, and `{name}` is `{kind}`", "add `map k = i64({name})` before"
)
WINDOW_BEFORE_GROUP = Message(
    "`group` stands after `window`", "write `group` first: windows are then made per group"
)
LISTED_TWICE = Message("`{name}` is listed twice", "write it once")
DISTINCT_TEXT = Message(
    "`{name}` is a text, and no text of the row before is kept",
    "name columns of other types, as in `distinct until changed n`",
)
NOT_RUNNING = Message(
    "`{name}` does not go on from row to row",
    "use an aggregate, as in `{example}`, or a `map` step",
)
NOT_A_SCAN = Message(
    "`{name}` goes on from row to row, and this is not a `scan` step",
    "write `scan y = {written}`, and use `y` in the steps after it",
)
BAD_ALPHA = Message(
    "the weight of `ema` is a number above 0 and at most 1, or a parameter",
    "write a number, as in `ema(x, 0.1)`",
)
STATE_IS_COLUMN = Message(
    "`{name}` is a column already, so it cannot also be the value of the row before",
    "give the new column another name",
)
START_DIFFERS = Message(
    "`{name}` differs from row to row, and a recurrence has one start",
    "write a number or a parameter after `from`",
)
STATE_KIND = Message(
    "`{name}` starts as `{kind}` and goes on as `{next}`", "write `{name} = {kind}(...)`"
)
STATE_NULL = Message("a recurrence cannot start as null", "write a value after `from`")
IN_RECURRENCE = Message(
    "`{name}` stands inside a recurrence", "compute it in a step before, and use its column"
)
ROLLING_RANGE = Message(
    "a rolling window holds 1 to {most} rows, which it keeps in memory",
    "write a number of rows in that range; `window tumbling` has a value per window instead",
)
NO_AGGREGATE = Message("`{word}` is not followed by {after}", "add a step `aggregate n = count()`")
SAMPLE_PART = Message(
    "`{text}` is no part of the rows", "write a number above 0 and at most 1, such as `0.01`"
)
SEED_RANGE = Message("`{text}` is no seed", "write a whole number from 0 to {most}")
ROWS_RANGE = Message("the number of rows is out of range", "write a number from 1 to {most}")

# ---- rivers --------------------------------------------------------------------------------------

NO_FILE = Message("the file cannot be read: {why}", "check its name and that it can be read")
FILE_TOO_LONG = Message("the file is larger than {most} bytes", "split it into several files")
NOT_UTF8 = Message("the file is not UTF-8: there is a byte 0x{byte:02x}", "save it as UTF-8")
NOT_TOML = Message("this is not TOML: {what}", "check quotes, brackets and commas up to here")
KEY_TOO_LONG = Message("a key has more than {most} parts", "write it with fewer dots")
BRACKETS_TOO_DEEP = Message("brackets are nested more than {most} deep", "close some of them")
VALUE_TOO_LONG = Message(
    "the value is longer than {most} characters", "put it in quotes if it is text"
)
TOO_MANY = Message("the file has more than {most} {what}", "split it into several files")
NO_RIVERS = Message("there are no rivers", "write `[river.NAME]` and below it `from` and `steps`")
NO_KEY = Message("there is no key `{key}` {where}", "{hint}")
KEY_KIND = Message("`{key}` must be {what}, not {found}", "{hint}")
KEY_MISSING = Message("`{key}` is missing", "{hint}")
BAD_NAME = Message("`{name}` is not a name", "write an ASCII letter or `_`, then these and digits")
NO_SOURCE = Message(
    "nothing says where its rows come from",
    "write `from`, or a `schema` for rows that the caller pushes",
)
SCHEMA_AND_FROM = Message(
    "it has a `schema` and is built on another river",
    'remove `schema`, or write `from = {{ csv = "PATH" }}`',
)
FILE_WITHOUT_SCHEMA = Message(
    "nothing says which columns the file has", 'write `schema = {{ celsius = "f32?" }}`'
)
EMPTY_LIST = Message("`{key}` is empty", "{hint}")
NO_RIVER = Message("there is no river `{name}`", "{hint}")
RIVER_TWICE = Message("the river `{name}` is twice in the list", "write it once")
CYCLE = Message("it is built on itself: {cycle}", "take one of these out of the circle")
MERGE_DIFFERS = Message(
    "column {number} of `{other}` is {found}, but of `{first}` it is {wanted}",
    "give them the same columns in the same order, with a `select` in each",
)
NOT_A_LABEL = Message(
    "the file has no header that could call a column `{label}`",
    "write its position, as in `column = 0`, or remove `header = false`",
)
SAME_COLUMN = Message(
    "`{name}` and `{other}` are the same column of the file", "keep one, and copy it with `map`"
)
ONE_CHARACTER = Message(
    "`{key}` must be one ASCII character that can be printed, or a tab", "write {example}"
)
SAME_CHARACTER = Message("`quote` and `separator` are the same", "choose another `separator`")
ON_ERROR = Message('there is no `on_error = "{value}"`', "{hint}")
NUMBER_RANGE = Message("`{key}` is out of range", "write a number from {least} to {most}")
PARAM_KIND = Message(
    "a parameter cannot be `{type}`", "parameters are bool, numbers and timestamps, without `?`"
)
BAD_DEFAULT = Message("this is not a value of `{kind}`", "write {example}")
