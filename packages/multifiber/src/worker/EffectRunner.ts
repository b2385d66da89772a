/**
 * Runs the effects of tasks inside an agent. The runner loads this module (and `effect` with it) when a task first needs
 * it: an agent that runs plain tasks never does.
 */
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"

/** How an effect failed: every failure and defect of its cause, the decisive one first; none where it was interrupted. */
export class EffectFailure {
  readonly _tag = "~multifiber/EffectFailure"
  readonly errors: ReadonlyArray<unknown>
  constructor(cause: Cause.Cause<unknown>) {
    this.errors = [
      ...Chunk.toReadonlyArray(Cause.failures(cause)),
      ...Chunk.toReadonlyArray(Cause.defects(cause)),
    ]
  }
}

export interface EffectRunner {
  /** Builds the layer of a module; rejects with `EffectFailure`. */
  readonly build: (url: string, layer: Layer.Layer<any, any, never>) => Promise<void>
  /** Runs an effect with the services of its module; rejects with `EffectFailure`. */
  readonly run: (url: string, effect: Effect.Effect<unknown, unknown, any>) => Promise<unknown>
  /** Interrupts what runs; does not wait for it. */
  readonly interrupt: () => void
  /** Interrupts what runs, then releases the layers, the newest first. */
  readonly dispose: () => Promise<void>
}

const settle = async <A>(exit: Promise<Exit.Exit<A, unknown>>): Promise<A> =>
  Exit.match(await exit, {
    onSuccess: (value) => value,
    onFailure: (cause) => {
      throw new EffectFailure(cause)
    },
  })

export const make = (): EffectRunner => {
  const runtimes = new Map<string, ManagedRuntime.ManagedRuntime<any, any>>()
  const running = new Set<Fiber.RuntimeFiber<unknown, unknown>>()
  return {
    build: async (url, layer) => {
      const runtime = ManagedRuntime.make(layer)
      runtimes.set(url, runtime)
      await settle(Effect.runPromiseExit(Effect.asVoid(runtime.runtimeEffect)))
    },
    run: (url, effect) => {
      const fiber =
        runtimes.get(url)?.runFork(effect) ?? Effect.runFork(effect as Effect.Effect<unknown, unknown>)
      running.add(fiber)
      fiber.addObserver(() => running.delete(fiber))
      return settle(Effect.runPromise(Fiber.await(fiber)))
    },
    interrupt: () => {
      for (const fiber of running) fiber.unsafeInterruptAsFork(fiber.id())
    },
    dispose: async () => {
      await Effect.runPromise(Fiber.interruptAll(running))
      for (const runtime of [...runtimes.values()].reverse()) await runtime.dispose()
    },
  }
}
