// metrics_wasm: prints the text that the module writes, in pieces of a size that is given.
import { readFileSync } from "node:fs";

const AGAIN = 1;
const [path, room] = process.argv.slice(2);
const { instance } = await WebAssembly.instantiate(readFileSync(path), {});
const { memory, begin, piece, size, write } = instance.exports;
const pieces = [];
let status = begin();
if (status === 0) {
  do {
    status = write(Number(room));
    pieces.push(Buffer.from(memory.buffer.slice(piece(), piece() + size())));
  } while (status === AGAIN);
}
process.stdout.write(Buffer.concat(pieces));
process.exitCode = status === 0 ? 0 : 1;
