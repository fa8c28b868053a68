/** A module whose loop runs. */
export interface Running {
  /** What the module exports, among it what starts it. */
  readonly exports: WebAssembly.Exports;
  /** Has its loop not run any more. Idempotent. */
  stop(): void;
}

/**
 * Instantiates a module and runs its loop: calls its export `turn` whenever the loop asks to be
 * called. `imports` is what the module imports besides `nagare`. Rejects with a `TypeError` if the
 * module exports no `turn`.
 */
export function run(
  source: BufferSource | WebAssembly.Module,
  imports?: WebAssembly.Imports,
): Promise<Running>;
