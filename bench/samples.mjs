// The data of the race and its right answers, as in native.c.

export const BLOCK = 16 * 1024; // rows that one call of a competitor takes
export const WINDOW = 100;

// A counter, hashed: 24 random bits a row.
function hashed(counter) {
  let bits = (Math.imul(counter, 0x9e3779b9) + 0x7f4a7c15) | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad);
  bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
  return (bits ^ (bits >>> 15)) >>> 8;
}

// Uniform around the band, so wide that `survivors` per cent fall into it, and no value so near a
// bound that rounding could decide.
export function fill(x, survivors) {
  const width = (((90 - 50) / 1.8) * 100) / survivors;
  const low = (70 - 32) / 1.8 - width / 2;
  for (let row = 0; row < x.length; row++) {
    x[row] = low + width * (hashed(row) * 2 ** -24);
    const y = x[row] * 1.8 + 32;
    if (Math.abs(y - 50) < 1e-3 || Math.abs(y - 90) < 1e-3) {
      x[row] += 0.01;
    }
  }
}

function expectedBand(x) {
  const kept = [];
  let sum = 0;
  let count = 0;
  for (const value of x) {
    const y = value * 1.8 + 32;
    if (50 < y && y < 90) {
      sum += y;
      if (count++ < BLOCK) {
        kept.push(y);
      }
    }
  }
  return { sum, count, kept };
}

function expectedWindows(x) {
  const count = Math.floor(x.length / WINDOW);
  const expected = { count, mean: [], low: [], high: [] };
  for (let window = 0; window < Math.min(count, BLOCK / WINDOW); window++) {
    const rows = x.subarray(window * WINDOW, (window + 1) * WINDOW);
    expected.mean.push(rows.reduce((sum, value) => sum + value, 0) / WINDOW);
    expected.low.push(Math.min(...rows));
    expected.high.push(Math.max(...rows));
  }
  return expected;
}

function expectedSummary(x) {
  let sum = 0;
  let low = x[0];
  let high = x[0];
  for (const value of x) {
    sum += value;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const mean = sum / x.length;
  let squares = 0;
  for (const value of x) {
    squares += (value - mean) ** 2;
  }
  return { count: x.length, sum, low, high, mean, variance: squares / (x.length - 1) };
}

const near = (got, wanted, tolerance) => Math.abs(got - wanted) <= tolerance * (1 + Math.abs(wanted));
const allNear = (got, wanted, tolerance) =>
  wanted.every((value, index) => near(got[index], value, tolerance));
const relative = (got, wanted) => Math.abs(got - wanted) / Math.abs(wanted);

// For each workload: the right answer for `x`, and a judge of one that was got. Long outputs are
// compared in their first block and by their length.
export const workloads = {
  W1: {
    expected: expectedBand,
    judge(got, wanted) {
      const sumError = relative(got.sum, wanted.sum);
      return { right: got.count === wanted.count && sumError < 1e-2, sumError };
    },
  },
  W2: {
    expected: expectedBand,
    judge: (got, wanted) => ({
      right: got.count === wanted.count && allNear(got.kept, wanted.kept, 1e-6),
    }),
  },
  W4: {
    expected: expectedWindows,
    judge: (got, wanted) => ({
      right:
        got.count === wanted.count &&
        allNear(got.mean, wanted.mean, 2e-6) &&
        allNear(got.low, wanted.low, 0) &&
        allNear(got.high, wanted.high, 0),
    }),
  },
  W6: {
    expected: expectedSummary,
    judge(got, wanted) {
      const sumError = Math.max(relative(got.sum, wanted.sum), relative(got.mean, wanted.mean));
      const varianceError = relative(got.variance, wanted.variance);
      const right =
        got.count === wanted.count &&
        got.low === wanted.low &&
        got.high === wanted.high &&
        sumError < 1e-2 &&
        varianceError < 1e-2;
      return { right, sumError, varianceError };
    },
  },
};
