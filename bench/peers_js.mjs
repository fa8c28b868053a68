// What a JavaScript user writes by hand: fused loops over typed arrays, in several ways, because V8
// compiles them very differently. Each is called per block, as a stream would, which also spares it
// on-stack replacement.

import { BLOCK, WINDOW } from "./samples.mjs";

const state = { sum: 0, squares: 0, count: 0, low: 0, high: 0 };

function totalBranch(x, from, to) {
  let { sum, count } = state;
  for (let row = from; row < to; row++) {
    const y = x[row] * 1.8 + 32;
    if (y > 50 && y < 90) {
      sum += y;
      count++;
    }
  }
  state.sum = sum;
  state.count = count;
}

function totalMultiply(x, from, to) {
  let { sum, count } = state;
  for (let row = from; row < to; row++) {
    const y = x[row] * 1.8 + 32;
    const kept = (y > 50) & (y < 90);
    sum += y * kept;
    count += kept;
  }
  state.sum = sum;
  state.count = count;
}

// Four sums hide the latency of the additions. `to - from` is a multiple of four.
function totalFourSums(x, from, to) {
  let [a, b, c, d] = [0, 0, 0, 0];
  let count = 0;
  for (let row = from; row < to; row += 4) {
    const y0 = x[row] * 1.8 + 32;
    const y1 = x[row + 1] * 1.8 + 32;
    const y2 = x[row + 2] * 1.8 + 32;
    const y3 = x[row + 3] * 1.8 + 32;
    const kept0 = (y0 > 50) & (y0 < 90);
    const kept1 = (y1 > 50) & (y1 < 90);
    const kept2 = (y2 > 50) & (y2 < 90);
    const kept3 = (y3 > 50) & (y3 < 90);
    a += y0 * kept0;
    b += y1 * kept1;
    c += y2 * kept2;
    d += y3 * kept3;
    count += kept0 + kept1 + kept2 + kept3;
  }
  state.sum += a + b + (c + d);
  state.count += count;
}

function totalSelect(x, from, to) {
  let { sum, count } = state;
  for (let row = from; row < to; row++) {
    const y = x[row] * 1.8 + 32;
    const kept = y > 50 && y < 90;
    sum += kept ? y : 0;
    count += kept ? 1 : 0;
  }
  state.sum = sum;
  state.count = count;
}

function totalF32(x, from, to) {
  const f32 = Math.fround;
  let { sum, count } = state;
  for (let row = from; row < to; row++) {
    const y = f32(f32(x[row] * f32(1.8)) + f32(32));
    if (y > f32(50) && y < f32(90)) {
      sum += y;
      count++;
    }
  }
  state.sum = sum;
  state.count = count;
}

function compactBranch(x, from, to, out) {
  let made = state.count;
  for (let row = from; row < to; row++) {
    const y = x[row] * 1.8 + 32;
    if (y > 50 && y < 90) {
      out[made++] = y;
    }
  }
  state.count = made;
}

function compactAlwaysStore(x, from, to, out) {
  let made = state.count;
  for (let row = from; row < to; row++) {
    const y = x[row] * 1.8 + 32;
    out[made] = y;
    made += (y > 50) & (y < 90);
  }
  state.count = made;
}

function windowsBranch(x, from, to, mean, lows, highs) {
  let row = from;
  let window = from / WINDOW;
  while (row < to) {
    let sum = 0;
    let low = x[row];
    let high = x[row];
    for (const end = row + WINDOW; row < end; row++) {
      const value = x[row];
      sum += value;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    mean[window] = sum / WINDOW;
    lows[window] = low;
    highs[window] = high;
    window++;
  }
}

function windowsMath(x, from, to, mean, lows, highs) {
  let row = from;
  let window = from / WINDOW;
  while (row < to) {
    let sum = 0;
    let low = Infinity;
    let high = -Infinity;
    for (const end = row + WINDOW; row < end; row++) {
      const value = x[row];
      sum += value;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    mean[window] = sum / WINDOW;
    lows[window] = low;
    highs[window] = high;
    window++;
  }
}

function windowsFourSums(x, from, to, mean, lows, highs) {
  let row = from;
  let window = from / WINDOW;
  while (row < to) {
    let [a, b, c, d] = [0, 0, 0, 0];
    let low = x[row];
    let high = x[row];
    for (const end = row + WINDOW; row < end; row += 4) {
      const x0 = x[row];
      const x1 = x[row + 1];
      const x2 = x[row + 2];
      const x3 = x[row + 3];
      a += x0;
      b += x1;
      c += x2;
      d += x3;
      if (x0 < low) low = x0;
      if (x1 < low) low = x1;
      if (x2 < low) low = x2;
      if (x3 < low) low = x3;
      if (x0 > high) high = x0;
      if (x1 > high) high = x1;
      if (x2 > high) high = x2;
      if (x3 > high) high = x3;
    }
    mean[window] = (a + b + (c + d)) / WINDOW;
    lows[window] = low;
    highs[window] = high;
    window++;
  }
}

function summaryBranch(x, from, to) {
  let { sum, squares, low, high } = state;
  for (let row = from; row < to; row++) {
    const value = x[row];
    sum += value;
    squares += value * value;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  Object.assign(state, { sum, squares, low, high });
}

function summaryMath(x, from, to) {
  let { sum, squares, low, high } = state;
  for (let row = from; row < to; row++) {
    const value = x[row];
    sum += value;
    squares += value * value;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  Object.assign(state, { sum, squares, low, high });
}

function eachBlock(rows, block, take) {
  for (let from = 0; from < rows; from += block) {
    take(from, Math.min(rows, from + block));
  }
}

const total = (name, loop) => ({
  kind: "js",
  name,
  run(x) {
    state.sum = state.count = 0;
    eachBlock(x.length, BLOCK, (from, to) => loop(x, from, to));
    return { sum: state.sum, count: state.count };
  },
});

const compact = (name, loop) => ({
  kind: "js",
  name,
  run(x, out) {
    state.count = 0;
    eachBlock(x.length, BLOCK, (from, to) => loop(x, from, to, out[0]));
    return { count: state.count, kept: out[0] };
  },
});

const windows = (name, loop) => ({
  kind: "js",
  name,
  run(x, out) {
    const count = Math.floor(x.length / WINDOW);
    const block = Math.floor(BLOCK / WINDOW) * WINDOW;
    eachBlock(count * WINDOW, block, (from, to) => loop(x, from, to, ...out));
    return { count, mean: out[0], low: out[1], high: out[2] };
  },
});

const summary = (name, loop) => ({
  kind: "js",
  name,
  run(x) {
    Object.assign(state, { sum: 0, squares: 0, low: x[0], high: x[0] });
    eachBlock(x.length, BLOCK, (from, to) => loop(x, from, to));
    const { sum, squares, low, high } = state;
    const variance = (squares - (sum * sum) / x.length) / (x.length - 1);
    return { count: x.length, sum, low, high, mean: sum / x.length, variance };
  },
});

export const loops = {
  W1: [
    total("if", totalBranch),
    total("multiply by 0 or 1", totalMultiply),
    total("multiply by 0 or 1, four sums", totalFourSums),
    total("?:", totalSelect),
    total("if, f32", totalF32),
  ],
  W2: [compact("if", compactBranch), compact("always store", compactAlwaysStore)],
  W4: [
    windows("if", windowsBranch),
    windows("if, four sums", windowsFourSums),
    windows("Math.min, Math.max", windowsMath),
  ],
  W6: [summary("if", summaryBranch), summary("Math.min, Math.max", summaryMath)],
};

// The same chains in RxJS, as its documentation would write them.
export function rxjsChains(rx) {
  const last = (river) => {
    let result;
    river.subscribe((value) => (result = value));
    return result;
  };
  const warm = (x) =>
    rx.from(x).pipe(
      rx.map((value) => value * 1.8 + 32),
      rx.filter((y) => y > 50 && y < 90),
    );
  const chain = (run) => [{ kind: "rxjs", name: "RxJS", rows: 1024 * 1024, run }];
  return {
    W1: chain((x) => {
      const start = { sum: 0, count: 0 };
      return last(
        warm(x).pipe(
          rx.reduce((total, y) => {
            total.sum += y;
            total.count++;
            return total;
          }, start),
        ),
      );
    }),
    W2: chain((x) => {
      const kept = last(warm(x).pipe(rx.toArray()));
      return { count: kept.length, kept };
    }),
    W4: chain((x, [mean, low, high]) => {
      let count = 0;
      rx.from(x)
        .pipe(
          rx.bufferCount(WINDOW),
          rx.filter((rows) => rows.length === WINDOW),
          rx.map((rows) => ({
            mean: rows.reduce((sum, value) => sum + value, 0) / WINDOW,
            low: Math.min(...rows),
            high: Math.max(...rows),
          })),
        )
        .subscribe((window) => {
          mean[count] = window.mean;
          low[count] = window.low;
          high[count++] = window.high;
        });
      return { count, mean, low, high };
    }),
    W6: chain((x) => {
      const start = { count: 0, sum: 0, squares: 0, low: Infinity, high: -Infinity };
      const all = last(
        rx.from(x).pipe(
          rx.reduce((seen, value) => {
            seen.count++;
            seen.sum += value;
            seen.squares += value * value;
            seen.low = Math.min(seen.low, value);
            seen.high = Math.max(seen.high, value);
            return seen;
          }, start),
        ),
      );
      const mean = all.sum / all.count;
      return { ...all, mean, variance: (all.squares - all.sum * mean) / (all.count - 1) };
    }),
  };
}
