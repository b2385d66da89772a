/** What becomes of tasks that nobody wants any more, or that take too long, and of those that wait behind them. */
import { describe, expect } from "@effect/vitest"
import * as Marks from "@multifiber/testkit/Marks"
import * as Recorder from "@multifiber/testkit/Recorder"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Schedule from "effect/Schedule"
import * as AsyncResult from "../src/AsyncResult.ts"
import * as Pool from "../src/Pool.ts"
import { pooled } from "./fixtures/pooled.ts"
import { pooledEffects } from "./fixtures/pooledEffects.ts"
import { live, within } from "./live.ts"
import { marksOfTest, onEach, untilMarked } from "./startMethods.ts"

const range = (count: number): Array<number> => Array.from({ length: count }, (_, n) => n)

/** Deno 2.9 cannot end a thread that is busy: it runs on beside the one that takes its place. */
const stopsBusy = !("Deno" in globalThis)

const isMarked = (marks: Marks.Marks, start: string) =>
  Marks.names(marks).some((name) => name.startsWith(start))

const failureOf = <A, E>(result: AsyncResult.AsyncResult<A, E>) =>
  within(40)(Effect.flip(AsyncResult.get(result)))

/** Gives up a task that runs, in each of the ways. */
const ways = {
  "an interrupted apply": (pool: Pool.Pool, task: any, order: unknown, begun: Effect.Effect<void>) =>
    Effect.gen(function* () {
      const fiber = yield* Effect.fork(Pool.apply(pool, task, [order]))
      yield* begun
      yield* within(5)(Fiber.interrupt(fiber))
    }),
  "an interrupted map": (pool: Pool.Pool, task: any, order: unknown, begun: Effect.Effect<void>) =>
    Effect.gen(function* () {
      const fiber = yield* Effect.fork(Pool.map(pool, task, [order]))
      yield* begun
      yield* within(5)(Fiber.interrupt(fiber))
    }),
  "a cancelled AsyncResult": (pool: Pool.Pool, task: any, order: unknown, begun: Effect.Effect<void>) =>
    Effect.gen(function* () {
      const result = yield* Pool.applyAsync(pool, task, [order])
      yield* begun
      yield* AsyncResult.cancel(result)
      expect(yield* within(5)(Effect.flip(AsyncResult.get(result)))).toMatchObject({
        _tag: "TaskInterrupted",
      })
      yield* AsyncResult.cancel(result)
    }),
}

describe("Pool, where nobody wants a task any more", () => {
  for (const [name, giveUp] of Object.entries(ways)) {
    onEach(`the effect of ${name} is interrupted, its finalizer runs, and its worker goes on`, () =>
      Effect.gen(function* () {
        const { agents, holds } = yield* Recorder.Recorder
        const marks = yield* marksOfTest
        const pool = yield* Pool.make({ size: 1, grace: "10 seconds" })
        yield* giveUp(
          pool,
          pooledEffects.hang,
          { id: 1, marks, milliseconds: 50 },
          untilMarked(marks, "begun 1"),
        )
        expect(yield* within(40)(Pool.apply(pool, pooled.square, [3]))).toBe(9)
        expect(Marks.isSet(marks, "finalized 1")).toBe(true)
        expect(agents.length).toBe(1)
        expect(yield* Pool.statistics(pool)).toMatchObject({
          submitted: 2,
          succeeded: 1,
          failed: 1,
          queued: 0,
        })
        expect(holds()).toBe(0)
      }),
    )

    onEach(`the worker of ${name} that is busy is ended, and another takes its place`, () =>
      Effect.gen(function* () {
        const { agents, holds, until } = yield* Recorder.Recorder
        const marks = yield* marksOfTest
        const pool = yield* Pool.make({ size: 1 })
        yield* giveUp(pool, pooled.spin, { id: 1, marks }, untilMarked(marks, "begun 1"))
        expect(yield* within(40)(Pool.apply(pool, pooled.square, [3]))).toBe(9)
        yield* within(40)(until(() => agents[0]?.exit !== undefined))
        expect(yield* Pool.statistics(pool)).toMatchObject({ respawned: 1, recycled: 0 })
        expect(holds()).toBe(0)
        if (!stopsBusy) Marks.set(marks, "go")
      }),
    )
  }

  onEach("an effect whose finalizer never ends is ended with its worker after the grace period", () =>
    Effect.gen(function* () {
      const { agents } = yield* Recorder.Recorder
      const marks = yield* marksOfTest
      const pool = yield* Pool.make({ size: 1, grace: "200 millis" })
      const fiber = yield* Effect.fork(Pool.apply(pool, pooledEffects.hangForGood, [{ id: 1, marks }]))
      yield* untilMarked(marks, "begun 1")
      const since = performance.now()
      yield* within(5)(Fiber.interrupt(fiber))
      expect(yield* within(40)(Pool.apply(pool, pooled.square, [3]))).toBe(9)
      expect(performance.now() - since).toBeGreaterThan(190)
      expect(agents[0]?.exit?.code).toBe(-9)
    }),
  )

  onEach("a caller that is interrupted is free at once, whatever its task does", () =>
    Effect.gen(function* () {
      const marks = yield* marksOfTest
      const pool = yield* Pool.make({ size: 2, grace: "5 seconds" })
      const orders = [
        [pooledEffects.hangForGood, "forever"],
        [pooled.spin, "busy"],
      ] as const
      for (const [task, id] of orders) {
        const fiber = yield* Effect.fork(Pool.apply(pool, task, [{ id, marks }]))
        yield* untilMarked(marks, `begun ${id}`)
        const since = performance.now()
        yield* within(5)(Fiber.interrupt(fiber))
        expect(performance.now() - since).toBeLessThan(1000)
      }
      if (!stopsBusy) Marks.set(marks, "go")
    }),
  )

  onEach("what has not begun does not run, and what waits behind a stopped task runs once", () =>
    Effect.gen(function* () {
      const marks = yield* marksOfTest
      const pool = yield* Pool.make({ size: 1 })
      const stopped = yield* Pool.applyAsync(pool, pooled.spin, [{ id: "stopped", marks }])
      yield* untilMarked(marks, "begun stopped")
      const unwanted = yield* Effect.forEach(range(5), (id) =>
        Pool.applyAsync(pool, pooled.begin, [{ id: `unwanted ${id}`, marks }]),
      )
      const behind = yield* Effect.forEach(range(5), (id) =>
        Pool.applyAsync(pool, pooled.begin, [{ id: `behind ${id}`, marks }]),
      )
      for (const each of unwanted) yield* AsyncResult.cancel(each)
      expect((yield* Pool.statistics(pool)).queued).toBeLessThanOrEqual(5)
      yield* AsyncResult.cancel(stopped)
      expect(yield* within(40)(Effect.forEach(behind, AsyncResult.get))).toEqual(
        range(5).map((id) => `behind ${id}`),
      )
      expect(isMarked(marks, "begun unwanted")).toBe(false)
      for (const each of unwanted) expect(yield* failureOf(each)).toMatchObject({ _tag: "TaskInterrupted" })
      if (!stopsBusy) Marks.set(marks, "go")
    }),
  )

  onEach("a task that is given up behind a busy one does not hold up the pool, though it never ends", () =>
    Effect.gen(function* () {
      const marks = yield* marksOfTest
      const pool = yield* Pool.make({ size: 1 })
      // Quick ones: an OS process is sent several ahead then.
      yield* within(40)(Pool.map(pool, pooled.square, range(200), { chunkSize: 1 }))
      const busy = yield* Pool.applyAsync(pool, pooled.spin, [{ id: "busy", marks }])
      const endless = yield* Pool.applyAsync(pool, pooled.spin, [{ id: "endless", marks, go: "never" }])
      yield* untilMarked(marks, "begun busy")
      yield* AsyncResult.cancel(endless)
      Marks.set(marks, "go")
      expect(yield* within(40)(AsyncResult.get(busy))).toBe("busy")
      expect(yield* within(40)(Pool.apply(pool, pooled.square, [3]))).toBe(9)
      Marks.set(marks, "never")
    }),
  )

  onEach("a result does not wait for the long task behind it, and is not lost with that", () =>
    Effect.gen(function* () {
      const marks = yield* marksOfTest
      const pool = yield* Pool.make({ size: 1 })
      yield* within(40)(Pool.map(pool, pooled.square, range(200), { chunkSize: 1 }))
      // It has been seen to take long.
      const long = yield* Pool.applyAsync(pool, pooled.spin, [{ id: 0, marks, go: "first" }])
      yield* untilMarked(marks, "begun 0")
      yield* Effect.sleep(20)
      Marks.set(marks, "first")
      expect(yield* within(40)(AsyncResult.get(long))).toBe(0)
      const quick = yield* Pool.applyAsync(pool, pooled.square, [3])
      const endless = yield* Pool.applyAsync(pool, pooled.spin, [{ id: 1, marks }])
      yield* untilMarked(marks, "begun 1")
      expect(yield* within(40)(AsyncResult.get(quick))).toBe(9)
      yield* AsyncResult.cancel(endless)
      expect(yield* within(40)(Pool.apply(pool, pooled.square, [4]))).toBe(16)
      if (!stopsBusy) Marks.set(marks, "go")
    }),
  )

  onEach(
    "EXEC-20 of fifty tasks, those that are cancelled fail, and the others succeed; all are settled",
    () =>
      Effect.gen(function* () {
        const pool = yield* Pool.make({ size: 2 })
        const results = yield* Effect.forEach(range(50), (n) =>
          Pool.applyAsync(pool, pooled.later, [{ n, milliseconds: 20 }]),
        )
        yield* within(40)(Effect.raceAll(results.map(AsyncResult.get)))
        for (const result of results) yield* AsyncResult.cancel(result)
        yield* Pool.close(pool)
        yield* within(40)(Pool.join(pool))
        const ends = yield* Effect.forEach(results, (result) => Effect.either(AsyncResult.get(result)))
        const cancelled = ends.filter(({ _tag }) => _tag === "Left")
        expect(cancelled.length).toBeGreaterThan(20)
        expect(ends.length - cancelled.length).toBeGreaterThan(0)
        for (const each of cancelled) expect(each).toMatchObject({ left: { _tag: "TaskInterrupted" } })
      }),
  )

  onEach("cancel of a mapAsync ends its chunks, and cancel of what is done changes nothing", () =>
    Effect.gen(function* () {
      const marks = yield* marksOfTest
      const pool = yield* Pool.make({ size: 1 })
      const done = yield* Pool.applyAsync(pool, pooled.square, [3])
      expect(yield* within(40)(AsyncResult.get(done))).toBe(9)
      yield* AsyncResult.cancel(done)
      expect(yield* AsyncResult.get(done)).toBe(9)
      const heard: Array<string> = []
      const map = yield* Pool.mapAsync(
        pool,
        pooledEffects.hang,
        range(4).map((id) => ({ id, marks })),
        {
          chunkSize: 1,
          errorCallback: ({ _tag }) => heard.push(_tag),
        },
      )
      yield* untilMarked(marks, "begun 0")
      yield* AsyncResult.cancel(map)
      expect(yield* failureOf(map)).toMatchObject({ _tag: "TaskInterrupted" })
      expect(heard).toEqual(["TaskInterrupted"])
      yield* untilMarked(marks, "finalized 0")
      expect(yield* within(40)(Pool.apply(pool, pooled.square, [3]))).toBe(9)
      expect(range(4).filter((id) => Marks.isSet(marks, `begun ${id}`))).toEqual([0])
    }),
  )

  live(
    "a timed task that is given up as it begins does not keep its worker",
    () =>
      Effect.gen(function* () {
        const marks = yield* marksOfTest
        const pool = yield* Pool.make({ size: 1, grace: "100 millis" })
        yield* within(40)(Pool.apply(pool, pooled.square, [1]))
        for (let round = 0; round < (stopsBusy ? 12 : 5); round++) {
          const order = { id: round, marks, go: `go ${round}` }
          const fiber = yield* Effect.fork(Pool.apply(pool, pooled.spin, [order], { timeout: "1 hour" }))
          yield* Effect.sleep(Math.random() * 3)
          yield* within(5)(Fiber.interrupt(fiber))
          expect(yield* within(40)(Pool.apply(pool, pooled.square, [round]))).toBe(round * round)
          Marks.set(marks, `go ${round}`)
        }
      }),
    90,
  )
})

describe("Task.checkpoint", () => {
  for (const how of ["interruption", "time-out"] as const) {
    live(`lets busy plain code end at the ${how} of its task, and its worker goes on`, () =>
      Effect.gen(function* () {
        const { agents } = yield* Recorder.Recorder
        const marks = yield* marksOfTest
        const pool = yield* Pool.make({ size: 1 })
        const order = { id: 1, marks }
        const fiber = yield* Effect.fork(
          Effect.flip(
            how === "interruption"
              ? Pool.apply(pool, pooled.spinAndCheck, [order])
              : Pool.apply(pool, pooled.spinAndCheck, [order], { timeout: "1 second" }),
          ),
        )
        yield* untilMarked(marks, "begun 1")
        if (how === "interruption") yield* within(5)(Fiber.interrupt(fiber))
        else expect(yield* within(40)(Fiber.join(fiber))).toMatchObject({ _tag: "TaskTimedOut" })
        yield* untilMarked(marks, "stopped 1 Cancelled")
        expect(yield* within(40)(Pool.apply(pool, pooled.square, [3]))).toBe(9)
        expect(agents.length).toBe(1)
      }),
    )
  }

  live("has the grace period to come to the next one, and its worker is ended after that", () =>
    Effect.gen(function* () {
      const { agents, until } = yield* Recorder.Recorder
      const marks = yield* marksOfTest
      const pool = yield* Pool.make({ size: 1, grace: "300 millis" })
      const fiber = yield* Effect.fork(Pool.apply(pool, pooled.checkAndSpin, [{ id: 1, marks }]))
      yield* untilMarked(marks, "begun 1")
      const since = performance.now()
      yield* within(5)(Fiber.interrupt(fiber))
      yield* within(40)(until(() => agents[0]?.exit !== undefined))
      expect(performance.now() - since).toBeGreaterThan(290)
      expect(yield* within(40)(Pool.apply(pool, pooled.square, [3]))).toBe(9)
      if (!stopsBusy) Marks.set(marks, "go")
    }),
  )

  onEach("does nothing in a task that is wanted", () =>
    Effect.gen(function* () {
      const marks = yield* marksOfTest
      Marks.set(marks, "go")
      const pool = yield* Pool.make({ size: 1 })
      expect(yield* within(40)(Pool.apply(pool, pooled.spinAndCheck, [{ id: 1, marks }]))).toBe(1)
      expect(isMarked(marks, "stopped")).toBe(false)
    }),
  )
})

describe("Pool with time-outs", () => {
  onEach(
    "a task that takes longer is TaskTimedOut: an effect is interrupted, a busy one ended with its worker",
    () =>
      Effect.gen(function* () {
        const { agents } = yield* Recorder.Recorder
        const marks = yield* marksOfTest
        const pool = yield* Pool.make({ size: 1, grace: "10 seconds" })
        // The first effect has what runs effects loaded.
        expect(yield* within(40)(Pool.apply(pool, pooledEffects.succeed, []))).toBe("done")
        const timeout = "1 second"
        const hang = Pool.apply(pool, pooledEffects.hang, [{ id: 1, marks }], { timeout })
        expect(yield* within(40)(Effect.flip(hang))).toMatchObject({
          _tag: "TaskTimedOut",
          task: "hang",
          timeout: 1000,
        })
        yield* untilMarked(marks, "finalized 1")
        expect(agents.length).toBe(1)
        const spin = Pool.apply(pool, pooled.spin, [{ id: 2, marks }], { timeout })
        expect(yield* within(40)(Effect.flip(spin))).toMatchObject({ _tag: "TaskTimedOut" })
        if (!stopsBusy) Marks.set(marks, "go")
        expect(yield* within(40)(Pool.apply(pool, pooled.square, [3], { timeout: "10 seconds" }))).toBe(9)
      }),
  )

  onEach("the time begins with the task: it may wait as long as it must", () =>
    Effect.gen(function* () {
      const marks = yield* marksOfTest
      const pool = yield* Pool.make({ size: 1 })
      const first = yield* Pool.applyAsync(pool, pooled.wait, [{ id: 1, marks }])
      yield* untilMarked(marks, "begun 1")
      const timed = yield* Effect.forEach(range(3), (n) =>
        Pool.applyAsync(pool, pooled.square, [n], { timeout: "2 seconds" }),
      )
      yield* Effect.sleep("2200 millis")
      Marks.set(marks, "go")
      expect(yield* within(40)(AsyncResult.get(first))).toBe(1)
      expect(yield* within(40)(Effect.forEach(timed, AsyncResult.get))).toEqual([0, 1, 4])
    }),
  )

  onEach("a chunk of a map that takes longer fails the map, others run", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 2 })
      yield* within(40)(Pool.broadcast(pool, pooled.square, [1]))
      const items = [0, 30_000, 0, 0].map((milliseconds, n) => ({ milliseconds, n }))
      const map = Pool.map(pool, pooled.later, items, { chunkSize: 1, timeout: "2 seconds" })
      expect(yield* within(40)(Effect.flip(map))).toMatchObject({ _tag: "TaskTimedOut" })
      expect(yield* Pool.statistics(pool)).toMatchObject({ succeeded: 5, failed: 1 })
    }),
  )

  onEach("a time-out longer than any timer is none", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 1 })
      const later = [{ n: 1, milliseconds: 100 }] as const
      for (const timeout of ["10000 days", Number.POSITIVE_INFINITY] as const)
        expect(yield* within(40)(Pool.apply(pool, pooled.later, [...later], { timeout }))).toBe(1)
    }),
  )
})

describe("Pool, what is left of a task that was given up", () => {
  live(
    "a busy thread that runs on is counted, and a warning says what helps",
    () =>
      Effect.gen(function* () {
        const warnings: Array<string> = []
        const logger = Logger.make(({ message }) => warnings.push(String(message)))
        const marks = yield* marksOfTest
        const pool = yield* Pool.make({ size: 1, grace: 100 }).pipe(
          Effect.provide(Logger.replace(Logger.defaultLogger, logger)),
        )
        const abandoned = Effect.map(Pool.statistics(pool), ({ abandoned }) => abandoned)
        const fiber = yield* Effect.fork(Pool.apply(pool, pooled.spin, [{ id: "busy", marks }]))
        yield* untilMarked(marks, "begun busy")
        yield* within(5)(Fiber.interrupt(fiber))
        expect(yield* within(20)(Pool.apply(pool, pooled.square, [3]))).toBe(9)
        yield* Effect.sleep(1000)
        expect(yield* abandoned).toBe(stopsBusy ? 0 : 1)
        expect(warnings.filter((warning) => warning.includes("Task.checkpoint")).length).toBe(
          stopsBusy ? 0 : 1,
        )
        Marks.set(marks, "go")
        yield* within(20)(
          Effect.repeat(abandoned, { until: (count) => count === 0, schedule: Schedule.spaced(20) }),
        )
      }),
    60,
  )

  onEach("the schedule of a retry is interrupted with its task", () =>
    Effect.gen(function* () {
      let isInterrupted = false
      const never = Effect.onInterrupt(Effect.never, () =>
        Effect.sync(() => {
          isInterrupted = true
        }),
      )
      const retry = Schedule.addDelayEffect(Schedule.recurs(1), () => never)
      const pool = yield* Pool.make({ size: 1 })
      const result = yield* Pool.applyAsync(pool, pooled.exit, [3], { retry })
      yield* within(20)(
        Effect.repeat(Pool.statistics(pool), {
          until: ({ respawned }) => respawned === 1,
          schedule: Schedule.spaced(20),
        }),
      )
      yield* AsyncResult.cancel(result)
      expect(yield* failureOf(result)).toMatchObject({ _tag: "TaskInterrupted" })
      yield* Effect.sleep(10)
      expect(isInterrupted).toBe(true)
    }),
  )
})
