/** Tasks that return promises and effects, and the layers that they need. */
import { describe, expect } from "@effect/vitest"
import * as Flags from "@multifiber/testkit/Flags"
import * as Recorder from "@multifiber/testkit/Recorder"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as AsyncResult from "../src/AsyncResult.ts"
import * as Pool from "../src/Pool.ts"
import { effects, Odd } from "./fixtures/effects.ts"
import { failingLayer } from "./fixtures/failingLayer.ts"
import { layered } from "./fixtures/layered.ts"
import { plain } from "./fixtures/plain.ts"
import { live, reached, within } from "./live.ts"
import { onEach } from "./startMethods.ts"

describe("Pool with effects", () => {
  live("a worker that runs plain tasks never loads effect, one that runs an effect does (control)", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 1 })
      yield* Pool.map(pool, plain.square, [1, 2, 3])
      yield* Effect.either(Pool.apply(pool, plain.throwHere, ["x"]))
      yield* Pool.apply(pool, plain.squareLater, [1, 1])
      expect(yield* Pool.apply(pool, plain.marksOfEffect, [])).toEqual([])
      yield* Pool.apply(pool, effects.double, [1])
      expect(yield* Pool.apply(pool, plain.marksOfEffect, [])).not.toEqual([])
    }),
  )

  live("async functions and effects give their values, also in maps", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 2 })
      expect(yield* Pool.apply(pool, plain.squareLater, [3, 1])).toBe(9)
      expect(yield* Pool.apply(pool, effects.double, [3])).toBe(6)
      expect(yield* Pool.apply(pool, effects.later, [3])).toBe(3)
      expect(yield* Pool.map(pool, effects.later, [1, 2, 3, 4], { chunkSize: 3 })).toEqual([1, 2, 3, 4])
      const open = Flags.make()
      Flags.add(open, 1)
      expect(yield* Pool.map(pool, plain.wait, [open])).toEqual(["released"])
    }),
  )

  live(
    "an async task gives up the thread: the worker can be asked to stop meanwhile, and is told of more work",
    () =>
      Effect.gen(function* () {
        const pool = yield* Pool.make({ size: 1 })
        const flags = Flags.make()
        const waiting = yield* Pool.applyAsync(pool, plain.wait, [flags])
        yield* reached(flags, 0)
        const next = yield* Pool.applyAsync(pool, plain.square, [5])
        expect(yield* AsyncResult.ready(next)).toBe(false)
        Flags.add(flags, 1)
        expect(yield* AsyncResult.get(waiting)).toBe("released")
        expect(yield* AsyncResult.get(next)).toBe(25)
      }),
  )

  for (const [how, task] of [
    ["an effect", effects.half],
    ["a plain function", effects.halfPlain],
    ["an async function", effects.halfAsync],
  ] as const) {
    onEach(`POOL-20 a typed failure of ${how} with an error schema arrives as itself`, () =>
      Effect.gen(function* () {
        const pool = yield* Pool.make({ size: 1 })
        expect(yield* Pool.apply(pool, task, [8])).toBe(4)
        const caught = yield* Pool.apply(pool, task, [7]).pipe(
          Effect.catchTag("Odd", (odd) => Effect.succeed([odd instanceof Odd, odd.n])),
        )
        expect(caught).toEqual([true, 7])
        expect(yield* Effect.flip(Pool.map(pool, task, [2, 9, 4], { chunkSize: 1 }))).toEqual(
          new Odd({ n: 9 }),
        )
        const pending = yield* Pool.applyAsync(pool, task, [3])
        expect(yield* Effect.flip(AsyncResult.get(pending))).toEqual(new Odd({ n: 3 }))
      }),
    )
  }

  const untold = [
    {
      name: "a failure without an error schema",
      call: (pool: Pool.Pool) => Pool.apply(pool, effects.halfUntold, [7]),
      error: { name: "Odd", fields: { _tag: "Odd", n: 7 } },
    },
    {
      name: "a failure that the error schema does not know",
      call: (pool: Pool.Pool) => Pool.apply(pool, effects.other, []),
      error: { name: "Local", message: "other", fields: { _tag: "Local", detail: { deep: [1] } } },
    },
    {
      name: "a defect",
      call: (pool: Pool.Pool) => Pool.apply(pool, effects.defect, ["broken"]),
      error: { name: "RangeError", message: "broken" },
    },
    {
      name: "several failures at once",
      call: (pool: Pool.Pool) => Pool.apply(pool, effects.several, []),
      error: { name: "AggregateError", errors: [{ message: "one" }, { message: "two" }] },
    },
  ]
  for (const { call, error, name } of untold) {
    live(`${name} arrives as a RemoteFailure with its fields and its stack`, () =>
      Effect.gen(function* () {
        const pool = yield* Pool.make({ size: 1 })
        const failure = yield* Effect.flip(call(pool) as Effect.Effect<unknown, unknown>)
        expect(failure).toMatchObject({ _tag: "RemoteFailure", ...error })
      }),
    )
  }

  live("an effect that interrupts itself is TaskInterrupted", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 1 })
      expect(yield* Effect.flip(Pool.apply(pool, effects.interruptSelf, []))).toMatchObject({
        _tag: "TaskInterrupted",
        task: "interruptSelf",
      })
      expect(yield* Pool.apply(pool, effects.double, [2])).toBe(4)
    }),
  )

  live("terminate interrupts the effects that run: their finalizers run", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 2 })
      const flags = Flags.make()
      const pending = yield* Effect.forEach([1, 2, 3, 4], () => Pool.applyAsync(pool, effects.hang, [flags]))
      yield* reached(flags, 0, 2)
      yield* Pool.terminate(pool)
      yield* within(10)(Pool.join(pool))
      expect([Flags.get(flags, 0), Flags.get(flags, 1)]).toEqual([2, 2])
      for (const each of pending)
        expect(yield* Effect.flip(AsyncResult.get(each))).toMatchObject({ _tag: "PoolTerminated" })
    }),
  )

  live("an effect whose finalizer never ends is ended by force after the grace period", () =>
    Effect.gen(function* () {
      const { agents } = yield* Recorder.Recorder
      const pool = yield* Pool.make({ size: 1, grace: "100 millis" })
      const flags = Flags.make()
      yield* Pool.applyAsync(pool, effects.hangForGood, [flags])
      yield* reached(flags, 0)
      yield* Pool.terminate(pool)
      yield* within(10)(Pool.join(pool))
      expect(agents[0]?.exit?.code).toBe(-9)
    }),
  )

  live("POOL-31 EXEC-12 a layer is built once in each worker, before its first task", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 1 })
      const flags = Flags.make()
      expect(yield* Pool.apply(pool, layered.plainWithLayer, [])).toBe(1)
      for (let uses = 1; uses <= 5; uses++) {
        expect(yield* Pool.apply(pool, layered.use, [flags])).toEqual({ build: 1, uses })
      }
    }),
  )

  for (const how of ["close", "terminate", "scope"] as const) {
    live(`a layer is released when the pool ends by ${how}, once in each worker that built it`, () =>
      Effect.gen(function* () {
        const flags = Flags.make()
        yield* Effect.scoped(
          Effect.gen(function* () {
            const pool = yield* Pool.make({ size: 2 })
            yield* Pool.map(pool, layered.use, [flags, flags, flags, flags], { chunkSize: 1 })
            expect(Flags.get(flags, 1)).toBe(0)
            if (how === "scope") return
            yield* Pool[how](pool)
            yield* within(10)(Pool.join(pool))
          }),
        )
        const workers = Flags.get(flags, 1)
        expect(workers).toBeGreaterThanOrEqual(1)
        expect(workers).toBeLessThanOrEqual(2)
      }),
    )
  }

  live("a worker that takes the place of a lost one builds the layer anew", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 1 })
      const flags = Flags.make()
      yield* Pool.apply(pool, layered.use, [flags])
      yield* Effect.flip(Pool.apply(pool, plain.exit, [1]))
      expect(yield* Pool.apply(pool, layered.use, [flags])).toEqual({ build: 1, uses: 1 })
    }),
  )

  onEach(
    "POOL-44 EXEC-13 a layer that fails fails the pool: pending and later tasks, without a respawn loop",
    () =>
      Effect.gen(function* () {
        const { agents, holds } = yield* Recorder.Recorder
        const pool = yield* Pool.make({ size: 2 })
        const pending = yield* Effect.forEach([1, 2, 3, 4, 5, 6], () =>
          Pool.applyAsync(pool, failingLayer.query, []),
        )
        const expected = {
          _tag: "InitializerFailed",
          url: failingLayer.query.url,
          cause: { message: "no connection" },
        }
        for (const each of pending)
          expect(yield* within(10)(Effect.flip(AsyncResult.get(each)))).toMatchObject(expected)
        expect(yield* Effect.flip(Pool.apply(pool, failingLayer.query, []))).toMatchObject(expected)
        expect(yield* Effect.flip(Pool.apply(pool, plain.square, [1]))).toMatchObject(expected)
        expect(yield* Effect.flip(Pool.map(pool, plain.square, [1]))).toMatchObject(expected)
        yield* within(10)(Pool.join(pool))
        expect(agents.length).toBe(2)
        expect(holds()).toBe(0)
      }),
  )

  live("a plain task in a module whose layer fails is InitializerFailed, too", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 1 })
      expect(yield* Effect.flip(Pool.apply(pool, failingLayer.plainQuery, []))).toMatchObject({
        _tag: "InitializerFailed",
      })
    }),
  )

  live("tasks of several modules share a worker, and the layer of one does not concern the others", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 1 })
      const flags = Flags.make()
      const results = yield* Effect.all(
        [
          Pool.apply(pool, plain.square, [2]),
          Pool.apply(pool, layered.use, [flags]),
          Pool.apply(pool, effects.double, [4]),
          Pool.apply(pool, plain.square, [3]),
        ],
        { concurrency: "unbounded" },
      )
      expect(results).toEqual([4, { build: 1, uses: 1 }, 8, 9])
    }),
  )

  live("typed failures, values and lost workers settle each their own task", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 2 })
      const ends = yield* Effect.forEach(
        Array.from({ length: 40 }, (_, n) => n),
        (n) =>
          Effect.either(
            n % 8 === 5 ? Pool.apply(pool, plain.exit, [n]) : Pool.apply(pool, effects.half, [n]),
          ),
        { concurrency: "unbounded" },
      )
      ends.forEach((end, n) => {
        if (n % 8 === 5) expect(end).toMatchObject({ left: { _tag: "WorkerLost", exitCode: n } })
        else if (n % 2 === 1) expect(end).toEqual(Either.left(new Odd({ n })))
        else expect(end).toEqual(Either.right(n / 2))
      })
    }),
  )
})
