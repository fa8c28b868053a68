// A user's program, for the types alone: it is compiled and not run. Lines that must be refused
// say so.
import { Input, NagareError, Output, instantiate, list, load, strings } from "./rivers.js";

type Source = WebAssembly.Module;

export async function main(module: Source, response: Promise<Response>): Promise<number> {
  const rivers = await load(response);
  const kernel = rivers.quotients();
  const out: Output<"quotients"> = kernel.push({ n: [1, 2], by: Int32Array.of(1, 1) });
  const q: Int32Array = out.q;
  const given: Input<"quotients"> = out;
  const again = instantiate(module).quotients({}).push(given, 1, 1);

  const some = rivers.some({ least: 3, wide: 5n });
  const { c, wide, on } = some.push({ c: q, y: [1.5] });
  const flags: boolean[] = list(on, c.length);
  const counts: bigint[] = list(wide);

  const grouped = rivers.by_name();
  grouped.push({ name: ["a", "b"], flag: [true, false], y: new Float64Array(2) });
  const groups = grouped.flush();
  const names: string[] = strings(groups.name);

  const typed = rivers.same();
  const room = typed.columns(16);
  room.x.values[0] = 1.5;
  room.note.bytes.set([65]);
  const { consumed, note, d } = typed.pushInPlace(1);
  const notes: (string | null)[] = strings(note);
  const wides: (bigint | null)[] = list(d);
  try {
    while (!typed.flushInPlace().done);
  } catch (error) {
    if (error instanceof NagareError && error.status === -3) return error.row ?? 0;
  }

  // @ts-expect-error: `least` has no default
  rivers.some();
  // @ts-expect-error: there is no such parameter
  rivers.some({ least: 1, lest: 2 });
  // @ts-expect-error: `by` is missing
  kernel.push({ n: [1] });
  // @ts-expect-error: integers of another width
  kernel.push({ n: Int16Array.of(1), by: [1] });
  // @ts-expect-error: `n` cannot be null
  kernel.push({ n: [null], by: [1] });
  // @ts-expect-error: a timestamp is a bigint
  const at: number[] = list(typed.flush().at);
  // @ts-expect-error: there is no such river
  rivers.quotient();
  // @ts-expect-error: kernels are opened by their river
  new Kernel();
  const arrays = [flags, counts, names, notes, wides, at];
  return arrays.reduce((sum, array) => sum + array.length, again.rows + consumed);
}
