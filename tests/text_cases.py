"""CSV texts and what a reader makes of them, for tests/test_text.py: every rule, every message."""

from __future__ import annotations

import struct
from dataclasses import dataclass

TYPES = (
    *("bool", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f32", "f64"),
    *("timestamp[s]", "timestamp[ms]", "timestamp[us]", "timestamp[ns]", "utf8"),
)
ON_ERROR = ("fail", "null", "skip")


@dataclass(frozen=True)
class Field:
    """A wanted column: `type` as in a river file; by `label`, or by `index` where that is empty."""

    name: str
    type: str
    label: str = ""
    index: int = 0

    def packed(self) -> bytes:
        kind = self.type.removesuffix("?")
        head = struct.pack("<3I", TYPES.index(kind) + 1, self.type != kind, self.index)
        return head + blob(self.name) + blob(self.label)


def blob(text: str | bytes) -> bytes:
    data = text.encode() if isinstance(text, str) else text
    return struct.pack("<I", len(data)) + data


def by_label(**types: str) -> tuple[Field, ...]:
    """Fields that go by their own names."""
    return tuple(Field(name, kind, name) for name, kind in types.items())


def by_index(*types: str) -> tuple[Field, ...]:
    """Fields a, b, c, ... that stand in this order."""
    return tuple(Field("abcdefgh"[i], kind, "", i) for i, kind in enumerate(types))


@dataclass(frozen=True)
class Case:
    """A text, how to read it, and the answer: a line for each row, the count and the errors."""

    name: str
    text: str | bytes
    fields: tuple[Field, ...]
    answer: str
    separator: str = ","
    quote: str = '"'
    header: bool = True
    nulls: tuple[str, ...] = ("",)
    on_error: str = "fail"
    record_limit: int = 4096
    chunk: int = 512
    capacity: int = 8
    text_room: int = 4096

    def packed(self) -> bytes:
        return b"".join(
            (
                struct.pack(
                    "<9I",
                    ord(self.separator),
                    ord(self.quote),
                    self.header,
                    ON_ERROR.index(self.on_error),
                    self.record_limit,
                    self.chunk,
                    self.capacity,
                    self.text_room,
                    len(self.nulls),
                ),
                *(blob(text) for text in self.nulls),
                struct.pack("<I", len(self.fields)),
                *(field.packed() for field in self.fields),
                blob(self.text),
            )
        )


FIX_OR_TOLERATE = 'correct it, or set `on_error` to "null" or "skip"'
ADD_A_MARK = "correct it, or add `?` to the field's type so that it can be null"
SHAPE = 'complete the row, put texts with separators in quotes, or set `on_error` to "skip"'
NOT_NULLABLE = 'add `?` to the field\'s type so that it can be null, or set `on_error` to "skip"'
UNCLOSED = "close it, or write a quote within a quoted field twice"
NAME_IT = "name the column as the header does, or give its position"


def failed(place: str, message: str, remedy: str, words: str = "failed", status: int = -6) -> str:
    return f"{words} ({status}) in.csv{place}: error: {message}\n    {remedy}\n"


AB = by_label(a="utf8", b="utf8")
N = by_label(n="i32")

TEXTS = [
    Case("plain", "a,b\n1,2\n3,4\n", AB, "'1'|'2'\n'3'|'4'\nrows 2\n"),
    Case("no line end at the end", "a,b\n1,2", AB, "'1'|'2'\nrows 1\n"),
    Case("CRLF", "a,b\r\n1,2\r\n3,4\r\n", AB, "'1'|'2'\n'3'|'4'\nrows 2\n"),
    Case("CR alone", "a,b\r1,2\r3,4\r", AB, "'1'|'2'\n'3'|'4'\nrows 2\n"),
    Case("line ends of all kinds", "a,b\n1,2\r3,4\r\n5,6\n\r7,8", AB,
         "'1'|'2'\n'3'|'4'\n'5'|'6'\n'7'|'8'\nrows 4\n"),
    Case("byte order mark", "\ufeffa,b\n1,2\n", AB, "'1'|'2'\nrows 1\n"),
    Case("byte order mark before a quote", '\ufeff"a",b\n1,2\n', AB, "'1'|'2'\nrows 1\n"),
    Case("byte order mark without a header", "\ufeff1,2\n", by_index("i8", "i8"), "1|2\nrows 1\n",
         header=False),
    Case("half a byte order mark", b"\xef\xbbx\n", by_index("utf8"),
         "rows 0\n" + failed(":1:1", "field `a`: `\\xef\\xbbx` is not UTF-8",
                             "convert the file to UTF-8"), header=False),
    Case("nothing but a byte order mark", "\ufeff", by_index("utf8"), "rows 0\n", header=False),
    Case("comma in quotes", 'a,b\n"x, y",2\n', AB, "'x, y'|'2'\nrows 1\n"),
    Case("quotes in quotes", 'a,b\n"say ""hi""",""""\n', AB, "'say \"hi\"'|'\"'\nrows 1\n"),
    Case("line ends in quotes", 'a,b\n"1\n2\r\n3\r4","5\n"\n', AB,
         "'1\\x0a2\\x0d\\x0a3\\x0d4'|'5\\x0a'\nrows 1\n"),
    Case("empty fields", 'a,b\n,\n"",""\n', AB, "''|''\n''|''\nrows 2\n"),
    Case("a stray quote is text", 'a,b\n5" pipe,x"y"\n "z",""\n', AB,
         "'5\" pipe'|'x\"y\"'\n' \"z\"'|''\nrows 2\n"),
    Case("spaces belong to text", "a,b\n 1 ,\t2\n", AB, "' 1 '|'\\x092'\nrows 1\n"),
    Case("JSON in quotes", 'a,b\n1,"{""type"": ""Point"", ""at"": [1,2]}"\n', AB,
         "'1'|'{\"type\": \"Point\", \"at\": [1,2]}'\nrows 1\n"),
    Case("letters of all lengths", "a,b\né,流れ\n🌊,\U0010ffff\n", AB,
         "'é'|'流れ'\n'🌊'|'\U0010ffff'\nrows 2\n"),
    Case("NUL is a character", b"a,b\n\0,x\0y\n", AB, "'\\x00'|'x\\x00y'\nrows 1\n"),
    Case("blank lines are skipped", "\n\r\na,b\n\n1,2\n\r\n\n3,4\n\n", AB,
         "'1'|'2'\n'3'|'4'\nrows 2\n"),
    Case("blank lines are rows of one field", "\n\nn\n1\n\n3\n\n", by_label(n="i8?"),
         "1\nnull\n3\nnull\nrows 4\n"),
    Case("blank lines of one field with CRLF", "n\r\n\r\n1\r\n", by_label(n="utf8"),
         "''\n'1'\nrows 2\n"),
    Case("blank lines before rows without a header", "\n\n1\n\n2", by_index("i8?"),
         "1\nnull\n2\nrows 3\n", header=False),
    Case("only a header", "a,b\n", AB, "rows 0\n"),
    Case("only a header, no line end", "a,b", AB, "rows 0\n"),
    Case("nothing, no header wanted", "", by_index("i8"), "rows 0\n", header=False),
    Case("blank lines, no header wanted", "\n\r\n\r", by_index("i8"), "rows 0\n", header=False),
    Case("no field wanted", 'a,b\n1,2\n"3\n4",\n', (), "\n\nrows 2\n"),
    Case("separators", "a;b\n1,5;2\n", AB, "'1,5'|'2'\nrows 1\n", separator=";"),
    Case("tabs", "a\tb\n1\t 2\n", by_label(a="i8", b="i8"), "1|2\nrows 1\n", separator="\t"),
    Case("other quotes", "a|b\n'x|''y'|\"\n", AB, "'x|\\x27y'|'\"'\nrows 1\n",
         separator="|", quote="'"),
    Case("a separator that numbers have", "a.b\n1.\"2.5\"\n", by_label(a="f64", b="f64"),
         "1|2.5\nrows 1\n", separator="."),
    Case("a separator that is a sign", "a-b\n-5\n3-4\n", by_label(a="i8?", b="i8"),
         "null|5\n3|4\nrows 2\n", separator="-"),
    Case("a quote that is a sign", "a,b\n-5-,----\n", (*by_label(a="i8"), *by_label(b="i8")),
         "rows 0\n" + failed(":2:5", "field `b`: `--` is not a value of i8", FIX_OR_TOLERATE),
         quote="-"),
    Case("a quote that is a sign, doubled in a number", "a\n---7-\n", by_label(a="i8"),
         "-7\nrows 1\n", quote="-"),
    Case("some columns of many", 'a,b,c,d,e\n1,"x,\ny",3,"4",5\n', by_label(d="i8", b="utf8"),
         "4|'x,\\x0ay'\nrows 1\n"),
    Case("the last column", "a,b,c\n1,2,3\n", by_label(c="i8"), "3\nrows 1\n"),
    Case("columns by position under a header", "x,x,x\n1,2,3\n", by_index("i8", "i8", "i8")[1:],
         "2|3\nrows 1\n"),
    Case("one column twice", "x,y\n1,2.5\n", (Field("a", "f32", "y"), Field("b", "utf8", "y")),
         "2.5|'2.5'\nrows 1\n"),
    Case("labels in quotes", '"a ""b""","c,d"\n1,2\n',
         (Field("x", "i8", "c,d"), Field("y", "i8", 'a "b"')), "2|1\nrows 1\n"),
    Case("more rows than a batch", "n\n" + "".join(f"{i}\n" for i in range(100)), N,
         "".join(f"{i}\n" for i in range(100)) + "rows 100\n", capacity=3),
    Case("texts end a batch early", "a,b\n" + "abcdefg,hi\n" * 5, AB,
         "'abcdefg'|'hi'\n" * 5 + "rows 5\n", text_room=16),
]

NUMBERS = [
    Case("integers at their limits",
         "a,b,c,d,e,f,g,h\n-128,-32768,-2147483648,-9223372036854775808,0,0,0,0\n"
         "127,32767,2147483647,9223372036854775807,255,65535,4294967295,18446744073709551615\n"
         "+1, 2,3 ,\t4\t,-0,+6,007,0000000000000000000000008\n",
         by_label(a="i8", b="i16", c="i32", d="i64", e="u8", f="u16", g="u32", h="u64"),
         "-128|-32768|-2147483648|-9223372036854775808|0|0|0|0\n"
         "127|32767|2147483647|9223372036854775807|255|65535|4294967295|18446744073709551615\n"
         "1|2|3|4|0|6|7|8\nrows 3\n"),
    Case("numbers in quotes", 'a,b\n"1","-2.5"\n', by_label(a="i8", b="f32"), "1|-2.5\nrows 1\n"),
    Case("floats, brief and long",
         "a,b\n1,1\n-1,-1\n.5,.5\n5.,5.\n-0,-0\n1234567,1234567\n16777217,16777217\n"
         "0.1,0.1\n99999999,99999999\n1e3,1e3\n0.30000001192092896,0.30000001192092896\n"
         "nan,-NaN\ninf,-Infinity\n -2 ,+3\n9.999999,9.999999\n",
         by_label(a="f32", b="f64"),
         "1|1\n-1|-1\n0.5|0.5\n5|5\n-0|-0\n1234567|1234567\n16777216|16777217\n0.1|0.1\n"
         "100000000|99999999\n1000|1000\n0.3|0.30000001192092896\nnan|nan\ninf|-inf\n-2|3\n"
         "9.999999|9.999999\nrows 15\n"),
    Case("bools", "a\ntrue\nFALSE\n1\n0\n True \n", by_label(a="bool"),
         "true\nfalse\ntrue\nfalse\ntrue\nrows 5\n"),
    Case("bools fill their bits", "a\n" + "1\n0\n1\n" * 8, by_label(a="bool?"),
         "true\nfalse\ntrue\n" * 8 + "rows 24\n", capacity=20),
    Case("timestamps", "s,ms,us,ns\n1,2,3,4\n"
         "2014-07-01,2014-07-01T00:00,2014-07-01 00:00:01.5Z,1970-01-01T01:00:00+01:00\n"
         "1969-12-31T23:59:59.9,1969-12-31T23:59:59.9999,0001-01-01,1677-09-21T00:12:43.145224192\n",
         by_label(s="timestamp[s]", ms="timestamp[ms]", us="timestamp[us]", ns="timestamp[ns]"),
         "1|2|3|4\n1404172800|1404172800000|1404172801500000|0\n"
         "-1|-1|-62135596800000000|-9223372036854775808\nrows 3\n"),
]

NULLS = [
    Case("empty is null", 'a,b,c\n,,\n"x",1,true\n', by_label(a="utf8?", b="f32?", c="bool?"),
         "null|null|null\n'x'|1|true\nrows 2\n"),
    Case("quoted empty is a text", 'a,b\n"",1\n', by_label(a="utf8?", b="i8"), "''|1\nrows 1\n"),
    Case("quoted empty is no number", 'a\n""\n', by_label(a="i8?"),
         "rows 0\n" + failed(":2:1", "field `a`: an empty text is not a value of i8",
                             FIX_OR_TOLERATE)),
    Case("empty is not null unless it is listed", "a,b\n NA,1\n ,2\n", by_label(a="i8?"),
         "null\nrows 1\n" + failed(":3:1", "field `a`: ` ` is not a value of i8",
                                   FIX_OR_TOLERATE), nulls=("NA",)),
    Case("other texts mean null", "a,b\nNA,-999\n-,0\n1,NA\n", by_label(a="f64?", b="i32?"),
         "null|null\nnull|0\n1|null\nrows 3\n", nulls=("NA", "-", "-999")),
    Case("spaces around null", "a,b\n NA ,x\n  , NA\n", by_label(a="f64?", b="utf8?"),
         "null|'x'\nnull|' NA'\nrows 2\n", nulls=("NA", "")),
    Case("null texts are text where nothing is null", "a,b\nNA,1\n", by_label(a="utf8", b="i8"),
         "'NA'|1\nrows 1\n", nulls=("NA",)),
    Case("no text means null", "a,b\n,1\n", by_label(a="utf8?", b="i8?"), "''|1\nrows 1\n",
         nulls=()),
]

BAD_FIELDS = [
    Case("not a number", "n,x\n1,2\nwarm,3\n", N, "1\nrows 1\n" + failed(
        ":3:1", "field `n`: `warm` is not a value of i32", FIX_OR_TOLERATE)),
    *(Case(f"no value of {kind}", "n\nyes\n", by_label(n=kind), "rows 0\n" + failed(
        ":2:1", f"field `n`: `yes` is not a value of {kind}", FIX_OR_TOLERATE))
      for kind in TYPES[:-1]),
    Case("out of range", "a,n\né,2147483648\n", N,
         "rows 0\n" + failed(":2:3", "field `n`: `2147483648` does not fit into i32",
                             "give the field a wider type in the schema")),
    Case("a sign where there is none", "n\n-1\n", by_label(n="u64"),
         "rows 0\n" + failed(":2:1", "field `n`: `-1` does not fit into u64",
                             "give the field a wider type in the schema")),
    Case("a fraction for an integer", "n\n1.5\n", N,
         "rows 0\n" + failed(":2:1", "field `n`: `1.5` is not a value of i32", FIX_OR_TOLERATE)),
    Case("a sign alone", "n\n-\n", N,
         "rows 0\n" + failed(":2:1", "field `n`: `-` is not a value of i32", FIX_OR_TOLERATE)),
    Case("empty", "n,m\n1,\n,2\n", N,
         "1\nrows 1\n" + failed(
             ":3:1", "field `n`: the field is empty, but as i32 it cannot be null", NOT_NULLABLE)),
    Case("a day that is not", "n\n2013-02-29\n", by_label(n="timestamp[ms]"),
         "rows 0\n" + failed(":2:1", "field `n`: `2013-02-29` is not a value of timestamp[ms]",
                             FIX_OR_TOLERATE)),
    Case("not UTF-8", b"a,b\nok,x\n\xc3\x28\n", by_label(a="utf8"),
         "'ok'\nrows 1\n" + failed(":3:1", "field `a`: `\\xc3(` is not UTF-8",
                                   "convert the file to UTF-8")),
    Case("a surrogate", b'a\n"x\xed\xa0\x80"\n', by_label(a="utf8"),
         "rows 0\n" + failed(":2:1", "field `a`: `x\\xed\\xa0\\x80` is not UTF-8",
                             "convert the file to UTF-8")),
    Case("not UTF-8 where no one looks", b"a,b\n\xff,1\n", by_label(b="i8"), "1\nrows 1\n"),
    Case("a long text is shown in part", "n\n" + "流れ" * 20 + "\t\n", N,
         "rows 0\n" + failed(":2:1", "field `n`: `" + "流れ" * 7 + "`... is not a value of i32",
                             FIX_OR_TOLERATE)),
    Case("escapes in what is shown", 'n\n"a\r\n\tb\x01"\n', N,
         "rows 0\n" + failed(":2:1", "field `n`: `a\\r\\n\\tb\\x01` is not a value of i32",
                             FIX_OR_TOLERATE)),
    Case("lines and columns", 'a,n,b\n"1\r\n2\r3\n流れ",x,4\n', N,
         "rows 0\n" + failed(
             ":5:5",
             "field `n`: `x` is not a value of i32 (in the row that begins on line 2)",
             FIX_OR_TOLERATE)),
    Case("lines behind blank ones and texts", '\ufeff\nn,t\r\n\r\n1,"\n\r\n\r"\n\n\nx,\n', N,
         "1\nrows 1\n" + failed(":10:1", "field `n`: `x` is not a value of i32", FIX_OR_TOLERATE)),
    Case("null where it may be", "n,m\n1,x\nx,2\n,\n99999999999,3\n", by_label(n="i32?", m="i8?"),
         "1|null\nnull|2\nnull|null\nnull|3\nrows 4\nnulled 3\n"
         + failed(":2:3", "field `m`: `x` is not a value of i8", "correct it", "tolerated"),
         on_error="null"),
    Case("null where it may not be", "n\n1\nx\n", N,
         "1\nrows 1\n" + failed(":3:1", "field `n`: `x` is not a value of i32", ADD_A_MARK),
         on_error="null"),
    Case("texts that are not UTF-8 become null", b"a,b\n\xff,1\nx,2\n", by_label(a="utf8?", b="i8"),
         "null|1\n'x'|2\nrows 2\nnulled 1\n"
         + failed(":2:1", "field `a`: `\\xff` is not UTF-8", "convert the file to UTF-8",
                  "tolerated"), on_error="null"),
    Case("skipped rows", 'n,m\n1,2\nx,3\n4,5,6\n7\n"8"9,1\n10,11\n,"\n"\n12,1\n', N,
         "1\n10\n12\nrows 3\nskipped 5\n"
         + failed(":3:1", "field `n`: `x` is not a value of i32", "correct it", "tolerated"),
         on_error="skip"),
    Case("a skipped row without its number", "n,m\n,1\n2,3\n", N,
         "2\nrows 1\nskipped 1\n" + failed(
             ":2:1", "field `n`: the field is empty, but as i32 it cannot be null",
             "add `?` to the field's type so that it can be null", "tolerated"), on_error="skip"),
    Case("a skipped row of another shape", "n,m\n1\n2,3\n", N,
         "2\nrows 1\nskipped 1\n" + failed(
             ":2:1", "the row has 1 field, the header has 2",
             "complete the row, or put texts with separators in quotes", "tolerated"),
         on_error="skip"),
]

BAD_ROWS = [
    Case("too few fields", "a,b,n\n1,2,3\n4,5\n", N,
         "3\nrows 1\n" + failed(":3:1", "the row has 2 fields, the header has 3", SHAPE)),
    Case("too few behind the last used", "n,b,c\n1,2,3\n4\n", N,
         "1\nrows 1\n" + failed(":3:1", "the row has 1 field, the header has 3", SHAPE)),
    Case("too many fields", "n,b\n1,2\n4,5,流れ,6\n", N,
         "1\nrows 1\n" + failed(":3:5", "the row has 4 fields, the header has 2", SHAPE)),
    Case("too many without a header", "1,2\n4,5,6\n", by_index("i8"),
         "1\nrows 1\n" + failed(":2:5", "the row has 3 fields, the first row has 2", SHAPE),
         header=False),
    Case("text after a quote", 'a,b\n"x"y,2\n', AB,
         "rows 0\n" + failed(":2:4", "text follows the closing quote of a field",
                             "write a quote within a quoted field twice")),
    Case("text after a quote, unused", 'a,n\n"x" ,2\n', N,
         "rows 0\n" + failed(":2:4", "text follows the closing quote of a field",
                             "write a quote within a quoted field twice")),
    Case("an open quote", 'a,b\n1,2\n3,"4\n5,6\n', AB,
         "'1'|'2'\nrows 1\n"
         + failed(":3:3", "the quote that opens here is never closed", UNCLOSED)),
    Case("an open quote is not skipped", 'a,b\n1,2\n3,"4\n5,6', AB,
         "'1'|'2'\nrows 1\n"
         + failed(":3:3", "the quote that opens here is never closed", UNCLOSED),
         on_error="skip"),
    Case("an open quote in the header", 'a,"b\n1,2\n', AB,
         "rows 0\n" + failed(":1:3", "the quote that opens here is never closed", UNCLOSED)),
    Case("a quote alone", 'a\n"', by_label(a="utf8"),
         "rows 0\n" + failed(":2:1", "the quote that opens here is never closed", UNCLOSED)),
    Case("text after a quote in the header", '"a"b\n1\n', by_label(b="i8"),
         "rows 0\n" + failed(":1:4", "text follows the closing quote of a field",
                             "write a quote within a quoted field twice")),
    Case("a row too long", "a,b\n1234,12345\n1234,123456\n", AB,
         "'1234'|'12345'\nrows 1\n"
         + failed(":3:1", "the row is longer than the limit of 11 bytes",
                  "look for a quote that is never closed, or raise the limit on rows"),
         record_limit=11),
    Case("a row too long is not skipped", 'a,b\n"' + "x" * 100 + '",1\n2,3\n', AB,
         "rows 0\n" + failed(":2:1", "the row is longer than the limit of 20 bytes",
                             "look for a quote that is never closed, or raise the limit on rows"),
         record_limit=20, on_error="skip"),
    Case("a header too long", "a,bbbbbbbb\n1,2\n", AB,
         "rows 0\n" + failed(":1:1", "the row is longer than the limit of 1 byte",
                             "look for a quote that is never closed, or raise the limit on rows"),
         record_limit=1),
    Case("a text too long for its column", 'a,b\n12345,1\n"12""4567",2\n', AB,
         "'12345'|'1'\nrows 1\n"
         + failed(":3:1", "field `a`: a text of 7 bytes does not fit into its column, even alone",
                  "give the column more room for text"), text_room=6),
]

HEADERS = [
    Case("empty file", "", AB,
         "rows 0\n" + failed("", "the file is empty, but a header was expected",
                             "give the file a header, or set `header` to false")),
    Case("only blank lines", "\n\r\n", AB,
         "rows 0\n" + failed("", "the file is empty, but a header was expected",
                             "give the file a header, or set `header` to false")),
    Case("no such column", "time,sensor,Temp (C)\n1,2,3\n", by_label(pressure="f32"),
         "rows 0\n" + failed(
             ":1:1",
             "field `pressure`: the header has no column `pressure`; "
             "it has `time`, `sensor`, `Temp (C)`", NAME_IT)),
    Case("a column that is meant", "\n\ntime, Sensor,value\n1,2,3\n", by_label(sensr="utf8"),
         "rows 0\n" + failed(
             ":3:1",
             "field `sensr`: the header has no column `sensr`; did you mean ` Sensor`?", NAME_IT)),
    Case("the nearer of two", "value_a,value_b,valve\n1,2,3\n", by_label(value="utf8"),
         "rows 0\n" + failed(
             ":1:1",
             "field `value`: the header has no column `value`; did you mean `valve`?", NAME_IT)),
    Case("a header of many columns", ",".join(f"column{i:04}" for i in range(100)) + "\n",
         by_label(x="i8"),
         "rows 0\n" + failed(
             ":1:1", "field `x`: the header has no column `x`; it has "
             + ", ".join(f"`column{i:04}`" for i in range(12)) + ", ...", NAME_IT)),
    Case("two columns of that name", "x,y,x\n1,2,3\n", by_label(x="i8"),
         "rows 0\n" + failed(":1:5", "field `x`: the header has two columns `x`",
                             "say which one by its position")),
    Case("a position behind the header", "x,y\n1,2\n", (Field("a", "i8", "", 2),),
         "rows 0\n" + failed(":1:1", "field `a`: there is no column 2: the header has 2 fields",
                             "correct the position; the first column is 0")),
    Case("a position behind the first row", "1\n", (Field("a", "i8", "", 7),),
         "rows 0\n" + failed(":1:1", "field `a`: there is no column 7: the first row has 1 field",
                             "correct the position; the first column is 0"), header=False),
]

CASES = [*TEXTS, *NUMBERS, *NULLS, *BAD_FIELDS, *BAD_ROWS, *HEADERS]
