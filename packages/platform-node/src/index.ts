/**
 * multifiber on Node.
 *
 * @since 0.1.0
 */
import process from "node:process"
import { fileURLToPath } from "node:url"
import { Adapter, OsProcesses, Main as SharedMain } from "@multifiber/platform-shared"
import type * as Layer from "effect/Layer"
import type { Platform } from "multifiber/Platform"

/**
 * The `Platform` of Node.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Platform> = Adapter.layer({
  runtime: "node",
  module: import.meta.url,
  isHere: () => "process" in globalThis && process.versions.bun === undefined && !("Deno" in globalThis),
  capabilities: { stopsBusyThread: true },
  argumentsFor: (module) => [
    ...process.execArgv,
    ...(module.protocol === "file:"
      ? [fileURLToPath(module)]
      : ["--input-type=module", "--eval", OsProcesses.sourceOf(module)]),
  ],
})

/**
 * The entry point guard.
 *
 * @category constructors
 * @since 0.1.0
 */
export const Main = {
  /**
   * Runs the main program, but only in the module that the program was started with, in its main thread: a worker that
   * imports this module for its tasks does not run it again. Gives the program its `Platform` and a scope; Ctrl-C and
   * SIGTERM interrupt it. Ends with exit code 0, 1 after a failure, 130 or 143 after a signal.
   *
   * **Source** – Python's `if __name__ == "__main__"`.
   */
  run: SharedMain.makeRun(layer),
}
