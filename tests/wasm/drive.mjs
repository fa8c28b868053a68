// Runs a built module over the cases of a file, as tests/differential/drive.c runs native kernels;
// what cases and results look like stands in tests/differential/blob.py. The first run of a case
// pushes its cuts from arrays, the second one fills the module's memory itself.
//
//     node drive.mjs MODULE.js OPERATORS.json CASES RESULTS

import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [script, description, cases, results] = process.argv.slice(2);
const { load, NagareError } = await import(pathToFileURL(script));
const operators = JSON.parse(readFileSync(description, "utf8"));
const rivers = await load();

const ARRAYS = {
  i8: Int8Array, i16: Int16Array, i32: Int32Array, i64: BigInt64Array,
  u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, u64: BigUint64Array,
  f32: Float32Array, f64: Float64Array,
};
const bitAt = (bits, at) => (bits[at >> 3] >> (at & 7)) & 1;

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  take(size) {
    const piece = this.bytes.slice(this.at, this.at + size);
    this.at += (size + 3) & ~3;
    return piece;
  }

  word() {
    return new Uint32Array(this.take(4).buffer)[0];
  }

  rows(width) {
    const row = () => Array.from({ length: width }, () => this.word());
    return Array.from({ length: this.word() }, row);
  }
}

function readColumn(reader, { type, nullable }, rows) {
  const column = {};
  if (type === "utf8") {
    column.offsets = new Int32Array(reader.take(4 * (rows + 1)).buffer);
    column.text = reader.take(column.offsets[rows]);
  } else if (type === "bool") {
    column.bools = reader.take(rows);
  } else {
    column.values = new ARRAYS[type](reader.take(rows * ARRAYS[type].BYTES_PER_ELEMENT).buffer);
  }
  column.valid = nullable ? reader.take(rows) : null;
  return column;
}

function readCase(reader) {
  reader.word(); // the size
  const operator = operators[reader.word()], runs = reader.word();
  reader.word(); // where the forbidden page would be
  const defaults = reader.word() !== 0, rows = reader.word();
  const params = operator.params.map(({ name, type }) => {
    const bytes = reader.take(8).buffer;
    return [name, type === "bool" ? new Uint8Array(bytes)[0] !== 0 : new ARRAYS[type](bytes)[0]];
  });
  const inputs = operator.inputs.map((column) => readColumn(reader, column, rows));
  const cuts = reader.rows(2);
  for (let run = 0; run < runs; run++) {
    reader.take(8);
    reader.rows(3);
    reader.rows(2);
  }
  const set = defaults ? undefined : Object.fromEntries(params);
  return { operator, runs, inputs, cuts, params: set };
}

// ---- cuts as columns: rows [from, from + rows) behind `offset` rows of something else ----

function packed(bytes, from, rows, offset) {
  const bits = new Uint8Array((offset + rows + 7) >> 3).fill(0xa5);
  for (let row = 0; row < rows; row++) {
    const at = offset + row;
    bits[at >> 3] = (bits[at >> 3] & ~(1 << (at & 7))) | (bytes[from + row] << (at & 7));
  }
  return bits;
}

function cutColumn({ type, nullable }, column, from, rows, offset) {
  const cut = {};
  if (type === "utf8") {
    const begin = column.offsets[from], end = column.offsets[from + rows];
    const text = column.text.subarray(begin, end);
    cut.bytes = new Uint8Array(offset + text.length).fill(0x21);
    cut.bytes.set(text, offset);
    cut.offsets = Int32Array.from({ length: offset + rows + 1 }, (_, at) =>
      at < offset ? at : offset + column.offsets[from + at - offset] - begin);
  } else if (type === "bool") {
    cut.bits = packed(column.bools, from, rows, offset);
  } else {
    cut.values = new ARRAYS[type](offset + rows);
    cut.values.set(column.values.subarray(from, from + rows), offset);
  }
  if (!nullable) return cut.values ?? cut;
  const whole = column.valid.subarray(from, from + rows).every((valid) => valid);
  return whole && from % 2 ? cut : { ...cut, valid: packed(column.valid, from, rows, offset) };
}

// ---- one run ----

const unpacked = (bits, rows) =>
  Buffer.from(Uint8Array.from({ length: rows }, (_, row) => bitAt(bits, row)));

class Output {
  constructor(columns) {
    this.columns = columns.map((column) => ({ ...column, values: [], valid: [], text: [] }));
    this.rows = 0;
  }

  add(out) {
    this.rows += out.rows;
    for (const column of this.columns) {
      const given = out[column.name], { offsets, bits, valid } = given;
      if (offsets) {
        const size = (_, row) => offsets[row + 1] - offsets[row];
        const sizes = Int32Array.from({ length: out.rows }, size);
        column.values.push(Buffer.from(sizes.buffer));
        column.text.push(Buffer.from(given.bytes.slice(0, offsets[out.rows])));
      } else if (bits) {
        column.values.push(unpacked(bits, out.rows));
      } else {
        const values = (ArrayBuffer.isView(given) ? given : given.values).slice();
        column.values.push(Buffer.from(values.buffer));
      }
      if (valid) column.valid.push(unpacked(valid, out.rows));
    }
  }
}

function pushArrays(kernel, { operator, inputs, cuts }, output, progress) {
  for (const [rows, offset] of cuts) {
    const columns = Object.fromEntries(operator.inputs.map((column, i) =>
      [column.name, cutColumn(column, inputs[i], progress.rows, rows, offset)]));
    output.add(kernel.push(columns, rows, offset));
    progress.rows += rows;
  }
  output.add(kernel.flush());
}

function pushInPlace(kernel, { operator, inputs, cuts }, output, progress) {
  const most = Math.max(1, ...cuts.map(([rows, offset]) => rows + offset));
  const text = inputs.reduce((size, { text }) => size + (text?.length ?? 0), 0);
  for (const [rows, offset] of cuts) {
    const room = kernel.columns(most, text + most + 64);
    operator.inputs.forEach((column, i) =>
      fill(room[column.name], cutColumn(column, inputs[i], progress.rows, rows, offset)));
    for (let done = 0; done < rows; ) {
      const out = kernel.pushInPlace(rows - done, offset + done);
      if (out.consumed === 0 && out.rows === 0) throw new Error("no row was taken");
      output.add(out);
      done += out.consumed;
      progress.rows += out.consumed;
    }
  }
  if (cuts.length === 0) kernel.columns(most, text + most + 64);
  for (let done = false; !done; ) {
    const out = kernel.flushInPlace();
    if (!out.done && out.rows === 0) throw new Error("a flush does not go on");
    output.add(out);
    done = out.done;
  }
}

function fill(room, cut) {
  if (ArrayBuffer.isView(cut)) {
    room.set(cut);
    return;
  }
  if (room.valid) room.valid.fill(255);
  for (const part of Object.keys(cut)) room[part].set(cut[part]);
}

function run(each, inPlace) {
  const kernel = rivers[each.operator.name](each.params);
  const output = new Output(each.operator.outputs), progress = { rows: 0 };
  const ended = { status: 0, row: 0n, consumed: 0 };
  try {
    (inPlace ? pushInPlace : pushArrays)(kernel, each, output, progress);
    ended.consumed = progress.rows;
  } catch (error) {
    if (!(error instanceof NagareError) || error.output === null) throw error;
    output.add(error.output);
    ended.status = error.status;
    // What fails at the end of the input is said to fail behind its last row.
    ended.row = error.row >= 2 ** 63 ? 2n ** 64n - 1n : BigInt(error.row);
    const all = each.cuts.reduce((sum, [rows]) => sum + rows, 0);
    ended.consumed = Math.min(error.row, all);
  }
  kernel.free();
  return encode(ended, output);
}

function encode({ status, row, consumed }, { columns, rows }) {
  const head = Buffer.alloc(4 + 4 + 24);
  head.writeInt32LE(status, 4);
  head.writeBigUInt64LE(row, 8);
  head.writeBigUInt64LE(BigInt(consumed), 16);
  head.writeBigUInt64LE(BigInt(rows), 24);
  const pieces = [head];
  for (const { values, valid, text } of columns) {
    for (const part of [values, valid, text].map((list) => Buffer.concat(list))) {
      const size = Buffer.alloc(8);
      size.writeBigUInt64LE(BigInt(part.length));
      pieces.push(size, part);
    }
  }
  return Buffer.concat(pieces);
}

const reader = new Reader(new Uint8Array(readFileSync(cases)));
const made = [];
try {
  while (reader.at < reader.bytes.length) {
    const each = readCase(reader);
    for (let number = 0; number < each.runs; number++) made.push(run(each, number === 1));
  }
} finally {
  writeFileSync(results, Buffer.concat(made));
}
