// Runs a test that was compiled to WASM: node run.mjs TEST.wasm [names]
import { readFileSync } from "node:fs";

const [, , path, ...rest] = process.argv;
let memory;
const world = {
  put: (text, n) => process.stdout.write(Buffer.from(memory.buffer, text, n)),
};
const module = await WebAssembly.instantiate(readFileSync(path), { world });
memory = module.instance.exports.memory;
process.exitCode = module.instance.exports.check(1 + rest.length) === 0 ? 0 : 1;
