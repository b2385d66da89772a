import { describe, expect } from "@effect/vitest"
import * as Flags from "@multifiber/testkit/Flags"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as AsyncResult from "../src/AsyncResult.ts"
import * as Pool from "../src/Pool.ts"
import { plain } from "./fixtures/plain.ts"
import { live, reached, within } from "./live.ts"

/** A pool of 2, and a task in it that waits for flag 1. */
const pending = Effect.gen(function* () {
  const pool = yield* Pool.make({ size: 2 })
  const flags = Flags.make()
  const result = yield* Pool.applyAsync(pool, plain.wait, [flags])
  yield* reached(flags, 0)
  return { pool, flags, result, release: Effect.sync(() => Flags.add(flags, 1)) }
})

describe("AsyncResult", () => {
  live("ARES-01 tells nothing before the result is there, then the value, again and again", () =>
    Effect.gen(function* () {
      const { release, result } = yield* pending
      expect(yield* Effect.flip(AsyncResult.successful(result))).toMatchObject({ _tag: "NotReady" })
      expect(yield* AsyncResult.ready(result)).toBe(false)
      yield* within(5)(AsyncResult.waitWithin(result, "10 millis"))
      expect(yield* Effect.flip(AsyncResult.getWithin(result, "10 millis"))).toMatchObject({
        _tag: "TimedOut",
      })
      yield* release
      expect(yield* AsyncResult.get(result)).toBe("released")
      expect(yield* AsyncResult.get(result)).toBe("released")
      expect(yield* AsyncResult.getWithin("1 second")(result)).toBe("released")
      expect(yield* AsyncResult.ready(result)).toBe(true)
      expect(yield* AsyncResult.successful(result)).toBe(true)
    }),
  )

  for (const timeout of [0, -1, "0 millis"] as const) {
    live(
      `ARES-03 getWithin(${timeout}) of a pending result is TimedOut at once, of a settled one its value`,
      () =>
        Effect.gen(function* () {
          const { release, result } = yield* pending
          const since = performance.now()
          expect(yield* Effect.flip(AsyncResult.getWithin(result, timeout))).toMatchObject({
            _tag: "TimedOut",
          })
          yield* AsyncResult.waitWithin(timeout)(result)
          expect(performance.now() - since).toBeLessThan(1000)
          yield* release
          yield* AsyncResult.wait(result)
          expect(yield* AsyncResult.getWithin(result, timeout)).toBe("released")
        }),
    )
  }

  live("ARES-05 wait, ready, successful and get of a map", () =>
    Effect.gen(function* () {
      const { pool, release } = yield* pending
      const result = yield* Pool.mapAsync(pool, plain.square, [1, 2, 3])
      yield* AsyncResult.wait(result)
      expect(yield* AsyncResult.ready(result)).toBe(true)
      expect(yield* AsyncResult.successful(result)).toBe(true)
      expect(yield* AsyncResult.get(result)).toEqual([1, 4, 9])
      yield* release
    }),
  )

  live("a failed task is ready, not successful, and get fails each time with the same error", () =>
    Effect.gen(function* () {
      const { pool, release } = yield* pending
      const result = yield* Pool.applyAsync(pool, plain.throwHere, ["again"])
      yield* AsyncResult.wait(result)
      expect(yield* AsyncResult.ready(result)).toBe(true)
      expect(yield* AsyncResult.successful(result)).toBe(false)
      const first = yield* Effect.flip(AsyncResult.get(result))
      expect(first).toMatchObject({ _tag: "RemoteFailure", message: "again" })
      expect(yield* Effect.flip(AsyncResult.get(result))).toBe(first)
      expect(yield* Effect.flip(AsyncResult.getWithin(result, 0))).toBe(first)
      yield* release
    }),
  )

  live(
    "many fibers wait for one result; one that is interrupted takes nothing from the others, nor ends the task",
    () =>
      Effect.gen(function* () {
        const { release, result } = yield* pending
        const fibers = yield* Effect.forEach(Array.from({ length: 100 }), () =>
          Effect.fork(AsyncResult.get(result)),
        )
        yield* Effect.yieldNow()
        yield* Effect.forEach(fibers.slice(0, 50), Fiber.interrupt)
        yield* release
        const values = yield* Effect.forEach(fibers.slice(50), Fiber.join)
        expect(values.every((value) => value === "released")).toBe(true)
        expect(yield* AsyncResult.get(result)).toBe("released")
      }),
  )
})
