// Drives peers_wasm.c: once with each block copied into the module's memory (and its results copied
// out), as a stream of JavaScript arrays needs it, and once on rows that lie there already.

import { BLOCK, WINDOW } from "./samples.mjs";

const PAGE = 65536;
const FLOAT = Float32Array.BYTES_PER_ELEMENT;
const SLACK = 64; // floats that vector stores may write beyond the results

export async function expertCompetitors(bytes, rows) {
  const { instance } = await WebAssembly.instantiate(bytes, {});
  const kernels = instance.exports;
  let end = (kernels.__heap_base.value + 63) & ~63;
  const room = (floats) => {
    const start = end;
    end = (end + (floats + SLACK) * FLOAT + 63) & ~63;
    return start;
  };
  const result = room(8);
  const block = room(BLOCK);
  const resident = room(rows);
  const lengths = [rows, rows / WINDOW, rows / WINDOW].map(Math.floor);
  const outputs = lengths.map(room);
  kernels.memory.grow(Math.ceil((end - kernels.memory.buffer.byteLength) / PAGE) + 1);
  kernels.prepare();

  const memory = kernels.memory.buffer;
  const input = new Float32Array(memory, block, BLOCK);
  const results = new DataView(memory, result, 32);
  const views = outputs.map((start, column) => new Float32Array(memory, start, lengths[column]));

  // Calls take(address, from, rows) for each block, copied in or where it lies.
  function eachBlock(x, rowsInBlock, copied, take) {
    for (let from = 0; from < x.length; from += rowsInBlock) {
      const to = Math.min(x.length, from + rowsInBlock);
      if (copied) {
        input.set(x.subarray(from, to));
      }
      take(copied ? block : resident + from * FLOAT, from, to - from);
    }
  }

  const total = (x, out, copied) => {
    let sum = 0;
    let count = 0;
    eachBlock(x, BLOCK, copied, (address, from, taken) => {
      kernels.total(address, taken, result);
      sum += results.getFloat64(0, true);
      count += results.getInt32(8, true);
    });
    return { sum, count };
  };

  const compact = (x, out, copied) => {
    let count = 0;
    eachBlock(x, BLOCK, copied, (address, from, taken) => {
      const made = kernels.compact(address, taken, outputs[0] + (copied ? 0 : count * FLOAT));
      if (copied) {
        out[0].set(views[0].subarray(0, made), count);
      }
      count += made;
    });
    return { count, kept: copied ? out[0] : views[0] };
  };

  const windows = (x, out, copied) => {
    const perBlock = Math.floor(BLOCK / WINDOW);
    let count = 0;
    eachBlock(x, perBlock * WINDOW, copied, (address, from, taken) => {
      const made = Math.floor(taken / WINDOW);
      const at = outputs.map((start) => start + (copied ? 0 : count * FLOAT));
      kernels.windows(address, made, ...at);
      if (copied) {
        views.forEach((view, column) => out[column].set(view.subarray(0, made), count));
      }
      count += made;
    });
    const [mean, low, high] = copied ? out : views;
    return { count, mean, low, high };
  };

  const summary = (x, out, copied) => {
    const origin = x[0];
    let [distance, squares, low, high] = [0, 0, origin, origin];
    eachBlock(x, BLOCK, copied, (address, from, taken) => {
      kernels.summary(address, taken, origin, result);
      distance += results.getFloat64(0, true);
      squares += results.getFloat64(8, true);
      low = Math.min(low, results.getFloat32(16, true));
      high = Math.max(high, results.getFloat32(20, true));
    });
    const count = x.length;
    const mean = origin + distance / count;
    const variance = (squares - (distance * distance) / count) / (count - 1);
    return { count, sum: origin * count + distance, low, high, mean, variance };
  };

  const both = (run) => [
    { kind: "expert", name: "WASM SIMD, copied", run: (x, out) => run(x, out, true) },
    {
      kind: "expert",
      name: "WASM SIMD, resident",
      prepare: (x) => new Float32Array(memory, resident, x.length).set(x),
      run: (x, out) => run(x, out, false),
    },
  ];
  return { W1: both(total), W2: both(compact), W4: both(windows), W6: both(summary) };
}
