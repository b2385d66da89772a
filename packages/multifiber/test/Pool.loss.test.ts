/** No task is lost or doubled, whatever becomes of the workers. */
import { describe, expect } from "@effect/vitest"
import * as Flags from "@multifiber/testkit/Flags"
import * as Recorder from "@multifiber/testkit/Recorder"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as AsyncResult from "../src/AsyncResult.ts"
import * as Pool from "../src/Pool.ts"
import { effects } from "./fixtures/effects.ts"
import { plain } from "./fixtures/plain.ts"
import { act, codeOf, type Order } from "./fixtures/storm.ts"
import { live, within } from "./live.ts"

/** Deno lets a worker go on for a moment after `process.exit`, now and then: enough rounds to see it run a task again. */
const ROUNDS = "Deno" in globalThis ? 10 : 2

const whatOf = (n: number): Order["what"] => (n % 100 === 7 ? "exit" : n % 100 === 53 ? "throw" : "ok")

const expected = (n: number) => {
  switch (whatOf(n)) {
    case "exit":
      return { _tag: "Left", left: { _tag: "WorkerLost", exitCode: codeOf(n), task: "act" } }
    case "throw":
      return { _tag: "Left", left: { _tag: "RemoteFailure", message: `order ${n}` } }
    default:
      return { _tag: "Right", right: n }
  }
}

describe("Pool loses nothing", () => {
  for (const [tasks, size] of [
    [1000, 1],
    [10_000, 4],
  ] as const) {
    live(
      `of ${tasks} tasks of which 1 % end their worker and 1 % throw, each runs once and settles as it should (${size} workers)`,
      () =>
        Effect.gen(function* () {
          const { agents, holds, until } = yield* Recorder.Recorder
          const flags = Flags.make(tasks)
          const pool = yield* Pool.make({ size })
          const pending = yield* Effect.forEach(Array.from({ length: tasks }), (_, n) =>
            Pool.applyAsync(pool, act, [{ n, flags, what: whatOf(n) }]),
          )
          const ends = yield* within(150)(
            Effect.forEach(pending, (each) => Effect.either(AsyncResult.get(each))),
          )
          const wrong = ends.flatMap((end, n) => {
            try {
              expect(end).toMatchObject(expected(n))
              return []
            } catch {
              return [[n, String(end)]]
            }
          })
          expect(wrong).toEqual([])
          expect([...flags].flatMap((times, n) => (times === 1 ? [] : [[n, times]]))).toEqual([])
          expect(holds()).toBe(0)
          yield* within(15)(until(() => agents.filter(({ exit }) => exit === undefined).length === size))
          expect(agents.length).toBe(size + tasks / 100)
          expect(yield* Pool.map(pool, plain.square, [1, 2, 3])).toEqual([1, 4, 9])
        }),
      180,
    )
  }

  live(
    "a task that ends its worker runs once, also between effects",
    () =>
      Effect.gen(function* () {
        for (let round = 0; round < ROUNDS; round++) {
          const flags = Flags.make(40)
          const pool = yield* Pool.make({ size: 2 })
          const ends = yield* within(30)(
            Effect.forEach(
              Array.from({ length: 40 }, (_, n) => n),
              (n) =>
                Effect.either(
                  n % 8 === 5
                    ? Pool.apply(pool, act, [{ n, flags, what: "exit" }])
                    : Effect.as(Pool.apply(pool, effects.double, [n]), n),
                ),
              { concurrency: "unbounded" },
            ),
          )
          ends.forEach((end, n) => {
            if (n % 8 === 5) expect(end).toMatchObject({ left: { _tag: "WorkerLost", exitCode: codeOf(n) } })
            else expect(end).toEqual(Either.right(n))
          })
          expect(
            [...flags].flatMap((times, n) => (times === (n % 8 === 5 ? 1 : 0) ? [] : [[n, times]])),
          ).toEqual([])
          yield* Pool.terminate(pool)
          yield* within(15)(Pool.join(pool))
        }
      }),
    180,
  )
})
