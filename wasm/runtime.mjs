// runtime: the host's side of nagare's port for WebAssembly (core/runtime_wasm.h), in browsers, Node
// and Workers. A module keeps its event loop in static memory and exports `turn`, which runs one
// turn of it; this calls `turn` whenever the loop asks to be.

const FOREVER = 2n ** 63n - 1n;
const LONGEST_TIMEOUT = 2 ** 31 - 1; // of setTimeout, in milliseconds

/** Calls `run` soon, after what the host has waiting. */
function soonCaller(run) {
  if (typeof setImmediate === "function") {
    return () => setImmediate(run);
  }
  if (typeof MessageChannel === "function") {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = run;
    return () => port2.postMessage(null);
  }
  return () => setTimeout(run, 0);
}

const nanoseconds = (milliseconds) => BigInt(Math.round(milliseconds * 1e6));

/**
 * Instantiates a module and runs its loop.
 *
 * @param {BufferSource | WebAssembly.Module} source the module: its bytes, or compiled
 * @param {WebAssembly.Imports} [imports] what the module imports besides `nagare`
 * @returns {Promise<{ exports: WebAssembly.Exports, stop: () => void }>} its exports, among them
 *   what starts it; `stop` has its loop not run any more
 * @throws {TypeError} if the module exports no function `turn`
 */
export async function run(source, imports = {}) {
  let instance;
  let timer;
  let isSoon = false;
  let isStopped = false;

  const turn = () => {
    isSoon = false;
    if (!isStopped) {
      instance.exports.turn();
    }
  };
  const soon = soonCaller(turn);

  // The latest wish counts, but for what comes soon anyway.
  const schedule = (until) => {
    clearTimeout(timer);
    if (isSoon || isStopped || until === FOREVER) {
      return;
    }
    const wait = Number(until - nanoseconds(performance.now())) / 1e6;
    if (wait <= 0) {
      isSoon = true;
      soon();
    } else {
      timer = setTimeout(turn, Math.min(Math.ceil(wait), LONGEST_TIMEOUT));
    }
  };

  const nagare = {
    now: () => nanoseconds(performance.now()),
    wall: () => BigInt(Date.now()) * 1000000n,
    random: () => crypto.getRandomValues(new BigInt64Array(1))[0],
    schedule,
  };
  const module = source instanceof WebAssembly.Module ? source : await WebAssembly.compile(source);
  instance = await WebAssembly.instantiate(module, { ...imports, nagare });
  if (typeof instance.exports.turn !== "function") {
    throw new TypeError("the module exports no function `turn`, which runs a turn of its loop");
  }
  const stop = () => {
    isStopped = true;
    clearTimeout(timer);
  };
  return { exports: instance.exports, stop };
}
