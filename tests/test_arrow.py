"""Arrow's C data and stream interfaces, against two independent implementations of them: tables of
pyarrow and of nanoarrow go into a graph and come out the same."""

from __future__ import annotations

import ctypes
import datetime
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import nanoarrow
import pyarrow
import pytest
from nanoarrow.c_array import allocate_c_array
from nanoarrow.c_array_stream import allocate_c_array_stream
from nanoarrow.c_schema import allocate_c_schema

HOUSE = Path(__file__).resolve().parent.parent
TYPES = {
    "bool": pyarrow.bool_(),
    **{name: getattr(pyarrow, name)() for name in
       ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
        "float32", "float64", "string")},
    **{f"timestamp_{unit}": pyarrow.timestamp(unit, tz="UTC") for unit in ("s", "ms", "us", "ns")},
}  # fmt: skip
REFUSED = {
    "large_string": pyarrow.large_string(), "binary": pyarrow.binary(),
    "date32": pyarrow.date32(), "decimal": pyarrow.decimal128(9, 2),
    "list": pyarrow.list_(pyarrow.int32()), "null": pyarrow.null(),
    "dictionary": pyarrow.dictionary(pyarrow.int8(), pyarrow.string()),
    "struct": pyarrow.struct({"x": pyarrow.int8()}), "duration": pyarrow.duration("s"),
}  # fmt: skip


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ctypes.CDLL]:
    out = tmp_path_factory.mktemp("arrow") / "library.so"
    command = ["gcc", "-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-I",
               HOUSE, HOUSE / "tests" / "c" / "arrow_library.c", "-o", out]  # fmt: skip
    made = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    loaded = ctypes.CDLL(str(out))
    loaded.pipe_open.restype = ctypes.c_char_p
    loaded.blocks_out.restype = ctypes.c_long
    yield loaded
    assert loaded.blocks_out() == 0  # everything that went out was released


class Pipe:
    """A graph from a stream to a stream; both at addresses."""

    def __init__(self, library: ctypes.CDLL, into: int, out: int, high_rows: int, keeps: int):
        self._library, self._pipe = library, ctypes.c_void_p()
        self.why = library.pipe_open(
            ctypes.byref(self._pipe), ctypes.c_void_p(into), ctypes.c_void_p(out),
            ctypes.c_size_t(high_rows), ctypes.c_uint32(keeps))  # fmt: skip

    def close(self) -> None:
        if self._pipe.value is not None:
            self._library.pipe_close(self._pipe)


def table(seed: int, rows: int) -> pyarrow.Table:
    """Columns of all types with and without nulls, in uneven chunks that are slices of others."""
    chance = random.Random(seed)
    columns, fields = [], []
    for name, kind in TYPES.items():
        for nullable in (False, True):
            values = [one(chance, kind) for _ in range(rows + 20)]
            if nullable:
                values = [None if chance.random() < 0.3 else value for value in values]
            columns.append(pyarrow.array(values, kind).slice(chance.randrange(20), rows))
            fields.append(pyarrow.field(f"{name}_{nullable}", kind, nullable))
    whole = pyarrow.Table.from_arrays(columns, schema=pyarrow.schema(fields))
    pieces, at = [], 0
    while at < rows:
        size = chance.choice([0, 1, 7, 8, 64, 1000])
        pieces.append(whole.slice(at, size))
        at += size
    return pyarrow.concat_tables(pieces) if pieces else whole


def one(chance: random.Random, kind: pyarrow.DataType) -> object:
    if pyarrow.types.is_boolean(kind):
        return chance.random() < 0.5
    if pyarrow.types.is_string(kind):
        return chance.choice(["", "a", "流れ", "long " * 9]) + str(chance.randrange(99))
    if pyarrow.types.is_floating(kind):
        return float(chance.randrange(-(2**20), 2**20)) / 8
    if pyarrow.types.is_timestamp(kind):
        zone = datetime.UTC
        return datetime.datetime.fromtimestamp(chance.randrange(2**32), zone)
    bits = kind.bit_width
    low, high = (0, 2**bits) if str(kind).startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1))
    return chance.randrange(low, high)


@pytest.mark.parametrize("keeps", [0, 2])
@pytest.mark.parametrize("rows", [0, 1, 100, 3000])
def test_pyarrow_streams(library: ctypes.CDLL, rows: int, keeps: int) -> None:
    expected = table(rows + keeps, rows)
    into, out = allocate_c_array_stream(), allocate_c_array_stream()
    expected.to_reader()._export_to_c(into._addr())
    pipe = Pipe(library, into._addr(), out._addr(), 512, keeps)
    assert pipe.why is None
    reader = pyarrow.RecordBatchReader._import_from_c(out._addr())
    assert reader.schema.equals(expected.schema)
    if keeps == 0:  # the arrays outlive the graph
        seen = reader.read_all()
        reader.close()
        pipe.close()
        assert seen.equals(expected)
    else:
        at = 0
        for batch in reader:
            assert pyarrow.Table.from_batches([batch]).equals(expected.slice(at, batch.num_rows))
            at += batch.num_rows
        assert at == rows
        batch = None  # blocks of the graph are let go of before it is closed
        reader.close()
        pipe.close()


@pytest.mark.parametrize("rows", [0, 1, 500])
def test_nanoarrow_streams(library: ctypes.CDLL, rows: int) -> None:
    """nanoarrow reads what pyarrow made and writes it again; it also checks each array whole."""
    source = table(rows, rows).drop_columns(["timestamp_s_False"])
    into, out = allocate_c_array_stream(), allocate_c_array_stream()
    arrays = [nanoarrow.c_array(batch) for batch in source.to_batches()]
    stream = type(into).from_c_arrays(arrays, nanoarrow.c_schema(source.schema), move=True)
    pipe = Pipe(library, stream._addr(), out._addr(), 64, 0)
    assert pipe.why is None
    seen = nanoarrow.ArrayStream(out).read_all()
    assert seen.to_pylist() == nanoarrow.Array(source).to_pylist()
    pipe.close()


@pytest.mark.parametrize("kind", REFUSED)
def test_refused_types(library: ctypes.CDLL, kind: str) -> None:
    schema = pyarrow.schema([("fine", pyarrow.int8()), ("other", REFUSED[kind])])
    into, out = allocate_c_array_stream(), allocate_c_array_stream()
    pyarrow.RecordBatchReader.from_batches(schema, [])._export_to_c(into._addr())
    pipe = Pipe(library, into._addr(), out._addr(), 64, 0)
    assert pipe.why is not None and pipe.why.startswith(b"column 1: ")
    pipe.close()
    into.release()  # it has stayed with the caller


def test_a_stream_that_fails(library: ctypes.CDLL) -> None:
    schema = pyarrow.schema([("x", pyarrow.int32())])

    def batches() -> Iterator[pyarrow.RecordBatch]:
        yield pyarrow.record_batch([pyarrow.array([1, 2, 3], pyarrow.int32())], schema=schema)
        raise ValueError("no more")

    into, out = allocate_c_array_stream(), allocate_c_array_stream()
    pyarrow.RecordBatchReader.from_batches(schema, batches())._export_to_c(into._addr())
    pipe = Pipe(library, into._addr(), out._addr(), 64, 0)
    reader = pyarrow.RecordBatchReader._import_from_c(out._addr())
    assert reader.read_next_batch().to_pydict() == {"x": [1, 2, 3]}
    with pytest.raises(OSError, match="reading or writing failed"):
        reader.read_next_batch()
    reader.close()
    pipe.close()


@pytest.mark.parametrize("offset", [0, 1, 8, 13])
def test_batches(library: ctypes.CDLL, offset: int) -> None:
    whole = table(offset, 200).combine_chunks().to_batches()[0]
    batch = whole.slice(offset, 100)
    schema, array = allocate_c_schema(), allocate_c_array()
    schema_out, array_out = allocate_c_schema(), allocate_c_array()
    kept = ctypes.create_string_buffer(256)
    batch._export_to_c(array._addr(), schema._addr())
    status = library.batch_through(*(
        ctypes.c_void_p(at._addr()) for at in (schema, array, schema_out, array_out)), kept)
    assert status == 0
    seen = pyarrow.RecordBatch._import_from_c(array_out._addr(), schema_out._addr())
    values = whole.column(2).buffers()[1].address  # of an int8
    at = seen.column(2)
    assert at.buffers()[1].address + at.offset == values + whole.column(2).offset + offset
    assert seen.equals(batch)
    seen.validate(full=True)
    del seen, at
    library.schema_close(kept)
