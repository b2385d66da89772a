/** Primitives between a program and OS processes, which use them through the program. */
import { describe, expect } from "@effect/vitest"
import { layer } from "@multifiber/platform"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import type { Platform } from "multifiber/Platform"
import { afterAll, beforeAll } from "vitest"
import * as SharedArray from "../src/Array.ts"
import * as Barrier from "../src/Barrier.ts"
import * as BoundedSemaphore from "../src/BoundedSemaphore.ts"
import * as Condition from "../src/Condition.ts"
import * as Connection from "../src/Connection.ts"
import * as Context from "../src/Context.ts"
import * as Event from "../src/Event.ts"
import * as Lock from "../src/Lock.ts"
import * as Pipe from "../src/Pipe.ts"
import * as Pool from "../src/Pool.ts"
import * as Process from "../src/Process.ts"
import * as Queue from "../src/Queue.ts"
import * as RLock from "../src/RLock.ts"
import * as Semaphore from "../src/Semaphore.ts"
import { StartMethod } from "../src/StartMethod.ts"
import type { Task } from "../src/Task.ts"
import * as Value from "../src/Value.ts"
import {
  hostedConditions,
  hostedEvents,
  hostedFamilies,
  hostedLocks,
  hostedMeetings,
  hostedRLocks,
  hostedSeats,
  hostedValues,
} from "./fixtures/hosted.ts"
import { within } from "./live.ts"
import { onEach, resultOf, run } from "./startMethods.ts"

const SIZE = 2

const onSpawn = (name: string, body: () => Effect.Effect<unknown, unknown, Platform | Scope.Scope>) =>
  onEach(name, body, 60, ["spawn"])

/** Two OS processes, for all tests that end none. */
const scope = Effect.runSync(Scope.make())
let pool: Pool.Pool

beforeAll(async () => {
  const made = Effect.provide(Pool.make({ size: SIZE }), layer).pipe(
    Effect.provideService(StartMethod, "spawn"),
    Scope.extend(scope),
  )
  pool = await Effect.runPromise(within(30)(made))
}, 40_000)

afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)), 20_000)

const inPool = (
  name: string,
  body: (pool: Pool.Pool) => Effect.Effect<unknown, unknown, Platform | Scope.Scope>,
) => onSpawn(name, () => body(pool))

const call = <Args extends ReadonlyArray<any>, A, E>(pool: Pool.Pool, task: Task<Args, A, E>, args: Args) =>
  within(20)(Pool.apply(pool, task, args))

/** In both processes at once. */
const callBoth = <Args extends ReadonlyArray<any>, A, E>(
  pool: Pool.Pool,
  task: Task<Args, A, E>,
  args: Args,
) => within(30)(Effect.replicateEffect(Pool.apply(pool, task, args), SIZE, { concurrency: "unbounded" }))

const next = <A>(queue: Queue.Queue<A>) => within(20)(Queue.get(queue))

const many = <A>(queue: Queue.Queue<A>, count: number) => Effect.replicateEffect(next(queue), count)

const nothingIn = (queue: Queue.Queue<any>) =>
  Effect.map(Queue.getWithin(queue, 50).pipe(Effect.option), (got) => expect(got).toEqual(Option.none()))

const until = (what: Effect.Effect<boolean>) =>
  within(20)(Effect.repeat(Effect.delay(what, 1), { until: (is) => is }))

const sum = (numbers: ReadonlyArray<number>) => numbers.reduce((total, n) => total + n, 0)

const broken = "BrokenBarrier"

describe("Lock, in OS processes", () => {
  inPool("LOCK-04 LOCK-05 LOCK-07 it excludes, others may free it, and a failure frees it", (pool) =>
    Effect.gen(function* () {
      const lock = yield* Lock.make
      expect(yield* Lock.acquire(lock)).toBe("acquired")
      expect(yield* call(pool, hostedLocks.tryAcquire, [lock])).toBe(false)
      expect(yield* call(pool, hostedLocks.release, [lock])).toBe(undefined)
      expect(yield* call(pool, hostedLocks.release, [lock])).toBe("OverRelease")
      expect(yield* Lock.tryAcquire(lock)).toBe("acquired")
      yield* Lock.release(lock)
      const failed = yield* Effect.flip(Lock.withLock(Effect.fail("marker"), lock))
      expect(failed).toBe("marker")
      expect(yield* call(pool, hostedLocks.once, [lock])).toBe(true)
      expect(yield* Lock.isLocked(lock)).toBe(false)
    }),
  )

  inPool("what a process was given does not travel on in a message, which it is told", (pool) =>
    Effect.gen(function* () {
      const lock = yield* Lock.make
      const reports = yield* Queue.make<unknown>()
      const [here, there] = yield* Pipe.make<never, unknown>()
      const refused = "EncodingFailed"
      expect(yield* call(pool, hostedLocks.sendOn, [lock, reports, there])).toEqual(Array(4).fill(refused))
      expect(yield* Queue.size(reports)).toBe(0)
      expect(yield* Connection.poll(here)).toBe(false)
    }),
  )

  inPool("LOCK-08 LOCK-10 a wait ends with the lock, or with its time", (pool) =>
    Effect.gen(function* () {
      const lock = yield* Lock.make
      const reports = yield* Queue.make<number>()
      const twice = yield* Effect.fork(call(pool, hostedLocks.twice, [lock, reports]))
      expect(yield* next(reports)).toBe(1)
      yield* nothingIn(reports)
      for (const [milliseconds, least] of [
        [500, 300],
        [0, 0],
      ] as const) {
        const before = performance.now()
        expect(yield* call(pool, hostedLocks.acquireWithin, [lock, milliseconds])).toBe("TimedOut")
        expect(performance.now() - before).toBeGreaterThanOrEqual(least)
      }
      yield* Lock.release(lock)
      expect(yield* next(reports)).toBe(2)
      yield* Fiber.join(twice)
      yield* Lock.release(lock)
      expect(yield* call(pool, hostedLocks.acquireWithin, [lock, 10_000])).toBe("acquired")
    }),
  )

  inPool("nobody is inside with another, be it a process or a fiber here", (pool) =>
    Effect.gen(function* () {
      const TIMES = 50
      const lock = yield* Lock.make
      const reports = yield* Queue.make<string>()
      const inside = Lock.withLock(
        Effect.zipRight(
          Queue.put(reports, "in"),
          Effect.zipRight(Effect.yieldNow(), Queue.put(reports, "out")),
        ),
        lock,
      )
      yield* Effect.all(
        [callBoth(pool, hostedLocks.enter, [lock, reports, TIMES]), Effect.replicateEffect(inside, TIMES)],
        { concurrency: "unbounded" },
      )
      const seen = yield* many(reports, 6 * TIMES)
      expect(seen).toEqual(Array.from({ length: 3 * TIMES }, () => ["in", "out"]).flat())
    }),
  )

  onSpawn("LOCK-13 LOCK-14 the lock of a process that is killed passes to who waits, as abandoned", () =>
    Effect.gen(function* () {
      const lock = yield* Lock.make
      const reports = yield* Queue.make<unknown>()
      const holder = yield* run(hostedLocks.holdLock, [lock, reports])
      expect(yield* next(reports)).toEqual({ acquired: "acquired", isLocked: true })
      expect(yield* Lock.isLocked(lock)).toBe(true)
      const heir = yield* run(hostedLocks.waitForLock, [lock, reports])
      expect(yield* next(reports)).toBe("waits")
      yield* until(Effect.map(Lock.statistics(lock), ({ waitingAgents }) => waitingAgents === 1))
      yield* Process.kill(holder)
      expect(yield* resultOf(heir)).toBe("abandoned")
      // It ended with the lock.
      expect(yield* within(10)(Lock.acquire(lock))).toBe("abandoned")
      yield* Lock.release(lock)
      expect(yield* Lock.tryAcquire(lock)).toBe("acquired")
    }),
  )

  onSpawn("a process that is killed while it waits takes no turn with it", () =>
    Effect.gen(function* () {
      const lock = yield* Lock.make
      const reports = yield* Queue.make<unknown>()
      yield* Lock.acquire(lock)
      const waiter = yield* run(hostedLocks.waitForLock, [lock, reports])
      yield* next(reports)
      yield* until(Effect.map(Lock.statistics(lock), ({ waitingAgents }) => waitingAgents === 1))
      const here = yield* Effect.fork(Lock.acquire(lock))
      yield* Process.kill(waiter)
      yield* within(10)(Process.join(waiter))
      yield* Lock.release(lock)
      expect(yield* within(10)(Fiber.join(here))).toBe("acquired")
      yield* until(Effect.map(Lock.statistics(lock), ({ waitingAgents }) => waitingAgents === 0))
    }),
  )

  inPool("an interrupted wait is over for all, and leaves the lock as it was", (pool) =>
    Effect.gen(function* () {
      const lock = yield* Lock.make
      const reports = yield* Queue.make<unknown>()
      yield* Lock.acquire(lock)
      const waiter = yield* Effect.fork(Pool.apply(pool, hostedLocks.waitForLock, [lock, reports]))
      yield* next(reports)
      yield* until(Effect.map(Lock.statistics(lock), ({ waitingAgents }) => waitingAgents === 1))
      yield* Fiber.interrupt(waiter)
      yield* until(Effect.map(Lock.statistics(lock), ({ waitingAgents }) => waitingAgents === 0))
      yield* Lock.release(lock)
      expect(yield* callBoth(pool, hostedLocks.once, [lock])).toEqual([true, true])
      expect(yield* call(pool, hostedLocks.statistics, [lock])).toEqual({
        isLocked: false,
        waitingAgents: 0,
        waitingFibers: 0,
        reserved: false,
      })
    }),
  )

  onSpawn("a process hands it to a child of its own, whose death sets it free", () =>
    Effect.gen(function* () {
      const lock = yield* Lock.make
      const reports = yield* Queue.make<unknown>()
      const middle = yield* run(hostedFamilies.killGrandchild, [lock, reports])
      expect(yield* next(reports)).toBe("held below")
      expect(yield* resultOf(middle)).toBe("abandoned")
    }),
  )

  onSpawn("a context makes what its processes use", () =>
    Effect.gen(function* () {
      const context = yield* Context.getContext("spawn")
      const lock = yield* context.Lock.make
      const child = yield* context.Process.make(hostedLocks.once, [lock])
      yield* within(20)(context.Process.start(child))
      expect(yield* resultOf(child)).toBe(true)
      expect(yield* context.Lock.isLocked(lock)).toBe(false)
    }),
  )

  inPool("what a process makes itself is not what it was given", (pool) =>
    Effect.gen(function* () {
      // Some of them have the number that the one given has here.
      const locks = yield* Effect.replicateEffect(Lock.make, 5)
      for (const lock of locks) expect(yield* call(pool, hostedLocks.own, [lock, 300])).toBe(false)
    }),
  )

  inPool("plain code cannot use what only messages reach: Unsupported", (pool) =>
    Effect.gen(function* () {
      const tags = yield* call(pool, hostedLocks.plain, [
        yield* Lock.make,
        yield* RLock.make,
        yield* Semaphore.make(1),
        yield* BoundedSemaphore.make(1),
        yield* Event.make,
        yield* Barrier.make(1),
        yield* Condition.make,
        yield* Value.make("i32"),
      ])
      expect(tags).toEqual(Array.from({ length: 9 }, () => "Unsupported"))
    }),
  )
})

describe("RLock, in OS processes", () => {
  inPool("RLOCK-06 RLOCK-07 it has an owner and a depth, which are a fiber's", (pool) =>
    Effect.gen(function* () {
      const lock = yield* RLock.make
      yield* RLock.acquire(lock)
      yield* RLock.acquire(lock)
      const look = call(pool, hostedRLocks.look, [lock])
      expect(yield* look).toEqual([false, "NotOwner", 0])
      yield* RLock.release(lock)
      expect(yield* look).toEqual([false, "NotOwner", 0])
      yield* RLock.release(lock)
      expect(yield* look).toEqual(["acquired", undefined, 0])
      expect(yield* call(pool, hostedRLocks.depths, [lock])).toEqual([0, 1, 2, 3, 2, 1, 0, "NotOwner"])
      expect(yield* call(pool, hostedRLocks.fibers, [lock])).toEqual([false, "acquired", false])
    }),
  )

  onSpawn("RLOCK-04 RLOCK-11 only its owner frees it, or the death of that", () =>
    Effect.gen(function* () {
      const lock = yield* RLock.make
      const reports = yield* Queue.make<unknown>()
      const go = yield* Event.make
      const holder = yield* run(hostedRLocks.holdRLock, [lock, reports, go])
      expect(yield* next(reports)).toBe("held")
      expect(yield* Effect.flip(RLock.release(lock))).toMatchObject({ _tag: "NotOwner" })
      yield* Event.set(go)
      expect(yield* resultOf(holder)).toBe("released")
      yield* Event.clear(go)
      const killed = yield* run(hostedRLocks.holdRLock, [lock, reports, go])
      expect(yield* next(reports)).toBe("held")
      expect(yield* RLock.tryAcquire(lock)).toBe(false)
      yield* Process.kill(killed)
      expect(yield* RLock.acquireWithin(lock, "10 seconds")).toBe("abandoned")
      yield* RLock.release(lock)
    }),
  )
})

describe("semaphores, in OS processes", () => {
  inPool("SEM-11 SEM-16 permits are counted once, and given by anybody", (pool) =>
    Effect.gen(function* () {
      const semaphore = yield* Semaphore.make(4)
      yield* Semaphore.acquire(semaphore)
      const tries = yield* Effect.replicateEffect(call(pool, hostedSeats.tryTwice, [semaphore]), 5, {
        concurrency: "unbounded",
      })
      expect(tries.flat().filter((taken) => taken)).toHaveLength(3)
      yield* callBoth(pool, hostedSeats.releasePermit, [semaphore])
      yield* within(10)(Semaphore.acquire(semaphore, 2))
      expect(yield* call(pool, hostedSeats.withPermits, [yield* Semaphore.make(5), 3])).toBe(2)
    }),
  )

  inPool("SEM-13 SEM-18 as many pass as there are permits", (pool) =>
    Effect.gen(function* () {
      const semaphore = yield* Semaphore.make(0)
      const reports = yield* Queue.make<string>()
      const waiting = yield* Effect.fork(callBoth(pool, hostedSeats.acquireTwice, [semaphore, reports]))
      yield* nothingIn(reports)
      yield* Semaphore.release(semaphore, 3)
      yield* many(reports, 3)
      yield* nothingIn(reports)
      yield* Semaphore.release(semaphore)
      yield* many(reports, 1)
      yield* Fiber.join(waiting)
      expect(yield* Effect.flip(Semaphore.release(semaphore, 0))).toMatchObject({ _tag: "InvalidArgument" })
      const all = yield* Effect.fork(callBoth(pool, hostedSeats.waitAll, [semaphore, 15]))
      yield* Effect.replicateEffect(Semaphore.release(semaphore), 30)
      expect(yield* Fiber.join(all)).toEqual([15, 15])
      expect(yield* Semaphore.permits(semaphore)).toBe(0)
    }),
  )

  onSpawn("a bounded one gets the permit of a process that is killed back", () =>
    Effect.gen(function* () {
      const semaphore = yield* BoundedSemaphore.make(1)
      const reports = yield* Queue.make<string>()
      const holder = yield* run(hostedSeats.holdPermit, [semaphore, reports])
      expect(yield* next(reports)).toBe("held")
      expect(yield* BoundedSemaphore.tryAcquire(semaphore)).toBe(false)
      yield* Process.kill(holder)
      yield* within(10)(BoundedSemaphore.acquire(semaphore))
      yield* BoundedSemaphore.release(semaphore)
      expect(yield* resultOf(yield* run(hostedSeats.overRelease, [semaphore]))).toBe("OverRelease")
    }),
  )
})

describe("Event, in OS processes", () => {
  inPool("EVT-04 EVT-06 EVT-07 EVT-10 who waits goes on once it is set, wherever", (pool) =>
    Effect.gen(function* () {
      const event = yield* Event.make
      yield* Event.set(event)
      expect(yield* call(pool, hostedEvents.seeAndClear, [event])).toEqual([
        true,
        undefined,
        undefined,
        "TimedOut",
      ])
      expect(yield* Event.isSet(event)).toBe(false)
      const setter = yield* Effect.fork(call(pool, hostedEvents.setLater, [event, 100]))
      yield* within(10)(Event.wait(event))
      yield* Fiber.join(setter)
      yield* Event.clear(event)
      const late = yield* callBoth(pool, hostedEvents.waitWithin, [event, [0, 100]])
      expect(late.flat()).toEqual(Array.from({ length: 4 }, () => "TimedOut"))
      const reports = yield* Queue.make<string>()
      const waiting = yield* Effect.fork(callBoth(pool, hostedEvents.waitTwice, [event, reports]))
      expect(yield* many(reports, 2)).toEqual(["waits", "waits"])
      yield* nothingIn(reports)
      yield* Event.set(event)
      expect(yield* many(reports, 4)).toEqual(Array.from({ length: 4 }, () => "passed"))
      yield* Fiber.join(waiting)
      const inTime = yield* callBoth(pool, hostedEvents.waitWithin, [event, [0, 10_000]])
      expect(inTime.flat()).toEqual(Array.from({ length: 4 }, () => undefined))
    }),
  )
})

describe("Barrier, in OS processes", () => {
  inPool("BAR-01 BAR-02 BAR-14 nobody goes on before all have come", (pool) =>
    Effect.gen(function* () {
      for (const times of [1, 10]) {
        const barrier = yield* Barrier.make(SIZE)
        const steps = yield* SharedArray.make("i32", 2)
        expect(yield* callBoth(pool, hostedMeetings.rounds, [barrier, steps, times])).toEqual([0, 0])
        expect(yield* Barrier.waiting(barrier)).toBe(0)
        expect(yield* Barrier.isBroken(barrier)).toBe(false)
      }
      const PASSES = 200
      const barrier = yield* Barrier.make(SIZE)
      const lock = yield* Lock.make
      const log = yield* Queue.make<number>()
      yield* callBoth(pool, hostedMeetings.writePasses, [barrier, lock, log, PASSES])
      expect(yield* many(log, SIZE * PASSES)).toEqual(Array.from({ length: PASSES }, (_, i) => [i, i]).flat())
    }),
  )

  inPool("BAR-05 BAR-06 the action runs once, before anybody passes; where it fails, nobody does", (pool) =>
    Effect.gen(function* () {
      const count = yield* Value.make("i32")
      expect(yield* callBoth(pool, hostedMeetings.act, [yield* Barrier.make(SIZE), count])).toEqual([1, 1])
      const barrier = yield* Barrier.make(SIZE)
      expect((yield* callBoth(pool, hostedMeetings.actInVain, [barrier])).toSorted()).toEqual([
        broken,
        "Marker",
      ])
      expect(yield* Barrier.isBroken(barrier)).toBe(true)
    }),
  )

  inPool("BAR-07 BAR-09 BAR-11 an abort and a late one break it, a reset mends it", (pool) =>
    Effect.gen(function* () {
      // Two processes, and a fiber here.
      const meet = <A>(
        task: Task<any, A, never>,
        args: ReadonlyArray<unknown>,
        here: Effect.Effect<A, any>,
      ) =>
        Effect.map(
          Effect.all([callBoth(pool, task, args), within(30)(here)], { concurrency: "unbounded" }),
          ([there, here]) => [...there, here],
        )
      const outcome = <A>(self: Effect.Effect<A, { readonly _tag: string }>) =>
        Effect.merge(Effect.mapError(self, ({ _tag }) => _tag))
      const aborted = yield* Barrier.make(3)
      const abort = Effect.gen(function* () {
        if ((yield* Barrier.wait(aborted)) !== 2) return yield* outcome(Barrier.wait(aborted))
        yield* Barrier.abort(aborted)
        return "aborted" as unknown
      })
      expect((yield* meet(hostedMeetings.abort, [aborted], abort)).toSorted()).toEqual([
        broken,
        broken,
        "aborted",
      ])
      expect(yield* Barrier.isBroken(aborted)).toBe(true)

      const [first, second] = [yield* Barrier.make(3), yield* Barrier.make(3)]
      const reset = Effect.gen(function* () {
        const index = yield* Barrier.wait(first)
        if (index === 2) yield* Barrier.abort(first)
        const broken: unknown = index === 2 ? "aborted" : yield* outcome(Barrier.wait(first))
        if ((yield* Barrier.wait(second)) === 2) yield* Barrier.reset(first)
        yield* Barrier.wait(second)
        return [broken, (yield* outcome(Barrier.wait(first))) as unknown] as const
      })
      const all = yield* meet(hostedMeetings.abortAndReset, [first, second], reset)
      expect(all.map(([which]) => which).toSorted()).toEqual([broken, broken, "aborted"])
      expect(all.map(([, index]) => index).toSorted()).toEqual([0, 1, 2])

      const timed = yield* Barrier.make(3, { timeout: 500 })
      const late = Effect.gen(function* () {
        if ((yield* Barrier.waitWithin(timed, "30 seconds")) === 2) yield* Effect.sleep(1000)
        return (yield* outcome(Barrier.wait(timed))) as unknown
      })
      expect(yield* meet(hostedMeetings.wayLate, [timed], late)).toEqual([broken, broken, broken])
    }),
  )

  onSpawn("BAR-16 BAR-21 all see who waits; a party that is killed breaks it", () =>
    Effect.gen(function* () {
      const barrier = yield* Barrier.make(3)
      const children = [
        yield* run(hostedMeetings.wait, [barrier]),
        yield* run(hostedMeetings.wait, [barrier]),
      ] as const
      yield* until(Effect.map(Barrier.waiting(barrier), (waiting) => waiting === 2))
      const here = yield* Barrier.wait(barrier)
      const indexes = [yield* resultOf(children[0]), yield* resultOf(children[1]), here] as Array<number>
      expect(sum(indexes)).toBe(3)
      expect(yield* Barrier.waiting(barrier)).toBe(0)
      const party = yield* run(hostedMeetings.wait, [barrier])
      yield* until(Effect.map(Barrier.waiting(barrier), (waiting) => waiting === 1))
      yield* Process.kill(party)
      yield* within(10)(Process.join(party))
      expect(yield* Effect.flip(within(10)(Barrier.waitWithin(barrier, "1 second")))).toMatchObject({
        _tag: broken,
      })
      yield* Barrier.abort(barrier)
      expect(yield* Barrier.statistics(barrier)).toMatchObject({ waiting: 0, isBroken: true })
    }),
  )
})

describe("Condition, in OS processes", () => {
  const waitHere = (condition: Condition.Condition, milliseconds?: number) =>
    Condition.withLock(
      Effect.merge(
        Effect.mapError(
          milliseconds === undefined
            ? Condition.wait(condition)
            : Condition.waitWithin(condition, milliseconds),
          ({ _tag }) => _tag,
        ),
      ),
      condition,
    )

  /** Two processes and fibers here wait; returns what becomes of all of them. */
  const waitAll = (pool: Pool.Pool, condition: Condition.Condition, milliseconds?: number) =>
    Effect.gen(function* () {
      const reports = yield* Queue.make<unknown>()
      const there = callBoth(pool, hostedConditions.waitForCondition, [condition, reports, 2, milliseconds])
      const here = Effect.replicateEffect(waitHere(condition, milliseconds), 2, { concurrency: "unbounded" })
      const all = yield* Effect.fork(Effect.all([there, here], { concurrency: "unbounded" }))
      return { all: Effect.map(Fiber.join(all), (results) => results.flat(2)), reports }
    })

  const waiting = (condition: Condition.Condition, count: number) =>
    until(Effect.map(Condition.statistics(condition), ({ waiting }) => waiting === count))

  const notify = (condition: Condition.Condition, count: number) =>
    Condition.withLock(Condition.notify(condition, count), condition)

  inPool(
    "COND-02 COND-03 COND-04 so many go on as were notified, none of those whose time was over",
    (pool) =>
      Effect.gen(function* () {
        const condition = yield* Condition.make
        for (const _ of [1, 2, 3]) {
          const late = yield* waitAll(pool, condition, 100)
          expect(yield* late.all).toEqual(Array.from({ length: 6 }, () => "TimedOut"))
          expect(yield* Condition.statistics(condition)).toMatchObject({ waiting: 0 })
          const { all, reports } = yield* waitAll(pool, condition)
          yield* waiting(condition, 6)
          yield* many(reports, 4)
          yield* nothingIn(reports)
          yield* notify(condition, 2)
          yield* waiting(condition, 4)
          yield* notify(condition, 4)
          yield* notify(condition, 3)
          expect(yield* all).toEqual(Array.from({ length: 6 }, () => "acquired"))
        }
      }),
  )

  inPool("COND-06 COND-08 a conversation by a value, and waits that end", (pool) =>
    Effect.gen(function* () {
      const condition = yield* Condition.make
      const value = yield* Value.make("i32", -1)
      const answer = yield* Effect.fork(call(pool, hostedConditions.answer, [condition, value]))
      const isZero = yield* Condition.withLock(
        Condition.waitFor(
          condition,
          Effect.map(Value.get(value), (seen) => seen === 0),
        ),
        condition,
      ).pipe(within(20))
      expect(isZero).toBe(true)
      for (const _ of [1, 2, 3, 4]) {
        yield* Effect.sleep(10)
        yield* Condition.withLock(
          Effect.zipRight(Value.fetchAdd(value, 1), Condition.notify(condition)),
          condition,
        )
      }
      expect(yield* Fiber.join(answer)).toBe(true)
      for (const milliseconds of [0, 100]) expect(yield* waitHere(condition, milliseconds)).toBe("TimedOut")
      const long = yield* Effect.fork(waitHere(condition, 60_000))
      yield* waiting(condition, 1)
      yield* call(pool, hostedConditions.notifyAll, [condition])
      expect(yield* within(10)(Fiber.join(long))).toBe("acquired")
    }),
  )

  inPool("COND-13 COND-14 nobody runs while the lock is held, and none is told twice", (pool) =>
    Effect.gen(function* () {
      const condition = yield* Condition.make
      const phase = yield* Value.make("i32")
      const reports = yield* Queue.make<any>()
      const all = yield* Effect.fork(
        callBoth(pool, hostedConditions.waitTwiceForCondition, [condition, reports, phase, 2]),
      )
      yield* waiting(condition, 4)
      const go = (count: number, next: number) =>
        Condition.withLock(
          Effect.gen(function* () {
            yield* Condition.notify(condition, count)
            yield* nothingIn(reports)
            yield* Value.set(phase, next)
          }),
          condition,
        )
      yield* go(3, 1)
      const inFirst = yield* many(reports, 3)
      expect(inFirst).toEqual(inFirst.map(() => ({ time: 1, how: "acquired", phase: 1 })))
      yield* waiting(condition, 4)
      yield* go(Number.POSITIVE_INFINITY, 2)
      const inSecond = yield* many(reports, 4)
      expect(inSecond.map(({ how, phase, time }) => [time, how, phase].join(" ")).toSorted()).toEqual([
        "1 acquired 2",
        "2 acquired 2",
        "2 acquired 2",
        "2 acquired 2",
      ])
      yield* waiting(condition, 1)
      yield* go(5, 3)
      expect(yield* many(reports, 1)).toEqual([{ time: 2, how: "acquired", phase: 3 }])
      yield* Fiber.join(all)
    }),
  )

  inPool("it wants the lock, and gives the depth of it back", (pool) =>
    Effect.gen(function* () {
      const lock = yield* RLock.make
      const condition = yield* Condition.fromLock(lock)
      expect(yield* call(pool, hostedConditions.outside, [condition, lock])).toEqual([
        "NotOwner",
        "NotOwner",
        "TimedOut",
        2,
        "NotOwner",
      ])
      expect(yield* RLock.isLocked(lock)).toBe(false)
      const plain = yield* Condition.fromLock(yield* Lock.make)
      const reports = yield* Queue.make<unknown>()
      const wait = yield* Effect.fork(
        Pool.apply(pool, hostedConditions.waitForCondition, [plain, reports, 1]),
      )
      yield* waiting(plain, 1)
      yield* Fiber.interrupt(wait)
      yield* waiting(plain, 0)
      expect(yield* within(10)(Condition.acquire(plain))).toBe("acquired")
    }),
  )

  onSpawn("a process that is killed while it waits swallows no notification", () =>
    Effect.gen(function* () {
      const condition = yield* Condition.make
      const reports = yield* Queue.make<unknown>()
      const child = yield* run(hostedConditions.waitForCondition, [condition, reports, 1])
      yield* waiting(condition, 1)
      yield* Process.kill(child)
      yield* within(10)(Process.join(child))
      const here = yield* Effect.fork(waitHere(condition))
      yield* until(Effect.map(Condition.statistics(condition), ({ waitingFibers }) => waitingFibers === 1))
      yield* notify(condition, 1)
      expect(yield* within(10)(Fiber.join(here))).toBe("acquired")
    }),
  )
})

describe("many at a barrier and a condition, in OS processes", () => {
  /** So many processes of their own do the same at once. */
  const inProcesses = <Args extends ReadonlyArray<any>, A, E>(
    agents: number,
    task: Task<Args, A, E>,
    args: Args,
  ) =>
    Effect.gen(function* () {
      const many = yield* within(30)(Pool.make({ size: agents }))
      return yield* Effect.replicateEffect(Pool.apply(many, task, args), agents, { concurrency: "unbounded" })
    })

  inPool("STRESS-07 a hundred fibers that wait for one event are all done after it", (pool) =>
    Effect.gen(function* () {
      const event = yield* Event.make
      const counts = yield* SharedArray.raw("i32", 2)
      const seen = SharedArray.view(counts)
      const done = yield* Effect.fork(callBoth(pool, hostedEvents.waitTogether, [event, counts, 50]))
      yield* until(Effect.sync(() => seen[0] === 100))
      expect(seen[1]).toBe(0)
      yield* Event.set(event)
      yield* Fiber.join(done)
      expect(seen[1]).toBe(100)
    }),
  )

  onEach(
    "STRESS-06 five agents stay in step while 15 fibers count with a lock",
    () =>
      Effect.gen(function* () {
        const barrier = yield* Barrier.make(5)
        const count = yield* Value.make("i32")
        const here = yield* Effect.fork(
          Effect.replicateEffect(
            Effect.replicateEffect(
              Value.update(count, (n) => n + 1),
              1000,
            ),
            10,
            { concurrency: "unbounded" },
          ),
        )
        const sums = yield* inProcesses(5, hostedMeetings.passAndCount, [barrier, 1000, count, 1000])
        yield* here
        expect(sum(sums)).toBe(1000 * (0 + 1 + 2 + 3 + 4))
        expect(yield* Value.get(count)).toBe(15_000)
      }),
    120,
    ["spawn"],
  )

  onEach(
    "STRESS-09 waits in vain and notified ones by turns, each with the right end",
    () =>
      Effect.gen(function* () {
        const ROUNDS = 100
        const condition = yield* Condition.make
        const barrier = yield* Barrier.make(7)
        const there = yield* Effect.fork(
          inProcesses(3, hostedConditions.byTurns, [condition, barrier, ROUNDS]),
        )
        const here = yield* Effect.fork(
          Effect.replicateEffect(byTurnsHere(condition, barrier, ROUNDS), 3, { concurrency: "unbounded" }),
        )
        for (let round = 0; round < ROUNDS; round++) {
          yield* Barrier.wait(barrier)
          if (round % 2 === 0) continue
          yield* until(Effect.map(Condition.statistics(condition), ({ waiting }) => waiting === 6))
          yield* Condition.withLock(Condition.notifyAll(condition), condition)
        }
        const expected = Array.from({ length: ROUNDS }, (_, round) =>
          round % 2 === 0 ? "TimedOut" : "acquired",
        )
        for (const seen of [...(yield* there), ...(yield* here)]) expect(seen).toEqual(expected)
      }),
    120,
    ["spawn"],
  )

  const byTurnsHere = (condition: Condition.Condition, barrier: Barrier.Barrier, rounds: number) =>
    Effect.forEach(Array.from({ length: rounds }), (_, round) =>
      Effect.zipRight(
        Barrier.wait(barrier),
        Condition.withLock(
          Effect.merge(
            round % 2 === 0
              ? Effect.mapError(Condition.waitWithin(condition, 5), ({ _tag }) => _tag)
              : Effect.mapError(Condition.wait(condition), ({ _tag }) => _tag),
          ),
          condition,
        ),
      ),
    )
})

describe("Value and Array, in OS processes", () => {
  const NUMBERS = [680, 626, 934, 821, 150, 233, 548, 982, 714, 831]

  /** As an array in this program. */
  const runningSums = (numbers: ReadonlyArray<number>) => numbers.map((_, i) => sum(numbers.slice(0, i + 1)))

  inPool("VAL-02 VAL-05 VAL-06 a process reads and writes them, with a lock and without", (pool) =>
    Effect.gen(function* () {
      const int = yield* Value.raw("i32", 4343)
      const float = yield* Value.raw("f64", 3.625)
      const short = yield* Value.raw("i16", -232)
      const long = yield* Value.raw("i64", 2n ** 33n)
      const text = yield* Value.raw({ string: 1 }, "x")
      yield* call(pool, hostedValues.write, [int, float, short, long, text])
      expect(
        yield* Effect.all([int, float, short, long, text].map((each: Value.Any<any>) => Value.get(each))),
      ).toEqual([24234, -4.25, 234, 2n ** 34n, "y"])
      for (const array of [yield* SharedArray.make("i32", NUMBERS), yield* SharedArray.raw("i32", NUMBERS)]) {
        const local = [...NUMBERS]
        yield* SharedArray.setSlice(array, [4, 8], [1, 2, 3, 4])
        local.splice(4, 4, 1, 2, 3, 4)
        yield* call(pool, hostedValues.sum, [array])
        expect(yield* SharedArray.toArray(array)).toEqual(runningSums(local))
      }
    }),
  )

  inPool("VAL-09 VAL-10 values of every kind", (pool) =>
    Effect.gen(function* () {
      for (const options of [{ lock: false } as const, {}]) {
        const struct = { struct: { x: "i32", y: "f64" } } as const
        const values = [
          yield* Value.make("i32", 7, options),
          yield* Value.make("f64", 1 / 3, options),
          yield* Value.make("i64", 2n ** 33n, options),
          yield* Value.make(struct, { x: 3, y: 2 }, options),
        ] as const
        const array = yield* SharedArray.make(
          "f64",
          NUMBERS.map((_, i) => i),
          options,
        )
        const text = yield* Value.make({ string: 20 }, "hello", options)
        yield* call(pool, hostedValues.double, [...values, array, text])
        expect(yield* Effect.all(values.map((each: Value.Any<any>) => Value.get(each)))).toEqual([
          14,
          2 / 3,
          2n ** 34n,
          { x: 6, y: 4 },
        ])
        expect(yield* SharedArray.toArray(array)).toEqual(NUMBERS.map((_, i) => 2 * i))
        expect(yield* Value.get(text)).toBe("hellohello")
      }
    }),
  )

  inPool("VAL-13 no increment is lost under the lock", (pool) =>
    Effect.gen(function* () {
      const TIMES = 300
      const value = yield* Value.make("i32")
      const here = Effect.replicateEffect(
        Value.update(value, (n) => n + 1),
        TIMES,
      )
      yield* Effect.all([callBoth(pool, hostedValues.increment, [value, TIMES]), here], {
        concurrency: "unbounded",
      })
      expect(yield* Value.get(value)).toBe(3 * TIMES)
    }),
  )

  inPool("bad arguments fail as they do here, and a copy is the process's own", (pool) =>
    Effect.gen(function* () {
      const value = yield* Value.make("u8", 1)
      const array = yield* SharedArray.make("i32", [1, 2, 3])
      expect(yield* call(pool, hostedValues.refusals, [value, array])).toEqual([
        "InvalidArgument",
        "OutOfRange",
        [99, 2, 3],
        1,
        2,
      ])
      expect(yield* Value.get(value)).toBe(7)
      expect(yield* SharedArray.toArray(array)).toEqual([1, 3, 3])
    }),
  )
})
