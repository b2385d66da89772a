/** Laws of a meeting point for a number of parties. */
import assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as fc from "fast-check"
import { eventuallyIs, forAll, type Law, type Settling, settle } from "./law.ts"

export interface Barrier extends Settling {
  readonly wait: Effect.Effect<number, unknown>
  /** Breaks the barrier after so many milliseconds. */
  readonly waitWithin: (milliseconds: number) => Effect.Effect<number, unknown>
  readonly abort: Effect.Effect<unknown, unknown>
  readonly reset: Effect.Effect<unknown, unknown>
  readonly isBroken: Effect.Effect<boolean, unknown>
  /** How many have arrived and wait. */
  readonly waiting: Effect.Effect<number, unknown>
}

type Make = (parties: number) => Effect.Effect<Barrier, unknown>

const arrive = (barrier: Barrier, count: number) =>
  Effect.replicateEffect(Effect.fork(barrier.wait), count).pipe(Effect.tap(settle(barrier)))

/** All get through, with the indexes from 0 on. */
const pass = (all: ReadonlyArray<Fiber.RuntimeFiber<number, unknown>>) =>
  Effect.map(Effect.forEach(all, Fiber.join), (indexes) =>
    assert.deepEqual(indexes.toSorted(), [...Array(all.length).keys()]),
  )

const fail = (all: ReadonlyArray<Fiber.RuntimeFiber<number, unknown>>) =>
  Effect.map(Effect.forEach(all, Fiber.await), (exits) =>
    assert.ok(exits.every((exit) => Exit.isFailure(exit) && !Exit.isInterrupted(exit))),
  )

export const barrierLaws: ReadonlyArray<Law<Make>> = [
  {
    name: "meeting",
    says: "Nobody passes before all have come; in each round each gets another index, from 0 on.",
    check: (make) =>
      forAll(
        fc.record({ parties: fc.integer({ min: 1, max: 6 }), rounds: fc.integer({ min: 1, max: 4 }) }),
        ({ parties, rounds }) =>
          Effect.gen(function* () {
            const barrier = yield* make(parties)
            const arrived = Array<number>(rounds).fill(0)
            const party = Effect.forEach([...arrived.keys()], (round) =>
              Effect.gen(function* () {
                arrived[round] = (arrived[round] as number) + 1
                const index = yield* barrier.wait
                assert.equal(arrived[round], parties)
                return index
              }),
            )
            const all = yield* Effect.replicateEffect(party, parties, { concurrency: "unbounded" })
            for (const round of arrived.keys()) {
              assert.deepEqual(all.map((indexes) => indexes[round]).toSorted(), [...Array(parties).keys()])
            }
          }),
      ),
  },
  {
    name: "interruption",
    says: "Who is interrupted has not come.",
    check: (make) =>
      forAll(fc.integer({ min: 2, max: 5 }), (parties) =>
        Effect.gen(function* () {
          const barrier = yield* make(parties)
          const [first, ...others] = yield* arrive(barrier, parties - 1)
          assert.equal(yield* barrier.waiting, parties - 1)
          yield* Fiber.interrupt(first as (typeof others)[0])
          yield* eventuallyIs("waiting", barrier.waiting, parties - 2)
          const more = yield* arrive(barrier, 1)
          yield* eventuallyIs("waiting", barrier.waiting, parties - 1)
          yield* pass([...others, ...more, ...(yield* arrive(barrier, 1))])
        }),
      ),
  },
  {
    name: "breaking",
    says: "abort breaks it for all that wait and all that come, until reset.",
    check: (make) =>
      Effect.gen(function* () {
        const barrier = yield* make(3)
        const waiting = yield* arrive(barrier, 2)
        yield* barrier.abort
        yield* fail([...waiting, ...(yield* arrive(barrier, 1))])
        assert.equal(yield* barrier.isBroken, true)
        assert.equal(yield* barrier.waiting, 0)
        yield* barrier.reset
        assert.equal(yield* barrier.isBroken, false)
        yield* pass(yield* arrive(barrier, 3))
      }),
  },
  {
    name: "reset",
    says: "reset fails those that wait, and only them.",
    check: (make) =>
      Effect.gen(function* () {
        const barrier = yield* make(2)
        const waiting = yield* arrive(barrier, 1)
        yield* barrier.reset
        const all = yield* arrive(barrier, 2)
        yield* fail(waiting)
        yield* pass(all)
        assert.equal(yield* barrier.isBroken, false)
      }),
  },
  {
    name: "time-out",
    says: "Who waits too long breaks it for all.",
    check: (make) =>
      Effect.gen(function* () {
        const barrier = yield* make(3)
        const waiting = yield* arrive(barrier, 1)
        const late = yield* Effect.fork(barrier.waitWithin(5))
        yield* fail([...waiting, late])
        assert.equal(yield* barrier.isBroken, true)
      }),
  },
]
