/** What a pool and its calls can be asked for. */
import { describe, expect } from "@effect/vitest"
import * as Marks from "@multifiber/testkit/Marks"
import * as Recorder from "@multifiber/testkit/Recorder"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Schedule from "effect/Schedule"
import * as AsyncResult from "../src/AsyncResult.ts"
import * as Pool from "../src/Pool.ts"
import { pooled } from "./fixtures/pooled.ts"
import { pooledEffects } from "./fixtures/pooledEffects.ts"
import { live, within } from "./live.ts"
import { marksOfTest, onAll, onEach, untilMarked } from "./startMethods.ts"

const range = (count: number): Array<number> => Array.from({ length: count }, (_, n) => n)

const count = (marks: Marks.Marks, start: string): number =>
  Marks.names(marks).filter((name) => name.startsWith(start)).length

const soon = within(40)

const failureOf = <A, E>(result: AsyncResult.AsyncResult<A, E>) => soon(Effect.flip(AsyncResult.get(result)))

describe("Pool with an initializer", () => {
  onAll("POOL-31 EXEC-12 runs it once in each worker before its first task, with its arguments", () =>
    Effect.gen(function* () {
      const marks = yield* marksOfTest
      const initargs = [{ id: "marker", marks }]
      const pool = yield* Pool.make({ size: 2, initializer: pooled.storeAndTell, initargs })
      expect(yield* soon(Pool.broadcast(pool, pooled.stored, []))).toEqual(["marker", "marker"])
      expect(yield* soon(Pool.map(pool, pooled.square, range(20), { chunkSize: 1 }))).toEqual(
        range(20).map((n) => n * n),
      )
      expect(count(marks, "stored by")).toBe(2)
      expect(yield* Pool.statistics(pool)).toMatchObject({ submitted: 22, succeeded: 22, failed: 0 })
      yield* Pool.close(pool)
      yield* soon(Pool.join(pool))
    }),
  )

  onEach("runs it in a worker that takes the place of another, too", () =>
    Effect.gen(function* () {
      const marks = yield* marksOfTest
      const initargs = [{ id: "marker", marks }]
      const pool = yield* Pool.make({
        size: 1,
        initializer: pooled.storeAndTell,
        initargs,
        maxTasksPerChild: 1,
      })
      expect(yield* soon(Pool.apply(pool, pooled.stored, []))).toBe("marker")
      expect(yield* soon(Effect.flip(Pool.apply(pool, pooled.exit, [3])))).toMatchObject({
        _tag: "WorkerLost",
      })
      expect(yield* soon(Pool.apply(pool, pooled.stored, []))).toBe("marker")
      expect(count(marks, "stored by")).toBeGreaterThanOrEqual(3)
    }),
  )

  for (const [how, initializer, initargs, cause] of [
    ["throws", pooled.throwText, ["not today"], { _tag: "RemoteFailure", message: "not today" }],
    ["ends its worker", pooled.exitLater, [100], { _tag: "WorkerLost", exitCode: 1 }],
    ["cannot be sent", pooled.store, [() => {}], { _tag: "EncodingFailed" }],
  ] as const) {
    onEach(
      `POOL-44 EXEC-13 where it ${how}, the pool fails with its error, and starts no other workers`,
      () =>
        Effect.gen(function* () {
          const { agents, holds, until } = yield* Recorder.Recorder
          const made = yield* Effect.either(Pool.make({ size: 2, initializer, initargs }))
          const expected = { _tag: "InitializerFailed", task: initializer.name, cause }
          if (made._tag === "Left") expect(made.left).toMatchObject(expected)
          else {
            const pool = made.right
            const pending = yield* Effect.forEach(range(4), (n) =>
              Effect.either(Effect.flatMap(Pool.applyAsync(pool, pooled.square, [n]), AsyncResult.get)),
            ).pipe(soon)
            for (const each of pending) expect(each).toMatchObject({ left: expected })
            const error = yield* soon(Effect.flip(Pool.apply(pool, pooled.square, [1])))
            expect(error).toMatchObject(expected)
            expect(String(error)).toMatch(/initialize with/)
            expect(yield* soon(Effect.flip(Pool.map(pool, pooled.square, [1])))).toMatchObject(expected)
            expect((yield* Pool.statistics(pool)).status).toBe("failed")
            yield* soon(Pool.join(pool))
          }
          yield* soon(until(() => agents.every(({ exit }) => exit !== undefined)))
          expect(agents.length).toBeLessThanOrEqual(2)
          expect(holds()).toBe(0)
        }),
    )
  }
})

describe("Pool with maxTasksPerChild", () => {
  onAll("EXEC-16 gives each worker exactly so many tasks", () =>
    Effect.gen(function* () {
      const { agents, until } = yield* Recorder.Recorder
      const pool = yield* Pool.make({ size: 1, maxTasksPerChild: 3 })
      const workers: Array<number> = []
      for (let n = 0; n < 7; n++) {
        const { pid, threadId } = yield* soon(Pool.apply(pool, pooled.who, []))
        workers.push(pid * 1000 + threadId)
      }
      expect(workers.map((worker) => workers.indexOf(worker))).toEqual([0, 0, 0, 3, 3, 3, 6])
      yield* soon(until(() => agents.filter(({ exit }) => exit === undefined).length === 1))
      expect(yield* Pool.statistics(pool)).toMatchObject({ recycled: 2, respawned: 0 })
    }),
  )

  onEach("counts a chunk as one task", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 1, maxTasksPerChild: 2 })
      expect(yield* soon(Pool.map(pool, pooled.square, range(12), { chunkSize: 6 }))).toEqual(
        range(12).map((n) => n * n),
      )
      expect((yield* Pool.statistics(pool)).recycled).toBe(1)
    }),
  )

  onEach("POOL-28 EXEC-17 finishes six tasks of 1 for each worker, though it was closed before", () =>
    Effect.gen(function* () {
      const { agents, holds } = yield* Recorder.Recorder
      const pool = yield* Pool.make({ size: 3, maxTasksPerChild: 1 })
      const pending = yield* Effect.forEach(range(6), (n) =>
        Pool.applyAsync(pool, pooled.later, [{ n, milliseconds: 50 }]),
      )
      yield* Pool.close(pool)
      yield* within(40)(Pool.join(pool))
      expect(yield* Effect.forEach(pending, AsyncResult.get)).toEqual(range(6))
      expect(agents.length).toBeGreaterThanOrEqual(6)
      expect(agents.every(({ exit }) => exit !== undefined)).toBe(true)
      expect(holds()).toBe(0)
    }),
  )

  onEach("a task that cannot be sent does not count, and holds up nothing", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 1, maxTasksPerChild: 1 })
      for (let n = 0; n < 2; n++) {
        const unsendable = Pool.apply(pool, pooled.square, [(() => {}) as unknown as number])
        expect(yield* soon(Effect.flip(unsendable))).toMatchObject({ _tag: "EncodingFailed" })
        expect(yield* soon(Pool.apply(pool, pooled.square, [n]))).toBe(n * n)
      }
    }),
  )

  live(
    "many tasks run once each, while workers come and go",
    () =>
      Effect.gen(function* () {
        const marks = yield* marksOfTest
        const pool = yield* Pool.make({ size: 2, maxTasksPerChild: 10 })
        const orders = range(60).map((id) => ({ id, marks }))
        const ids = yield* within(40)(Pool.map(pool, pooled.begin, orders, { chunkSize: 1 }))
        expect(ids).toEqual(range(60))
        expect(count(marks, "begun")).toBe(60)
      }),
    60,
  )
})

describe("Pool of elastic size", () => {
  onEach("starts workers for tasks that find no place, up to its size, and ends them when they rest", () =>
    Effect.gen(function* () {
      const { agents, until } = yield* Recorder.Recorder
      const marks = yield* marksOfTest
      const pool = yield* Pool.make({ size: 3, minSize: 1, idleTimeout: "1 second" })
      expect(agents.length).toBe(1)
      const pending = yield* Effect.forEach(range(3), (id) =>
        Pool.applyAsync(pool, pooled.wait, [{ id, marks }]),
      )
      for (const id of range(3)) yield* untilMarked(marks, `begun ${id}`)
      expect(agents.length).toBe(3)
      const behind = yield* Effect.forEach(range(3), (n) => Pool.applyAsync(pool, pooled.square, [n]))
      Marks.set(marks, "go")
      expect(yield* soon(Effect.forEach(pending, AsyncResult.get))).toEqual(range(3))
      expect(yield* soon(Effect.forEach(behind, AsyncResult.get))).toEqual([0, 1, 4])
      yield* soon(until(() => agents.filter(({ exit }) => exit === undefined).length === 1))
      expect(agents.length).toBe(3)
      expect(yield* soon(Pool.apply(pool, pooled.square, [3]))).toBe(9)
      expect(yield* Pool.statistics(pool)).toMatchObject({ respawned: 0, recycled: 0 })
    }),
  )

  onEach("with a minSize of 0 starts its first worker with its first task, and ends it again", () =>
    Effect.gen(function* () {
      const { agents, until } = yield* Recorder.Recorder
      const pool = yield* Pool.make({ size: 2, minSize: 0, idleTimeout: "100 millis" })
      expect(agents.length).toBe(0)
      for (let time = 1; time <= 2; time++) {
        expect(yield* soon(Pool.apply(pool, pooled.square, [3]))).toBe(9)
        expect(agents.length).toBe(time)
        yield* soon(until(() => agents.every(({ exit }) => exit !== undefined)))
      }
      yield* Pool.close(pool)
      yield* soon(Pool.join(pool))
      const idle = yield* Pool.make({ size: 2, minSize: 0 })
      yield* Pool.close(idle)
      yield* soon(Pool.join(idle))
    }),
  )
})

describe("Pool with a capacity", () => {
  onEach("keeps to it where one call is made beforehand and run several times", () =>
    Effect.gen(function* () {
      const marks = yield* marksOfTest
      const pool = yield* Pool.make({ size: 2, capacity: 1 })
      const call = Pool.apply(pool, pooled.wait, [{ id: 1, marks }])
      const fiber = yield* Effect.fork(Effect.replicateEffect(call, 3, { concurrency: "unbounded" }))
      yield* untilMarked(marks, "begun 1")
      yield* Effect.sleep(50)
      expect((yield* Pool.statistics(pool)).submitted).toBe(1)
      Marks.set(marks, "go")
      expect(yield* soon(Fiber.join(fiber))).toEqual([1, 1, 1])
    }),
  )

  onEach("lets so many tasks in, and the next when one is done, first come, first served", () =>
    Effect.gen(function* () {
      const marks = yield* marksOfTest
      const pool = yield* Pool.make({ size: 1, capacity: 2 })
      const order = (id: number) => ({ id, marks, go: `go ${id}` })
      yield* Pool.applyAsync(pool, pooled.wait, [order(0)])
      yield* Pool.applyAsync(pool, pooled.wait, [order(1)])
      const submitted: Array<number> = []
      const waiting = yield* Effect.forEach([2, 3, 4], (id) =>
        Effect.tap(
          Effect.fork(
            Effect.tap(Pool.applyAsync(pool, pooled.wait, [order(id)]), () =>
              Effect.sync(() => submitted.push(id)),
            ),
          ),
          () => Effect.yieldNow(),
        ),
      )
      yield* untilMarked(marks, "begun 0")
      expect(submitted).toEqual([])
      expect((yield* Pool.statistics(pool)).submitted).toBe(2)
      for (const id of range(5)) {
        Marks.set(marks, `go ${id}`)
        if (id < 3) yield* soon(Fiber.join(waiting[id] as Fiber.Fiber<unknown, unknown>))
        expect(submitted).toEqual([2, 3, 4].slice(0, id + 1))
      }
      const results = yield* Effect.forEach(waiting, Fiber.join)
      expect(yield* soon(Effect.forEach(results, AsyncResult.get))).toEqual([2, 3, 4])
    }),
  )

  onEach("who waits is not passed by one that comes later, however often that comes", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 1, capacity: 1 })
      let rounds = 0
      const greedy = yield* Effect.fork(
        Effect.gen(function* () {
          for (;;) {
            yield* Pool.apply(pool, pooled.later, [{ n: 1, milliseconds: 20 }])
            rounds++
          }
        }),
      )
      yield* soon(Effect.repeat(Effect.sleep(1), { until: () => rounds >= 2 }))
      // Time for the next round to begin.
      yield* Effect.sleep(5)
      const before = rounds
      expect(yield* soon(Pool.apply(pool, pooled.square, [5]))).toBe(25)
      expect(rounds - before).toBeLessThanOrEqual(3)
      yield* Fiber.interrupt(greedy)
    }),
  )

  onEach("who is interrupted while it waits submits nothing, and lets the next in", () =>
    Effect.gen(function* () {
      const { holds } = yield* Recorder.Recorder
      const marks = yield* marksOfTest
      const pool = yield* Pool.make({ size: 1, capacity: 1 })
      const first = yield* Pool.applyAsync(pool, pooled.wait, [{ id: "first", marks }])
      const waiting = yield* Effect.forEach(range(20), (id) =>
        Effect.fork(Pool.apply(pool, pooled.begin, [{ id, marks }])),
      )
      yield* Effect.yieldNow()
      yield* soon(Fiber.interruptAll(waiting.filter((_, id) => id % 2 === 0)))
      Marks.set(marks, "go")
      yield* soon(AsyncResult.get(first))
      const kept = range(20).filter((id) => id % 2 === 1)
      expect(yield* soon(Effect.forEach(kept, (id) => Fiber.join(waiting[id] as never)))).toEqual(kept)
      expect(count(marks, "begun")).toBe(11)
      expect((yield* Pool.statistics(pool)).submitted).toBe(11)
      expect(holds()).toBe(0)
    }),
  )

  for (const how of ["close", "terminate"] as const) {
    onEach(`who waits while the pool ends by ${how} learns so`, () =>
      Effect.gen(function* () {
        const marks = yield* marksOfTest
        const pool = yield* Pool.make({ size: 1, capacity: 1 })
        yield* Pool.applyAsync(pool, pooled.wait, [{ id: 0, marks }])
        const waiting = [
          yield* Effect.fork(Effect.flip(Pool.apply(pool, pooled.square, [1]))),
          yield* Effect.fork(Effect.flip(Pool.map(pool, pooled.square, range(3), { chunkSize: 1 }))),
        ]
        yield* untilMarked(marks, "begun 0")
        yield* Pool[how](pool)
        for (const each of waiting)
          expect(yield* soon(Fiber.join<unknown, unknown>(each))).toMatchObject({ _tag: "PoolNotRunning" })
        Marks.set(marks, "go")
        yield* soon(Pool.join(pool))
      }),
    )
  }

  onEach("who has nothing to submit any more when there is room lets the next in", () =>
    Effect.gen(function* () {
      const marks = yield* marksOfTest
      const pool = yield* Pool.make({ size: 1, capacity: 1 })
      const orders = range(3).map((id) => ({ id, marks }))
      const first = yield* Pool.applyAsync(pool, pooled.wait, [{ id: "first", marks, go: "first" }])
      const calls: ReadonlyArray<Effect.Effect<unknown, unknown>> = [
        Pool.map(pool, pooled.failAt0, orders, { chunkSize: 1, failFast: true }),
        Pool.apply(pool, pooledEffects.even, [3]),
        Pool.apply(pool, pooled.square, [3]),
      ]
      const fibers = yield* Effect.forEach(calls, (call) =>
        Effect.zipLeft(Effect.fork(Effect.either(call)), Effect.yieldNow()),
      )
      Marks.set(marks, "first")
      yield* soon(AsyncResult.get(first))
      expect(yield* soon(Effect.forEach(fibers, Fiber.join))).toMatchObject([
        { left: { _tag: "RemoteFailure" } },
        { left: { _tag: "EncodingFailed" } },
        { right: 9 },
      ])
    }),
  )

  onEach("a map of more chunks than that gives all results", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 2, capacity: 3 })
      const maps = yield* soon(
        Effect.replicateEffect(Pool.map(pool, pooled.square, range(40), { chunkSize: 1 }), 3, {
          concurrency: 3,
        }),
      )
      for (const map of maps) expect(map).toEqual(range(40).map((n) => n * n))
    }),
  )
})

describe("Pool calls", () => {
  onEach("that cannot be sent fail, however many there are", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 1 })
      const pending = yield* Effect.forEach(range(100), () =>
        Pool.applyAsync(pool, pooled.square, [(() => {}) as unknown as number]),
      )
      for (const each of pending) expect(yield* failureOf(each)).toMatchObject({ _tag: "EncodingFailed" })
      expect(yield* soon(Pool.apply(pool, pooled.square, [3]))).toBe(9)
    }),
  )

  onEach("POOL-03 starmap and starmapAsync give the results of lists of arguments in order", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 2 })
      const lists = (length: number) => range(length).map((n): [number, number] => [n, length - n - 1])
      const expected = (length: number) => lists(length).map(([base, exponent]) => base ** exponent)
      expect(yield* soon(Pool.starmap(pool, pooled.power, lists(10)))).toEqual(expected(10))
      expect(yield* soon(Pool.starmap(pool, pooled.power, lists(100), { chunkSize: 20 }))).toEqual(
        expected(100),
      )
      const pending = yield* Pool.starmapAsync(pooled.power, new Set(lists(10)))(pool)
      expect(yield* soon(AsyncResult.get(pending))).toEqual(expected(10))
    }),
  )

  onEach("with a higher priority begin before others that wait, equal ones in the order of submission", () =>
    Effect.gen(function* () {
      const marks = yield* marksOfTest
      const pool = yield* Pool.make({ size: 1 })
      const first = yield* Pool.applyAsync(pool, pooled.wait, [{ id: 0, marks }])
      yield* untilMarked(marks, "begun 0")
      const calls = [
        ["low 1", -1],
        ["normal 1", undefined],
        ["low 2", -1],
        ["high 1", 5],
        ["normal 2", 0],
        ["high 2", 5],
        ["highest", 5.5],
      ] as const
      for (const [id, priority] of calls) {
        yield* Pool.applyAsync(pool, pooled.note, [id], priority === undefined ? {} : { priority })
        // Those before are on their way to the worker.
        yield* Effect.sleep(5)
      }
      const notes = yield* Pool.applyAsync(pool, pooled.notes, [], { priority: -2 })
      Marks.set(marks, "go")
      yield* soon(AsyncResult.get(first))
      expect(yield* soon(AsyncResult.get(notes))).toEqual([
        "highest",
        "high 1",
        "high 2",
        "normal 1",
        "normal 2",
        "low 1",
        "low 2",
      ])
    }),
  )

  onEach("with the same key go to the same worker, also after it was lost", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 3 })
      const home = (key: string | number) =>
        Effect.map(
          soon(Pool.apply(pool, pooled.who, [], { key })),
          ({ pid, threadId }) => `${pid} ${threadId}`,
        )
      const keys = ["a", "b", 3, "d", "e", 6]
      const homes = yield* Effect.forEach(keys, home, { concurrency: "unbounded" })
      yield* soon(Pool.map(pool, pooled.square, range(20), { chunkSize: 1 }))
      expect(yield* Effect.forEach(keys, home)).toEqual(homes)
      expect(new Set(homes).size).toBeGreaterThan(1)
      yield* soon(Pool.apply(pool, pooled.note, ["noted"], { key: "a" }))
      expect(yield* soon(Pool.apply(pool, pooled.notes, [], { key: "a" }))).toEqual(["noted"])
      yield* soon(Effect.flip(Pool.apply(pool, pooled.exit, [1], { key: "a" })))
      const moved = yield* Effect.forEach(keys, home)
      keys.forEach((_, index) => {
        if (homes[index] === homes[0]) expect(moved[index]).toBe(moved[0])
        else expect(moved[index]).toBe(homes[index])
      })
      expect(moved[0]).not.toBe(homes[0])
    }),
  )

  onEach("with a retry run again where their worker was lost, as often as the schedule says", () =>
    Effect.gen(function* () {
      const marks = yield* marksOfTest
      const pool = yield* Pool.make({ size: 1 })
      const order = (id: string, times: number) => ({ id, marks, times })
      const thrice = { retry: Schedule.recurs(3) }
      expect(yield* within(40)(Pool.apply(pool, pooled.exitTimes, [order("a", 2)], thrice))).toBe(2)
      const once = { retry: Schedule.spaced("50 millis").pipe(Schedule.intersect(Schedule.recurs(1))) }
      expect(
        yield* within(40)(Effect.flip(Pool.apply(pool, pooled.exitTimes, [order("b", 9)], once))),
      ).toMatchObject({ _tag: "WorkerLost", exitCode: 3 })
      expect([count(marks, "begun a"), count(marks, "begun b")]).toEqual([3, 2])
      // Each job has the schedule to itself; a failure of the task is none of its business.
      const orders = range(2).map((n) => order(`c${n}`, 1))
      expect(yield* within(40)(Pool.map(pool, pooled.exitTimes, orders, { ...once, chunkSize: 1 }))).toEqual([
        1, 1,
      ])
      expect(yield* soon(Effect.flip(Pool.apply(pool, pooled.throwText, ["no"], thrice)))).toMatchObject({
        _tag: "RemoteFailure",
      })
      expect(yield* Pool.statistics(pool)).toMatchObject({
        submitted: 5,
        succeeded: 3,
        failed: 2,
        respawned: 6,
      })
    }),
  )

  live("with a retry whose schedule is broken fail with WorkerLost", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 1 })
      const retry = Schedule.recurWhile((): boolean => {
        throw new Error("broken")
      })
      expect(yield* soon(Effect.flip(Pool.apply(pool, pooled.exit, [3], { retry })))).toMatchObject({
        _tag: "WorkerLost",
      })
    }),
  )

  for (const how of ["cancel", "terminate"] as const) {
    onEach(`with a retry that waits for its time end by ${how}`, () =>
      Effect.gen(function* () {
        const { holds } = yield* Recorder.Recorder
        const pool = yield* Pool.make({ size: 1 })
        const lost = yield* Pool.applyAsync(pool, pooled.exit, [3], { retry: Schedule.spaced("5 seconds") })
        yield* soon(
          Effect.repeat(Effect.zipRight(Effect.sleep(5), Pool.statistics(pool)), {
            until: ({ respawned }) => respawned === 1,
          }),
        )
        expect(yield* AsyncResult.ready(lost)).toBe(false)
        if (how === "cancel") {
          yield* AsyncResult.cancel(lost)
          expect(yield* soon(Pool.apply(pool, pooled.square, [3]))).toBe(9)
        } else yield* Pool.terminate(pool)
        expect(yield* failureOf(lost)).toMatchObject({
          _tag: how === "cancel" ? "TaskInterrupted" : "PoolTerminated",
        })
        expect(holds()).toBe(0)
      }),
    )
  }

  for (const capacity of [undefined, 2]) {
    onEach(
      `map with failFast ends at the first failure: the rest does not run (capacity: ${capacity ?? "none"})`,
      () =>
        Effect.gen(function* () {
          const marks = yield* marksOfTest
          const pool = yield* Pool.make({ size: 1, ...(capacity === undefined ? {} : { capacity }) })
          const orders = range(20).map((id) => ({ id, marks }))
          const map = Pool.map(pool, pooled.failAt0, orders, { chunkSize: 1, failFast: true })
          expect(yield* soon(Effect.flip(map))).toMatchObject({ _tag: "RemoteFailure", message: "order 0" })
          expect(yield* soon(Pool.apply(pool, pooled.square, [3]))).toBe(9)
          expect(count(marks, "begun")).toBeLessThanOrEqual(2)
          const { failed, submitted, succeeded } = yield* Pool.statistics(pool)
          expect(submitted).toBe(succeeded + failed)
        }),
    )
  }

  onEach("map with failFast interrupts what runs", () =>
    Effect.gen(function* () {
      const marks = yield* marksOfTest
      const pool = yield* Pool.make({ size: 2, grace: "10 seconds" })
      const running = yield* Pool.applyAsync(pool, pooledEffects.hang, [{ id: "other", marks }])
      yield* untilMarked(marks, "begun other")
      const orders = [{ id: "never", marks, go: "never" }]
      const waiting = yield* Effect.fork(
        Effect.flip(
          Pool.starmap(
            pool,
            pooled.wait,
            orders.map((order) => [order]),
            { chunkSize: 1, failFast: true, timeout: "1 second" },
          ),
        ),
      )
      expect(yield* soon(Fiber.join(waiting))).toMatchObject({ _tag: "TaskTimedOut" })
      expect(yield* AsyncResult.ready(running)).toBe(false)
      yield* AsyncResult.cancel(running)
      yield* untilMarked(marks, "finalized other")
    }),
  )

  onAll("broadcast runs a task once in each worker", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 3 })
      const workers = yield* soon(Pool.broadcast(pool, pooled.who, []))
      expect(new Set(workers.map(({ pid, threadId }) => `${pid} ${threadId}`)).size).toBe(3)
      yield* soon(Pool.broadcast(pooled.store, ["told"])(pool))
      expect(yield* soon(Pool.broadcast(pool, pooled.stored, []))).toEqual(["told", "told", "told"])
      expect(yield* soon(Effect.flip(Pool.broadcast(pool, pooled.throwText, ["each"])))).toMatchObject({
        _tag: "RemoteFailure",
        message: "each",
      })
      expect((yield* Pool.statistics(pool)).failed).toBe(3)
      const empty = yield* Pool.make({ size: 1, minSize: 0 })
      expect(yield* soon(Pool.broadcast(empty, pooled.who, []))).toEqual([])
    }),
  )
})

describe("Pool callbacks", () => {
  onEach("POOL-25 exactly one of them hears of a result, once", () =>
    Effect.gen(function* () {
      const heard: Array<unknown> = []
      const callbacks = {
        callback: (value: unknown) => heard.push(["value", value]),
        errorCallback: (error: { readonly _tag: string }) => heard.push(["error", error]),
      }
      const pool = yield* Pool.make({ size: 1 })
      const failed = yield* Pool.applyAsync(pool, pooled.throwText, ["told"], callbacks)
      const error = yield* failureOf(failed)
      expect(error).toMatchObject({ _tag: "RemoteFailure", message: "told" })
      expect(heard).toEqual([["error", error]])
      const done = yield* Pool.applyAsync(pool, pooled.square, [3], callbacks)
      expect(yield* soon(AsyncResult.get(done))).toBe(9)
      expect(yield* soon(AsyncResult.get(yield* Pool.mapAsync(pool, pooled.square, [], callbacks)))).toEqual(
        [],
      )
      const map = yield* Pool.mapAsync(pool, pooled.square, [1, 2], callbacks)
      expect(yield* soon(AsyncResult.get(map))).toEqual([1, 4])
      expect(heard.slice(1)).toEqual([
        ["value", 9],
        ["value", []],
        ["value", [1, 4]],
      ])
    }),
  )

  onEach(
    "POOL-50 a result is ready when its callback is done, also where that is an Effect or a promise",
    () =>
      Effect.gen(function* () {
        const pool = yield* Pool.make({ size: 1 })
        for (const kind of ["effect", "promise"] as const) {
          const begun = yield* Deferred.make<void>()
          let isDone = false
          const slow = Effect.zipRight(
            Effect.zipRight(Deferred.succeed(begun, undefined), Effect.sleep(50)),
            Effect.sync(() => {
              isDone = true
            }),
          )
          const callback = () => (kind === "effect" ? slow : Effect.runPromise(slow))
          const result = yield* Pool.applyAsync(pool, pooled.square, [3], { callback })
          yield* soon(Deferred.await(begun))
          expect(yield* AsyncResult.ready(result)).toBe(false)
          expect(yield* soon(AsyncResult.get(result))).toBe(9)
          expect(isDone).toBe(true)
        }
      }),
  )

  for (const [how, callback] of [
    [
      "throws",
      () => {
        throw new Error("no callback today")
      },
    ],
    ["rejects", () => Promise.reject(new Error("no callback today"))],
    ["fails", () => Effect.fail(new Error("no callback today"))],
    ["dies", () => Effect.dieMessage("no callback today")],
  ] as const) {
    onEach(`POOL-45 one that ${how} is logged, and changes nothing else`, () =>
      Effect.gen(function* () {
        const logged: Array<string> = []
        const logger = Logger.make(({ cause, message }) => logged.push(`${message} ${cause}`))
        const pool = yield* Pool.make({ size: 1 })
        const result = yield* Pool.applyAsync(pool, pooled.square, [3], { callback }).pipe(
          Effect.provide(Logger.replace(Logger.defaultLogger, logger)),
        )
        expect(yield* soon(AsyncResult.get(result))).toBe(9)
        expect(logged.join()).toMatch(/callback of a task has failed.*no callback today/)
        expect(yield* soon(Pool.apply(pool, pooled.square, [4]))).toBe(16)
      }),
    )
  }
})

describe("Pool.statistics", () => {
  onEach("tells of workers and tasks", (startMethod) =>
    Effect.gen(function* () {
      const marks = yield* marksOfTest
      const pool = yield* Pool.make({ size: 1 })
      const idle = yield* Pool.statistics(pool)
      const counts = { submitted: 0, succeeded: 0, failed: 0, respawned: 0, recycled: 0 }
      expect(idle).toMatchObject({ status: "running", queued: 0, ...counts })
      expect(idle.workers).toMatchObject([{ status: "idle", tasks: 0 }])
      const [worker] = idle.workers
      const { pid } = yield* soon(Pool.apply(pool, pooled.who, []))
      expect(worker).toMatchObject({ pid, name: expect.stringMatching(/^PoolWorker-/) })
      const running = yield* Pool.applyAsync(pool, pooled.wait, [{ id: 0, marks }])
      yield* untilMarked(marks, "begun 0")
      const behind = yield* Effect.forEach(range(50), (n) => Pool.applyAsync(pool, pooled.square, [n]))
      yield* Effect.sleep(20)
      const busy = yield* Pool.statistics(pool)
      expect(busy).toMatchObject({ submitted: 52, succeeded: 1, failed: 0 })
      const [{ status, tasks }] = busy.workers as [Pool.WorkerStatistics]
      expect({ status, waiting: busy.queued + tasks }).toEqual({ status: "busy", waiting: 51 })
      for (const each of behind) yield* AsyncResult.cancel(each)
      const cancelled = yield* Pool.statistics(pool)
      expect(cancelled).toMatchObject({ queued: 0, failed: 50 })
      Marks.set(marks, "go")
      yield* soon(AsyncResult.get(running))
      yield* Pool.close(pool)
      expect((yield* Pool.statistics(pool)).status).toBe("closed")
      yield* soon(Pool.join(pool))
      yield* Pool.terminate(pool)
      expect(yield* Pool.statistics(pool)).toMatchObject({ status: "terminated", workers: [], submitted: 52 })
      expect(startMethod === "thread").toBe(pid === process.pid)
    }),
  )
})

describe("Pool refuses", () => {
  const wrong: ReadonlyArray<Pool.Options> = [
    ...[-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 3].map((minSize) => ({ size: 2, minSize })),
    ...[0, -1, 0.5, "12" as unknown as number].map((maxTasksPerChild) => ({ maxTasksPerChild })),
    ...[0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY].map((capacity) => ({ capacity })),
    ...[0, -1, Number.NaN].flatMap((duration) => [{ grace: duration }, { idleTimeout: duration }]),
    { initializer: 23 as never },
    { initializer: (() => 1) as never },
  ]
  for (const options of wrong) {
    const argument = Object.keys(options).find((key) => key !== "size") as keyof Pool.Options
    const id = argument === "maxTasksPerChild" ? "POOL-29 " : argument === "initializer" ? "POOL-31 " : ""
    live(`${id}to be made with ${argument} ${String(options[argument])}`, () =>
      Effect.gen(function* () {
        const { agents } = yield* Recorder.Recorder
        expect(yield* Effect.flip(Pool.make(options))).toMatchObject({ _tag: "InvalidArgument", argument })
        expect(agents).toEqual([])
      }),
    )
  }

  for (const [argument, value] of [
    ["priority", Number.NaN],
    ["priority", Number.POSITIVE_INFINITY],
    ["timeout", 0],
    ["timeout", -1],
  ] as const) {
    live(`calls with ${argument} ${value}`, () =>
      Effect.gen(function* () {
        const pool = yield* Pool.make({ size: 1 })
        const options = { [argument]: value }
        const calls: ReadonlyArray<Effect.Effect<unknown, unknown>> = [
          Pool.apply(pool, pooled.square, [1], options),
          Pool.applyAsync(pool, pooled.square, [1], options),
          Pool.map(pool, pooled.square, [1], options),
          Pool.mapAsync(pool, pooled.square, [1], options),
          Pool.starmap(pool, pooled.power, [[1, 2]], options),
          Pool.starmapAsync(pool, pooled.power, [[1, 2]], options),
        ]
        for (const call of calls)
          expect(yield* Effect.flip(call)).toMatchObject({ _tag: "InvalidArgument", argument })
        expect((yield* Pool.statistics(pool)).submitted).toBe(0)
      }),
    )
  }

  live("maps with chunk sizes below 1", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 1 })
      for (const chunkSize of [0, -1, 0.5]) {
        for (const call of [
          Pool.starmap(pool, pooled.power, [[1, 2]], { chunkSize }),
          Pool.starmapAsync(pool, pooled.power, [], { chunkSize }),
        ] as ReadonlyArray<Effect.Effect<unknown, unknown>>)
          expect(yield* Effect.flip(call)).toMatchObject({ _tag: "InvalidArgument", argument: "chunkSize" })
      }
    }),
  )
})
