/** Laws of a flag that fibers wait for. */
import assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as fc from "fast-check"
import { forAll, type Law, type Settling, settle } from "./law.ts"

export interface Event extends Settling {
  readonly set: Effect.Effect<unknown, unknown>
  readonly clear: Effect.Effect<unknown, unknown>
  readonly isSet: Effect.Effect<boolean, unknown>
  readonly wait: Effect.Effect<unknown, unknown>
  /** Fails where that takes longer than so many milliseconds. */
  readonly waitWithin: (milliseconds: number) => Effect.Effect<unknown, unknown>
}

/** Fibers that wait for an event that is not set. */
const waiters = (event: Event, count: number) =>
  Effect.replicateEffect(Effect.fork(event.wait), count).pipe(Effect.tap(settle(event)))

const allWait = (all: ReadonlyArray<Fiber.RuntimeFiber<unknown, unknown>>) =>
  Effect.map(Effect.forEach(all, Fiber.poll), (exits) =>
    assert.ok(exits.every(({ _tag }) => _tag === "None")),
  )

const withEvent =
  (body: (event: Event) => Effect.Effect<unknown, unknown>) =>
  (make: Effect.Effect<Event>): Effect.Effect<void, unknown> =>
    Effect.asVoid(Effect.flatMap(make, body))

export const eventLaws: ReadonlyArray<Law<Effect.Effect<Event>>> = [
  {
    name: "set and clear",
    says: "isSet tells what set and clear did last, however often.",
    check: (make) =>
      forAll(fc.array(fc.boolean()), (steps) =>
        withEvent((event) =>
          Effect.gen(function* () {
            assert.equal(yield* event.isSet, false)
            for (const sets of steps) {
              yield* sets ? event.set : event.clear
              assert.equal(yield* event.isSet, sets)
            }
          }),
        )(make),
      ),
  },
  {
    name: "all wake",
    says: "set wakes all that wait, even if it is cleared at once.",
    check: (make) =>
      forAll(
        fc.record({ count: fc.integer({ min: 1, max: 6 }), clears: fc.boolean() }),
        ({ clears, count }) =>
          withEvent((event) =>
            Effect.gen(function* () {
              const all = yield* waiters(event, count)
              yield* allWait(all)
              yield* clears ? Effect.zipRight(event.set, event.clear) : event.set
              yield* Fiber.joinAll(all)
              assert.equal(yield* event.isSet, !clears)
            }),
          )(make),
      ),
  },
  {
    name: "open while set",
    says: "While it is set nobody waits; once it is cleared who comes waits.",
    check: withEvent((event) =>
      Effect.gen(function* () {
        yield* event.set
        yield* event.wait
        yield* event.waitWithin(0)
        yield* event.clear
        const late = yield* waiters(event, 2)
        yield* allWait(late)
        assert.ok(Exit.isFailure(yield* Effect.exit(event.waitWithin(0))))
        yield* event.set
        yield* Fiber.joinAll(late)
      }),
    ),
  },
  {
    name: "giving up",
    says: "Who is interrupted or waits too long gets nothing, and the others wake all the same.",
    check: withEvent((event) =>
      Effect.gen(function* () {
        const all = yield* waiters(event, 4)
        for (const each of all.slice(0, 2)) assert.ok(Exit.isInterrupted(yield* Fiber.interrupt(each)))
        const late = yield* Effect.exit(event.waitWithin(5))
        assert.ok(Exit.isFailure(late) && !Exit.isInterrupted(late))
        yield* allWait(all.slice(2))
        yield* event.set
        yield* Fiber.joinAll(all.slice(2))
        yield* event.waitWithin(5)
      }),
    ),
  },
]
