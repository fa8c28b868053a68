// arrays.mjs ROWS: the river `total` over numbers in memory as a plain loop over a typed array.
// Prints: who, the least of some times in seconds, readings in the band, and their mean and spread.
const PASSES = 7, GAP_EVERY = 1000;

// The same numbers as in arrays.c: 10 to 35 degrees in steps of 1/256, and a gap now and then.
function fill(rows) {
  const celsius = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const mixed = Math.imul(row, 2654435761 | 0) >>> 16;
    celsius[row] = row % GAP_EVERY === 0 ? NaN : 10 + (mixed % 6400) / 256;
  }
  return celsius;
}

function plain(celsius) {
  const scale = Math.fround(1.8);
  let n = 0, sum = 0, squares = 0, low = Infinity, high = -Infinity;
  for (let row = 0; row < celsius.length; row++) {
    const f = Math.fround(Math.fround(celsius[row] * scale) + 32);
    if (32 < f && f < 100) {
      const off = f - 66; // the middle of the band, so that little is lost
      n += 1;
      sum += off;
      squares += off * off;
      if (f < low) low = f;
      if (f > high) high = f;
    }
  }
  return { n, mean: 66 + sum / n, spread: Math.sqrt((squares - (sum * sum) / n) / (n - 1)), low, high };
}

function race(who, run, data) {
  let least = Infinity, totals;
  for (let pass = 0; pass < PASSES; pass++) {
    const begin = performance.now();
    totals = run(data);
    least = Math.min(least, (performance.now() - begin) / 1000);
  }
  const { n, mean, spread, low, high } = totals;
  console.log(who, least.toFixed(6), n, mean.toFixed(6), spread.toFixed(6), low.toFixed(2), high.toFixed(2));
}

race("plain", plain, fill(Number(process.argv[2])));
