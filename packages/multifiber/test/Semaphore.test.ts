/** Semaphores between fibers of one agent, and between agents. */
import { describe, expect, it } from "@effect/vitest"
import * as Flags from "@multifiber/testkit/Flags"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as AsyncResult from "../src/AsyncResult.ts"
import * as Pool from "../src/Pool.ts"
import * as Process from "../src/Process.ts"
import * as Semaphore from "../src/Semaphore.ts"
import * as SemaphoreSync from "../src/SemaphoreSync.ts"
import { seats } from "./fixtures/seats.ts"
import { live, reached, within } from "./live.ts"

const fibers = (name: string, body: () => Effect.Effect<unknown, unknown>) =>
  it.live(name, () => within(15)(body()), 20_000)

const shared = (permits: number) =>
  Effect.map(Semaphore.make(permits), (seats) => ({ seats, flags: Flags.make() }))

const timedOut = { _tag: "TimedOut" }

describe("Semaphore, between fibers", () => {
  fibers("SEM-01 acquire takes permits until there is none, release gives them back", () =>
    Effect.gen(function* () {
      const it = yield* Semaphore.make(2)
      const left = Semaphore.permits(it)
      expect(yield* left).toBe(2)
      yield* Semaphore.acquire(it)
      expect(yield* left).toBe(1)
      yield* Semaphore.acquire(it)
      expect(yield* left).toBe(0)
      expect(yield* Semaphore.tryAcquire(it)).toBe(false)
      expect(yield* left).toBe(0)
      yield* Semaphore.release(it)
      yield* Semaphore.release(it)
      expect(yield* left).toBe(2)
    }),
  )

  fibers("SEM-05 it may be released before it was acquired", () =>
    Effect.gen(function* () {
      const it = yield* Semaphore.make(1)
      yield* Semaphore.release(it)
      yield* Semaphore.acquire(it)
      yield* Semaphore.acquireWithin(it, "1 second")
      yield* Semaphore.release(it)
      expect(yield* Semaphore.permits(it)).toBe(1)
    }),
  )

  fibers("SEM-07 a wait ends with its timeout, in both forms", () =>
    Effect.gen(function* () {
      const it = yield* Semaphore.make(0)
      for (const milliseconds of [100, 350]) {
        const waits = [
          Effect.flip(Semaphore.acquireWithin(it, milliseconds)),
          Effect.sync(() => SemaphoreSync.acquireSync(it, milliseconds)),
        ]
        for (const wait of waits) {
          const begin = performance.now()
          const outcome = yield* wait
          const elapsed = performance.now() - begin
          if (outcome === false) expect(SemaphoreSync.permitsSync(it)).toBe(0)
          else expect(outcome).toMatchObject(timedOut)
          expect(elapsed).toBeGreaterThanOrEqual(0.6 * milliseconds)
          expect(elapsed).toBeLessThan(10 * milliseconds)
        }
      }
    }),
  )

  fibers("SEM-08 make and release refuse what is no number of permits", () =>
    Effect.gen(function* () {
      for (const permits of [-1, -(2 ** 40), 0.5, Number.NaN, SemaphoreSync.MAX + 1]) {
        expect(yield* Effect.flip(Semaphore.make(permits))).toMatchObject({
          _tag: "InvalidArgument",
          value: permits,
        })
      }
      const it = yield* Semaphore.make(SemaphoreSync.MAX)
      expect(yield* Effect.flip(Semaphore.release(it, 0))).toMatchObject({
        _tag: "InvalidArgument",
        value: 0,
      })
      expect(() => SemaphoreSync.releaseSync(it, 0)).toThrow(
        expect.objectContaining({ _tag: "InvalidArgument", value: 0 }),
      )
      expect(yield* Effect.flip(Semaphore.release(it))).toMatchObject({
        _tag: "OverRelease",
        primitive: "Semaphore",
      })
      expect(() => SemaphoreSync.releaseSync(it)).toThrow(expect.objectContaining({ _tag: "OverRelease" }))
      expect(yield* Semaphore.permits(it)).toBe(SemaphoreSync.MAX)
    }),
  )

  fibers("SEM-10 tryAcquire never waits", () =>
    Effect.gen(function* () {
      const it = yield* Semaphore.make(2)
      const tried = [
        yield* Semaphore.tryAcquire(it),
        yield* Semaphore.tryAcquire(it),
        yield* Semaphore.tryAcquire(it),
      ]
      yield* Semaphore.release(it)
      expect([...tried, yield* Semaphore.tryAcquire(it)]).toEqual([true, true, false, true])
    }),
  )

  fibers("SEM-14 a timed wait takes a permit that is there, or comes in time", () =>
    Effect.gen(function* () {
      const it = yield* Semaphore.make(2)
      const wait = (milliseconds: number) => Effect.either(Semaphore.acquireWithin(it, milliseconds))
      expect((yield* wait(5))._tag).toBe("Right")
      expect((yield* wait(5))._tag).toBe("Right")
      expect((yield* wait(5))._tag).toBe("Left")
      yield* Semaphore.release(it)
      expect((yield* wait(5))._tag).toBe("Right")
      const begin = performance.now()
      expect((yield* wait(500))._tag).toBe("Left")
      expect(performance.now() - begin).toBeGreaterThanOrEqual(300)
      const late = yield* Effect.fork(wait(10_000))
      yield* Effect.sleep(20)
      yield* Semaphore.release(it)
      expect((yield* Fiber.join(late))._tag).toBe("Right")
    }),
  )

  fibers("withPermit gives its permit back, and lets in no more than there are", () =>
    Effect.gen(function* () {
      const it = yield* Semaphore.make(3)
      let inside = 0
      let most = 0
      const visit = Effect.gen(function* () {
        most = Math.max(most, ++inside)
        yield* Effect.sleep(1)
        inside--
        return yield* Effect.fail("full")
      })
      const visits = Array.from({ length: 60 }, () => Effect.flip(visit.pipe(Semaphore.withPermit(it))))
      expect(yield* Effect.all(visits, { concurrency: "unbounded" })).toEqual(Array(60).fill("full"))
      expect([most, yield* Semaphore.permits(it)]).toEqual([3, 3])
    }),
  )

  fibers("withPermits takes several and gives them back, in both forms", () =>
    Effect.gen(function* () {
      const it = yield* Semaphore.make(5)
      const left = Semaphore.permits(it)
      expect(yield* left.pipe(Semaphore.withPermits(it, 3))).toBe(2)
      expect(yield* Effect.flip(Semaphore.withPermits(Effect.fail("inside"), it, 5))).toBe("inside")
      expect(SemaphoreSync.withPermitsSync(it, 4, () => SemaphoreSync.permitsSync(it))).toBe(1)
      const fails = () => {
        throw new Error("inside")
      }
      expect(() => SemaphoreSync.withPermitsSync(it, 4, fails)).toThrow("inside")
      expect(yield* left).toBe(5)
    }),
  )

  fibers("what is no number of permits is refused, in both forms", () =>
    Effect.gen(function* () {
      const it = yield* Semaphore.make(2)
      const refused = (permits: number) => ({ _tag: "InvalidArgument", argument: "permits", value: permits })
      for (const permits of [0, -1, 0.5, Number.NaN, SemaphoreSync.MAX + 1]) {
        for (const effect of [
          Semaphore.acquire(it, permits),
          Semaphore.tryAcquire(it, permits),
          Semaphore.acquireWithin(it, 1, permits),
          Semaphore.withPermits(Effect.void, it, permits),
        ]) {
          expect(yield* Effect.flip(effect)).toMatchObject(refused(permits))
        }
        for (const call of [
          () => SemaphoreSync.acquireSync(it, 1, permits),
          () => SemaphoreSync.tryAcquireSync(it, permits),
          () => SemaphoreSync.withPermitsSync(it, permits, () => {}),
        ]) {
          expect(call).toThrow(expect.objectContaining(refused(permits)))
        }
      }
      expect(yield* Semaphore.permits(it)).toBe(2)
    }),
  )

  fibers("who waits for many comes before who comes later and wants few", () =>
    Effect.gen(function* () {
      const it = yield* Semaphore.make(3)
      const order: Array<string> = []
      const visit = (name: string, permits: number) =>
        Effect.fork(
          Semaphore.withPermits(
            Effect.sync(() => order.push(name)),
            it,
            permits,
          ),
        )
      yield* Semaphore.acquire(it, 2)
      const many = yield* visit("many", 3)
      yield* Effect.yieldNow()
      const few = yield* Effect.all([visit("few", 1), visit("two", 2)])
      yield* Effect.sleep(5)
      expect([yield* Semaphore.tryAcquire(it), SemaphoreSync.acquireSync(it, 5)]).toEqual([false, true])
      SemaphoreSync.releaseSync(it)
      expect(yield* Semaphore.statistics(it)).toEqual({
        permits: 1,
        waitingAgents: 1,
        waitingFibers: 3,
        reserved: true,
      })
      expect(order).toEqual([])
      yield* Semaphore.release(it, 2)
      yield* Fiber.joinAll([many, ...few])
      expect(order).toEqual(["many", "few", "two"])
      expect(yield* Semaphore.permits(it)).toBe(3)
    }),
  )

  fibers("who gives up waiting for many lets the next one in that wants few", () =>
    Effect.gen(function* () {
      const it = yield* Semaphore.make(1)
      const many = yield* Effect.fork(Semaphore.acquire(it, 2))
      yield* Effect.yieldNow()
      const few = yield* Effect.fork(Semaphore.acquire(it))
      yield* Effect.sleep(5)
      expect(few.unsafePoll()).toBe(null)
      yield* Fiber.interrupt(many)
      yield* within(5)(Fiber.join(few))
      const late = yield* Effect.fork(Semaphore.acquire(it))
      expect(yield* Effect.flip(Semaphore.acquireWithin(it, 10, 2))).toMatchObject(timedOut)
      yield* Semaphore.release(it)
      yield* within(5)(Fiber.join(late))
      expect(yield* Semaphore.statistics(it)).toEqual({
        permits: 0,
        waitingAgents: 0,
        waitingFibers: 0,
        reserved: false,
      })
    }),
  )

  fibers("a blocking call in the place of fibers takes what it wants, and leaves them what they want", () =>
    Effect.gen(function* () {
      const it = yield* Semaphore.make(2)
      const many = yield* Effect.fork(Semaphore.acquire(it, 3))
      yield* Effect.sleep(1)
      expect(SemaphoreSync.acquireSync(it, 0, 4)).toBe(false)
      expect(SemaphoreSync.acquireSync(it, 0, 2)).toBe(true)
      SemaphoreSync.releaseSync(it, 3)
      yield* within(5)(Fiber.join(many))
      expect(yield* Semaphore.permits(it)).toBe(0)
    }),
  )

  fibers("the permit of an interrupted waiter goes to the next", () =>
    Effect.gen(function* () {
      for (let wait = 0; wait < 4; wait++) {
        const it = yield* Semaphore.make(0)
        const first = yield* Effect.fork(Semaphore.acquire(it))
        const second = yield* Effect.fork(Effect.zipRight(Effect.yieldNow(), Semaphore.acquire(it)))
        yield* Effect.sleep(1)
        yield* Semaphore.release(it)
        yield* Effect.zipRight(Effect.sleep(wait), Fiber.interruptFork(first))
        const exit = yield* Fiber.await(first)
        if (exit._tag === "Success") yield* Semaphore.release(it)
        yield* within(5)(Fiber.join(second))
        expect(yield* Semaphore.permits(it)).toBe(0)
      }
    }),
  )
})

describe("Semaphore, between agents", () => {
  live("SEM-11 as many tries succeed as there are permits", () =>
    Effect.gen(function* () {
      const it = yield* shared(4)
      yield* Semaphore.acquire(it.seats)
      const pool = yield* Pool.make({ size: 5 })
      const tries = yield* Pool.map(pool, seats.tryTwice, [it, it, it, it, it], { chunkSize: 1 })
      expect(tries.flat().filter((got) => got)).toHaveLength(3)
    }),
  )

  live("SEM-13 release of several permits lets as many pass", () =>
    Effect.gen(function* () {
      const it = yield* shared(7)
      yield* Semaphore.acquire(it.seats)
      const pool = yield* Pool.make({ size: 10 })
      const passed = yield* Effect.forEach(Array.from({ length: 10 }), () =>
        Pool.applyAsync(pool, seats.acquire, [it, 2]),
      )
      const expectPassed = (count: number) =>
        Effect.gen(function* () {
          yield* within(10)(reached(it.flags, 0, count))
          yield* Effect.sleep(100)
          expect(Flags.get(it.flags, 0)).toBe(count)
        })
      yield* expectPassed(6)
      yield* Semaphore.release(it.seats, 7)
      yield* expectPassed(13)
      yield* Semaphore.release(it.seats, 6)
      yield* expectPassed(19)
      yield* Semaphore.release(it.seats)
      yield* expectPassed(20)
      yield* within(10)(Effect.forEach(passed, AsyncResult.get))
    }),
  )

  live("SEM-16 a permit is not tied to who gave it", () =>
    Effect.gen(function* () {
      const it = yield* shared(0)
      const children = [yield* Process.make(seats.release, [it]), yield* Process.make(seats.release, [it])]
      for (const child of children) yield* Process.start(child)
      yield* within(10)(Effect.zipRight(Semaphore.acquire(it.seats), Semaphore.acquire(it.seats)))
    }),
  )

  live("SEM-18 every waiter of many passes, and no permit is left", () =>
    Effect.gen(function* () {
      const it = yield* shared(0)
      const workers = 4
      const pool = yield* Pool.make({ size: workers })
      const waiting = yield* Effect.forEach(Array.from({ length: 15 * workers }), () =>
        Pool.applyAsync(pool, seats.acquire, [it, 1]),
      )
      for (let i = 0; i < 15 * workers; i++) yield* Semaphore.release(it.seats)
      yield* within(20)(Effect.forEach(waiting, AsyncResult.get))
      expect(yield* Semaphore.permits(it.seats)).toBe(0)
    }),
  )

  live("agents and fibers together are never more inside than there are permits", () =>
    Effect.gen(function* () {
      const it = yield* shared(2)
      const pool = yield* Pool.make({ size: 4 })
      const visits = yield* Effect.forEach([1, 2, 3, 4], () => Pool.applyAsync(pool, seats.visit, [it, 5000]))
      const visit = Effect.gen(function* () {
        expect(Flags.get(it.flags, 0)).toBeLessThan(2)
        yield* Effect.yieldNow()
      })
      yield* Effect.forEach(Array.from({ length: 50 }), () => visit.pipe(Semaphore.withPermit(it.seats)))
      yield* within(20)(Effect.forEach(visits, AsyncResult.get))
      expect(Flags.get(it.flags, 1)).toBeLessThanOrEqual(2)
      expect(yield* Semaphore.permits(it.seats)).toBe(2)
    }),
  )

  live("who waits for all permits gets them, though others take one again and again", () =>
    Effect.gen(function* () {
      const it = yield* shared(2)
      const pool = yield* Pool.make({ size: 4 })
      const visitors = yield* Effect.replicateEffect(Pool.applyAsync(pool, seats.visitUntilTold, [it]), 3)
      yield* reached(it.flags, 0, 100)
      for (let i = 1; i <= 20; i++) {
        yield* within(10)(Semaphore.withPermits(Effect.void, it.seats, 2))
        const waiter = yield* Pool.applyAsync(pool, seats.acquireMany, [it, 2])
        yield* within(10)(AsyncResult.get(waiter))
        const visits = Flags.get(it.flags, 0)
        yield* Effect.sleep(2)
        expect(Flags.get(it.flags, 0)).toBe(visits)
        yield* Semaphore.release(it.seats, 2)
        yield* reached(it.flags, 0, visits + 10)
      }
      Flags.add(it.flags, 3)
      yield* within(10)(Effect.forEach(visitors, AsyncResult.get))
      expect(yield* Semaphore.permits(it.seats)).toBe(2)
    }),
  )

  live("an agent that is killed while it waits for many keeps nothing from the others", () =>
    Effect.gen(function* () {
      const it = yield* shared(1)
      const many = yield* Process.make(seats.acquireMany, [it, 2])
      yield* Process.start(many)
      yield* reached(it.flags, 2)
      yield* within(10)(
        Effect.repeat(Effect.delay(Semaphore.statistics(it.seats), 1), { until: ({ reserved }) => reserved }),
      )
      expect(yield* Semaphore.tryAcquire(it.seats)).toBe(false)
      const waiter = yield* Effect.fork(Semaphore.acquire(it.seats))
      yield* Process.kill(many)
      yield* within(10)(Fiber.join(waiter))
      yield* Semaphore.release(it.seats)
      expect(yield* Semaphore.tryAcquire(it.seats)).toBe(true)
    }),
  )
})
