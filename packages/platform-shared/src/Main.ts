/**
 * The entry point guard: a main program that workers may import.
 *
 * @since 0.1.0
 */
import { realpathSync } from "node:fs"
import { createRequire } from "node:module"
import process from "node:process"
import { pathToFileURL } from "node:url"
import { isMainThread } from "node:worker_threads"
import * as Runtime from "@effect/platform/Runtime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { Platform } from "multifiber/Platform"

/**
 * What of `import.meta` the guard reads.
 *
 * @category models
 * @since 0.1.0
 */
export interface ImportMeta {
  readonly url: string
  readonly main?: boolean | undefined
}

/** Whether a module is the one that the program was started with. */
const isEntry = (meta: ImportMeta): boolean => {
  if (!isMainThread) return false
  if (typeof meta.main === "boolean") return meta.main
  const [, script] = process.argv
  if (script === undefined) return false
  try {
    return pathToFileURL(realpathSync(createRequire(meta.url).resolve(script))).href === meta.url
  } catch {
    return false
  }
}

/** Exit codes of a program that a signal ended, as shells have them. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const

/**
 * Makes the `Main.run` of a runtime.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeRun =
  (layer: Layer.Layer<Platform>) =>
  <A, E>(meta: ImportMeta, program: Effect.Effect<A, E, Platform | Scope.Scope>): void => {
    if (!isEntry(meta)) return
    runMain(program.pipe(Effect.scoped, Effect.provide(layer)))
  }

const runMain = Runtime.makeRunMain(({ fiber, teardown }) => {
  let code: number | undefined
  const keepAlive = setInterval(() => {}, 2 ** 30)
  const stop = (signal: keyof typeof SIGNALS) => {
    code = SIGNALS[signal]
    fiber.unsafeInterruptAsFork(fiber.id())
  }
  fiber.addObserver((exit) => {
    clearInterval(keepAlive)
    process.removeListener("SIGINT", stop)
    process.removeListener("SIGTERM", stop)
    // A program that succeeds may have set an exit code of its own.
    if (Exit.isFailure(exit)) {
      teardown(exit, (failed) => {
        process.exitCode = code ?? failed
      })
    }
  })
  process.on("SIGINT", stop)
  process.on("SIGTERM", stop)
})
