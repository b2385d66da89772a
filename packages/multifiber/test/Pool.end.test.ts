/** Interruption, close, terminate and the end of the scope: every wait ends, every thread is freed. */
import { describe, expect } from "@effect/vitest"
import * as Flags from "@multifiber/testkit/Flags"
import * as Recorder from "@multifiber/testkit/Recorder"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as AsyncResult from "../src/AsyncResult.ts"
import * as Pool from "../src/Pool.ts"
import { effects } from "./fixtures/effects.ts"
import { plain } from "./fixtures/plain.ts"
import { live, reached, within } from "./live.ts"

const range = (count: number): Array<number> => Array.from({ length: count }, (_, n) => n)

/** A pool in a scope of its own, and how to close that. */
const poolInScope = (options: Pool.Options) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const pool = yield* Scope.extend(Pool.make(options), scope)
    return { pool, close: within(15)(Scope.close(scope, Exit.void)) }
  })

describe("Pool interruption", () => {
  live("apply that waits in the queue, interrupted: the task never runs", () =>
    Effect.gen(function* () {
      const flags = Flags.make()
      const touched = Flags.make()
      const pool = yield* Pool.make({ size: 1 })
      const running = yield* Pool.applyAsync(pool, plain.wait, [flags])
      yield* reached(flags, 0)
      const fibers = yield* Effect.forEach(range(50), () =>
        Effect.fork(Pool.apply(pool, plain.touch, [touched])),
      )
      yield* Effect.yieldNow()
      yield* within(5)(Fiber.interruptAll(fibers))
      Flags.add(flags, 1)
      yield* AsyncResult.get(running)
      expect(yield* Pool.apply(pool, plain.square, [3])).toBe(9)
      expect(Flags.get(touched, 0)).toBe(0)
    }),
  )

  for (const [how, task] of [
    ["waits", plain.wait],
    ["blocks its thread", plain.block],
  ] as const) {
    live(
      `apply whose task ${how}, interrupted: the caller is free at once, the result is dropped, the pool goes on`,
      () =>
        Effect.gen(function* () {
          const { agents, holds } = yield* Recorder.Recorder
          const flags = Flags.make()
          const pool = yield* Pool.make({ size: 1 })
          const fiber = yield* Effect.fork(Pool.apply(pool, task, [flags]))
          yield* reached(flags, 0)
          yield* within(5)(Fiber.interrupt(fiber))
          Flags.add(flags, 1)
          expect(yield* Pool.apply(pool, plain.square, [3])).toBe(9)
          // A blocked thread may be ended before it comes to see the flag.
          if (task === plain.wait) expect(agents.length).toBe(1)
          expect(holds()).toBe(0)
        }),
    )
  }

  live("map, interrupted: chunks that have not begun do not run", () =>
    Effect.gen(function* () {
      const flags = Flags.make()
      const touched = Flags.make(100)
      const pool = yield* Pool.make({ size: 1 })
      const running = yield* Pool.applyAsync(pool, plain.wait, [flags])
      yield* reached(flags, 0)
      const items = range(100).map((n) => ({ flags: touched, n, bad: [] }))
      const map = yield* Effect.fork(Pool.map(pool, plain.touchAndFail, items, { chunkSize: 3 }))
      yield* Effect.yieldNow()
      yield* within(5)(Fiber.interrupt(map))
      Flags.add(flags, 1)
      yield* AsyncResult.get(running)
      yield* Pool.apply(pool, plain.square, [1])
      expect([...touched]).toEqual(range(100).map(() => 0))
    }),
  )

  live("of a thousand calls, the interrupted ones run once at most, and the others give their results", () =>
    Effect.gen(function* () {
      const { holds } = yield* Recorder.Recorder
      const touched = Flags.make(1000)
      const pool = yield* Pool.make({ size: 2 })
      const fibers = yield* Effect.forEach(range(1000), (n) =>
        Effect.fork(Pool.apply(pool, plain.touchAndFail, [{ flags: touched, n, bad: [] }])),
      )
      yield* Effect.yieldNow()
      const dropped = fibers.filter((_, n) => n % 3 === 0)
      const kept = fibers.filter((_, n) => n % 3 !== 0)
      yield* within(10)(Fiber.interruptAll(dropped))
      expect(yield* within(10)(Effect.forEach(kept, Fiber.join))).toEqual(
        range(1000).filter((n) => n % 3 !== 0),
      )
      touched.forEach((times, n) => {
        if (n % 3 === 0) expect(times).toBeLessThanOrEqual(1)
        else expect(times).toBe(1)
      })
      expect(holds()).toBe(0)
    }),
  )

  live("Pool.make, interrupted while the workers start: none is left", () =>
    Effect.gen(function* () {
      const { agents, holds, until } = yield* Recorder.Recorder
      const making = yield* Effect.fork(Effect.scoped(Pool.make({ size: 3 })))
      yield* Effect.yieldNow()
      expect(agents.length).toBe(3)
      yield* within(15)(Fiber.interrupt(making))
      yield* within(15)(until(() => agents.every(({ exit }) => exit !== undefined)))
      expect(holds()).toBe(0)
    }),
  )
})

describe("Pool end", () => {
  const bodies = [
    { name: "idle", task: undefined, freed: true },
    { name: "with a task that waits", task: plain.never, freed: true },
    { name: "with a task that blocks its thread", task: plain.block, freed: !("Deno" in globalThis) },
    { name: "with a task that is busy", task: plain.spin, freed: !("Deno" in globalThis) },
    { name: "with an effect", task: effects.hang, freed: true },
    { name: "with an effect whose finalizer never ends", task: effects.hangForGood, freed: true },
  ]
  for (const { freed, name, task } of bodies) {
    live(
      `the end of the scope of a pool ${name} settles every task in bounded time and frees the threads`,
      () =>
        Effect.gen(function* () {
          const { agents, holds, until } = yield* Recorder.Recorder
          const flags = Flags.make()
          const { close, pool } = yield* poolInScope({ size: 2, grace: "300 millis" })
          const pending = task
            ? yield* Effect.forEach(range(20), () => Pool.applyAsync(pool, task, [flags]))
            : []
          if (task) yield* reached(flags, 0, 2)
          yield* close
          for (const each of pending) {
            expect(yield* within(1)(Effect.flip(AsyncResult.get<unknown, unknown>(each)))).toMatchObject({
              _tag: "PoolTerminated",
            })
          }
          expect(agents.every(({ exit }) => exit !== undefined)).toBe(true)
          expect(agents.length).toBe(2)
          expect(holds()).toBe(0)
          // Deno goes on with a thread that is busy or blocked, until its task ends.
          if (!freed) Flags.add(flags, 1)
          yield* within(15)(until(() => agents.every(({ events }) => events.includes("gone"))))
        }),
    )
  }

  live("the end of the scope after close ends what is not done, too", () =>
    Effect.gen(function* () {
      const flags = Flags.make()
      const { close, pool } = yield* poolInScope({ size: 1 })
      const pending = yield* Pool.applyAsync(pool, plain.never, [flags])
      yield* reached(flags, 0)
      yield* Pool.close(pool)
      yield* close
      expect(yield* Effect.flip(AsyncResult.get(pending))).toMatchObject({ _tag: "PoolTerminated" })
    }),
  )

  live("close, terminate and join may be repeated, by many fibers at once", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 2 })
      const pending = yield* Pool.mapAsync(pool, plain.square, range(100))
      yield* Pool.close(pool)
      yield* Pool.close(pool)
      yield* within(10)(
        Effect.all(
          range(10).map(() => Pool.join(pool)),
          { concurrency: "unbounded" },
        ),
      )
      yield* Pool.terminate(pool)
      yield* Pool.terminate(pool)
      yield* Pool.close(pool)
      yield* within(10)(Pool.join(pool))
      expect(yield* AsyncResult.get(pending)).toEqual(range(100).map((n) => n * n))
    }),
  )

  live("terminate after close ends the tasks that are not done", () =>
    Effect.gen(function* () {
      const flags = Flags.make()
      const pool = yield* Pool.make({ size: 1 })
      const pending = yield* Pool.applyAsync(pool, plain.never, [flags])
      yield* reached(flags, 0)
      yield* Pool.close(pool)
      const joining = yield* Effect.fork(Pool.join(pool))
      yield* Effect.yieldNow()
      expect(joining.unsafePoll()).toBe(null)
      yield* Pool.terminate(pool)
      yield* within(10)(Fiber.join(joining))
      expect(yield* Effect.flip(AsyncResult.get(pending))).toMatchObject({ _tag: "PoolTerminated" })
      expect(yield* Effect.flip(Pool.apply(pool, plain.square, [1]))).toMatchObject({ state: "terminated" })
    }),
  )

  live("a join that is interrupted does not end the pool", () =>
    Effect.gen(function* () {
      const flags = Flags.make()
      const pool = yield* Pool.make({ size: 1 })
      const pending = yield* Pool.applyAsync(pool, plain.wait, [flags])
      yield* reached(flags, 0)
      yield* Pool.close(pool)
      const joining = yield* Effect.fork(Pool.join(pool))
      yield* Effect.yieldNow()
      yield* within(5)(Fiber.interrupt(joining))
      Flags.add(flags, 1)
      expect(yield* AsyncResult.get(pending)).toBe("released")
      yield* within(10)(Pool.join(pool))
    }),
  )

  live(
    "20 pools in a row leave nothing behind",
    () =>
      Effect.gen(function* () {
        const { agents, holds } = yield* Recorder.Recorder
        for (let n = 0; n < 20; n++) {
          const value = yield* within(20)(
            Effect.scoped(
              Effect.flatMap(Pool.make({ size: 1 }), (pool) => Pool.apply(pool, plain.square, [n])),
            ),
          )
          expect(value).toBe(n * n)
        }
        expect(agents.filter(({ exit }) => exit === undefined)).toEqual([])
        expect(holds()).toBe(0)
      }),
    120,
  )
})
