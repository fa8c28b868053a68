// Memory of a WASM module for the race: a block that rows are copied into, room for all rows to lie
// there beforehand, and room for results.

import { BLOCK, WINDOW } from "./samples.mjs";

const PAGE = 65536;
const FLOAT = Float32Array.BYTES_PER_ELEMENT;
const SLACK = 64; // floats that vector stores may write beyond the results

export class Arena {
  constructor(exports, rows) {
    let end = (exports.__heap_base.value + 63) & ~63;
    const room = (floats) => {
      const start = end;
      end = (end + (floats + SLACK) * FLOAT + 63) & ~63;
      return start;
    };
    this.result = room(16);
    const windows = Math.floor(rows / WINDOW);
    const lengths = [rows, windows, windows];
    this.block = room(BLOCK);
    this.residents = room(rows);
    this.outputs = lengths.map(room);
    const missing = end - exports.memory.buffer.byteLength;
    exports.memory.grow(Math.max(0, Math.ceil(missing / PAGE)));

    // Views are made once: the memory grows no more.
    this.buffer = exports.memory.buffer;
    this.input = new Float32Array(this.buffer, this.block, BLOCK);
    this.views = this.outputs.map(
      (start, column) => new Float32Array(this.buffer, start, lengths[column]),
    );
    this.results = new DataView(this.buffer, this.result, 64);
  }

  // Puts all rows where `eachBlock` finds them without a copy.
  settle(x) {
    new Float32Array(this.buffer, this.residents, x.length).set(x);
  }

  // Calls take(address, rows) for each block, copied in or where it lies.
  eachBlock(x, rowsInBlock, copied, take) {
    for (let from = 0; from < x.length; from += rowsInBlock) {
      const to = Math.min(x.length, from + rowsInBlock);
      if (copied) {
        this.input.set(x.subarray(from, to));
      }
      take(copied ? this.block : this.residents + from * FLOAT, to - from);
    }
  }

  // Where the results of the next block go: to the start when they are copied out at once, else
  // behind the `made` there are.
  at(column, made, copied) {
    return this.outputs[column] + (copied ? 0 : made * FLOAT);
  }

  // Copies `count` results of a column out, behind the `made` there are.
  copyOut(out, column, count, made) {
    out[column].set(this.views[column].subarray(0, count), made);
  }

  // A competitor that has each block copied in and its results out, and one whose rows lie there.
  bothWays(kind, name, run) {
    return [
      { kind, name: `${name}, copied`, run: (x, out) => run(x, out, true) },
      {
        kind,
        name: `${name}, resident`,
        prepare: (x) => this.settle(x),
        run: (x, out) => run(x, out, false),
      },
    ];
  }
}
