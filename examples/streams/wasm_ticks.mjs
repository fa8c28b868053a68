// Runs the module of wasm_ticks.c in Node's event loop; a browser or a Worker does the same.
import { readFileSync } from "node:fs";

import { run } from "../../wasm/runtime.mjs";

const text = (at) => {
  const bytes = new Uint8Array(module.exports.memory.buffer, at);
  return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
};
const program = {
  tick: (number) => console.log(`tick ${number}`),
  end: (at) => console.log(text(at)),
};
const module = await run(readFileSync(process.argv[2]), { program });
process.exitCode = module.exports.start();
