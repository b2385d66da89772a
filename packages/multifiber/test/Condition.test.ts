/** Conditions between fibers of one agent, between agents, and after the death of one. */
import { describe, expect, it } from "@effect/vitest"
import * as Flags from "@multifiber/testkit/Flags"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as AsyncResult from "../src/AsyncResult.ts"
import * as Condition from "../src/Condition.ts"
import * as ConditionSync from "../src/ConditionSync.ts"
import * as Lock from "../src/Lock.ts"
import * as LockSync from "../src/LockSync.ts"
import * as Pool from "../src/Pool.ts"
import * as Process from "../src/Process.ts"
import * as RLock from "../src/RLock.ts"
import { conditions } from "./fixtures/conditions.ts"
import { live, reached, within } from "./live.ts"

const fibers = (name: string, body: () => Effect.Effect<unknown, unknown>) =>
  it.live(name, () => within(20)(body()), 25_000)

const shared = Effect.map(Condition.make, (condition) => ({ condition, flags: Flags.make() }))
type Shared = Effect.Effect.Success<typeof shared>

const run = <Args extends ReadonlyArray<any>, A>(
  ...[task, args]: Parameters<typeof Process.make<Args, A, never>>
) => Effect.tap(Process.make(task, args), Process.start)

const resultOf = <A>(child: Process.Process<A, never>) => Effect.flatten(within(15)(Process.result(child)))

const locked =
  ({ condition }: { readonly condition: Condition.Condition }) =>
  <A, E, R>(self: Effect.Effect<A, E, R>) =>
    Condition.withLock(self, condition)

/** The same as the task `wait`, in a fiber. */
const waits = (it: Shared, timeout?: number) =>
  locked(it)(
    Effect.suspend(() => {
      Flags.add(it.flags, 0)
      return Effect.tap(
        timeout === undefined
          ? Condition.wait(it.condition)
          : Effect.catchTag(Condition.waitWithin(it.condition, timeout), "TimedOut", () =>
              Effect.succeed<false>(false),
            ),
        () => Effect.sync(() => Flags.add(it.flags, 1)),
      )
    }),
  )

/** Everybody that has said so really waits: they have left the lock since. */
const allWait = (it: Shared, count: number) =>
  Effect.zipRight(within(15)(reached(it.flags, 0, count)), locked(it)(Effect.void))

const woken = (it: Shared, count: number) =>
  Effect.gen(function* () {
    yield* within(15)(reached(it.flags, 1, count))
    yield* Effect.sleep(50)
    expect(Flags.get(it.flags, 1)).toBe(count)
  })

describe("Condition, between fibers", () => {
  fibers("COND-10 who does not hold the lock may neither wait nor notify", () =>
    Effect.gen(function* () {
      const condition = yield* Condition.make
      const notOwner = { _tag: "NotOwner", primitive: "Condition" }
      for (const act of [Condition.wait, Condition.notify, Condition.notifyAll]) {
        expect(yield* Effect.flip(act(condition) as Effect.Effect<unknown, unknown>)).toMatchObject(notOwner)
      }
      for (const act of [ConditionSync.waitSync, ConditionSync.notifySync, ConditionSync.notifyAllSync]) {
        expect(() => act(condition)).toThrow(expect.objectContaining(notOwner))
      }
      // Another fiber holds it.
      const holder = yield* Effect.fork(Condition.withLock(Effect.never, condition))
      yield* Effect.yieldNow()
      expect(yield* Effect.flip(Condition.notify(condition))).toMatchObject(notOwner)
      yield* Fiber.interrupt(holder)
    }),
  )

  fibers("what is no number of waiters is refused, and nobody notified", () =>
    Effect.gen(function* () {
      const it = yield* shared
      const waiter = yield* Effect.fork(waits(it))
      yield* allWait(it, 1)
      for (const count of [-1, 0.5, Number.NaN, "all" as unknown as number]) {
        const refused = { _tag: "InvalidArgument", argument: "count" }
        expect(yield* Effect.flip(locked(it)(Condition.notify(it.condition, count)))).toMatchObject(refused)
        const notify = () => ConditionSync.notifySync(it.condition, count)
        expect(() => ConditionSync.withLockSync(it.condition, notify)).toThrow(
          expect.objectContaining(refused),
        )
      }
      yield* woken(it, 0)
      yield* Fiber.interrupt(waiter)
    }),
  )

  fibers("COND-12 its own lock is recursive, a given one is the same lock", () =>
    Effect.gen(function* () {
      const own = yield* Condition.make
      yield* Condition.acquire(own)
      yield* Condition.acquire(own)
      yield* Condition.release(own)
      yield* Condition.release(own)
      const lock = yield* Lock.make
      const other = yield* Condition.fromLock(lock)
      yield* Condition.acquire(other)
      expect(yield* Lock.tryAcquire(lock)).toBe(false)
      yield* Condition.release(other)
      expect(yield* Lock.tryAcquire(lock)).toBe("acquired")
      expect(ConditionSync.acquireSync(other, 10)).toBe(false)
      expect(yield* Effect.flip(Condition.fromLock("lock" as never))).toMatchObject({
        _tag: "InvalidArgument",
        argument: "lock",
      })
      yield* Lock.release(lock)
    }),
  )

  fibers("COND-16 a notification is not kept", () =>
    Effect.gen(function* () {
      const it = yield* shared
      yield* locked(it)(Condition.notifyAll(it.condition))
      expect(yield* waits(it, 100)).toBe(false)
      const plain = ConditionSync.withLockSync(it.condition, () => {
        ConditionSync.notifyAllSync(it.condition)
        return ConditionSync.waitSync(it.condition, 100)
      })
      expect(plain).toBe(false)
    }),
  )

  fibers("COND-18 waitFor gives what the predicate gave last", () =>
    Effect.gen(function* () {
      const it = yield* shared
      expect(yield* Condition.waitFor(it.condition, Effect.succeed("v"))).toBe("v")
      const begin = performance.now()
      expect(yield* locked(it)(Condition.waitForWithin(it.condition, Effect.succeed(""), 100))).toBe("")
      expect(performance.now() - begin).toBeGreaterThanOrEqual(90)
      expect(
        ConditionSync.withLockSync(it.condition, () => ConditionSync.waitForSync(it.condition, () => 0, 50)),
      ).toBe(0)
    }),
  )

  fibers("COND-19 a wait leaves all levels of the lock, and takes as many again", () =>
    Effect.gen(function* () {
      const { condition } = yield* shared
      const lock = condition.lock as RLock.RLock
      yield* Condition.acquire(condition)
      yield* Condition.acquire(condition)
      const other = yield* Effect.fork(Effect.zipRight(RLock.acquire(lock), RLock.release(lock)))
      expect(yield* Effect.flip(Condition.waitWithin(condition, 50))).toMatchObject({ _tag: "TimedOut" })
      expect(yield* RLock.depth(lock)).toBe(2)
      yield* Fiber.join(other)
      yield* Condition.release(condition)
      yield* Condition.release(condition)
      expect(yield* Effect.flip(Condition.release(condition))).toMatchObject({ _tag: "NotOwner" })
    }),
  )

  fibers("waitFor has one deadline, however often it is notified", () =>
    Effect.gen(function* () {
      const it = yield* shared
      const noise = yield* Effect.fork(
        Effect.forever(Effect.zipRight(locked(it)(Condition.notifyAll(it.condition)), Effect.sleep(20))),
      )
      const begin = performance.now()
      yield* locked(it)(Condition.waitForWithin(it.condition, Effect.succeed(false), 200))
      expect(performance.now() - begin).toBeLessThan(1500)
      yield* Fiber.interrupt(noise)
    }),
  )

  fibers("an interrupted wait takes the lock first, and passes on the notification that it had got", () =>
    Effect.gen(function* () {
      const it = yield* shared
      const lock = it.condition.lock as RLock.RLock
      const depths: Array<number> = []
      const first = yield* Effect.fork(
        locked(it)(
          Effect.onInterrupt(Condition.wait(it.condition), () =>
            Effect.map(RLock.depth(lock), (depth) => depths.push(depth)),
          ),
        ),
      )
      yield* Effect.sleep(10)
      const second = yield* Effect.fork(waits(it))
      yield* allWait(it, 1)
      yield* Condition.acquire(it.condition)
      yield* Condition.notify(it.condition)
      const interrupting = yield* Effect.fork(Fiber.interrupt(first))
      yield* Effect.sleep(10)
      expect(depths).toEqual([])
      yield* Condition.release(it.condition)
      yield* Fiber.join(interrupting)
      expect(depths).toEqual([1])
      expect(yield* within(5)(Fiber.join(second))).toBe("acquired")
      expect(yield* RLock.isLocked(lock)).toBe(false)
    }),
  )
})

describe("Condition, between agents", () => {
  /** 3 agents and 3 fibers. */
  const six = (it: Shared, timeout?: number) =>
    Effect.gen(function* () {
      const agents = yield* Effect.replicateEffect(run(conditions.wait, [it, timeout]), 3)
      const fibers = yield* Effect.replicateEffect(Effect.forkScoped(waits(it, timeout)), 3)
      return Effect.all([...agents.map(resultOf), ...fibers.map((fiber) => within(15)(Fiber.join(fiber)))], {
        concurrency: "unbounded",
      })
    })

  live("COND-02 COND-03 waiters that have timed out swallow no later notification", () =>
    Effect.gen(function* () {
      const it = yield* shared
      expect(yield* yield* six(it, 100)).toEqual(Array(6).fill(false))
      const fresh = yield* six(it)
      yield* allWait(it, 12)
      yield* woken(it, 6)
      yield* locked(it)(Condition.notifyAll(it.condition))
      expect(yield* fresh).toEqual(Array(6).fill("acquired"))
    }),
  )

  live("COND-04 as many go on as were notified", () =>
    Effect.gen(function* () {
      const it = yield* shared
      const all = yield* six(it)
      yield* allWait(it, 6)
      for (const [count, total] of [
        [0, 0],
        [2, 2],
        [4, 6],
        [3, 6],
      ] as const) {
        yield* locked(it)(Condition.notify(it.condition, count))
        if (total > 0) yield* woken(it, total)
      }
      expect(yield* all).toEqual(Array(6).fill("acquired"))
    }),
  )

  live("COND-06 two agents wait for each other's changes", () =>
    Effect.gen(function* () {
      const it = yield* shared
      const isSet = Effect.sync(() => Flags.get(it.flags, 3) === 1)
      yield* Condition.acquire(it.condition)
      const child = yield* run(conditions.answer, [it])
      expect(yield* Condition.waitForWithin(it.condition, isSet, 15_000)).toBe(true)
      yield* Condition.release(it.condition)
      for (let i = 0; i < 4; i++) {
        yield* Effect.sleep(10)
        yield* locked(it)(
          Effect.zipRight(
            Effect.sync(() => Flags.add(it.flags, 3)),
            Condition.notify(it.condition),
          ),
        )
      }
      expect(yield* resultOf(child)).toBe(true)
      yield* within(10)(Process.join(child))
      expect(yield* Process.exitCode(child)).toEqual(Option.some(0))
    }),
  )

  live("COND-08 wait tells whether it was notified", () =>
    Effect.gen(function* () {
      const it = yield* shared
      expect(yield* waits(it, 0)).toBe(false)
      expect(yield* waits(it, 100)).toBe(false)
      const begin = performance.now()
      const waiting = yield* Effect.fork(waits(it, 20_000))
      yield* allWait(it, 3)
      yield* run(conditions.notifyAll, [it])
      expect(yield* within(15)(Fiber.join(waiting))).toBe("acquired")
      expect(performance.now() - begin).toBeLessThan(15_000)
    }),
  )

  live("COND-13 nobody goes on while the lock is held, and none but the notified", () =>
    Effect.gen(function* () {
      const it = yield* shared
      const agents = yield* Effect.replicateEffect(run(conditions.waitTwice, [it]), 5)
      yield* allWait(it, 5)
      const phase = (number: number, notify: Effect.Effect<void, unknown>) =>
        locked(it)(
          Effect.gen(function* () {
            const before = Flags.get(it.flags, 1)
            yield* notify
            yield* Effect.sleep(30)
            expect(Flags.get(it.flags, 1)).toBe(before)
            while (Flags.get(it.flags, 2) < number) Flags.add(it.flags, 2)
          }),
        )
      yield* phase(1, Condition.notify(it.condition, 3))
      yield* allWait(it, 8)
      yield* phase(2, Condition.notify(it.condition, 5))
      yield* within(15)(reached(it.flags, 1, 8))
      yield* allWait(it, 10)
      yield* phase(3, Condition.notifyAll(it.condition))
      const results = (yield* Effect.all(agents.map(resultOf), { concurrency: 5 })).flat()
      expect(results.every(({ notified }) => notified === "acquired")).toBe(true)
      expect(results.map(({ phase }) => phase).toSorted()).toEqual([1, 1, 1, 2, 2, 2, 2, 2, 3, 3])
    }),
  )

  live("COND-14 nothing is left of a round for the next", () =>
    Effect.gen(function* () {
      const it = yield* shared
      for (const round of [0, 1]) {
        const agents = yield* Effect.replicateEffect(run(conditions.wait, [it]), 5)
        yield* allWait(it, 5 * round + 5)
        yield* locked(it)(Condition.notify(it.condition, 3))
        yield* woken(it, 5 * round + 3)
        yield* locked(it)(Condition.notifyAll(it.condition))
        expect(yield* Effect.all(agents.map(resultOf), { concurrency: 5 })).toEqual(Array(5).fill("acquired"))
      }
    }),
  )
})

describe("Condition, under load", () => {
  live(
    "STRESS-09 three agents and three fibers time out and are notified in turn, a hundred times",
    () =>
      Effect.gen(function* () {
        const it = yield* shared
        const pool = yield* Pool.make({ size: 3 })
        for (let round = 1; round <= 100; round++) {
          const timeout = round % 2 === 0 ? 5 : undefined
          const agents = yield* Effect.replicateEffect(
            Pool.applyAsync(pool, conditions.wait, [it, timeout]),
            3,
          )
          const fibers = yield* Effect.replicateEffect(Effect.fork(waits(it, timeout)), 3)
          yield* allWait(it, 6 * round)
          if (timeout === undefined) yield* locked(it)(Condition.notifyAll(it.condition))
          const results = yield* within(15)(
            Effect.all([...agents.map(AsyncResult.get), ...fibers.map((fiber) => Fiber.join(fiber))]),
          )
          expect(results).toEqual(Array(6).fill(timeout === undefined ? "acquired" : false))
          expect(Flags.get(it.flags, 1)).toBe(6 * round)
        }
      }),
    60,
  )
})

describe("Condition, after a death", () => {
  live("a waiter that is killed swallows no notification", () =>
    Effect.gen(function* () {
      const it = yield* shared
      const victim = yield* run(conditions.wait, [it])
      yield* allWait(it, 1)
      const waiting = yield* Effect.fork(waits(it))
      yield* allWait(it, 2)
      // Notified, and killed before it can take the lock.
      yield* Condition.acquire(it.condition)
      yield* Condition.notify(it.condition)
      yield* Process.kill(victim)
      yield* within(10)(Process.join(victim))
      yield* Condition.release(it.condition)
      expect(yield* within(10)(Fiber.join(waiting))).toBe("acquired")
    }),
  )

  live("the lock of an agent that has died comes as abandoned", () =>
    Effect.gen(function* () {
      const it = yield* shared
      const waiting = yield* Effect.fork(waits(it))
      yield* allWait(it, 1)
      const late = yield* Effect.fork(waits(it, 300))
      yield* allWait(it, 2)
      const child = yield* run(conditions.exitInside, [it])
      yield* within(10)(Process.join(child))
      // Who timed out has told nobody that the lock was abandoned.
      expect(yield* within(10)(Fiber.join(late))).toBe(false)
      expect(yield* Condition.acquire(it.condition)).toBe("abandoned")
      yield* Condition.notify(it.condition)
      yield* Condition.release(it.condition)
      expect(yield* within(10)(Fiber.join(waiting))).toBe("acquired")
    }),
  )
})

describe("Condition over a plain lock", () => {
  fibers("plain code and fibers of one agent wait for it", () =>
    Effect.gen(function* () {
      const lock = LockSync.makeSync()
      const it = { condition: ConditionSync.makeSync(lock), flags: Flags.make() }
      const waiting = yield* Effect.fork(waits(it))
      yield* allWait(it, 1)
      ConditionSync.withLockSync(it.condition, () => ConditionSync.notifySync(it.condition))
      expect(yield* Fiber.join(waiting)).toBe("acquired")
      expect(ConditionSync.withLockSync(it.condition, () => ConditionSync.waitSync(it.condition, 20))).toBe(
        false,
      )
    }),
  )
})
