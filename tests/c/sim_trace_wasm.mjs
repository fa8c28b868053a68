// Prints the traces of so many worlds from a seed on: node sim_trace_wasm.mjs MODULE SEED COUNT
import { readFileSync } from "node:fs";

const [path, seed, count] = process.argv.slice(2);
const { instance } = await WebAssembly.instantiate(readFileSync(path), {});
for (let i = 0n; i < BigInt(count); i++) {
  const trace = BigInt.asUintN(64, instance.exports.trace_of(BigInt(seed) + i));
  console.log(trace.toString(16).padStart(16, "0"));
}
