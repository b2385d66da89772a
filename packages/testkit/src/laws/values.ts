/** Laws of a number that fibers change together. */
import assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as fc from "fast-check"
import { forAll, type Law } from "./law.ts"

/** An integer, 0 at first. */
export interface Value {
  readonly get: Effect.Effect<number, unknown>
  readonly set: (value: number) => Effect.Effect<unknown, unknown>
  readonly modify: <A>(f: (value: number) => readonly [result: A, next: number]) => Effect.Effect<A, unknown>
  /** Both return what it was. */
  readonly fetchAdd: (delta: number) => Effect.Effect<number, unknown>
  readonly compareExchange: (expected: number, next: number) => Effect.Effect<number, unknown>
  /** Runs an effect in which nobody else changes it. */
  readonly withLock: <A>(body: Effect.Effect<A, unknown>) => Effect.Effect<A, unknown>
}

const together = { concurrency: "unbounded" } as const

const withValue =
  (body: (value: Value) => Effect.Effect<unknown, unknown>) =>
  (make: Effect.Effect<Value>): Effect.Effect<void, unknown> =>
    Effect.asVoid(Effect.flatMap(make, body))

export const valueLaws: ReadonlyArray<Law<Effect.Effect<Value>>> = [
  {
    name: "no lost update",
    says: "What fibers add side by side, in any way, is all there in the end.",
    check: (make) =>
      forAll(
        fc.array(
          fc.tuple(fc.constantFrom("modify", "fetchAdd", "withLock"), fc.integer({ min: -9, max: 9 })),
        ),
        (changes) =>
          withValue((value) => {
            const ways: Record<string, (delta: number) => Effect.Effect<unknown, unknown>> = {
              modify: (delta) => value.modify((now) => [now, now + delta]),
              fetchAdd: value.fetchAdd,
              withLock: (delta) =>
                value.withLock(
                  Effect.flatMap(value.get, (now) =>
                    Effect.zipRight(Effect.yieldNow(), value.set(now + delta)),
                  ),
                ),
            }
            return Effect.gen(function* () {
              yield* Effect.forEach(changes, ([way, delta]) => ways[way]?.(delta) ?? Effect.void, together)
              assert.equal(
                yield* value.get,
                changes.reduce((sum, [, delta]) => sum + delta, 0),
              )
            })
          })(make),
      ),
  },
  {
    name: "each sees another",
    says: "Of those that count together no two get the same number.",
    check: withValue((value) =>
      Effect.gen(function* () {
        const count = (n: number) =>
          n % 2 === 0 ? value.fetchAdd(1) : value.modify((now) => [now, now + 1] as const)
        const seen = yield* Effect.forEach([...Array(20).keys()], count, together)
        assert.deepEqual(
          seen.toSorted((left, right) => left - right),
          [...Array(20).keys()],
        )
      }),
    ),
  },
  {
    name: "one winner",
    says: "Of those that exchange the same value one succeeds, and the others learn its value.",
    check: withValue((value) =>
      Effect.gen(function* () {
        const seen = yield* Effect.forEach([1, 2, 3, 4], (n) => value.compareExchange(0, n), together)
        const winner = seen.indexOf(0) + 1
        assert.equal(yield* value.get, winner)
        assert.deepEqual(seen.toSorted(), [0, winner, winner, winner])
      }),
    ),
  },
  {
    name: "all or nothing",
    says: "A change that fails has changed nothing.",
    check: withValue((value) =>
      Effect.gen(function* () {
        yield* value.set(7)
        const thrown = yield* Effect.exit(
          value.modify(() => {
            throw new Error("no next value")
          }),
        )
        assert.ok(Exit.isFailure(thrown))
        assert.ok(Exit.isFailure(yield* Effect.exit(value.set(0.5))))
        assert.equal(yield* value.get, 7)
        assert.equal(yield* value.compareExchange(1, 2), 7)
        assert.equal(yield* value.fetchAdd(0), 7)
      }),
    ),
  },
]
