// Drives peers_wasm.c.

import { BLOCK, WINDOW } from "./samples.mjs";
import { Arena } from "./wasm_memory.mjs";

export async function expertCompetitors(bytes, rows) {
  const { instance } = await WebAssembly.instantiate(bytes, {});
  const kernels = instance.exports;
  const arena = new Arena(kernels, rows);
  kernels.prepare();

  const total = (x, out, copied) => {
    let sum = 0;
    let count = 0;
    arena.eachBlock(x, BLOCK, copied, (address, taken) => {
      kernels.total(address, taken, arena.result);
      sum += arena.results.getFloat64(0, true);
      count += arena.results.getInt32(8, true);
    });
    return { sum, count };
  };

  const compact = (x, out, copied) => {
    let count = 0;
    arena.eachBlock(x, BLOCK, copied, (address, taken) => {
      const made = kernels.compact(address, taken, arena.at(0, count, copied));
      if (copied) {
        arena.copyOut(out, 0, made, count);
      }
      count += made;
    });
    return { count, kept: copied ? out[0] : arena.views[0] };
  };

  const windows = (x, out, copied) => {
    const wholeWindows = Math.floor(BLOCK / WINDOW) * WINDOW;
    let count = 0;
    arena.eachBlock(x, wholeWindows, copied, (address, taken) => {
      const made = Math.floor(taken / WINDOW);
      const [mean, low, high] = [0, 1, 2].map((column) => arena.at(column, count, copied));
      kernels.windows(address, made, mean, low, high);
      for (let column = 0; copied && column < 3; column++) {
        arena.copyOut(out, column, made, count);
      }
      count += made;
    });
    const [mean, low, high] = copied ? out : arena.views;
    return { count, mean, low, high };
  };

  const summary = (x, out, copied) => {
    const origin = x[0];
    let [distance, squares, low, high] = [0, 0, origin, origin];
    arena.eachBlock(x, BLOCK, copied, (address, taken) => {
      kernels.summary(address, taken, origin, arena.result);
      distance += arena.results.getFloat64(0, true);
      squares += arena.results.getFloat64(8, true);
      low = Math.min(low, arena.results.getFloat32(16, true));
      high = Math.max(high, arena.results.getFloat32(20, true));
    });
    const count = x.length;
    const mean = origin + distance / count;
    const variance = (squares - (distance * distance) / count) / (count - 1);
    return { count, sum: origin * count + distance, low, high, mean, variance };
  };

  const entries = Object.entries({ W1: total, W2: compact, W4: windows, W6: summary });
  return Object.fromEntries(
    entries.map(([workload, run]) => [workload, arena.bothWays("expert", "WASM SIMD", run)]),
  );
}
