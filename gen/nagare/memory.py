"""The bytes a kernel needs: its state, and the buffers on the stack between its loops.

The sizes follow from C's rules for structures and the structures of templates/state.h.j2, on a
64-bit machine. The tests compare them with what a compiler says.
"""

from __future__ import annotations

from dataclasses import dataclass

from .emit import KernelView, Loop, c_size
from .plan import RUN, Column, Raw, Running

CHUNK = RUN + 64  # rows of a buffer between two loops: a chunk, and room for a whole vector store
_WORD = 8  # size_t, and the alignment of the widest field


@dataclass(frozen=True)
class Block:
    """Bytes with an alignment, as a field of a structure has them."""

    size: int
    align: int

    def times(self, count: int) -> Block:
        return Block(self.size * count, self.align)


_U8, _U32, _U64 = Block(1, 1), Block(4, 4), Block(8, 8)
_F64 = _U64
_SUM, _MOMENTS, _SPREAD = Block(16, 8), Block(24, 8), Block(40, 8)  # ngi_sum and so on


def structure(fields: list[Block]) -> Block:
    """The structure with these fields, in this order."""
    at, align = 0, 1
    for field in fields:
        at = -(-at // field.align) * field.align + field.size
        align = max(align, field.align)
    return Block(-(-at // align) * align, align)


def _value(kind: str) -> Block:
    size = c_size(kind)
    return Block(size, min(size, _WORD))


def _bits(rows: int) -> Block:
    return _U8.times((rows + 7) // 8)


def _array(column: Column, rows: int) -> list[Block]:
    """A column of `rows` rows, with its validity if it has one."""
    values = _bits(rows) if column.storage == "bool" else _value(column.storage).times(rows)
    return [values] + ([_bits(rows)] if column.nullable else [])


def _carried(raw: Raw, grouped: bool) -> list[Block]:
    """What an accumulator is between two runs, or two rows of a group."""
    is_float = raw.type in ("f32", "f64")
    match raw.kind:
        case "var":
            return [_MOMENTS if grouped else _SPREAD]
        case "sum":
            return [_SUM if raw.type == "f64" else _U64]
        case "min" | "max":
            return [_value(raw.type)] + ([_U8] if is_float else [])
        case "first":
            return [_value(raw.carried), _U8]
        case _:
            return [_value(raw.carried)]


def _accumulators(loop: Loop) -> list[Block]:
    grouped = loop.segment.kind == "group"
    return [block for raw in loop.segment.raws for block in _carried(raw, grouped)]


def held(view: KernelView, loop: Loop) -> Block:
    """The rows that wait for a whole run."""
    columns = [block for c in view.read(loop) for block in _array(c, RUN)]
    return structure([*columns, _U64, _U64])


def groups(view: KernelView, loop: Loop) -> list[Block]:
    """The groups of a loop: texts of their keys, hash table, and the groups themselves."""
    one: list[Block] = []
    has_text = False
    for key in loop.segment.keys:
        is_text = key.storage == "text"
        has_text = has_text or is_text
        one += [_U32, _U32] if is_text else [_value(key.storage)]
        one += [_U8] if key.nullable else []
    one += [_U64] if loop.segment.rows else []
    group = structure(one + _accumulators(loop))
    texts = [_U32, _U8.times(view.text_budget(loop))] if has_text else []
    return [_U32, *texts, _U32.times(view.slots(loop)), group.times(loop.segment.groups)]


def _history(column: Column) -> list[Block]:
    rows = (column.history + 7) // 8 * 8
    values = _bits(rows) if column.storage == "bool" else _value(column.storage).times(rows)
    return [values, _bits(rows)]


def histories(loop: Loop) -> list[Block]:
    """The rows before the next one that `lag` looks back at."""
    return [b for c in loop.segment.inputs if c.history for b in _history(c)]


def running(r: Running) -> list[Block]:
    """What a value that goes on from row to row keeps."""
    block, value = structure([_U32, _U32]), _value("u8" if r.type == "mask" else r.type)
    out = _value(r.outs[0].storage)
    match r.kind:
        case "rows" | "mean":
            return [_U64]
        case "sum" | "product" | "min" | "max":
            trail = structure([value.times(16), out.times(16)])
            kept = r.rows + 16
            return [trail, block, value.times(kept), out.times(kept)] if r.rows else [trail]
        case "first" if r.rows:
            state = structure([value, _U32, block])
            return [state, value.times(r.rows), _U8.times(r.rows)]
        case "var":
            sums = structure([_F64.times(16), _F64.times(16)])
            state = structure([sums, sums, _F64, _U64, block, _U32, _U32])
            held = [] if r.there is None else [_U32.times(r.rows + 16)]
            return [state, *[_F64.times(r.rows + 16)] * 3, *held]
        case "moments":
            return [_MOMENTS]
    begins = r.kind == "first" or (r.body is not None and r.body.first is not None)
    return [value] + ([_U32] if begins else [])


def _fields(view: KernelView, loop: Loop) -> list[Block]:
    segment = loop.segment
    fields = [_U64] * len(segment.ordered) + histories(loop)
    fields += [field for r in segment.running for field in running(r)]
    if segment.kind in ("fold", "window"):
        fields += [*_accumulators(loop), held(view, loop)]
        fields += [_U64] if segment.rows else []
    elif segment.kind == "group":
        fields += groups(view, loop)
    return fields


def state(view: KernelView) -> int:
    """Bytes of the kernel's state."""
    params = [_value(p.type.kind) for _, p in view.kernel.params]
    fields = [structure(params)] if params else []
    fields += [_U64] * 3 + [_U32] * (5 if view.recalls else 4)
    return structure(fields + [f for loop in view.loops for f in _fields(view, loop)]).size


def buffer(loop: Loop) -> int:
    """Bytes between a loop and the next one."""
    columns = [b for c in loop.temps for b in _array(c, (c.history + 7) // 8 * 8 + CHUNK)]
    return 0 if loop.segment.kind == "emit" else structure([*columns, _U64]).size
