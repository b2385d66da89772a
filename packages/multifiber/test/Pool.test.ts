/** The conformance cases of `Pool` that plain tasks express. */
import { availableParallelism } from "node:os"
import { describe, expect } from "@effect/vitest"
import * as Flags from "@multifiber/testkit/Flags"
import * as FakePlatform from "@multifiber/testkit/fakePlatform"
import * as Recorder from "@multifiber/testkit/Recorder"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as AsyncResult from "../src/AsyncResult.ts"
import { Platform } from "../src/Platform.ts"
import * as Pool from "../src/Pool.ts"
import { plain } from "./fixtures/plain.ts"
import { live, reached, within } from "./live.ts"
import { onEach } from "./startMethods.ts"

const squares = (count: number): Array<number> => Array.from({ length: count }, (_, n) => n * n)
const range = (count: number): Array<number> => Array.from({ length: count }, (_, n) => n)

const functions = range(10).map(() => () => 1)

/** CPython's number; but Node 20 needs an esbuild process for each thread to read TypeScript. */
const LARGE =
  "Deno" in globalThis ||
  "Bun" in globalThis ||
  (process.features as { readonly typescript?: unknown }).typescript
    ? 200
    : 30

/** OS processes take the memory that the machine has. */
const PROCESSES = 16

describe("Pool", () => {
  onEach("POOL-01 apply takes positional arguments and named ones", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 4 })
      expect(yield* Pool.apply(pool, plain.square, [5])).toBe(25)
      expect(yield* Pool.apply(pool, plain.named, [{ x: 3 }])).toBe(9)
      expect(yield* Pool.apply(pool, plain.sum, [])).toBe(0)
      expect(yield* Pool.apply(pool, plain.sum, [1, 2, 3, 4, 5])).toBe(15)
      expect(yield* Pool.apply(plain.square, [6])(pool)).toBe(36)
    }),
  )

  onEach("POOL-05 map and mapAsync give the results in the order of the items", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 4 })
      expect(yield* Pool.map(pool, plain.square, range(10))).toEqual(squares(10))
      expect(yield* AsyncResult.get(yield* Pool.mapAsync(pool, plain.square, range(10)))).toEqual(squares(10))
      expect(yield* Pool.map(plain.square, new Set(range(5)))(pool)).toEqual(squares(5))
    }),
  )

  for (const [chunkSize, items] of [
    [undefined, 1000],
    [1, 100],
    [20, 100],
    [7, 100],
    [1000, 100],
  ] as const) {
    live(
      `map of ${items} items with chunk size ${chunkSize ?? "by default"} gives all results in order`,
      () =>
        Effect.gen(function* () {
          const pool = yield* Pool.make({ size: 2 })
          expect(yield* Pool.map(pool, plain.square, range(items), { chunkSize })).toEqual(squares(items))
          expect(
            yield* Pool.map(
              pool,
              plain.echo,
              range(items).map((n) => [n, [n]]),
              { chunkSize },
            ),
          ).toEqual(range(items).map((n) => [n, [n]]))
        }),
    )
  }

  live("map cuts a typed array, and results may be anything", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 2 })
      expect(yield* Pool.map(pool, plain.square, Float64Array.from(range(1000)))).toEqual(squares(1000))
      expect(yield* Pool.map(pool, plain.echo, BigInt64Array.of(1n, -2n), { chunkSize: 1 })).toEqual([
        1n,
        -2n,
      ])
      expect(yield* Pool.map(pool, plain.echo, Uint8Array.of())).toEqual([])
    }),
  )

  onEach("POOL-07 map of un-encodable items fails with EncodingFailed and the pool goes on", () =>
    Effect.gen(function* () {
      const { agents } = yield* Recorder.Recorder
      const pool = yield* Pool.make({ size: 2 })
      const error = yield* Effect.flip(Pool.map(pool, plain.echo, functions))
      expect(error).toMatchObject({ _tag: "EncodingFailed", subject: "argument", task: "echo" })
      expect(yield* Pool.map(pool, plain.square, range(10))).toEqual(squares(10))
      expect(agents.length).toBe(2)
    }),
  )

  onEach("POOL-08 POOL-16 a map of nothing is an empty list at once, and the pool ends cleanly", () =>
    Effect.gen(function* () {
      const { holds } = yield* Recorder.Recorder
      const pool = yield* Pool.make({ size: 1 })
      const pending = yield* Pool.mapAsync(pool, plain.square, [], { chunkSize: 1 })
      expect(yield* AsyncResult.getWithin(pending, "100 millis")).toEqual([])
      expect(yield* Pool.map(pool, plain.square, [])).toEqual([])
      yield* Pool.close(pool)
      yield* within(10)(Pool.join(pool))
      expect(holds()).toBe(0)
    }),
  )

  live("POOL-09 an iterable that throws fails the map, both times, and submits nothing", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 1 })
      const flags = Flags.make()
      const failing = function* (): Generator<Flags.Flags> {
        yield flags
        throw new Error("no more items")
      }
      for (let time = 0; time < 2; time++) {
        const cause = yield* Effect.sandbox(Pool.map(pool, plain.touch, failing(), { chunkSize: 1 })).pipe(
          Effect.flip,
        )
        expect(Cause.squash(cause)).toEqual(new Error("no more items"))
      }
      expect(yield* Pool.apply(pool, plain.square, [3])).toBe(9)
      expect(Flags.get(flags, 0)).toBe(0)
    }),
  )

  onEach("POOL-12 applyAsync returns before the task is done", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 4 })
      const since = performance.now()
      const pending = yield* Pool.applyAsync(pool, plain.squareLater, [7, 100])
      expect(yield* AsyncResult.ready(pending)).toBe(false)
      expect(yield* AsyncResult.get(pending)).toBe(49)
      expect(performance.now() - since).toBeGreaterThan(60)
    }),
  )

  live("POOL-13 a result that takes too long is TimedOut; terminate and join return promptly", () =>
    Effect.gen(function* () {
      const flags = Flags.make()
      const pool = yield* Pool.make({ size: 3 })
      const pending = yield* Pool.applyAsync(pool, plain.never, [flags])
      expect(yield* Effect.flip(AsyncResult.getWithin(pending, "100 millis"))).toMatchObject({
        _tag: "TimedOut",
      })
      yield* Pool.terminate(pool)
      yield* within(10)(Pool.join(pool))
      expect(yield* Effect.flip(AsyncResult.get(pending))).toMatchObject({
        _tag: "PoolTerminated",
        task: "never",
      })
    }),
  )

  for (const size of [-1, 0, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    live(`POOL-14 a pool of ${size} workers is an InvalidArgument`, () =>
      Effect.gen(function* () {
        const { agents } = yield* Recorder.Recorder
        expect(yield* Effect.flip(Pool.make({ size }))).toMatchObject({
          _tag: "InvalidArgument",
          argument: "size",
          value: size,
        })
        expect(agents).toEqual([])
      }),
    )
  }

  live("POOL-14 a pool of 3 has exactly 3 workers; by default it has one for each core", () =>
    Effect.gen(function* () {
      const { agents } = yield* Recorder.Recorder
      const three = yield* Pool.make({ size: 3 })
      expect([three.size, agents.length]).toEqual([3, 3])
      const all = yield* Pool.make()
      expect([all.size, agents.length]).toEqual([availableParallelism(), 3 + availableParallelism()])
    }),
  )

  for (const chunkSize of [0, -1, 0.5, Number.NaN]) {
    live(`map with chunk size ${chunkSize} is an InvalidArgument`, () =>
      Effect.gen(function* () {
        const pool = yield* Pool.make({ size: 1 })
        const expected = { _tag: "InvalidArgument", argument: "chunkSize" }
        expect(yield* Effect.flip(Pool.map(pool, plain.square, [1], { chunkSize }))).toMatchObject(expected)
        expect(yield* Effect.flip(Pool.mapAsync(pool, plain.square, [], { chunkSize }))).toMatchObject(
          expected,
        )
      }),
    )
  }

  live("POOL-21 map waits for every chunk before it fails, also with 1 MiB of message", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 2 })
      const flags = Flags.make()
      const items = [
        { flags, megabytes: 0 },
        { flags, megabytes: 1 },
      ]
      const map = yield* Effect.fork(
        Effect.either(Pool.map(pool, plain.blockOrFail, items, { chunkSize: 1 })),
      )
      yield* reached(flags, 0)
      yield* reached(flags, 2)
      // The other worker reports the failure before this result.
      yield* Pool.apply(pool, plain.square, [1])
      expect(map.unsafePoll()).toBe(null)
      Flags.add(flags, 1)
      const failed = yield* map
      expect(Either.isLeft(failed) && failed.left).toMatchObject({ _tag: "RemoteFailure", name: "Error" })
      yield* Pool.close(pool)
      yield* within(10)(Pool.join(pool))
    }),
  )

  onEach("POOL-23 a pool whose scope has closed takes no tasks", () =>
    Effect.gen(function* () {
      const pool = yield* Effect.scoped(Pool.make({ size: 1 }))
      const expected = { _tag: "PoolNotRunning", state: "terminated" }
      expect(yield* Effect.flip(Pool.apply(pool, plain.square, [1]))).toMatchObject(expected)
      expect(yield* Effect.flip(Pool.applyAsync(pool, plain.square, [1]))).toMatchObject(expected)
      expect(yield* Effect.flip(Pool.map(pool, plain.square, [1]))).toMatchObject(expected)
      expect(yield* Effect.flip(Pool.mapAsync(pool, plain.square, [1]))).toMatchObject(expected)
    }),
  )

  onEach(
    "POOL-26 a result that cannot be encoded is EncodingFailed with its text and the reason, and no worker is lost",
    () =>
      Effect.gen(function* () {
        const { agents } = yield* Recorder.Recorder
        const pool = yield* Pool.make({ size: 2 })
        for (let time = 0; time < 20; time++) {
          const error = yield* Effect.flip(Pool.apply(pool, plain.returnFunction, []))
          expect(error).toMatchObject({ _tag: "EncodingFailed", subject: "result", task: "returnFunction" })
          expect(String(error)).toMatch(/function.*clone/is)
        }
        expect(agents.length).toBe(2)
      }),
  )

  onEach("POOL-28 close lets the tasks finish, then join ends", () =>
    Effect.gen(function* () {
      const { agents, holds } = yield* Recorder.Recorder
      const pool = yield* Pool.make({ size: 3 })
      const pending = yield* Effect.forEach(range(6), (n) =>
        Pool.applyAsync(pool, plain.squareLater, [n, 50]),
      )
      yield* Pool.close(pool)
      expect(yield* Effect.flip(Pool.apply(pool, plain.square, [1]))).toMatchObject({
        _tag: "PoolNotRunning",
        state: "closed",
      })
      yield* within(10)(Pool.join(pool))
      expect(yield* Effect.forEach(pending, AsyncResult.ready)).toEqual(range(6).map(() => true))
      expect(yield* Effect.forEach(pending, AsyncResult.get)).toEqual(squares(6))
      expect(agents.every(({ exit }) => exit !== undefined)).toBe(true)
      expect(holds()).toBe(0)
    }),
  )

  for (const exitsInsideEnd of [false, true]) {
    live(
      `POOL-33 a failing start of the 4th of 5 workers ends and joins the others (exits inside end: ${exitsInsideEnd})`,
      () =>
        Effect.gen(function* () {
          const fake = FakePlatform.make({ failingStart: 4, exitsInsideEnd })
          const make = Effect.provideService(Pool.make({ size: 5 }), Platform, fake.service)
          expect(yield* Effect.flip(make)).toMatchObject({
            _tag: "StartFailed",
            cause: new Error("no thread left"),
          })
          expect(fake.agents.map(({ ended }) => ended)).toEqual([true, true, true])
          expect(fake.holds()).toBe(0)
        }),
    )
  }

  onEach(
    "POOL-35 a large pool maps 1000 items",
    (startMethod) =>
      Effect.gen(function* () {
        const pool = yield* Pool.make({ size: startMethod === "thread" ? LARGE : PROCESSES })
        const results = yield* Pool.map(pool, plain.square, range(1000))
        expect(results.reduce((left, right) => left + right, 0)).toBe(332_833_500)
      }),
    180,
  )

  onEach("POOL-37 join of a running pool is PoolStillRunning", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 1 })
      expect(yield* Effect.flip(Pool.join(pool))).toMatchObject({ _tag: "PoolStillRunning" })
      expect(yield* Pool.apply(pool, plain.square, [2])).toBe(4)
    }),
  )

  for (const [id, chunkSize, ran] of [
    ["POOL-39", 1, [1, 1, 1, 1, 1, 1, 1, 1]],
    ["POOL-40", 8, [1, 1, 0, 0, 0, 0, 0, 0]],
  ] as const) {
    live(
      `${id} where items 1 and 5 fail, ${chunkSize === 1 ? "every chunk runs" : "the rest of their chunk does not run"}`,
      () =>
        Effect.gen(function* () {
          const pool = yield* Pool.make({ size: 1 })
          const flags = Flags.make()
          const items = range(8).map((n) => ({ flags, n, bad: [1, 5] }))
          const error = yield* Effect.flip(Pool.map(pool, plain.touchAndFail, items, { chunkSize }))
          expect(error).toMatchObject({ _tag: "RemoteFailure", message: "item 1" })
          expect([...flags]).toEqual(ran)
        }),
    )
  }

  live("POOL-41 a pool's worker is named as one, is daemonic and knows its parent", () =>
    Effect.gen(function* () {
      const { agents } = yield* Recorder.Recorder
      const pool = yield* Pool.make({ size: 2 })
      const who = yield* Pool.apply(pool, plain.who, [])
      expect(who).toMatchObject({
        name: expect.stringMatching(/^PoolWorker-\d+$/),
        daemon: true,
        parent: { name: "MainProcess", pid: process.pid },
      })
      expect(agents.map(({ name }) => name)).toContain(who.name)
      expect(agents.map(({ handle }) => handle.id)).toContain(who.threadId)
    }),
  )

  live("tasks behind one that blocks its thread are taken over by an idle worker", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 2 })
      for (let round = 0; round < 5; round++) {
        const flags = Flags.make()
        const blocked = yield* Pool.applyAsync(pool, plain.block, [flags])
        const behind = yield* Effect.forEach(range(30), (n) => Pool.applyAsync(pool, plain.square, [n]))
        expect(yield* within(10)(Effect.forEach(behind, AsyncResult.get))).toEqual(squares(30))
        expect(yield* AsyncResult.ready(blocked)).toBe(false)
        Flags.add(flags, 1)
        expect(yield* AsyncResult.get(blocked)).toBe("released")
      }
    }),
  )

  live("POOL-48 after terminate, every pending result fails promptly with PoolTerminated", () =>
    Effect.gen(function* () {
      const flags = Flags.make()
      const pool = yield* Pool.make({ size: 2 })
      const pending = yield* Effect.forEach(range(50), () => Pool.applyAsync(pool, plain.block, [flags]))
      yield* reached(flags, 0)
      yield* Pool.terminate(pool)
      for (const each of pending) {
        expect(yield* within(5)(Effect.flip(AsyncResult.get(each)))).toMatchObject({ _tag: "PoolTerminated" })
      }
      yield* within(10)(Pool.join(pool))
    }),
  )

  live("terminate of 10 000 queued tasks is prompt", () =>
    Effect.gen(function* () {
      const { holds } = yield* Recorder.Recorder
      const flags = Flags.make()
      const pool = yield* Pool.make({ size: 3 })
      const pending = yield* Effect.forEach(range(10_000), () => Pool.applyAsync(pool, plain.never, [flags]))
      yield* reached(flags, 0, 3)
      yield* Pool.terminate(pool)
      yield* within(10)(Pool.join(pool))
      const settled = yield* Effect.forEach(pending, AsyncResult.ready)
      expect(settled.every((ready) => ready)).toBe(true)
      expect(Flags.get(flags, 0)).toBe(3)
      expect(holds()).toBe(0)
    }),
  )

  onEach("EXEC-21 a task that is submitted and given up at once does not hold up close and join", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 2 })
      yield* Pool.apply(pool, plain.square, [1])
      const fiber = yield* Effect.fork(Pool.apply(pool, plain.square, [2]))
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(fiber)
      yield* Pool.close(pool)
      yield* within(5)(Pool.join(pool))
    }),
  )
})
