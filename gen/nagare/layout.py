"""How a kernel's structures lie in the memory of a WASM module, for the JavaScript that fills them.

A compiled module carries no tables: what JavaScript must know about it is said here, from C's rules
for structures where a pointer takes four bytes. The generated C asserts every figure.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import memory
from .emit import KernelView, c_size
from .plan import Column

WORD = 4  # bytes of a pointer and of size_t
CHUNK_BYTES = 1 << 19  # columns in and out of one call stay in a core's own cache
FEWEST_ROWS, MOST_ROWS = 1 << 10, 1 << 14  # of one call
_RESERVE = 1 << 14  # bytes of stack for what the compiler keeps there
_ACCUMULATOR = 1 << 13  # and for one accumulator's leaves


@dataclass(frozen=True)
class Layout:
    """Offsets and sizes in bytes. `inputs`, `outputs` and `params` are by the names in C."""

    inputs: dict[str, int]
    outputs: dict[str, int]
    params: dict[str, int]
    params_size: int
    state: dict[str, int]
    state_size: int


def layout(view: KernelView) -> Layout:
    """The structures of one kernel."""
    kernel = view.kernel
    inputs = [name for c in kernel.inputs for name in _pointers(c)] + ["offset"]
    outputs = [name for c in kernel.outputs for name in _pointers(c, room=True)]
    params, size = _place([(name, c_size(p.type.kind)) for name, p in kernel.params])
    begin = -(-size // 8) * 8
    state = {"failed_row": begin + 16}  # behind `rows` and `base`
    return Layout(_words(inputs), _words([*outputs, "capacity", "rows"]), params, size, state,
                  memory.state(view))  # fmt: skip


def _pointers(column: Column, room: bool = False) -> list[str]:
    """The fields of a column: pointers, and the room for text."""
    fields = [column.name]
    if column.storage == "utf8":
        fields += [f"{column.name}_bytes"] + ([f"{column.name}_room"] if room else [])
    return fields + ([f"{column.name}_valid"] if column.nullable else [])


def _words(names: list[str]) -> dict[str, int]:
    return {name: WORD * at for at, name in enumerate(names)}


def _place(fields: list[tuple[str, int]]) -> tuple[dict[str, int], int]:
    """Where the fields of a structure lie, each aligned to its own size, and the size of it."""
    places, at, align = {}, 0, 1
    for name, size in fields:
        places[name] = -(-at // size) * size
        at = places[name] + size
        align = max(align, size)
    return places, -(-at // align) * align


def chunk_rows(view: KernelView) -> int:
    """How many rows one call should take: a power of two."""
    columns = view.kernel.inputs + view.kernel.outputs
    row = sum(16 if c.storage == "utf8" else c_size(c.storage) for c in columns)
    rows = 1 << (CHUNK_BYTES // max(row, 1)).bit_length() - 1
    return min(max(rows, FEWEST_ROWS), MOST_ROWS)


def stack_size(views: list[KernelView]) -> int:
    """Bytes of stack that no call of these kernels exceeds."""
    deepest = 0
    for view in views:
        buffers = sum(memory.buffer(loop) for loop in view.loops)
        raws = max(len(loop.segment.raws) for loop in view.loops)
        deepest = max(deepest, buffers + raws * _ACCUMULATOR)
    return -(-(deepest + _RESERVE) // 16) * 16
