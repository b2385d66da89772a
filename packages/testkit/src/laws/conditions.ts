/** Laws of waiting for a notification under a lock. */
import assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as fc from "fast-check"
import { eventually, forAll, type Law, type Settling, settle } from "./law.ts"

export interface Condition extends Settling {
  readonly withLock: <A>(body: Effect.Effect<A, unknown>) => Effect.Effect<A, unknown>
  readonly wait: Effect.Effect<unknown, unknown>
  /** Fails, with the lock, where nothing was notified for so many milliseconds. */
  readonly waitWithin: (milliseconds: number) => Effect.Effect<unknown, unknown>
  readonly notify: (count: number) => Effect.Effect<unknown, unknown>
  readonly notifyAll: Effect.Effect<unknown, unknown>
}

/** Fibers that wait, in this order; `woken` gets the numbers of those that went on. */
const waiters = (condition: Condition, count: number, woken: Array<number>) =>
  Effect.forEach(Array.from({ length: count }).keys(), (n) =>
    condition
      .withLock(
        Effect.zipRight(
          condition.wait,
          Effect.sync(() => woken.push(n)),
        ),
      )
      .pipe(Effect.fork, Effect.tap(settle(condition))),
  )

const notify = (condition: Condition, count: number) => condition.withLock(condition.notify(count))

const withCondition =
  (body: (condition: Condition) => Effect.Effect<unknown, unknown>) =>
  (make: Effect.Effect<Condition>): Effect.Effect<void, unknown> =>
    Effect.asVoid(Effect.flatMap(make, body))

export const conditionLaws: ReadonlyArray<Law<Effect.Effect<Condition>>> = [
  {
    name: "so many wake",
    says: "notify(n) wakes exactly n, or all that wait where there are fewer, the oldest first.",
    check: (make) =>
      forAll(
        fc.record({ waiting: fc.nat(5), count: fc.integer({ min: 1, max: 5 }) }),
        ({ count, waiting }) =>
          withCondition((condition) =>
            Effect.gen(function* () {
              const woken: Array<number> = []
              const all = yield* waiters(condition, waiting, woken)
              yield* notify(condition, count)
              const expected = Math.min(count, waiting)
              yield* eventually(`${expected} went on`, () => woken.length >= expected)
              yield* settle(condition)
              assert.deepEqual(woken, [...Array(expected).keys()])
              yield* condition.withLock(condition.notifyAll)
              yield* Fiber.joinAll(all)
            }),
          )(make),
        10,
      ),
  },
  {
    name: "nothing is kept",
    says: "What nobody waits for wakes nobody who comes later.",
    check: withCondition((condition) =>
      Effect.gen(function* () {
        yield* notify(condition, 3)
        yield* condition.withLock(condition.notifyAll)
        const late = yield* Effect.exit(condition.withLock(condition.waitWithin(5)))
        assert.ok(Exit.isFailure(late))
      }),
    ),
  },
  {
    name: "the lock",
    says: "Without the lock nobody waits or notifies; who goes on has it, alone.",
    check: withCondition((condition) =>
      Effect.gen(function* () {
        for (const each of [condition.wait, condition.notify(1), condition.notifyAll])
          assert.ok(Exit.isFailure(yield* Effect.exit(each)))
        let inside = 0
        const visit = Effect.gen(function* () {
          yield* condition.wait
          inside++
          yield* settle(condition)
          assert.equal(inside, 1)
          inside--
        })
        const all = yield* Effect.replicateEffect(Effect.fork(condition.withLock(visit)), 3)
        yield* settle(condition)
        yield* condition.withLock(
          Effect.gen(function* () {
            inside++
            yield* condition.notifyAll
            yield* settle(condition)
            assert.equal(inside, 1)
            inside--
          }),
        )
        yield* Fiber.joinAll(all)
      }),
    ),
  },
  {
    name: "time-out",
    says: "No later notification counts who has waited too long.",
    check: withCondition((condition) =>
      Effect.gen(function* () {
        const woken: Array<number> = []
        const short = yield* Effect.fork(Effect.exit(condition.withLock(condition.waitWithin(3))))
        yield* settle(condition)
        const [waiter] = yield* waiters(condition, 1, woken)
        assert.ok(Exit.isFailure(yield* Fiber.join(short)))
        yield* notify(condition, 1)
        yield* Fiber.join(waiter as Fiber.RuntimeFiber<unknown>)
        assert.deepEqual(woken, [0])
      }),
    ),
  },
  {
    name: "interruption",
    says: "Who is interrupted gives the lock back, and a notification that had come to the next.",
    check: (make) =>
      forAll(fc.constantFrom("before", "with", "after"), (moment) =>
        withCondition((condition) =>
          Effect.gen(function* () {
            const woken: Array<number> = []
            const [first, second] = yield* waiters(condition, 2, woken)
            const interrupt = Fiber.interruptFork(first as Fiber.RuntimeFiber<unknown>)
            if (moment === "before") yield* Effect.zipRight(interrupt, notify(condition, 1))
            if (moment === "with") {
              yield* condition.withLock(Effect.zipRight(condition.notify(1), interrupt))
            }
            if (moment === "after") {
              const notified = Effect.zipRight(condition.notify(1), settle(condition))
              yield* condition.withLock(
                Effect.zipRight(notified, Effect.zipRight(interrupt, settle(condition))),
              )
            }
            yield* Fiber.join(second as Fiber.RuntimeFiber<unknown>)
            assert.deepEqual(woken, [1])
            yield* condition.withLock(Effect.void)
          }),
        )(make),
      ),
  },
]
