// Columns of every type, in and out, however they are given and cut.

import assert from "node:assert/strict";
import test from "node:test";
import { plain, typed } from "./data.mjs";

const { list, load, strings } = await import(process.env.NAGARE_MODULE);
const rivers = await load();

test("plain arrays of every type come out as they went in, through many chunks", () => {
  const rows = 40_001;
  const out = rivers.same().push(typed(rows));
  assert.equal(out.rows, rows);
  assert.deepEqual(plain(list, out), typed(rows));
});

test("rows that stay are put together bit by bit", () => {
  const rows = 60_000, given = typed(rows);
  given.flag = given.flag.map((_, row) => row % 7 === 0 || row % 3 === 1);
  const kept = (name) => given[name].filter((_, row) => given.flag[row]);
  const { maybe, x, note } = given;
  const out = rivers.flags().push({ flag: given.flag, maybe, x, note });
  assert.ok(out.rows % 8 !== 0);
  const names = ["flag", "maybe", "x", "note"];
  assert.deepEqual(plain(list, out), Object.fromEntries(names.map((name) => [name, kept(name)])));
});

test("what comes out is typed", () => {
  const out = rivers.same().push(typed(10));
  assert.ok(out.at instanceof BigInt64Array && out.h instanceof BigUint64Array);
  assert.ok(out.d.values instanceof BigInt64Array && out.d.valid instanceof Uint8Array);
  assert.ok(out.a instanceof Int8Array && out.f instanceof Uint16Array);
  assert.ok(out.y instanceof Float64Array);
  assert.ok(out.name.offsets instanceof Int32Array && out.name.bytes instanceof Uint8Array);
  assert.deepEqual(out.flag.bits, Uint8Array.of(0b01001001, 0b10));
});

test("names that JavaScript takes for something else end in an underscore", () => {
  assert.deepEqual(Object.keys(rivers).filter((name) => name.startsWith("then")), ["then_"]);
  assert.ok("rows_" in rivers.same().push(typed(1)));
});

test("what came out can be pushed, whole and in part", () => {
  const out = rivers.same().push(typed(5000));
  assert.deepEqual(rivers.same().push(out), out);
  for (const [rows, offset] of [[1, 0], [7, 1], [8, 8], [100, 4093], [0, 5000], [4999, 1]]) {
    const part = rivers.same().push(out, rows, offset);
    assert.equal(part.rows, rows);
    assert.deepEqual(plain(list, part), typed(rows, offset));
  }
  assert.deepEqual(plain(list, rivers.same().push(out, undefined, 4990)), typed(10, 4990));
});

test("however the rows are cut, the same come out", () => {
  const whole = rivers.by_name(), cut = rivers.by_name();
  const given = typed(3000);
  let made = whole.push(given).rows;
  const arrays = rivers.same().push(given);
  for (let at = 0, step = 1; at < 3000; at += step, step = (step * 7) % 97) {
    made += cut.push(arrays, Math.min(step, 3000 - at), at).rows;
  }
  assert.equal(made, 0);
  const out = whole.flush();
  assert.ok(out.rows > 5);
  assert.deepEqual(cut.flush(), out);
});

test("bits of floats that are passed on are kept, NaN by NaN", () => {
  const bits = Uint32Array.of(0x7fc00000, 0xffc00001, 0x7f800001, 0xff812345, 0x80000000, 1);
  const nans = [0x7ff8000000000000n, 0xfff8000000000001n, 0x7ff0000000000001n];
  const wide = BigUint64Array.of(...nans, 1n << 63n, 1n, 2n);
  const x = new Float32Array(bits.buffer), y = new Float64Array(wide.buffer);
  const out = rivers.same().push({ ...rivers.same().push(typed(6)), x, y });
  assert.deepEqual(new Uint32Array(out.x.values.buffer), bits);
  assert.deepEqual(new BigUint64Array(out.y.buffer), wide);
  assert.deepEqual(out.x.valid, Uint8Array.of(0b111111));
});

test("validity that is left out means no nulls", () => {
  const given = rivers.same().push(typed(9));
  const values = new Float32Array(9);
  for (const x of [values, { values }, { values, valid: null }]) {
    assert.deepEqual(list(rivers.same().push({ ...given, x }).x), Array(9).fill(0));
  }
});

test("text is UTF-8, of any length", () => {
  const name = ["", "x".repeat(300_000), "é", "流".repeat(100_000), "", "\u{1f30a}", "\0"];
  const note = name.map((text, i) => (i === 1 ? null : text));
  const given = { ...typed(name.length), name, note };
  const out = rivers.same().push(given);
  assert.deepEqual(strings(out.name), name);
  assert.deepEqual(strings(out.note), note);
  assert.deepEqual(strings(rivers.same().push(out, 2, 3).name), name.slice(3, 5));
  const halves = rivers.same().push({ ...typed(2), name: ["\ud83c", "\udf0a"] });
  assert.deepEqual(strings(halves.name), ["\ufffd", "\ufffd"]);
});

test("texts that stand in the river come out, longer than what went in", () => {
  const rows = 30_000;
  const n = Int32Array.from({ length: rows }, (_, i) => i);
  const [even, odd] = strings(rivers.literals().push({ n, by: n }).word).slice(rows - 2);
  assert.deepEqual([even, odd], ["a text that is longer than all of the input is", "é"]);
});

test("where columns do not tell how many rows there are, the caller does", () => {
  const kernel = rivers.lines();
  kernel.push({}, 5);
  kernel.push({ n: [1, 2], rows: 2 });
  assert.deepEqual(kernel.flush().n, BigInt64Array.of(7n));
  assert.throws(() => rivers.lines().push({}), /say how many rows/);
  const flag = { bits: Uint8Array.of(0b01100110) };
  assert.throws(() => rivers.alike().push({ flag }), /say how many rows/);
  assert.equal(rivers.alike().push({ flag }, 3).rows, 2);
  assert.throws(() => list(flag), /say how many rows/);
  assert.deepEqual(list(flag, 3), [false, true, true]);
});

test("a total comes out at the end", () => {
  const kernel = rivers.counted();
  assert.deepEqual(plain(list, kernel.push({ n: [3, -1], by: [0, 0] })), { rows_: [], total: [] });
  assert.deepEqual(plain(list, kernel.flush()), { rows_: [2n], total: [2n] });
});

test("nothing in, nothing out", () => {
  const out = rivers.same().push(typed(0));
  assert.deepEqual(plain(list, out), typed(0));
  assert.equal(rivers.same().flush().rows, 0);
});
