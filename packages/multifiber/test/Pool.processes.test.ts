/** What pools of OS processes have in common with pools of threads, where tests of the latter signal by shared memory. */
import { describe, expect } from "@effect/vitest"
import * as Marks from "@multifiber/testkit/Marks"
import * as Recorder from "@multifiber/testkit/Recorder"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as AsyncResult from "../src/AsyncResult.ts"
import * as Pool from "../src/Pool.ts"
import { pooled } from "./fixtures/pooled.ts"
import { pooledEffects } from "./fixtures/pooledEffects.ts"
import { within } from "./live.ts"
import { marksOfTest, onEach, untilMarked } from "./startMethods.ts"

const range = (count: number): Array<number> => Array.from({ length: count }, (_, n) => n)

const soon = within(40)

/** A pool of 2, and a task in it that waits for the mark "go". */
const pending = Effect.gen(function* () {
  const marks = yield* marksOfTest
  const pool = yield* Pool.make({ size: 2 })
  const result = yield* Pool.applyAsync(pool, pooled.wait, [{ id: 1, marks }])
  yield* untilMarked(marks, "begun 1")
  return { marks, pool, result }
})

describe("Pool", () => {
  onEach("POOL-09 an iterable that throws fails the map, both times, and submits nothing", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 1 })
      const failing = function* (): Generator<number> {
        yield 1
        throw new Error("no more items")
      }
      for (let time = 0; time < 2; time++) {
        const map = Pool.map(pool, pooled.square, failing(), { chunkSize: 1 })
        expect(Cause.squash(yield* soon(Effect.flip(Effect.sandbox(map))))).toEqual(
          new Error("no more items"),
        )
      }
      expect(yield* soon(Pool.apply(pool, pooled.square, [3]))).toBe(9)
      expect((yield* Pool.statistics(pool)).submitted).toBe(1)
    }),
  )

  onEach("POOL-13 a result that takes too long is TimedOut; terminate and join return promptly", () =>
    Effect.gen(function* () {
      const { pool, result } = yield* pending
      expect(yield* soon(Effect.flip(AsyncResult.getWithin(result, "100 millis")))).toMatchObject({
        _tag: "TimedOut",
      })
      yield* Pool.terminate(pool)
      yield* within(10)(Pool.join(pool))
      expect(yield* Effect.flip(AsyncResult.get(result))).toMatchObject({ _tag: "PoolTerminated" })
    }),
  )

  for (const [id, chunkSize, ran] of [
    ["POOL-21 POOL-39", 1, range(8)],
    ["POOL-40", 8, range(4)],
  ] as const) {
    onEach(`${id} where an item fails, every chunk of ${chunkSize} runs, up to the item that fails`, () =>
      Effect.gen(function* () {
        const marks = yield* marksOfTest
        const pool = yield* Pool.make({ size: 1 })
        const orders = range(8).map((id) => ({ id, marks, bad: [3, 5] }))
        const error = yield* soon(Effect.flip(Pool.map(pool, pooled.beginAndFail, orders, { chunkSize })))
        expect(error).toMatchObject({ _tag: "RemoteFailure", message: "item 3" })
        expect(range(8).filter((id) => Marks.isSet(marks, `begun ${id}`))).toEqual(ran)
        yield* Pool.close(pool)
        yield* within(10)(Pool.join(pool))
      }),
    )
  }

  onEach(
    "once an OS process was lost, another waits for the place of the next, and ends with the pool",
    (method) =>
      Effect.gen(function* () {
        const { agents, until } = yield* Recorder.Recorder
        const pool = yield* Pool.make({ size: 1 })
        const identOf = (index: number) => agents[index]?.handle.id
        const loseWorker = Effect.gen(function* () {
          expect(yield* soon(Effect.flip(Pool.apply(pool, pooled.exit, [3])))).toMatchObject({
            _tag: "WorkerLost",
          })
        })
        yield* loseWorker
        if (method === "thread") {
          expect(yield* soon(Pool.apply(pool, pooled.square, [3]))).toBe(9)
          expect(agents.length).toBe(2)
          return
        }
        for (let lost = 1; lost <= 3; lost++) {
          yield* soon(until(() => agents[lost + 1]?.events.includes("message") === true))
          expect((yield* Pool.statistics(pool)).workers.map(({ ident }) => ident)).toEqual([identOf(lost)])
          yield* loseWorker
          expect((yield* soon(Pool.apply(pool, pooled.who, []))).pid).toBe(identOf(lost + 1))
        }
        yield* soon(until(() => agents[5]?.events.includes("message") === true))
        yield* Pool.close(pool)
        yield* within(20)(Pool.join(pool))
        expect(agents.length).toBe(6)
        expect(agents.every(({ exit }) => exit !== undefined)).toBe(true)
      }),
  )

  onEach("many records, numbers or mixed values go to the tasks and come back as they were", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 2 })
      const inputs: ReadonlyArray<ReadonlyArray<unknown>> = [
        range(200).map((id) => ({
          id,
          name: `item ${id}`,
          even: id % 2 === 0,
          none: null,
          maybe: undefined,
        })),
        range(200).map((id) => id / 3),
        range(200).map((id) => (id === 150 ? { id, more: { nested: id } } : { id, more: "" })),
      ]
      for (const input of inputs) {
        expect(yield* soon(Pool.map(pool, pooled.echo, input, { chunkSize: 64 }))).toEqual(input)
        const lazily = Stream.runCollect(Pool.imap(pool, pooled.echo, input, { chunkSize: 64, buffer: 128 }))
        expect([...(yield* soon(lazily))]).toEqual(input)
      }
    }),
  )

  onEach("POOL-48 after terminate, every pending result fails promptly with PoolTerminated", () =>
    Effect.gen(function* () {
      const { holds } = yield* Recorder.Recorder
      const { marks, pool } = yield* pending
      const results = yield* Effect.forEach(range(50), (id) =>
        Pool.applyAsync(pool, pooled.spin, [{ id, marks }]),
      )
      yield* Pool.terminate(pool)
      for (const each of results) {
        expect(yield* within(5)(Effect.flip(AsyncResult.get(each)))).toMatchObject({ _tag: "PoolTerminated" })
      }
      Marks.set(marks, "go")
      yield* within(10)(Pool.join(pool))
      expect(holds()).toBe(0)
    }),
  )

  onEach(
    "EXEC-01 a worker that is killed from outside loses the task it ran, and another takes its place",
    () =>
      Effect.gen(function* () {
        const { agents } = yield* Recorder.Recorder
        const marks = yield* marksOfTest
        const pool = yield* Pool.make({ size: 2 })
        const running = yield* Effect.forEach([0, 1], (id) =>
          Pool.applyAsync(pool, pooled.wait, [{ id, marks }]),
        )
        for (const id of [0, 1]) yield* untilMarked(marks, `begun ${id}`)
        agents[0]?.handle.end(-9)
        expect(yield* soon(Effect.forEach([2, 3, 4], (n) => Pool.apply(pool, pooled.square, [n])))).toEqual([
          4, 9, 16,
        ])
        Marks.set(marks, "go")
        const ends = yield* soon(Effect.forEach(running, (result) => Effect.either(AsyncResult.get(result))))
        expect(ends.filter(({ _tag }) => _tag === "Right").length).toBe(1)
        expect(ends.find(({ _tag }) => _tag === "Left")).toMatchObject({
          left: { _tag: "WorkerLost", exitCode: -9, worker: agents[0]?.name },
        })
        const { respawned, workers } = yield* Pool.statistics(pool)
        expect({ respawned, workers: workers.length }).toEqual({ respawned: 1, workers: 2 })
      }),
  )

  onEach(
    "EXEC-05 EXEC-07 an argument that the worker cannot decode, or that ends it, fails its task alone",
    () =>
      Effect.gen(function* () {
        const pool = yield* Pool.make({ size: 2 })
        expect(yield* soon(Effect.flip(Pool.apply(pool, pooledEffects.even, [-2])))).toMatchObject({
          _tag: "WorkerLost",
          exitCode: 2,
        })
        expect(yield* soon(Effect.flip(Pool.apply(pool, pooledEffects.even, [6])))).toMatchObject({
          _tag: "EncodingFailed",
          subject: "argument",
        })
        expect(yield* soon(Pool.apply(pool, pooledEffects.even, [4]))).toBe(4)
      }),
  )

  onEach("EXEC-18 a pool that was closed or terminated takes no task", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 1 })
      for (const [end, state] of [
        [Pool.close, "closed"],
        [Pool.terminate, "terminated"],
      ] as const) {
        yield* end(pool)
        for (const call of [
          Pool.apply(pool, pooled.square, [1]),
          Pool.applyAsync(pool, pooled.square, [1]),
          Pool.map(pool, pooled.square, [1]),
          Pool.starmapAsync(pool, pooled.power, [[1, 2]]),
          Pool.broadcast(pool, pooled.who, []),
        ] as ReadonlyArray<Effect.Effect<unknown, unknown>>)
          expect(yield* soon(Effect.flip(call))).toMatchObject({ _tag: "PoolNotRunning", state })
        yield* soon(Pool.join(pool))
      }
    }),
  )
})

describe("AsyncResult", () => {
  onEach("ARES-01 tells nothing before the result is there, then the value, again and again", () =>
    Effect.gen(function* () {
      const { marks, result } = yield* pending
      expect(yield* Effect.flip(AsyncResult.successful(result))).toMatchObject({ _tag: "NotReady" })
      expect(yield* AsyncResult.ready(result)).toBe(false)
      yield* within(5)(AsyncResult.waitWithin(result, "10 millis"))
      expect(yield* Effect.flip(AsyncResult.getWithin(result, "10 millis"))).toMatchObject({
        _tag: "TimedOut",
      })
      Marks.set(marks, "go")
      for (let time = 0; time < 2; time++) expect(yield* soon(AsyncResult.get(result))).toBe(1)
      expect(yield* AsyncResult.ready(result)).toBe(true)
      expect(yield* AsyncResult.successful(result)).toBe(true)
    }),
  )

  onEach("ARES-03 getWithin(0) and getWithin(-1) of a pending result are TimedOut at once", () =>
    Effect.gen(function* () {
      const { marks, result } = yield* pending
      for (const timeout of [0, -1]) {
        expect(yield* within(5)(Effect.flip(AsyncResult.getWithin(result, timeout)))).toMatchObject({
          _tag: "TimedOut",
        })
      }
      Marks.set(marks, "go")
      yield* soon(AsyncResult.wait(result))
      expect(yield* AsyncResult.getWithin(result, -1)).toBe(1)
    }),
  )

  onEach("ARES-05 wait, ready, successful and get of a map", () =>
    Effect.gen(function* () {
      const { marks, pool } = yield* pending
      const result = yield* Pool.mapAsync(pool, pooled.square, [1, 2, 3])
      yield* soon(AsyncResult.wait(result))
      expect(yield* AsyncResult.ready(result)).toBe(true)
      expect(yield* AsyncResult.successful(result)).toBe(true)
      expect(yield* AsyncResult.get(result)).toEqual([1, 4, 9])
      Marks.set(marks, "go")
    }),
  )
})
