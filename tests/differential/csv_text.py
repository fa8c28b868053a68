"""Tables as CSV, written and read here only, to compare `nagare run` with the oracle."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from nagare.ir import FLOATS, Type
from oracle.expressions import UNITS_PER_SECOND, canonical
from oracle.table import Column, Table, column

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?Z")


def plain(table: Table) -> Table:
    """The table as text can hold it: every NaN is the canonical one."""
    columns = {
        name: Column(c.kind, canonical(c.kind, c.values), c.valid)
        for name, c in table.columns.items()
    }
    return Table(table.schema, columns, table.rows)


def write(table: Table) -> bytes:
    """With a header; null is an empty field, an empty text a quoted one."""
    lines = [",".join(table.columns).encode()]
    cells = [[_cell(c, row) for row in range(table.rows)] for c in table.columns.values()]
    lines += [b",".join(row) for row in zip(*cells, strict=True)]
    return b"\n".join(lines) + b"\n"


def _cell(c: Column, row: int) -> bytes:
    if not c.valid[row]:
        return b""
    value = c.values[row]
    if c.kind == "utf8":
        return b'"' + value.replace(b'"', b'""') + b'"'
    return (str(bool(value)).lower() if c.kind == "bool" else str(value)).encode()


def read(text: bytes, schema: dict[str, Type]) -> Table:
    """What `write`, or `nagare run`, has written."""
    rows = records(text)
    assert rows[0] == [(False, name.encode()) for name in schema], rows[0]
    columns = {}
    for at, (name, type_) in enumerate(schema.items()):
        columns[name] = column(type_.kind, [_value(row[at], type_) for row in rows[1:]])
    return Table(schema, columns, len(rows) - 1)


def records(text: bytes) -> list[list[tuple[bool, bytes]]]:
    """The fields of each line, and whether they were quoted."""
    rows: list[list[tuple[bool, bytes]]] = []
    field = re.compile(rb'(?:"((?:[^"]|"")*)"|([^,"\r\n]*))(,|\r?\n)')
    at, row = 0, []
    while at < len(text):
        match = field.match(text, at)
        assert match, text[at : at + 80]
        quoted = match[1] is not None
        row.append((quoted, match[1].replace(b'""', b'"') if quoted else match[2]))
        if match[3] != b",":
            rows.append(row)
            row = []
        at = match.end()
    return rows


def _value(field: tuple[bool, bytes], type_: Type) -> object:
    quoted, raw = field
    text = raw.decode()
    if type_.nullable and not quoted and text == "":
        return None
    if type_.kind == "utf8":
        return raw
    if type_.kind == "bool":
        return {"true": True, "false": False}[text]
    if type_.kind in FLOATS:
        return float(text)
    if type_.kind.startswith("timestamp"):
        return _moment(text, UNITS_PER_SECOND[type_.kind[len("timestamp[") : -1]])
    return int(text)


def _moment(text: str, per_second: int) -> int:
    match = MOMENT.fullmatch(text)
    if match is None:
        return int(text)
    whole = datetime.fromisoformat(f"{match[1]}T{match[2]}+00:00") - EPOCH
    count = (whole // timedelta(seconds=1)) * per_second
    return count + int(Fraction("0" + (match[3] or ".0")) * per_second)
