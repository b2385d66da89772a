/** Locks between fibers of one agent, between agents, and after the death of one. */
import { describe, expect, it } from "@effect/vitest"
import * as Flags from "@multifiber/testkit/Flags"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as AsyncResult from "../src/AsyncResult.ts"
import * as Lock from "../src/Lock.ts"
import * as LockSync from "../src/LockSync.ts"
import * as Pool from "../src/Pool.ts"
import * as Process from "../src/Process.ts"
import { locking } from "./fixtures/locking.ts"
import { defectOf, live, reached, within } from "./live.ts"

const BOUND = 20_000

const shared = Effect.map(Lock.make, (lock) => ({ lock, flags: Flags.make() }))

const run = <Args extends ReadonlyArray<any>, A>(
  ...[task, args]: Parameters<typeof Process.make<Args, A, never>>
) =>
  Effect.gen(function* () {
    const child = yield* Process.make(task, args)
    yield* Process.start(child)
    return child
  })

const resultOf = <A>(child: Process.Process<A, never>) => Effect.flatten(within(10)(Process.result(child)))

const fibers = (name: string, body: () => Effect.Effect<unknown, unknown>) =>
  it.live(name, () => within(15)(body()), BOUND)

describe("Lock, between fibers", () => {
  fibers("LOCK-01 acquire takes it, and tryAcquire does not wait for it", () =>
    Effect.gen(function* () {
      const lock = yield* Lock.make
      expect(yield* Lock.acquire(lock)).toBe("acquired")
      expect(yield* Lock.tryAcquire(lock)).toBe(false)
      expect(yield* Lock.isLocked(lock)).toBe(true)
      yield* Lock.release(lock)
      expect(yield* Lock.tryAcquire(lock)).toBe("acquired")
    }),
  )

  fibers("release of a free lock fails with OverRelease, in the synchronous form too", () =>
    Effect.gen(function* () {
      const lock = yield* Lock.make
      expect(yield* Effect.flip(Lock.release(lock))).toMatchObject({ _tag: "OverRelease", primitive: "Lock" })
      expect(() => LockSync.releaseSync(lock)).toThrow(
        expect.objectContaining({
          _tag: "OverRelease",
          message: (yield* Effect.flip(Lock.release(lock))).message,
        }),
      )
    }),
  )

  fibers("a lock that was freed inside of withLock is a defect", () =>
    Effect.gen(function* () {
      const lock = yield* Lock.make
      const exit = yield* Effect.exit(Lock.withLock(Lock.release(lock), lock))
      expect(defectOf(exit)).toMatchObject({ _tag: "OverRelease", primitive: "Lock" })
      expect(yield* Lock.isLocked(lock)).toBe(false)
    }),
  )

  fibers("LOCK-12 a timeout of zero or less tries once", () =>
    Effect.gen(function* () {
      const lock = yield* Lock.make
      expect(yield* Lock.acquireWithin(lock, -5)).toBe("acquired")
      for (const timeout of [0, -5]) {
        expect(yield* Effect.flip(Lock.acquireWithin(lock, timeout))).toMatchObject({ _tag: "TimedOut" })
        expect(LockSync.acquireSync(lock, timeout)).toBe(false)
      }
      yield* Lock.release(lock)
      expect(LockSync.acquireSync(lock, -5)).toBe("acquired")
    }),
  )

  fibers("waiters get it in the order in which they came", () =>
    Effect.gen(function* () {
      const lock = yield* Lock.make
      yield* Lock.acquire(lock)
      const order: Array<number> = []
      const waiting = yield* Effect.forEach([0, 1, 2, 3, 4], (n) =>
        Effect.fork(Effect.sync(() => order.push(n)).pipe(Lock.withLock(lock))).pipe(
          Effect.tap(Effect.yieldNow()),
        ),
      )
      yield* Lock.release(lock)
      yield* Fiber.joinAll(waiting)
      expect(order).toEqual([0, 1, 2, 3, 4])
      expect(yield* Lock.isLocked(lock)).toBe(false)
    }),
  )

  fibers("a waiter that times out or is interrupted leaves nothing, and the next one gets it", () =>
    Effect.gen(function* () {
      const lock = yield* Lock.make
      yield* Lock.acquire(lock)
      const interrupted = yield* Effect.fork(Lock.acquire(lock))
      const third = yield* Effect.fork(Effect.zipRight(Effect.sleep(5), Lock.acquire(lock)))
      expect(yield* Effect.flip(Lock.acquireWithin(lock, 20))).toMatchObject({ _tag: "TimedOut" })
      yield* Fiber.interrupt(interrupted)
      yield* Lock.release(lock)
      expect(yield* Fiber.join(third)).toBe("acquired")
      yield* Lock.release(lock)
      expect(yield* Lock.tryAcquire(lock)).toBe("acquired")
    }),
  )

  fibers("a lock that comes in the same turn as the interruption is freed", () =>
    Effect.gen(function* () {
      for (const releaseFirst of [true, false]) {
        for (let wait = 0; wait < 4; wait++) {
          const lock = yield* Lock.make
          yield* Lock.acquire(lock)
          const waiter = yield* Effect.fork(Effect.never.pipe(Lock.withLock(lock)))
          yield* Effect.yieldNow()
          const stop = Fiber.interruptFork(waiter)
          yield* releaseFirst
            ? Effect.zipRight(Lock.release(lock), stop)
            : Effect.zipRight(stop, Lock.release(lock))
          yield* Effect.sleep(wait)
          yield* Fiber.await(waiter)
          expect(yield* Lock.acquireWithin(lock, 2000)).toBe("acquired")
        }
      }
    }),
  )

  fibers("withLock frees it when its effect fails, and 200 fibers exclude each other", () =>
    Effect.gen(function* () {
      const lock = yield* Lock.make
      expect(yield* Effect.flip(Effect.fail("inside").pipe(Lock.withLock(lock)))).toBe("inside")
      let inside = 0
      let most = 0
      const step = Effect.gen(function* () {
        most = Math.max(most, ++inside)
        yield* Effect.yieldNow()
        inside--
      })
      yield* Effect.forEach(Array.from({ length: 200 }), () => step.pipe(Lock.withLock(lock)), {
        concurrency: "unbounded",
      })
      expect(most).toBe(1)
    }),
  )

  fibers("a copy of the handle is the same lock, and the same queue", () =>
    Effect.gen(function* () {
      const lock = yield* Lock.make
      const copy = structuredClone(lock)
      expect(Lock.isLock(copy)).toBe(true)
      yield* Lock.acquire(lock)
      expect(yield* Lock.tryAcquire(copy)).toBe(false)
      const waiter = yield* Effect.fork(Lock.acquire(copy))
      yield* Effect.yieldNow()
      yield* Lock.release(copy)
      expect(yield* Fiber.join(waiter)).toBe("acquired")
      expect(yield* Lock.isLocked(lock)).toBe(true)
    }),
  )
})

describe("Lock, between agents", () => {
  live("LOCK-05 tryAcquire of another agent does not wait", () =>
    Effect.gen(function* () {
      const it = yield* shared
      yield* Lock.acquire(it.lock)
      expect(yield* resultOf(yield* run(locking.tryOnce, [it]))).toBe(false)
    }),
  )

  live("LOCK-04 a body that fails frees the lock for others, and its error comes through", () =>
    Effect.gen(function* () {
      const it = yield* shared
      const failed = yield* run(locking.failInside, [it])
      expect(yield* Effect.flip(resultOf(failed))).toMatchObject({ name: "RangeError", message: "inside" })
      expect(yield* resultOf(yield* run(locking.tryOnce, [it]))).toBe("acquired")
    }),
  )

  live("LOCK-07 another agent may release it", () =>
    Effect.gen(function* () {
      const it = yield* shared
      yield* Lock.acquire(it.lock)
      yield* resultOf(yield* run(locking.release, [it]))
      expect(yield* Lock.acquire(it.lock)).toBe("acquired")
      yield* Lock.release(it.lock)
    }),
  )

  live("LOCK-08 who holds it waits for it, until another agent releases it", () =>
    Effect.gen(function* () {
      const it = yield* shared
      const child = yield* run(locking.acquireTwice, [it])
      yield* reached(it.flags, 0)
      yield* Effect.sleep(100)
      expect(Flags.get(it.flags, 1)).toBe(0)
      yield* Lock.release(it.lock)
      yield* within(5)(reached(it.flags, 1))
      yield* resultOf(child)
    }),
  )

  live("LOCK-10 a wait of another agent ends with its timeout", () =>
    Effect.gen(function* () {
      const it = yield* shared
      yield* Lock.acquire(it.lock)
      const waited = yield* resultOf(yield* run(locking.acquireWithin, [it, 500]))
      expect(waited).toBeGreaterThanOrEqual(300)
      expect(waited).toBeLessThan(5000)
    }),
  )

  live("LOCK-14 every agent sees whether it is held", () =>
    Effect.gen(function* () {
      const it = yield* shared
      yield* Lock.acquire(it.lock)
      expect(yield* Lock.isLocked(it.lock)).toBe(true)
      expect(yield* resultOf(yield* run(locking.isLocked, [it]))).toBe(true)
    }),
  )

  live("it keeps the steps of several agents and of fibers together", () =>
    Effect.gen(function* () {
      const it = yield* shared
      const pool = yield* Pool.make({ size: 3 })
      const added = yield* Effect.forEach([1, 2, 3], () => Pool.applyAsync(pool, locking.add, [it, 20_000]))
      const step = Effect.suspend(() => {
        const before = it.flags[0] as number
        return Effect.map(Effect.yieldNow(), () => {
          it.flags[0] = before + 1
        })
      })
      yield* Effect.forEach(Array.from({ length: 50 }), () => step.pipe(Lock.withLock(it.lock)), {
        concurrency: 10,
      })
      yield* within(20)(Effect.forEach(added, AsyncResult.get))
      expect(it.flags[0]).toBe(60_050)
    }),
  )
})

describe("Lock, after a death", () => {
  const deaths = [
    { how: "killed", end: Process.kill },
    { how: "terminated", end: Process.terminate },
  ] as const
  for (const { end, how } of deaths) {
    live(`LOCK-13 the lock of an agent that is ${how} passes to the fiber that waits, as abandoned`, () =>
      Effect.gen(function* () {
        const it = yield* shared
        const holder = yield* run(locking.hold, [it])
        yield* reached(it.flags, 0)
        const waiter = yield* Effect.fork(Lock.acquire(it.lock))
        yield* Effect.yieldNow()
        yield* end(holder)
        expect(yield* within(10)(Fiber.join(waiter))).toBe("abandoned")
        yield* Lock.release(it.lock)
        expect(yield* Lock.tryAcquire(it.lock)).toBe("acquired")
      }),
    )
  }

  live("it passes to an agent that waits, and to one that comes later", () =>
    Effect.gen(function* () {
      const it = yield* shared
      const holder = yield* run(locking.hold, [it])
      yield* reached(it.flags, 0)
      const waiter = yield* run(locking.acquireWithin, [it, 10_000])
      yield* Effect.sleep(200)
      yield* Process.kill(holder)
      expect(yield* resultOf(waiter)).toBe("abandoned")
      // The waiter has ended with it.
      expect(yield* within(10)(Lock.acquire(it.lock))).toBe("abandoned")
    }),
  )

  live("process.exit inside abandons it too", () =>
    Effect.gen(function* () {
      const it = yield* shared
      const child = yield* run(locking.exitInside, [it])
      yield* within(10)(Process.join(child))
      expect(yield* within(10)(Lock.acquire(it.lock))).toBe("abandoned")
    }),
  )

  live("an agent that dies while it waits is forgotten", () =>
    Effect.gen(function* () {
      const it = yield* shared
      yield* Lock.acquire(it.lock)
      const waiter = yield* run(locking.wait, [it])
      yield* reached(it.flags, 1)
      yield* Effect.sleep(50)
      yield* Process.kill(waiter)
      yield* within(10)(Process.join(waiter))
      yield* Lock.release(it.lock)
      for (let i = 0; i < 3; i++) {
        expect(yield* within(5)(Lock.acquire(it.lock))).toBe("acquired")
        yield* Lock.release(it.lock)
      }
    }),
  )
})
