// Runs text_wasm.wasm against JavaScript's own numbers: node text_wasm.mjs FILE.wasm
import { readFileSync } from "node:fs";
import assert from "node:assert/strict";

const { instance } = await WebAssembly.instantiate(readFileSync(process.argv[2]), {});
const { memory, text, readF64, readF32, writeF64, writeF32, rewrite } = instance.exports;
const at = text();
const bytes = () => new Uint8Array(memory.buffer, at, 65536);
const put = (words) => new TextEncoder().encodeInto(words, bytes()).written;
const get = (size) => new TextDecoder().decode(bytes().slice(0, size));

let state = 1n;
const random = () => {
  state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
  return state;
};

const view = new DataView(new ArrayBuffer(8));
let checks = 0;
for (let i = 0; i < 20000; i++) {
  view.setBigUint64(0, random() ^ (random() >> 33n));
  const wide = view.getFloat64(0);
  const narrow = view.getFloat32(0);
  if (Number.isFinite(wide)) {
    const words = get(writeF64(wide));
    assert.equal(Number(words), wide);
    assert.ok(Object.is(readF64(put(words)), wide), words);
    assert.ok(Object.is(readF64(put(String(wide))), wide), String(wide));
    assert.equal(words.replace(/[-.e+]|(?<=e.*)\d/g, "").replace(/^0+|0+$/g, ""),
      String(wide).replace(/[-.e+]|(?<=e.*)\d/g, "").replace(/^0+|0+$/g, ""));
    checks += 4;
  }
  if (Number.isFinite(narrow)) {
    const words = get(writeF32(narrow));
    assert.ok(Object.is(readF32(put(words)), narrow), words);
    // All the digits of the double are more than a float needs; it must come out the same.
    assert.ok(Object.is(readF32(put(narrow.toPrecision(60))), narrow));
    checks += 2;
  }
}

const rows = `\ufefftime,name,value
2014-07-01T00:00:00.5Z,"a ""b"", c",1.50
0,流れ,
-1,,-0
`;
assert.equal(get(rewrite(put(rows))), `time,name,value
2014-07-01T00:00:00.500Z,"a ""b"", c",1.5
1970-01-01T00:00:00.000Z,流れ,
1969-12-31T23:59:59.999Z,"",-0
`);
assert.equal(get(-rewrite(put("time,name,value\n1,x,warm\n"))),
  "in.csv:2:5: error: field `value`: `warm` is not a value of f32\n" +
  "    correct it, or set `on_error` to \"null\" or \"skip\"\n");
console.log(`${checks + 2} checks, 0 failed`);
