// Times JavaScript, RxJS and WASM in one process of Node, in turns, round by round, and prints a line
// of JSON per competitor, as native.c does.
//
//   node bench/wasm.mjs ROUNDS SAMPLE_NS SIZES WORKLOADS

import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { loops, rxjsChains } from "./peers_js.mjs";
import { fill, workloads } from "./samples.mjs";
import { expertCompetitors } from "./wasm_expert.mjs";
import { ourCompetitors } from "./wasm_ours.mjs";

const ROWS = { S: 16 * 1024, L: 32 * 1024 * 1024 };
const BUILD = join(dirname(fileURLToPath(import.meta.url)), "..", "build");
const [rounds, sampleNs] = process.argv.slice(2, 4).map(Number);
const [sizes, names] = process.argv.slice(4, 6);

function skip(what, why) {
  console.error(`SKIPPED: ${what}: ${why}`);
}

// The competitors of each workload; what was not built is left out, loudly.
async function gather(rows) {
  const groups = [loops];
  const rxjs = join(BUILD, "npm", "node_modules", "rxjs");
  if (existsSync(rxjs)) {
    groups.push(rxjsChains(createRequire(import.meta.url)(rxjs)));
  } else {
    skip("RxJS", "not installed; `make setup` installs it");
  }
  for (const [file, competitors] of [
    ["peers_wasm.wasm", expertCompetitors],
    ["ours_wasm.wasm", ourCompetitors],
  ]) {
    const module = join(BUILD, "bench", file);
    if (existsSync(module)) {
      groups.push(await competitors(readFileSync(module), rows));
    } else {
      skip(file, "not built");
    }
  }
  return groups;
}

function timeNs(each, repeats) {
  const start = process.hrtime.bigint();
  for (let repeat = 0; repeat < repeats; repeat++) {
    each.run(each.x, each.out);
  }
  return Number(process.hrtime.bigint() - start);
}

// V8 compiles in steps: a competitor is warm when it has run for a quarter of a second.
function calibrate(each) {
  let took = 0;
  for (let total = 0, runs = 0; runs < 3 || total < 250e6; runs++) {
    took = timeNs(each, 1);
    total += took;
    if (took > 250e6 && runs > 0) {
      break;
    }
  }
  each.repeats = Math.max(1, Math.ceil(sampleNs / took));
}

function race(workload, label, size, x, out, groups) {
  const { expected, judge } = workloads[workload];
  const entered = groups.flatMap((group) => group[workload]).map((entry) => {
    const rows = Math.min(x.length, entry.rows ?? x.length);
    return { ...entry, x: x.subarray(0, rows), out, ns: [] };
  });
  const answers = new Map();
  for (const each of entered) {
    if (!answers.has(each.x.length)) {
      answers.set(each.x.length, expected(each.x));
    }
    out.forEach((column) => column.fill(NaN));
    each.prepare?.(each.x);
    each.verdict = judge(each.run(each.x, out), answers.get(each.x.length));
    calibrate(each);
  }
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < entered.length; turn++) {
      const each = entered[(turn + round) % entered.length];
      each.ns.push(timeNs(each, each.repeats) / each.repeats / each.x.length);
    }
  }
  for (const { kind, name, ns, x: taken, verdict } of entered) {
    const { right, sumError = 0, varianceError = 0 } = verdict;
    const errors = { sum_error: sumError, variance_error: varianceError };
    const line = { workload: label, size, kind, name, build: "node", rows: taken.length, right };
    console.log(JSON.stringify({ ...line, ...errors, rounds: ns }));
  }
}

const rows = sizes.includes("L") ? ROWS.L : ROWS.S;
const groups = await gather(rows);
const all = new Float32Array(rows);
const out = [0, 1, 2].map(() => new Float32Array(rows + 64));
for (const workload of names.split(",")) {
  for (const survivors of workload === "W2" ? [5, 50, 95] : [50]) {
    fill(all, survivors);
    const label = workload === "W2" ? `W2 ${survivors}%` : workload;
    for (const size of sizes) {
      race(workload, label, size, all.subarray(0, ROWS[size]), out, groups);
    }
  }
}
