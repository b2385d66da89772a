/** What the primitives tell of who waits for them. */
import { describe, expect, it } from "@effect/vitest"
import * as Flags from "@multifiber/testkit/Flags"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Barrier from "../src/Barrier.ts"
import * as BoundedSemaphore from "../src/BoundedSemaphore.ts"
import * as Condition from "../src/Condition.ts"
import * as Event from "../src/Event.ts"
import * as Lock from "../src/Lock.ts"
import * as Process from "../src/Process.ts"
import * as RLock from "../src/RLock.ts"
import * as Semaphore from "../src/Semaphore.ts"
import { locking } from "./fixtures/locking.ts"
import { live, reached, within } from "./live.ts"

interface Subject<S> {
  /** Waits, once more than can go on. */
  readonly wait: Effect.Effect<unknown, unknown>
  readonly statistics: Effect.Effect<S>
}

/** What is told while two fibers wait, and once they were interrupted. */
const whileWaiting = <S>({ statistics, wait }: Subject<S>) =>
  Effect.gen(function* () {
    const fibers = yield* Effect.replicateEffect(Effect.fork(wait), 2)
    yield* Effect.sleep(20)
    const waiting = yield* statistics
    yield* Fiber.interruptAll(fibers)
    return [waiting, yield* statistics]
  })

const told = <S>(name: string, make: Effect.Effect<Subject<S>, unknown>, expected: [waiting: S, after: S]) =>
  it.live(name, () =>
    within(10)(
      Effect.map(Effect.flatMap(make, whileWaiting), (statistics) => expect(statistics).toEqual(expected)),
    ),
  )

describe("statistics", () => {
  const two = { waitingAgents: 1, waitingFibers: 2, reserved: false }
  const none = { waitingAgents: 0, waitingFibers: 0, reserved: false }

  told(
    "of a lock",
    Effect.gen(function* () {
      const lock = yield* Lock.make
      yield* Lock.acquire(lock)
      return { wait: Lock.acquire(lock), statistics: Lock.statistics(lock) }
    }),
    [
      { isLocked: true, ...two },
      { isLocked: true, ...none },
    ],
  )

  told(
    "of a recursive lock",
    Effect.gen(function* () {
      const lock = yield* RLock.make
      yield* RLock.acquire(lock)
      return { wait: RLock.acquire(lock), statistics: RLock.statistics(lock) }
    }),
    [
      { isLocked: true, ...two },
      { isLocked: true, ...none },
    ],
  )

  told(
    "of a semaphore",
    Effect.map(Semaphore.make(0), (it) => ({
      wait: Semaphore.acquire(it),
      statistics: Semaphore.statistics(it),
    })),
    [
      { permits: 0, ...two },
      { permits: 0, ...none },
    ],
  )

  told(
    "of a bounded semaphore",
    Effect.map(BoundedSemaphore.make(0), (it) => ({
      wait: BoundedSemaphore.acquire(it),
      statistics: BoundedSemaphore.statistics(it),
    })),
    [
      { permits: 0, ...two },
      { permits: 0, ...none },
    ],
  )

  told(
    "of an event",
    Effect.gen(function* () {
      const event = yield* Event.make
      yield* Event.set(event)
      yield* Event.set(event)
      yield* Event.clear(event)
      return { wait: Event.wait(event), statistics: Event.statistics(event) }
    }),
    [
      { isSet: false, timesSet: 1, waitingFibers: 2 },
      { isSet: false, timesSet: 1, waitingFibers: 0 },
    ],
  )

  told(
    "of a condition",
    Effect.map(Condition.make, (condition) => ({
      wait: Condition.wait(condition).pipe(Condition.withLock(condition)),
      statistics: Condition.statistics(condition),
    })),
    [
      { isLocked: false, waiting: 2, waitingFibers: 2 },
      { isLocked: false, waiting: 0, waitingFibers: 0 },
    ],
  )

  told(
    "of a barrier",
    Effect.map(Barrier.make(3), (barrier) => ({
      wait: Barrier.wait(barrier),
      statistics: Barrier.statistics(barrier),
    })),
    [
      { parties: 3, waiting: 2, waitingFibers: 2, isBroken: false },
      { parties: 3, waiting: 0, waitingFibers: 0, isBroken: false },
    ],
  )

  live("of a lock that fibers and another agent wait for", () =>
    Effect.gen(function* () {
      const it = { lock: yield* Lock.make, flags: Flags.make() }
      yield* Lock.acquire(it.lock)
      yield* Effect.replicateEffect(Effect.fork(Lock.acquire(it.lock)), 2)
      const other = yield* Process.make(locking.wait, [it])
      yield* Process.start(other)
      yield* within(10)(reached(it.flags, 1))
      const statistics = yield* Effect.delay(Lock.statistics(it.lock), 10).pipe(
        Effect.repeat({ until: ({ waitingAgents }) => waitingAgents === 2 }),
        within(10),
      )
      expect(statistics).toEqual({ isLocked: true, waitingAgents: 2, waitingFibers: 2, reserved: false })
      yield* Process.kill(other)
    }),
  )
})
