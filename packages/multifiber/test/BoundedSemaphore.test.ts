/** Bounded semaphores between fibers of one agent, between agents, and after the death of one. */
import { describe, expect, it } from "@effect/vitest"
import * as Flags from "@multifiber/testkit/Flags"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as BoundedSemaphore from "../src/BoundedSemaphore.ts"
import * as BoundedSemaphoreSync from "../src/BoundedSemaphoreSync.ts"
import * as Pool from "../src/Pool.ts"
import * as Process from "../src/Process.ts"
import { boundedSeats } from "./fixtures/boundedSeats.ts"
import { defectOf, live, reached, within } from "./live.ts"

const fibers = (name: string, body: () => Effect.Effect<unknown, unknown>) =>
  it.live(name, () => within(15)(body()), 20_000)

const shared = (permits: number) =>
  Effect.map(BoundedSemaphore.make(permits), (seats) => ({ seats, flags: Flags.make() }))

const overRelease = { _tag: "OverRelease", primitive: "BoundedSemaphore" }

describe("BoundedSemaphore, between fibers", () => {
  fibers("SEM-03 acquire takes permits until there is none, release gives them back and no more", () =>
    Effect.gen(function* () {
      const it = yield* BoundedSemaphore.make(2)
      const left = BoundedSemaphore.permits(it)
      expect(yield* left).toBe(2)
      yield* BoundedSemaphore.acquire(it)
      expect(yield* left).toBe(1)
      yield* BoundedSemaphore.acquire(it)
      expect(yield* left).toBe(0)
      expect(yield* BoundedSemaphore.tryAcquire(it)).toBe(false)
      expect(yield* left).toBe(0)
      yield* BoundedSemaphore.release(it)
      expect(yield* left).toBe(1)
      yield* BoundedSemaphore.release(it)
      expect(yield* left).toBe(2)
      expect(yield* Effect.flip(BoundedSemaphore.release(it))).toMatchObject(overRelease)
      expect(() => BoundedSemaphoreSync.releaseSync(it)).toThrow(expect.objectContaining(overRelease))
      expect(yield* left).toBe(2)
    }),
  )

  fibers("SEM-08 a number of permits that cannot be is an InvalidArgument", () =>
    Effect.gen(function* () {
      for (const permits of [-1, -(2 ** 40), 1.5, Number.NaN, BoundedSemaphoreSync.MAX + 1]) {
        expect(yield* Effect.flip(BoundedSemaphore.make(permits))).toMatchObject({
          _tag: "InvalidArgument",
          argument: "permits",
          value: permits,
        })
      }
      const none = yield* BoundedSemaphore.make(0)
      expect(yield* Effect.flip(BoundedSemaphore.release(none))).toMatchObject(overRelease)
    }),
  )

  fibers("SEM-10 tries take what is there", () =>
    Effect.gen(function* () {
      const it = yield* BoundedSemaphore.make(2)
      const tries = BoundedSemaphore.tryAcquire(it)
      expect([yield* tries, yield* tries, yield* tries]).toEqual([true, true, false])
      yield* BoundedSemaphore.release(it)
      expect(yield* tries).toBe(true)
    }),
  )

  fibers("SEM-14 a wait ends with its timeout, in both forms", () =>
    Effect.gen(function* () {
      const it = yield* BoundedSemaphore.make(1)
      yield* BoundedSemaphore.acquireWithin(it, 5)
      expect(yield* Effect.flip(BoundedSemaphore.acquireWithin(it, 5))).toMatchObject({ _tag: "TimedOut" })
      const begin = performance.now()
      expect(BoundedSemaphoreSync.acquireSync(it, 500)).toBe(false)
      expect(performance.now() - begin).toBeGreaterThanOrEqual(300)
    }),
  )

  fibers("withPermits takes several and gives them back, in both forms", () =>
    Effect.gen(function* () {
      const it = yield* BoundedSemaphore.make(3)
      const left = BoundedSemaphore.permits(it)
      expect(yield* left.pipe(BoundedSemaphore.withPermits(it, 2))).toBe(1)
      expect(BoundedSemaphoreSync.withPermitsSync(it, 3, () => BoundedSemaphoreSync.permitsSync(it))).toBe(0)
      expect(yield* left).toBe(3)
      yield* BoundedSemaphore.acquire(it, 2)
      expect(yield* Effect.flip(BoundedSemaphore.release(it, 3))).toMatchObject(overRelease)
      expect(() => BoundedSemaphoreSync.releaseSync(it, 3)).toThrow(expect.objectContaining(overRelease))
      expect(yield* left).toBe(1)
      yield* BoundedSemaphore.release(it, 2)
      expect(yield* left).toBe(3)
    }),
  )

  fibers("more permits than there are, or no number, are refused, in both forms", () =>
    Effect.gen(function* () {
      const it = yield* BoundedSemaphore.make(2)
      const refused = (permits: number) => ({ _tag: "InvalidArgument", argument: "permits", value: permits })
      for (const permits of [0, -1, 0.5, Number.NaN, 3]) {
        const effects: ReadonlyArray<Effect.Effect<unknown, unknown>> = [
          BoundedSemaphore.acquire(it, permits),
          BoundedSemaphore.tryAcquire(it, permits),
          BoundedSemaphore.acquireWithin(it, 1, permits),
          BoundedSemaphore.release(it, permits),
          BoundedSemaphore.withPermits(Effect.void, it, permits),
        ]
        for (const effect of effects) expect(yield* Effect.flip(effect)).toMatchObject(refused(permits))
        for (const call of [
          () => BoundedSemaphoreSync.acquireSync(it, 1, permits),
          () => BoundedSemaphoreSync.tryAcquireSync(it, permits),
          () => BoundedSemaphoreSync.releaseSync(it, permits),
          () => BoundedSemaphoreSync.withPermitsSync(it, permits, () => {}),
        ]) {
          expect(call).toThrow(expect.objectContaining(refused(permits)))
        }
      }
      expect(yield* BoundedSemaphore.permits(it)).toBe(2)
    }),
  )

  fibers("a permit that was given back inside of withPermit is a defect", () =>
    Effect.gen(function* () {
      const it = yield* BoundedSemaphore.make(1)
      const exit = yield* Effect.exit(BoundedSemaphore.withPermit(BoundedSemaphore.release(it), it))
      expect(defectOf(exit)).toMatchObject(overRelease)
      expect(yield* BoundedSemaphore.permits(it)).toBe(1)
    }),
  )

  fibers("an interrupted wait takes nothing, and an interrupted holder gives back", () =>
    Effect.gen(function* () {
      const it = yield* BoundedSemaphore.make(1)
      const holder = yield* Effect.fork(BoundedSemaphore.withPermit(Effect.never, it))
      yield* Effect.yieldNow()
      const waiter = yield* Effect.fork(BoundedSemaphore.withPermit(Effect.void, it))
      yield* Effect.sleep(20)
      yield* Fiber.interrupt(waiter)
      yield* Fiber.interrupt(holder)
      expect(yield* BoundedSemaphore.permits(it)).toBe(1)
    }),
  )
})

describe("BoundedSemaphore, between agents", () => {
  live("never more are inside than there are permits, and none can be given too many", () =>
    Effect.gen(function* () {
      const it = yield* shared(2)
      const pool = yield* Pool.make({ size: 4 })
      const visits = Array.from({ length: 4 }, () => Pool.apply(pool, boundedSeats.visit, [it, 5000]))
      yield* within(25)(Effect.all(visits, { concurrency: "unbounded" }))
      expect(Flags.get(it.flags, 1)).toBeLessThanOrEqual(2)
      expect(yield* BoundedSemaphore.permits(it.seats)).toBe(2)
      const gifts = Array.from({ length: 4 }, () => Pool.apply(pool, boundedSeats.giveTooMuch, [it, 1000]))
      yield* BoundedSemaphore.acquire(it.seats)
      yield* within(25)(Effect.all(gifts, { concurrency: "unbounded" }))
      // One was missing, and one of all the agents has given it.
      expect([Flags.get(it.flags, 2), yield* BoundedSemaphore.permits(it.seats)]).toEqual([1, 2])
    }),
  )
})

describe("BoundedSemaphore, after a death", () => {
  live("the permits of an agent that is killed come back to the fiber that waits", () =>
    Effect.gen(function* () {
      const it = yield* shared(3)
      const holder = yield* Process.make(boundedSeats.hold, [it, 2])
      yield* Process.start(holder)
      yield* reached(it.flags, 0)
      yield* BoundedSemaphore.acquire(it.seats)
      const waiters = yield* Effect.fork(
        Effect.all([BoundedSemaphore.acquire(it.seats), BoundedSemaphore.acquire(it.seats)], {
          concurrency: 2,
        }),
      )
      yield* Effect.sleep(20)
      expect(yield* BoundedSemaphore.permits(it.seats)).toBe(0)
      yield* Process.kill(holder)
      yield* within(10)(Fiber.join(waiters))
      for (let i = 0; i < 3; i++) yield* BoundedSemaphore.release(it.seats)
      expect(yield* Effect.flip(BoundedSemaphore.release(it.seats))).toMatchObject(overRelease)
    }),
  )

  live("and to the agent that waits", () =>
    Effect.gen(function* () {
      const it = yield* shared(1)
      const holder = yield* Process.make(boundedSeats.hold, [it, 1])
      yield* Process.start(holder)
      yield* reached(it.flags, 0)
      const waiter = yield* Process.make(boundedSeats.acquireWithin, [it, 10_000, 1])
      yield* Process.start(waiter)
      yield* Effect.sleep(100)
      yield* Process.kill(holder)
      expect(yield* Effect.flatten(within(15)(Process.result(waiter)))).toBe(true)
      // That one has ended with it, too.
      yield* within(10)(BoundedSemaphore.acquire(it.seats))
    }),
  )

  live("several that were taken at once come back, to one that waits for all", () =>
    Effect.gen(function* () {
      const it = yield* shared(3)
      const holder = yield* Process.make(boundedSeats.holdMany, [it, 2])
      yield* Process.start(holder)
      yield* reached(it.flags, 0)
      const waiter = yield* Process.make(boundedSeats.acquireWithin, [it, 10_000, 3])
      yield* Process.start(waiter)
      yield* Effect.sleep(100)
      yield* Process.kill(holder)
      expect(yield* Effect.flatten(within(15)(Process.result(waiter)))).toBe(true)
      yield* within(10)(BoundedSemaphore.acquire(it.seats, 3))
    }),
  )

  live("who is killed while it waits for all keeps nothing from the others", () =>
    Effect.gen(function* () {
      const it = yield* shared(2)
      yield* BoundedSemaphore.acquire(it.seats)
      const many = yield* Process.make(boundedSeats.holdMany, [it, 2])
      yield* Process.start(many)
      yield* reached(it.flags, 1)
      yield* within(10)(
        Effect.repeat(Effect.delay(BoundedSemaphore.statistics(it.seats), 1), {
          until: ({ reserved }) => reserved,
        }),
      )
      expect(yield* BoundedSemaphore.tryAcquire(it.seats)).toBe(false)
      yield* Process.kill(many)
      yield* within(10)(BoundedSemaphore.acquire(it.seats))
      yield* BoundedSemaphore.release(it.seats, 2)
    }),
  )

  live("nothing is lost in 20 ends by process.exit", () =>
    Effect.gen(function* () {
      const it = yield* shared(2)
      for (let i = 0; i < 20; i++) {
        const child = yield* Process.make(boundedSeats.exitInside, [it], { logging: false })
        yield* Process.start(child)
        yield* within(10)(Process.join(child))
      }
      yield* within(10)(BoundedSemaphore.acquire(it.seats))
      yield* within(10)(BoundedSemaphore.acquire(it.seats))
      expect(yield* BoundedSemaphore.tryAcquire(it.seats)).toBe(false)
    }),
  )
})
