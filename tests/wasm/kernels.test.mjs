// A stream's life: parameters, errors, memory, and use without copies.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { plain, typed } from "./data.mjs";

const { NagareError, instantiate, list, load, strings } = await import(process.env.NAGARE_MODULE);
const file = new URL(process.env.NAGARE_MODULE.replace(/\.js$/, ".wasm"));
const rivers = await load();

const numbers = (rows, by = 1) => ({
  n: Int32Array.from({ length: rows }, (_, i) => i),
  by: new Int32Array(rows).fill(by),
});
const refused = (call, message) => assert.throws(call, (error) =>
  error instanceof NagareError && message.test(error.message));

test("modules are loaded from wherever they are", async () => {
  const bytes = readFileSync(file), module = await WebAssembly.compile(bytes);
  const response = () => new Response(bytes, { headers: { "content-type": "application/wasm" } });
  const promised = Promise.resolve(response());
  for (const source of [undefined, file, String(file), bytes, module, response(), promised]) {
    assert.equal((await load(source)).first_two().push(numbers(3)).rows, 2);
  }
  assert.equal(instantiate(module).first_two().push(numbers(3)).rows, 2);
  await assert.rejects(load(new Response("", { status: 404 })), NagareError);
});

test("parameters have the types and defaults of the file", () => {
  const c = [1, 2, 3], given = { c, y: [0, 1, 2] };
  const out = rivers.some({ least: 2 }).push(given);
  assert.deepEqual(plain(list, out), { c: [2, 3], wide: [-5n, -5n], on: [true, true] });
  assert.equal(rivers.some({ least: 2, most: 2 }).push(given).rows, 1);
  assert.equal(rivers.some({ least: 2, on: false }).push(given).rows, 0);
  const widest = 2n ** 63n - 1n;
  assert.equal(rivers.some({ least: -(2 ** 31), wide: widest }).push(given).wide[0], widest);
  assert.equal(rivers.some({ least: 2, wide: 7, most: undefined }).push(given).wide[1], 7n);
  refused(() => rivers.some(), /`least` has no default/);
  refused(() => rivers.some({ least: 2.5 }), /the parameter `least` does not take 2.5/);
  refused(() => rivers.some({ least: 2 ** 31 }), /the parameter `least` cannot hold 2147483648/);
  refused(() => rivers.some({ least: 2, on: 1 }), /`on` does not take 1/);
  refused(() => rivers.some({ least: 2, wide: 2n ** 63n }), /`wide` cannot hold/);
  refused(() => rivers.some({ least: 2, lest: 3 }), /no parameter `lest`/);
});

test("columns that do not fit are refused by name", () => {
  const good = rivers.same().push(typed(8)), kernel = rivers.same();
  const bad = (columns, message, ...more) =>
    refused(() => kernel.push({ ...good, ...columns }, ...more), message);
  const offset = (last, ...offsets) => {
    const filled = Int32Array.from({ length: 9 }, (_, row) => offsets[row] ?? last);
    return { name: { offsets: filled, bytes: new Uint8Array(1) } };
  };
  bad({ a: undefined }, /the column `a` is missing/);
  bad({ a: new Uint8Array(8) }, /the column `a` takes a Int8Array/);
  bad({ a: Array(8).fill(128) }, /`a` cannot hold 128, as in row 0/);
  bad({ a: [0, 1, 2, 3, null, 5, 6, 7] }, /`a` cannot be null, as in row 4/);
  bad({ c: Array(8).fill("1") }, /`c` does not take 1/);
  bad({ h: Array(8).fill(-1n) }, /`h` cannot hold -1/);
  bad({ flag: [1, 0] }, /`flag` takes booleans/);
  bad({ flag: new Uint8Array(1) }, /`flag` takes \{ bits: Uint8Array \}/);
  bad({ y: { values: good.y, valid: Uint8Array.of(255) } }, /`y` cannot be null/);
  bad({ x: { values: good.x.values, valid: [1] } }, /`x` takes validity as bits/);
  const none = new Uint8Array(0);
  bad({ x: { values: good.x.values, valid: none } }, /`x` has validity for 0 rows, not 8/);
  bad({ name: [1, 2] }, /`name` takes strings/);
  bad({ name: { offsets: Int32Array.of(0, 1), bytes: [] } }, /`name` takes \{ offsets/);
  bad(offset(1, 0, 1, 0), /bad offset at 2/);
  bad(offset(2 ** 31 - 1, 0, 0, 0, 0, 0, 0, 0, 0), /bad offset at 8/);
  bad(offset(0, -1), /bad offset at 0/);
  bad({ c: new Int32Array(7) }, /`c` has 7 rows, not 8/);
  bad({}, /has 8 rows, not 9/, 9);
  bad({}, /has 8 rows, not 9/, 1, 8);
  bad({}, /`rows` must be a whole number, not -1/, -1);
  bad({}, /`offset` must be a whole number, not 0.5/, 1, 0.5);
  bad({ rows: undefined, c: new Int32Array(7) }, /`c` has 7 rows, not 8/);
  assert.deepEqual(plain(list, kernel.push(good)), typed(8));
});

test("a row that fails is named, and what came before it is there", () => {
  const kernel = rivers.quotients(), given = numbers(70_000);
  given.by[50_001] = 0;
  kernel.push(numbers(10));
  assert.throws(() => kernel.push(given), (error) => {
    assert.ok(error instanceof NagareError);
    assert.equal(error.status, -3);
    assert.equal(error.row, 50_011);
    assert.match(error.message, /in row 50011, from 0: an integer was divided by zero/);
    assert.equal(error.output.rows, 50_000);
    assert.equal(error.output.q[49_999], 50_000);
    return true;
  });
  refused(() => kernel.push(numbers(1)), /divided by zero/);
  kernel.reset();
  assert.equal(kernel.push(numbers(5)).rows, 4);
});

test("too many groups are refused with what to do", () => {
  const rows = 3001, kernel = rivers.by_name();
  const name = Array.from({ length: rows }, (_, i) => `${i}`);
  const given = { name, flag: Array(rows).fill(true), y: new Float64Array(rows) };
  refused(() => kernel.push(given), /in row 3000, .* more groups than `max_groups`/);
});

test("groups come out through many calls, with their texts", () => {
  const rows = 3000, kernel = rivers.by_name();
  const name = Array.from({ length: rows }, (_, i) => "n".repeat(i % 50) + i);
  kernel.push({ name, flag: Array(rows).fill(true), y: new Float64Array(rows) });
  const out = kernel.flush();
  assert.deepEqual(strings(out.name), name);
});

test("a group's text may be longer than the room for text was", () => {
  const kernel = rivers.by_note(), note = ["a", "b".repeat(500_000), null];
  kernel.push({ note });
  assert.deepEqual(strings(kernel.flush().note), note);
});

test("a river that ends by itself says so", () => {
  const kernel = rivers.first_two();
  assert.equal(kernel.ended, false);
  assert.deepEqual(kernel.push(numbers(100_000)).n, Int32Array.of(0, 1));
  assert.equal(kernel.ended, true);
  assert.equal(kernel.push(numbers(5)).rows, 0);
  assert.equal(kernel.flush().rows, 0);
  kernel.reset();
  assert.equal(kernel.ended, false);
  assert.equal(kernel.push(numbers(1)).rows, 1);
});

test("after its end a stream takes nothing, and after free nothing works", () => {
  const kernel = rivers.counted();
  kernel.push(numbers(4));
  assert.equal(kernel.flush().total.values[0], 6n);
  refused(() => kernel.push(numbers(1)), /reset\(\) begins another/);
  refused(() => kernel.flush(), /reset\(\) begins another/);
  kernel.reset();
  assert.equal(kernel.flush().rows_[0], 0n);
  kernel.free();
  kernel.free();
  for (const call of ["push", "flush", "reset", "columns"]) {
    refused(() => kernel[call]({}), /has been freed/);
  }
});

test("streams and modules are independent", async () => {
  const other = await load();
  const kernels = [rivers.counted(), rivers.counted(), other.counted()];
  for (let i = 0; i < 100; i++) kernels.forEach((kernel, k) => kernel.push(numbers(i * (k + 1))));
  const counts = kernels.map((kernel) => Number(kernel.flush().rows_[0]));
  assert.deepEqual(counts, [4950, 9900, 14850]);
});

test("memory grows under streams that are open, and is used again", () => {
  const steady = rivers.counted(), own = rivers.same();
  own.columns(10).c.fill(7);
  for (let round = 0; round < 3; round++) {
    const many = Array.from({ length: 40 }, () => rivers.by_name());
    steady.push(numbers(1000));
    many.forEach((kernel) => kernel.push(typed(10)));
    assert.ok(many.every((kernel) => kernel.flush().rows > 3));
    many.forEach((kernel) => kernel.free());
  }
  assert.equal(steady.flush().rows_[0], 3000n);
  assert.deepEqual(own.columns(10).c, new Int32Array(10).fill(7));
});

test("what is given back is taken again, whatever stands in it", async () => {
  let memory;
  const Instance = WebAssembly.Instance;
  WebAssembly.Instance = function (...more) {
    const instance = new Instance(...more);
    memory = instance.exports.memory;
    return instance;
  };
  const own = await load().finally(() => (WebAssembly.Instance = Instance));
  const sizes = [];
  for (let round = 0; round < 40; round++) {
    const kernel = own.literals();
    // What held numbers holds offsets then, which take as many bytes.
    for (const rows of [1000, 1008]) {
      kernel.columns(rows).n.fill(0x7fffffff);
      assert.deepEqual(strings(kernel.pushInPlace(2).word), ["é", "é"]);
    }
    kernel.free();
    sizes.push(memory.buffer.byteLength);
  }
  assert.equal(sizes.at(-1), sizes[1]);
  own.same().push({ ...typed(1), name: ["x".repeat(3e5)] });
  const grown = memory.buffer.byteLength;
  for (let size = 3e5; size < 1e6; size += 1e5) {
    own.same().push({ ...typed(1), name: ["x".repeat(size)] });
  }
  assert.ok(memory.buffer.byteLength - grown < 4e6);
});

test("rows can be written where the kernel reads them", () => {
  const kernel = rivers.quotients(), given = numbers(1000, 3);
  const seen = [];
  for (let round = 0; round < 3; round++) {
    const room = kernel.columns(1000);
    room.n.set(given.n);
    room.by.set(given.by);
    for (let done = 0; done < 1000; ) {
      const out = kernel.pushInPlace(Math.min(300, 1000 - done), done);
      seen.push(...out.q);
      done += out.consumed;
    }
  }
  assert.equal(seen.length, 3 * 997);
  assert.equal(seen.at(-1), 333);
  const { done, rows } = kernel.flushInPlace();
  assert.deepEqual({ done, rows }, { done: true, rows: 0 });
  refused(() => rivers.same().pushInPlace(1), /call columns\(\) first/);
  const small = rivers.same();
  small.columns(4);
  refused(() => small.pushInPlace(3, 2), /there is room for 4 rows/);
});

test("views have the types of the columns", () => {
  const room = rivers.same().columns(9, 100);
  assert.deepEqual(Object.keys(room), Object.keys(typed(0)));
  assert.ok(room.at instanceof BigInt64Array && room.x.values instanceof Float32Array);
  assert.equal(room.x.valid.length, 2);
  assert.equal(room.x.valid[0], 255);
  assert.equal(room.flag.bits.length, 2);
  assert.equal(room.name.offsets.length, 10);
  assert.ok(room.name.bytes.length >= 100);
});
