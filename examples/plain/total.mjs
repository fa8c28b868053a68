// total.mjs FILE: what the river `total` of examples/rivers/sensors.toml computes, as one would write
// it by hand for CSV without quotes: lines from a stream, and one loop. Seconds go to standard error.
import { createReadStream } from "node:fs";

const begin = performance.now();
let n = 0, mean = 0, squares = 0, low = Infinity, high = -Infinity;

function readLine(line) {
  const field = line.slice(line.lastIndexOf(",") + 1);
  const f = Math.fround(Math.fround(Math.fround(Number.parseFloat(field)) * Math.fround(1.8)) + 32);
  if (!(32 < f && f < 100)) return;
  n += 1;
  const delta = f - mean;
  mean += delta / n;
  squares += delta * (f - mean);
  if (f < low) low = f;
  if (f > high) high = f;
}

let rest = "";
for await (const chunk of createReadStream(process.argv[2], { encoding: "latin1", highWaterMark: 1 << 20 })) {
  const lines = (rest + chunk).split("\n");
  rest = lines.pop();
  lines.forEach(readLine);
}
if (rest) readLine(rest);
console.log(`n,mean,spread,low,high\n${n},${mean},${Math.sqrt(squares / (n - 1))},${low},${high}`);
console.error(((performance.now() - begin) / 1000).toFixed(3));
