/** Recursive locks: owned by a fiber, or by the plain code of an agent. */
import { describe, expect, it } from "@effect/vitest"
import * as Flags from "@multifiber/testkit/Flags"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Pool from "../src/Pool.ts"
import * as Process from "../src/Process.ts"
import * as RLock from "../src/RLock.ts"
import * as RLockSync from "../src/RLockSync.ts"
import type { Task } from "../src/Task.ts"
import { recursive } from "./fixtures/recursive.ts"
import { defectOf, live, reached, within } from "./live.ts"

const fibers = (name: string, body: () => Effect.Effect<unknown, unknown>) =>
  it.live(name, () => within(15)(body()), 20_000)

const shared = Effect.map(RLock.make, (lock) => ({ lock, flags: Flags.make() }))

const notOwner = { _tag: "NotOwner", primitive: "RLock" }

const holding = Effect.gen(function* () {
  const it = yield* shared
  const holder = yield* Process.make(recursive.hold, [it])
  yield* Process.start(holder)
  yield* reached(it.flags, 0)
  return { it, holder, lock: it.lock }
})

describe("RLock, between fibers", () => {
  fibers("RLOCK-01 RLOCK-03 each acquire needs a release, and one more fails with NotOwner", () =>
    Effect.gen(function* () {
      const lock = yield* RLock.make
      expect(yield* Effect.flip(RLock.release(lock))).toMatchObject(notOwner)
      for (const acquire of [RLock.acquire, RLock.tryAcquire, RLock.acquireWithin("1 second")]) {
        expect(yield* acquire(lock)).toBe("acquired")
      }
      for (let i = 0; i < 3; i++) yield* RLock.release(lock)
      expect(yield* Effect.flip(RLock.release(lock))).toMatchObject(notOwner)
      yield* RLock.acquire(lock)
      yield* RLock.acquire(lock)
      yield* RLock.release(lock)
      yield* RLock.acquire(lock)
      yield* RLock.release(lock)
      yield* RLock.release(lock)
      expect(yield* Effect.flip(RLock.release(lock))).toMatchObject(notOwner)
    }),
  )

  fibers("RLOCK-09 it is locked until the last release", () =>
    Effect.gen(function* () {
      const lock = yield* RLock.make
      for (let i = 0; i < 3; i++) yield* RLock.acquire(lock)
      const seen = [yield* RLock.isLocked(lock)]
      yield* RLock.release(lock)
      seen.push(yield* RLock.isLocked(lock))
      yield* RLock.release(lock)
      yield* RLock.release(lock)
      expect([...seen, yield* RLock.isLocked(lock)]).toEqual([true, true, false])
    }),
  )

  fibers("another fiber of the agent is another owner, and waits", () =>
    Effect.gen(function* () {
      const lock = yield* RLock.make
      yield* RLock.acquire(lock)
      const hasTried = yield* Deferred.make<void>()
      const other = yield* Effect.fork(
        Effect.gen(function* () {
          const before = [yield* RLock.tryAcquire(lock), yield* RLock.depth(lock)]
          const refused = yield* Effect.flip(RLock.release(lock))
          const timedOut = yield* Effect.flip(RLock.acquireWithin(lock, 20))
          yield* Deferred.succeed(hasTried, undefined)
          yield* RLock.acquire(lock)
          return [...before, refused._tag, timedOut._tag, yield* RLock.depth(lock)]
        }),
      )
      yield* within(10)(Deferred.await(hasTried))
      yield* Effect.sleep(10)
      yield* RLock.release(lock)
      expect(yield* Fiber.join(other)).toEqual([false, 0, "NotOwner", "TimedOut", 1])
      expect(yield* RLock.depth(lock)).toBe(0)
    }),
  )

  fibers("plain code is an owner of its own", () =>
    Effect.gen(function* () {
      const lock = yield* RLock.make
      expect(() => RLockSync.releaseSync(lock)).toThrow(expect.objectContaining(notOwner))
      RLockSync.withLockSync(lock, () => {
        expect([RLockSync.acquireSync(lock), RLockSync.depthSync(lock)]).toEqual(["acquired", 2])
        RLockSync.releaseSync(lock)
      })
      expect(RLockSync.tryAcquireSync(lock)).toBe("acquired")
      expect(yield* RLock.tryAcquire(lock)).toBe(false)
      RLockSync.releaseSync(lock)
      yield* RLock.acquire(lock)
      expect([
        RLockSync.tryAcquireSync(lock),
        RLockSync.acquireSync(lock, 10),
        RLockSync.depthSync(lock),
      ]).toEqual([false, false, 0])
    }),
  )

  fibers("a lock that was given back inside of withLock is a defect", () =>
    Effect.gen(function* () {
      const lock = yield* RLock.make
      const exit = yield* Effect.exit(RLock.withLock(RLock.release(lock), lock))
      expect(defectOf(exit)).toMatchObject({ _tag: "NotOwner", primitive: "RLock" })
      expect(yield* RLock.isLocked(lock)).toBe(false)
    }),
  )

  fibers("withLock may be nested, and gives back as often as it took, interrupted or not", () =>
    Effect.gen(function* () {
      const lock = yield* RLock.make
      const nested = RLock.depth(lock).pipe(RLock.withLock(lock), RLock.withLock(lock), RLock.withLock(lock))
      expect(yield* nested).toBe(3)
      const stuck = yield* Effect.fork(Effect.never.pipe(RLock.withLock(lock), RLock.withLock(lock)))
      yield* Effect.yieldNow()
      const waiting = yield* Effect.fork(nested)
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(stuck)
      expect(yield* within(5)(Fiber.join(waiting))).toBe(3)
      expect(yield* RLock.isLocked(lock)).toBe(false)
    }),
  )
})

describe("RLock, between agents", () => {
  live("RLOCK-04 RLOCK-06 another agent neither releases it nor counts its depth", () =>
    Effect.gen(function* () {
      const { holder, it, lock } = yield* holding
      expect(yield* Effect.flip(RLock.release(lock))).toMatchObject(notOwner)
      expect([yield* RLock.depth(lock), yield* RLock.isLocked(lock)]).toEqual([0, true])
      Flags.add(it.flags, 1)
      expect(yield* yield* within(10)(Process.result(holder))).toEqual([1, 2, 0])
      const depths = [yield* RLock.depth(lock)]
      const steps = [RLock.acquire, RLock.acquire, RLock.acquire, RLock.release, RLock.release, RLock.release]
      for (const step of steps) {
        yield* step(lock)
        depths.push(yield* RLock.depth(lock))
      }
      expect(depths).toEqual([0, 1, 2, 3, 2, 1, 0])
    }),
  )

  live("a worker that has taken it still has it in a later task, whatever was collected in between", () =>
    Effect.gen(function* () {
      const it = yield* shared
      const pool = yield* Pool.make({ size: 1 })
      const apply = <A>(task: Task<[typeof it], A>) => within(10)(Pool.apply(pool, task, [it]))
      expect(yield* apply(recursive.acquire)).toBe("acquired")
      yield* within(10)(Pool.apply(pool, recursive.forget, []))
      expect(yield* apply(recursive.acquire)).toBe("acquired")
      yield* apply(recursive.release)
      yield* within(10)(Pool.apply(pool, recursive.forget, []))
      yield* apply(recursive.release)
      expect(yield* RLock.isLocked(it.lock)).toBe(false)
    }),
  )

  live("RLOCK-07 another agent gets it after the last release only", () =>
    Effect.gen(function* () {
      const it = yield* shared
      const tried = Effect.gen(function* () {
        const child = yield* Process.make(recursive.tryOnce, [it])
        yield* Process.start(child)
        return yield* yield* within(10)(Process.result(child))
      })
      yield* RLock.acquire(it.lock)
      yield* RLock.acquire(it.lock)
      const results = [yield* tried]
      yield* RLock.release(it.lock)
      results.push(yield* tried)
      yield* RLock.release(it.lock)
      expect([...results, yield* tried]).toEqual([false, false, "acquired"])
    }),
  )

  live(
    "RLOCK-11 after the owner was killed, a release fails with NotOwner, and the next one gets it as abandoned",
    () =>
      Effect.gen(function* () {
        const { holder, lock } = yield* holding
        yield* Process.kill(holder)
        yield* within(10)(Process.join(holder))
        expect(yield* Effect.flip(RLock.release(lock))).toMatchObject(notOwner)
        // Not `within`: that would be another fiber.
        expect(yield* RLock.acquireWithin(lock, "10 seconds")).toBe("abandoned")
        yield* RLock.release(lock)
        expect(yield* RLock.tryAcquire(lock)).toBe("acquired")
      }),
  )
})
