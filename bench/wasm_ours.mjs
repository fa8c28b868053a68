// Drives ours_wasm.c: the generated kernels, as streams.

import { BLOCK } from "./samples.mjs";
import { Arena } from "./wasm_memory.mjs";

export async function ourCompetitors(bytes, rows) {
  const { instance } = await WebAssembly.instantiate(bytes, {});
  const kernels = instance.exports;
  const arena = new Arena(kernels, rows);
  kernels.prepare();

  const float64 = (offset) => arena.results.getFloat64(offset, true);
  const float32 = (offset) => arena.results.getFloat32(offset, true);
  const count64 = (offset) => Number(arena.results.getBigInt64(offset, true));

  const total = (x, out, copied) => {
    kernels.start();
    arena.eachBlock(x, BLOCK, copied, kernels.total);
    kernels.finish_total(arena.result);
    return { sum: float64(0), count: count64(24) };
  };

  const compact = (x, out, copied) => {
    let count = 0;
    kernels.start();
    arena.eachBlock(x, BLOCK, copied, (address, taken) => {
      const made = kernels.compact(address, taken, arena.at(0, count, copied), BLOCK);
      if (copied) {
        arena.copyOut(out, 0, made, count);
      }
      count += made;
    });
    return { count, kept: copied ? out[0] : arena.views[0] };
  };

  const windows = (x, out, copied) => {
    let count = 0;
    kernels.start();
    arena.eachBlock(x, BLOCK, copied, (address, taken) => {
      const [mean, low, high] = [0, 1, 2].map((column) => arena.at(column, count, copied));
      const made = kernels.windows(address, taken, mean, low, high, BLOCK);
      for (let column = 0; copied && column < 3; column++) {
        arena.copyOut(out, column, made, count);
      }
      count += made;
    });
    const [mean, low, high] = copied ? out : arena.views;
    return { count, mean, low, high };
  };

  const summary = (x, out, copied) => {
    kernels.start();
    arena.eachBlock(x, BLOCK, copied, kernels.summarise);
    kernels.finish_summary(arena.result);
    const [sum, mean, variance] = [0, 8, 16].map(float64);
    return { count: count64(24), sum, mean, variance, low: float32(32), high: float32(36) };
  };

  const entries = Object.entries({ W1: total, W2: compact, W4: windows, W6: summary });
  return Object.fromEntries(
    entries.map(([workload, run]) => [workload, arena.bothWays("ours", "WASM", run)]),
  );
}
