// Rows of every type for the tests, made from their numbers.

export const TYPED = {
  at: (i) => BigInt(i) * 1000n - 5n,
  flag: (i) => i % 3 === 0,
  maybe: (i) => (i % 5 === 0 ? null : i % 2 === 0),
  a: (i) => (i % 256) - 128,
  b: (i) => (i % 65536) - 32768,
  c: (i) => i - 2 ** 31,
  d: (i) => (i % 7 === 0 ? null : BigInt(i) - 2n ** 63n),
  e: (i) => i % 256,
  f: (i) => i % 65536,
  g: (i) => (i % 11 === 0 ? null : 2 ** 32 - 1 - i),
  h: (i) => 2n ** 64n - 1n - BigInt(i),
  x: (i) => (i % 4 === 0 ? null : i / 4),
  y: (i) => (i % 100 === 0 ? -0 : i / 3),
  name: (i) => ["", "a", "zwei", "流れ", "🌊"][i % 5].repeat(i % 3),
  note: (i) => (i % 3 === 0 ? null : `row ${i}`),
  rows_: (i) => i,
};

export function typed(rows, from = 0) {
  const values = (make) => Array.from({ length: rows }, (_, row) => make(from + row));
  return Object.fromEntries(Object.entries(TYPED).map(([name, make]) => [name, values(make)]));
}

// Plain arrays of a result's columns.
export function plain(list, out) {
  const columns = Object.entries(out).filter(([name]) => name !== "rows");
  return Object.fromEntries(columns.map(([name, column]) => [name, list(column, out.rows)]));
}
