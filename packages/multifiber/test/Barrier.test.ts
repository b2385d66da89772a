/** Barriers between fibers of one agent, between agents, and after the death of one. */
import { describe, expect, it } from "@effect/vitest"
import * as Flags from "@multifiber/testkit/Flags"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as AsyncResult from "../src/AsyncResult.ts"
import * as Barrier from "../src/Barrier.ts"
import * as BarrierSync from "../src/BarrierSync.ts"
import * as Lock from "../src/Lock.ts"
import * as Pool from "../src/Pool.ts"
import * as Process from "../src/Process.ts"
import type { Task } from "../src/Task.ts"
import { meeting, type Outcome } from "./fixtures/meeting.ts"
import { meet } from "./fixtures/meetingFibers.ts"
import { live, reached, within } from "./live.ts"

const N = 5

const fibers = (name: string, body: () => Effect.Effect<unknown, unknown>) =>
  it.live(name, () => within(15)(body()), 20_000)

const shared = (parties: number, options?: Parameters<typeof Barrier.make>[1]) =>
  Effect.map(Barrier.make(parties, options), (barrier) => ({ barrier, flags: Flags.make() }))

const broken = { _tag: "BrokenBarrier" }

/** What a wait comes to, as the fixtures tell it. */
const outcome = <E extends { readonly _tag: string }, R>(
  wait: Effect.Effect<number, E, R>,
): Effect.Effect<Outcome, never, R> => Effect.catchAll(wait, (error) => Effect.succeed(error._tag))

/** As many fibers, each of which waits. */
const all = <A, E, R>(fibers: number, wait: Effect.Effect<A, E, R>) =>
  Effect.replicateEffect(wait, fibers, { concurrency: "unbounded" })

/** Waits until so many wait at the barrier. */
const waitingAt = (barrier: Barrier.Barrier, parties: number) =>
  within(10)(
    Effect.repeat(Effect.delay(Barrier.waiting(barrier), 1), { until: (waiting) => waiting === parties }),
  )

/** The results of a task in several agents at the same time. */
const inAgents = <Args extends ReadonlyArray<any>, A>(
  agents: number,
  task: Task<Args, A, never>,
  args: Args,
) =>
  Effect.gen(function* () {
    const pool = yield* Pool.make({ size: agents })
    const results = yield* Effect.replicateEffect(Pool.applyAsync(pool, task, args), agents)
    return yield* within(25)(Effect.forEach(results, AsyncResult.get))
  })

const count = (outcomes: ReadonlyArray<Outcome>, which: Outcome) =>
  outcomes.filter((each) => each === which).length

const passed = (outcomes: ReadonlyArray<Outcome>) => outcomes.filter((each) => typeof each === "number")

describe("Barrier, between fibers", () => {
  fibers("all pass together, each with an index of its own, again and again", () =>
    Effect.gen(function* () {
      const barrier = yield* Barrier.make(N)
      for (let round = 0; round < 20; round++) {
        const early = yield* Effect.fork(all(N - 1, Barrier.wait(barrier)))
        yield* waitingAt(barrier, N - 1)
        const last = yield* Barrier.wait(barrier)
        expect([...(yield* Fiber.join(early)), last].toSorted()).toEqual([0, 1, 2, 3, 4])
      }
      expect([yield* Barrier.waiting(barrier), yield* Barrier.isBroken(barrier)]).toEqual([0, false])
    }),
  )

  fibers("make refuses what is no number of parties, and one party never waits", () =>
    Effect.gen(function* () {
      for (const parties of [0, -1, 1.5, Number.NaN, BarrierSync.MAX + 1]) {
        expect(yield* Effect.flip(Barrier.make(parties))).toMatchObject({
          _tag: "InvalidArgument",
          value: parties,
        })
      }
      const alone = yield* Barrier.make(1)
      for (let i = 0; i < 10; i++) expect(yield* Barrier.wait(alone)).toBe(0)
      expect([
        BarrierSync.waitSync(alone),
        BarrierSync.waitSync(alone, 0),
        yield* Barrier.parties(alone),
      ]).toEqual([0, 0, 1])
      const many = yield* Barrier.make(BarrierSync.MAX)
      const indexes = yield* all(BarrierSync.MAX, Barrier.wait(many))
      expect(new Set(indexes).size).toBe(BarrierSync.MAX)
    }),
  )

  fibers("BAR-12 the timeout of the barrier is that of a wait without one", () =>
    Effect.gen(function* () {
      const barrier = yield* Barrier.make(2, { timeout: 100 })
      const begin = performance.now()
      expect(yield* Effect.flip(Barrier.wait(barrier))).toMatchObject(broken)
      yield* Barrier.reset(barrier)
      expect(() => BarrierSync.waitSync(barrier)).toThrow(expect.objectContaining(broken))
      expect(performance.now() - begin).toBeGreaterThanOrEqual(190)
      expect(yield* Barrier.isBroken(barrier)).toBe(true)
    }),
  )

  fibers("BAR-18 a reset makes it as new, idle or broken", () =>
    Effect.gen(function* () {
      const barrier = yield* Barrier.make(1)
      yield* Barrier.reset(barrier)
      expect(yield* Barrier.wait(barrier)).toBe(0)
      yield* Barrier.abort(barrier)
      expect(yield* Effect.flip(Barrier.wait(barrier))).toMatchObject(broken)
      yield* Barrier.reset(barrier)
      expect(yield* Barrier.isBroken(barrier)).toBe(false)
      expect(yield* Barrier.wait(barrier)).toBe(0)
    }),
  )

  fibers("BAR-20 a wait of no time looks once and breaks it, in both forms with the same error", () =>
    Effect.gen(function* () {
      const barrier = yield* Barrier.make(2)
      for (const timeout of [0, -5]) {
        yield* Barrier.reset(barrier)
        const failed = yield* Effect.flip(Barrier.waitWithin(barrier, timeout))
        expect(failed).toMatchObject(broken)
        expect(yield* Barrier.isBroken(barrier)).toBe(true)
        yield* Barrier.reset(barrier)
        expect(() => BarrierSync.waitSync(barrier, timeout)).toThrow(
          expect.objectContaining({ _tag: "BrokenBarrier", message: failed.message }),
        )
        expect(BarrierSync.isBrokenSync(barrier)).toBe(true)
      }
    }),
  )

  fibers("the timeout of one breaks it for all, and who comes then fails at once", () =>
    Effect.gen(function* () {
      const barrier = yield* Barrier.make(3)
      const other = yield* Effect.fork(Effect.flip(Barrier.wait(barrier)))
      yield* waitingAt(barrier, 1)
      expect(yield* Effect.flip(Barrier.waitWithin("50 millis")(barrier))).toMatchObject(broken)
      expect(yield* Fiber.join(other)).toMatchObject(broken)
      expect(yield* Effect.flip(Barrier.wait(barrier))).toMatchObject(broken)
    }),
  )

  fibers("an interrupted fiber takes its arrival back: another comes for it, and no index comes twice", () =>
    Effect.gen(function* () {
      const barrier = yield* Barrier.make(3)
      for (let round = 0; round < 20; round++) {
        const gone = yield* Effect.fork(Barrier.wait(barrier))
        yield* waitingAt(barrier, 1)
        const early = yield* Effect.fork(Barrier.wait(barrier))
        yield* waitingAt(barrier, 2)
        yield* Fiber.interrupt(gone)
        expect(yield* Barrier.waiting(barrier)).toBe(1)
        const late = yield* all(2, Barrier.wait(barrier))
        expect([yield* Fiber.join(early), ...late].toSorted()).toEqual([0, 1, 2])
      }
      expect([yield* Barrier.waiting(barrier), yield* Barrier.isBroken(barrier)]).toEqual([0, false])
    }),
  )

  fibers("a fiber that is interrupted when the last one arrives has met the others, or never came", () =>
    Effect.gen(function* () {
      for (const interruptFirst of [true, false]) {
        for (let wait = 0; wait < 4; wait++) {
          const barrier = yield* Barrier.make(2)
          const waiter = yield* Effect.fork(Barrier.wait(barrier))
          yield* waitingAt(barrier, 1)
          const stop = Fiber.interruptFork(waiter)
          const last = Effect.fork(Barrier.wait(barrier))
          const other = yield* interruptFirst ? Effect.zipRight(stop, last) : Effect.zipLeft(last, stop)
          yield* Effect.sleep(wait)
          yield* Fiber.await(waiter)
          if ((yield* Barrier.waiting(barrier)) === 1) yield* Barrier.wait(barrier)
          yield* within(5)(Fiber.join(other))
          expect([yield* Barrier.waiting(barrier), yield* Barrier.isBroken(barrier)]).toEqual([0, false])
        }
      }
    }),
  )

  fibers("the action runs once for each time, in the party that came last, before anybody passes", () =>
    Effect.gen(function* () {
      const barrier = yield* Barrier.make(3)
      let acted = 0
      const action = Effect.sync(() => acted++).pipe(Effect.delay(5))
      for (let round = 1; round <= 10; round++) {
        const seen = yield* all(
          3,
          Effect.map(Barrier.wait(barrier, { action }), () => acted),
        )
        expect(seen).toEqual([round, round, round])
      }
    }),
  )

  fibers("BAR-06 who runs an action that fails gets its error, the others BrokenBarrier", () =>
    Effect.gen(function* () {
      const barrier = yield* Barrier.make(3)
      const action = Effect.fail({ _tag: "Marker" } as const)
      const outcomes = yield* all(3, outcome(Barrier.wait(barrier, { action })))
      expect(outcomes.toSorted()).toEqual(["BrokenBarrier", "BrokenBarrier", "Marker"])
      expect(yield* Barrier.isBroken(barrier)).toBe(true)
    }),
  )

  fibers("an action that is interrupted, or too slow for another party, breaks it", () =>
    Effect.gen(function* () {
      const barrier = yield* Barrier.make(2)
      const other = yield* Effect.fork(outcome(Barrier.wait(barrier)))
      yield* waitingAt(barrier, 1)
      const acting = yield* Effect.fork(Barrier.wait(barrier, { action: Effect.never }))
      yield* waitingAt(barrier, 2)
      yield* Fiber.interrupt(acting)
      expect(yield* Fiber.join(other)).toBe("BrokenBarrier")
      yield* Barrier.reset(barrier)
      const hasty = yield* Effect.fork(outcome(Barrier.waitWithin(barrier, 30)))
      yield* Effect.yieldNow()
      expect(yield* outcome(Barrier.wait(barrier, { action: Fiber.await(hasty) }))).toBe("BrokenBarrier")
      expect(yield* Fiber.join(hasty)).toBe("BrokenBarrier")
    }),
  )

  fibers("who comes while the action runs belongs to the next time", () =>
    Effect.gen(function* () {
      const barrier = yield* Barrier.make(2)
      const isNextThere = yield* Deferred.make<void>()
      const first = yield* Effect.fork(all(2, Barrier.wait(barrier, { action: Deferred.await(isNextThere) })))
      yield* waitingAt(barrier, 2)
      const next = yield* Effect.fork(Barrier.wait(barrier))
      yield* Effect.yieldNow()
      yield* Deferred.succeed(isNextThere, undefined)
      expect((yield* Fiber.join(first)).toSorted()).toEqual([0, 1])
      yield* waitingAt(barrier, 1)
      yield* Barrier.wait(barrier)
      yield* within(5)(Fiber.join(next))
    }),
  )

  fibers("more fibers than parties pass in groups, also where plain code of the agent is a party", () =>
    Effect.gen(function* () {
      const barrier = yield* Barrier.make(3)
      const waiting = yield* Effect.fork(all(11, Effect.replicateEffect(Barrier.wait(barrier), 7)))
      yield* waitingAt(barrier, (11 * 7) % 3)
      expect(BarrierSync.waitSync(structuredClone(barrier))).toBeLessThan(3)
      const indexes = (yield* within(5)(Fiber.join(waiting))).flat()
      for (const index of [0, 1, 2]) {
        expect(Math.abs(count(indexes, index) - 26)).toBeLessThanOrEqual(1)
      }
    }),
  )
})

describe("Barrier, between agents", () => {
  for (const [id, times] of [
    ["BAR-01", 1],
    ["BAR-02", 10],
  ] as const) {
    live(`${id} nobody goes on before all have come, ${times} times`, () =>
      Effect.gen(function* () {
        const it = yield* shared(N)
        expect(yield* inAgents(N, meeting.rounds, [it, times])).toEqual([0, 0, 0, 0, 0])
        expect([yield* Barrier.waiting(it.barrier), yield* Barrier.isBroken(it.barrier)]).toEqual([0, false])
      }),
    )
  }

  live("BAR-05 the action runs once, before anybody passes", () =>
    Effect.gen(function* () {
      const it = yield* shared(N)
      expect(yield* inAgents(N, meeting.act, [it])).toEqual([1, 1, 1, 1, 1])
    }),
  )

  live("BAR-06 one agent gets the error of the action, the others BrokenBarrier", () =>
    Effect.gen(function* () {
      const it = yield* shared(3)
      const outcomes = yield* inAgents(3, meeting.actInVain, [it])
      expect(outcomes.toSorted()).toEqual(["BrokenBarrier", "BrokenBarrier", "RangeError"])
      expect(yield* Barrier.isBroken(it.barrier)).toBe(true)
    }),
  )

  live("BAR-07 an abort breaks it for those that wait and those that come", () =>
    Effect.gen(function* () {
      const it = yield* shared(N)
      const outcomes = yield* inAgents(N, meeting.abort, [it])
      expect([count(outcomes, "BrokenBarrier"), count(outcomes, "aborted")]).toEqual([4, 1])
      expect(yield* Barrier.isBroken(it.barrier)).toBe(true)
    }),
  )

  live("BAR-09 after a reset all meet again", () =>
    Effect.gen(function* () {
      const it = yield* shared(N)
      const outcomes = yield* inAgents(N, meeting.abortAndReset, [it, yield* Barrier.make(N)])
      const second = outcomes.map(([broken]) => broken)
      expect([count(second, "BrokenBarrier"), passed(second).length]).toEqual([4, 0])
      expect(outcomes.map(([, third]) => third).toSorted()).toEqual([0, 1, 2, 3, 4])
    }),
  )

  live("BAR-11 one that is late by more than the timeout breaks it for all", () =>
    Effect.gen(function* () {
      const it = yield* shared(N, { timeout: "500 millis" })
      const outcomes = yield* inAgents(N, meeting.wayLate, [it])
      expect(count(outcomes, "BrokenBarrier")).toBe(5)
    }),
  )

  live("BAR-14 a thousand passes stay in step", () =>
    Effect.gen(function* () {
      const log = new Int32Array(new SharedArrayBuffer(4 * (N * 1000 + 1)))
      const it = { ...(yield* shared(N)), lock: yield* Lock.make, log }
      yield* inAgents(N, meeting.write, [it, 1000])
      expect([...log]).toEqual([N * 1000, ...Array.from({ length: N * 1000 }, (_, i) => Math.floor(i / N))])
    }),
  )

  live("BAR-16 every agent sees how many wait, and that it is broken", () =>
    Effect.gen(function* () {
      const it = yield* shared(3)
      const pool = yield* Pool.make({ size: 2 })
      const waits = yield* Effect.replicateEffect(Pool.applyAsync(pool, meeting.wait, [it]), 2)
      yield* waitingAt(it.barrier, 2)
      yield* within(10)(Barrier.wait(it.barrier))
      yield* within(10)(Effect.forEach(waits, AsyncResult.get))
      expect(yield* Barrier.waiting(it.barrier)).toBe(0)
      yield* Barrier.abort(it.barrier)
      expect([yield* Barrier.waiting(it.barrier), yield* Barrier.isBroken(it.barrier)]).toEqual([0, true])
    }),
  )

  live("fibers of several agents and plain code of others meet, each index once for each time", () =>
    Effect.gen(function* () {
      const times = 200
      const barrier = yield* Barrier.make(9)
      const pool = yield* Pool.make({ size: 4 })
      const plain = yield* Effect.replicateEffect(
        Pool.applyAsync(pool, meeting.indexes, [{ barrier, flags: Flags.make() }, times]),
        2,
      )
      const others = yield* Effect.replicateEffect(Pool.applyAsync(pool, meet, [barrier, 3, times]), 2)
      const own = yield* Effect.fork(Effect.replicateEffect(Barrier.wait(barrier), times))
      let sum = (yield* within(20)(Fiber.join(own))).reduce((sum, index) => sum + index, 0)
      for (const result of others) sum += yield* within(20)(AsyncResult.get(result))
      for (const result of plain) {
        const counts = yield* within(20)(AsyncResult.get(result))
        counts.forEach((count, index) => {
          sum += count * index
        })
      }
      expect(sum).toBe(times * 36)
      expect([yield* Barrier.waiting(barrier), yield* Barrier.isBroken(barrier)]).toEqual([0, false])
    }),
  )

  live(
    "STRESS-06 five agents stay in step while 15 fibers count with a lock",
    () =>
      Effect.gen(function* () {
        const it = yield* shared(N)
        const lock = yield* Lock.make
        let counter = 0
        const step = Effect.suspend(() => {
          const before = counter
          return Effect.map(Effect.yieldNow(), () => {
            counter = before + 1
          })
        }).pipe(Lock.withLock(lock))
        const counting = yield* Effect.fork(all(15, Effect.replicateEffect(step, 1000)))
        expect(yield* inAgents(N, meeting.rounds, [it, 500])).toEqual([0, 0, 0, 0, 0])
        yield* within(30)(Fiber.join(counting))
        expect(counter).toBe(15_000)
      }),
    90,
  )
})

describe("Barrier, after a death", () => {
  const started = (it: { readonly barrier: Barrier.Barrier; readonly flags: Flags.Flags }) =>
    Effect.tap(Process.make(meeting.wait, [it], { daemon: true }), Process.start)

  live("BAR-21 an agent that is killed while it waits keeps nobody waiting that comes later", () =>
    Effect.gen(function* () {
      const it = yield* shared(2)
      const child = yield* started(it)
      yield* waitingAt(it.barrier, 1)
      yield* Process.kill(child)
      yield* within(10)(Process.join(child))
      const begin = performance.now()
      // It passes where the death is not known yet.
      expect(["BrokenBarrier", 0, 1]).toContain(yield* outcome(Barrier.waitWithin(it.barrier, "1 second")))
      expect(performance.now() - begin).toBeLessThan(3000)
      yield* Barrier.reset(it.barrier)
      expect(yield* all(2, Barrier.wait(it.barrier))).toHaveLength(2)
    }),
  )

  live(
    "agents that are killed while they wait leave nobody waiting, six times",
    () =>
      Effect.gen(function* () {
        const it = yield* shared(4)
        for (let round = 0; round < 6; round++) {
          const victim = yield* started(it)
          const other = yield* started(it)
          const own = yield* Effect.fork(outcome(Barrier.wait(it.barrier)))
          yield* waitingAt(it.barrier, 3)
          yield* Process.kill(victim)
          expect(yield* within(10)(Fiber.join(own))).toBe("BrokenBarrier")
          expect(yield* within(10)(Effect.flatten(Process.result(other)))).toBe("BrokenBarrier")
          expect(yield* Barrier.isBroken(it.barrier)).toBe(true)
          yield* Barrier.reset(it.barrier)
        }
      }),
    90,
  )

  live(
    "agents that are killed at any moment leave nobody waiting longer than the timeout",
    () =>
      Effect.gen(function* () {
        const it = yield* shared(3, { timeout: "1 second" })
        for (let round = 0; round < 12; round++) {
          const victim = yield* started(it)
          const own = yield* Effect.fork(all(2, outcome(Barrier.wait(it.barrier))))
          yield* reached(it.flags, 7, round + 1)
          yield* Effect.sleep(round % 3)
          yield* Process.kill(victim)
          const outcomes = yield* within(10)(Fiber.join(own))
          expect([0, 2]).toContain(passed(outcomes).length)
          yield* within(10)(Process.join(victim))
          yield* Barrier.reset(it.barrier)
        }
      }),
    90,
  )
})
