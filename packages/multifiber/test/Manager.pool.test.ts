/** Pools that managers have, as other agents use them: by the functions of every pool. */
import { describe, expect } from "@effect/vitest"
import * as Marks from "@multifiber/testkit/Marks"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as AsyncResult from "../src/AsyncResult.ts"
import type { BaseProxy } from "../src/BaseProxy.ts"
import * as Manager from "../src/Manager.ts"
import * as Pool from "../src/Pool.ts"
import { StartMethod } from "../src/StartMethod.ts"
import { invokeAny } from "../src/sync/invoking.ts"
import { clients } from "./fixtures/managedPools.ts"
import { pooled } from "./fixtures/pooled.ts"
import { pooledEffects } from "./fixtures/pooledEffects.ts"
import { within } from "./live.ts"
import { shareManagers } from "./managers.ts"
import { ended, marksOfTest, onEach, onThreads, resultOf, run, untilMarked } from "./startMethods.ts"

/** All but one. */
const { note, ...rest } = pooled

const options = { register: [...Object.values(rest), ...Object.values(pooledEffects)] }

const shared = shareManagers(options)

const poolOf = (options: Manager.PoolOptions = { size: 2 }) =>
  Effect.flatMap(shared, (manager) => Manager.pool(manager, options))

/** The name, the message and the text that tells where it comes from. */
const failing = <A, E>(effect: Effect.Effect<A, E>) => within(20)(Effect.flip(effect))

describe("Manager.pool", () => {
  onEach("MGR-34 a size below 1 is refused, by its name", () =>
    Effect.forEach([0, -1], (size) =>
      Effect.map(Effect.flip(poolOf({ size })), (error) =>
        expect(error).toMatchObject({ _tag: "InvalidArgument", argument: "size", value: size }),
      ),
    ),
  )

  onEach("does what any pool does", () =>
    Effect.gen(function* () {
      const pool = yield* poolOf()
      expect(Pool.isPool(pool)).toBe(true)
      expect(pool.size).toBe(2)
      expect(yield* Pool.apply(pool, pooled.square, [7])).toBe(49)
      expect(yield* Pool.apply(pool, pooled.power, [2, 5], { priority: 1, key: "a" })).toBe(32)
      expect(yield* Pool.apply(pool, pooledEffects.succeed, [])).toBe("done")
      expect(yield* Pool.apply(pool, pooledEffects.even, [4])).toBe(4)
      const records = Array.from({ length: 100 }, (_, id) => ({ id, text: `${id}` }))
      expect(yield* Pool.map(pool, pooled.echo, records)).toEqual(records)
      expect(yield* Pool.map(pool, pooled.square, [])).toEqual([])
      const bases = Array.from({ length: 20 }, (_, n) => [n, 2] as [number, number])
      expect(yield* Pool.starmap(pool, pooled.power, bases, { chunkSize: 3 })).toEqual(
        bases.map(([base]) => base ** 2),
      )
      const results = yield* Effect.forEach([1, 2, 3], (n) => Pool.applyAsync(pool, pooled.square, [n]))
      expect(yield* Effect.forEach(results, (result) => AsyncResult.get(result))).toEqual([1, 4, 9])
      const endless = Pool.imap(
        pool,
        pooled.square,
        Stream.iterate(1, (n) => n + 1),
      )
      expect([...(yield* Stream.runCollect(Stream.take(endless, 4)))]).toEqual([1, 4, 9, 16])
      const eithers = yield* Stream.runCollect(Pool.imapEither(pool, pooled.squareNot3, [2, 3, 4]))
      expect(Chunk.toReadonlyArray(Chunk.map(eithers, Either.isRight))).toEqual([true, false, true])
      const heard: Array<number> = []
      const called = yield* Pool.applyAsync(pool, pooled.square, [5], { callback: (n) => heard.push(n) })
      yield* AsyncResult.wait(called)
      expect(heard).toEqual([25])
    }),
  )

  onEach("runs a task in each worker, and slices of a range", () =>
    Effect.gen(function* () {
      const pool = yield* poolOf({ size: 2, initializer: pooled.store, initargs: ["first"] })
      expect(yield* Pool.broadcast(pool, pooled.stored, [])).toEqual(["first", "first"])
      const workers = yield* Pool.broadcast(pool, pooled.who, [])
      expect(new Set(workers.map(({ pid, threadId }) => `${pid} ${threadId}`)).size).toBe(2)
      expect(yield* Pool.forRange(pool, pooled.power, { from: 2, to: 6, grain: 2 }, [])).toEqual([16, 4 ** 6])
      const { status, succeeded, workers: known } = yield* Pool.statistics(pool)
      expect({ status, succeeded }).toEqual({ status: "running", succeeded: 6 })
      expect(known.map(({ status }) => status)).toEqual(["idle", "idle"])
    }),
  )

  onEach("fails as any pool does", () =>
    Effect.gen(function* () {
      const pool = yield* poolOf({ size: 1, maxTasksPerChild: 1000 })
      const thrown = yield* failing(Pool.apply(pool, pooled.throwText, ["no"]))
      expect(thrown).toMatchObject({ _tag: "RemoteFailure", name: "RangeError", message: "no" })
      expect((thrown as Error).stack).toMatch(/pooled\.[jt]s/)
      expect(yield* failing(Pool.apply(pool, pooled.exit, [7]))).toMatchObject({
        _tag: "WorkerLost",
        task: "exit",
        exitCode: 7,
      })
      expect(yield* failing(Pool.apply(pool, pooled.returnFunction, []))).toMatchObject({
        _tag: "EncodingFailed",
        subject: "result",
        task: "returnFunction",
      })
      expect(yield* failing(Pool.apply(pool, pooled.echo, [() => {}]))).toMatchObject({
        _tag: "EncodingFailed",
        subject: "argument",
        task: "echo",
      })
      expect(yield* failing(Pool.apply(pool, pooledEffects.even, [3]))).toMatchObject({
        _tag: "EncodingFailed",
        subject: "argument",
        task: "even",
      })
      expect(
        yield* failing(
          Pool.apply(pool, pooled.later, [{ milliseconds: 60_000, n: 1 }], { timeout: "50 millis" }),
        ),
      ).toMatchObject({ _tag: "TaskTimedOut", task: "later", timeout: 50 })
      expect(yield* failing(Pool.apply(pool, note, [1]))).toMatchObject({
        _tag: "TaskNotFound",
        task: "note",
        reason: expect.stringContaining("register"),
      })
      expect(yield* failing(Pool.apply(pool, pooled.square, [1], { priority: Number.NaN }))).toMatchObject({
        _tag: "InvalidArgument",
        argument: "priority",
      })
      expect(yield* Pool.apply(pool, pooled.square, [3])).toBe(9)
    }),
  )

  onEach("tries a lost task again, as the caller says", () =>
    Effect.gen(function* () {
      const pool = yield* poolOf({ size: 1 })
      const marks = yield* marksOfTest
      const tried = Pool.apply(pool, pooled.exitTimes, [{ id: "a", marks, times: 2 }], {
        retry: Schedule.recurs(2),
      })
      expect(yield* within(30)(tried)).toBe(2)
      const given = Pool.apply(pool, pooled.exitTimes, [{ id: "b", marks, times: 3 }], {
        retry: Schedule.recurs(1),
      })
      expect(yield* failing(given)).toMatchObject({ _tag: "WorkerLost", exitCode: 3 })
    }),
  )

  onEach("stops a task whose caller is interrupted", () =>
    Effect.gen(function* () {
      const pool = yield* poolOf({ size: 1 })
      const marks = yield* marksOfTest
      const fiber = yield* Effect.fork(Pool.apply(pool, pooledEffects.hang, [{ marks, id: "a" }]))
      yield* untilMarked(marks, "begun a")
      yield* within(10)(Fiber.interrupt(fiber))
      yield* untilMarked(marks, "finalized a")
      const result = yield* Pool.applyAsync(pool, pooledEffects.hang, [{ marks, id: "b" }])
      yield* untilMarked(marks, "begun b")
      yield* AsyncResult.cancel(result)
      expect(yield* failing(AsyncResult.get(result))).toMatchObject({ _tag: "TaskInterrupted" })
      yield* untilMarked(marks, "finalized b")
      expect(yield* within(20)(Pool.apply(pool, pooled.square, [2]))).toBe(4)
    }),
  )

  onEach("waits for room in the manager", () =>
    Effect.gen(function* () {
      const pool = yield* poolOf({ size: 1, capacity: 1 })
      const marks = yield* marksOfTest
      const results = yield* Effect.forEach([0, 1, 2], (id) =>
        Pool.applyAsync(pool, pooled.wait, [{ marks, id }]),
      )
      yield* untilMarked(marks, "begun 0")
      expect((yield* Pool.statistics(pool)).submitted).toBe(1)
      Marks.set(marks, "go")
      expect(yield* within(20)(Effect.forEach(results, AsyncResult.get))).toEqual([0, 1, 2])
    }),
  )

  onEach("closes, and is joined; what is left of it tells so", () =>
    Effect.gen(function* () {
      const pool = yield* poolOf({ size: 1, tracing: true })
      expect(yield* Effect.flip(Pool.join(pool))).toMatchObject({ _tag: "PoolStillRunning" })
      const seen = yield* Effect.fork(Stream.runCollect(Pool.progress(pool)))
      const result = yield* Pool.applyAsync(pool, pooled.later, [{ milliseconds: 50, n: 1 }])
      yield* Pool.close(pool)
      expect(yield* Effect.flip(Pool.apply(pool, pooled.square, [1]))).toMatchObject({
        _tag: "PoolNotRunning",
        state: "closed",
      })
      yield* within(20)(Pool.join(pool))
      expect(yield* AsyncResult.get(result)).toBe(1)
      const last = Chunk.toReadonlyArray(yield* within(20)(Fiber.join(seen))).at(-1)
      expect(last).toMatchObject({ status: "closed", succeeded: 1, workers: [] })
      expect((yield* Pool.trace(pool)).traceEvents.map(({ name }) => name)).toContain("later")
    }),
  )

  onEach("is ended: tasks fail, and no other is taken", () =>
    Effect.gen(function* () {
      const pool = yield* poolOf({ size: 1 })
      const marks = yield* marksOfTest
      const result = yield* Pool.applyAsync(pool, pooled.wait, [{ marks, id: "a" }])
      yield* untilMarked(marks, "begun a")
      yield* Pool.terminate(pool)
      expect(yield* failing(AsyncResult.get(result))).toMatchObject({ _tag: "PoolTerminated", task: "wait" })
      expect(yield* Effect.flip(Pool.apply(pool, pooled.square, [1]))).toMatchObject({
        _tag: "PoolNotRunning",
        state: "terminated",
      })
      yield* within(20)(Pool.join(pool))
    }),
  )

  onEach("is used by other agents, and closed by one", () =>
    Effect.gen(function* () {
      const pool = yield* poolOf()
      const child = yield* run(clients.squares, [pool, [1, 2, 3]])
      expect(yield* resultOf(child)).toEqual([1, 4, 9])
      yield* ended(child)
      const closer = yield* run(clients.close, [pool])
      yield* resultOf(closer)
      expect(yield* failing(Pool.apply(pool, pooled.square, [1]))).toMatchObject({ _tag: "PoolTerminated" })
      expect(yield* failing(Pool.apply(pool, pooled.square, [1]))).toMatchObject({
        _tag: "PoolNotRunning",
        state: "closed",
      })
    }),
  )

  onEach("ends once nobody has it", () =>
    Effect.gen(function* () {
      const marks = yield* marksOfTest
      yield* Effect.scoped(
        Effect.gen(function* () {
          const pool = yield* poolOf({ size: 1 })
          yield* Pool.applyAsync(pool, pooledEffects.hang, [{ marks, id: "a" }])
          yield* untilMarked(marks, "begun a")
        }),
      )
      yield* untilMarked(marks, "finalized a")
    }),
  )

  onEach("ends with its manager", () =>
    Effect.gen(function* () {
      const manager = yield* Manager.make(options)
      const pool = yield* Manager.pool(manager, { size: 1 })
      const marks = yield* marksOfTest
      const result = yield* Pool.applyAsync(pool, pooledEffects.hang, [{ marks, id: "a" }])
      yield* untilMarked(marks, "begun a")
      yield* within(20)(Manager.shutdown(manager))
      expect(yield* failing(AsyncResult.get(result))).toMatchObject({
        _tag: "PoolTerminated",
        cause: { _tag: "ManagerClosed" },
      })
      expect(yield* Effect.flip(Pool.apply(pool, pooled.square, [1]))).toMatchObject({
        _tag: "PoolNotRunning",
        state: "terminated",
      })
      expect(yield* Pool.statistics(pool)).toMatchObject({ status: "terminated", workers: [] })
      yield* Pool.terminate(pool)
      yield* within(20)(Pool.join(pool))
      yield* untilMarked(marks, "finalized a")
    }),
  )

  onThreads("is used by other programs, with workers of either kind", () =>
    Effect.gen(function* () {
      const manager = yield* shared
      const { address } = yield* Manager.serve(manager, { authKey: "pools" })
      const there = yield* Manager.connect(address, { authKey: "pools" })
      const marks = yield* marksOfTest
      for (const method of ["thread", "spawn"] as const) {
        yield* Effect.scoped(
          Effect.gen(function* () {
            const pool = yield* Effect.provideService(Manager.pool(there, { size: 2 }), StartMethod, method)
            const numbers = Array.from({ length: 1000 }, (_, n) => n)
            expect(yield* Pool.map(pool, pooled.square, numbers)).toEqual(numbers.map((n) => n * n))
            expect(yield* failing(Pool.apply(pool, pooled.exit, [7]))).toMatchObject({ _tag: "WorkerLost" })
            yield* Pool.applyAsync(pool, pooledEffects.hang, [{ marks, id: method }])
            yield* untilMarked(marks, `begun ${method}`)
          }),
        )
        yield* untilMarked(marks, `finalized ${method}`)
      }
    }),
  )

  onThreads("what no pool would ask for is refused, and harms nobody", () =>
    Effect.gen(function* () {
      const pool = yield* poolOf()
      const { proxy } = pool as Pool.Pool & { readonly proxy: BaseProxy<unknown> }
      const wrong: ReadonlyArray<readonly [string, ReadonlyArray<unknown>]> = [
        ["arity", ["square", -3, [1], 0]],
        ["arity", ["square", 0.5, [1], 0]],
        ["payload", ["power", 2, 7, 0]],
        ["payload", ["power", 2, [1], 0]],
        ["payload", ["square", -1, null, 0]],
        ["priority", ["square", 1, 1, "high"]],
        ["timeout", ["square", 1, 1, 0, -1]],
        ["place", ["square", 1, 1, 0, undefined, "first"]],
      ]
      for (const [argument, args] of wrong) {
        expect(yield* Effect.flip(invokeAny(proxy, "run", args))).toMatchObject({
          _tag: "InvalidArgument",
          argument,
        })
      }
      expect(yield* Effect.flip(invokeAny(proxy, "relayed", []))).toMatchObject({ _tag: "RemoteFailure" })
      expect(yield* Pool.apply(pool, pooled.square, [3])).toBe(9)
    }),
  )
})
