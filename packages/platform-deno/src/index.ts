/**
 * multifiber on Deno.
 *
 * @since 0.1.0
 */
import { readFileSync } from "node:fs"
import { Adapter, Main as SharedMain } from "@multifiber/platform-shared"
import type * as Layer from "effect/Layer"
import type { Platform } from "multifiber/Platform"

/**
 * The options that Deno runs this program with, which it tells nobody: Linux knows them. Elsewhere, and for a program
 * that was not started by `deno run`, a child may do everything: who may start a process may do that anyway.
 */
const ownOptions = (): ReadonlyArray<string> => {
  const { Deno } = globalThis as { readonly Deno?: { readonly build: { readonly standalone?: boolean } } }
  if (Deno?.build.standalone) {
    throw new Error('an executable that Deno compiled starts no OS processes: use the start method "thread"')
  }
  const everything = ["--allow-all"]
  try {
    const [, command, ...rest] = readFileSync("/proc/self/cmdline", "utf8").split("\0")
    const script = rest.findIndex((argument) => !argument.startsWith("-"))
    return command === "run" && script > 0 ? rest.slice(0, script) : everything
  } catch {
    return everything
  }
}

/**
 * The `Platform` of Deno.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Platform> = Adapter.layer({
  runtime: "deno",
  module: import.meta.url,
  isHere: () => "Deno" in globalThis,
  capabilities: {
    stopsBusyThread: {
      reason:
        "Deno 2.9 reports the end of a terminated thread at once, while busy code in it runs on (denoland/deno PR 35657)",
    },
  },
  argumentsFor: (module) => ["run", ...ownOptions(), module.href],
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
