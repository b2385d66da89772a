/** How long workers serve, and what a pool tells of itself. */
import { describe, expect } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as Stream from "effect/Stream"
import * as Pool from "../src/Pool.ts"
import { plain } from "./fixtures/plain.ts"
import { ranged } from "./fixtures/ranged.ts"
import { within } from "./live.ts"
import { onEach, onThreads } from "./startMethods.ts"

const soon = within(20)

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

describe("Pool, workers that have served", () => {
  onEach("so long are replaced once they have nothing to do", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 1, maxAge: 300 })
      const first = yield* soon(Pool.apply(pool, ranged.who, []))
      yield* Effect.sleep(400)
      const second = yield* soon(Pool.apply(pool, ranged.who, []))
      expect(second).not.toEqual(first)
      expect((yield* Pool.statistics(pool)).recycled).toBeGreaterThan(0)
    }),
  )

  onEach(
    "with so much heap are replaced, and nothing is lost",
    () =>
      Effect.gen(function* () {
        const pool = yield* Pool.make({ size: 1, maxHeap: 2 ** 26 })
        const who: Array<string> = []
        for (let i = 0; i < 8; i++) {
          who.push(JSON.stringify(yield* soon(Pool.apply(pool, ranged.hoard, [300_000]))))
          // What it uses is looked at now and then.
          yield* Effect.sleep(60)
        }
        expect(new Set(who).size).toBeGreaterThan(1)
        expect(yield* Pool.statistics(pool)).toMatchObject({ succeeded: 8, failed: 0, respawned: 0 })
      }),
    60,
  )

  onEach("with so much memory are replaced where it is their own", (startMethod) =>
    Effect.gen(function* () {
      if (startMethod === "thread") {
        expect(yield* Effect.flip(Pool.make({ size: 1, maxRss: 2 ** 20 }))).toMatchObject({
          _tag: "InvalidArgument",
          argument: "maxRss",
        })
        return
      }
      const pool = yield* Pool.make({ size: 1, maxRss: 2 ** 20 })
      const first = yield* soon(Pool.apply(pool, ranged.who, []))
      expect(yield* soon(Pool.apply(pool, ranged.who, []))).not.toEqual(first)
      expect((yield* Pool.statistics(pool)).recycled).toBeGreaterThan(0)
    }),
  )
})

describe("Pool, what it tells", () => {
  onEach("progress: the statistics as they change, the last ones when it has ended", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 2 })
      const reader = yield* Effect.fork(Stream.runCollect(Pool.progress(pool)))
      yield* soon(Pool.map(pool, plain.square, numbers(50), { chunkSize: 1 }))
      yield* Pool.close(pool)
      yield* soon(Pool.join(pool))
      const seen = Chunk.toReadonlyArray(yield* soon(Fiber.join(reader)))
      const succeeded = seen.map(({ succeeded }) => succeeded)
      expect(succeeded).toEqual([...succeeded].sort((left, right) => left - right))
      expect(succeeded[0]).toBe(0)
      expect(seen.at(-1)).toMatchObject({ status: "closed", succeeded: 50, queued: 0, workers: [] })
    }),
  )

  onEach("trace: a slice for each task, none over another in its row", () =>
    Effect.gen(function* () {
      const before = Date.now() * 1000
      const pool = yield* Pool.make({ size: 2, tracing: true })
      yield* soon(Pool.map(pool, plain.square, numbers(40), { chunkSize: 1 }))
      yield* soon(Effect.either(Pool.apply(pool, plain.exit, [3])))
      yield* soon(Pool.apply(pool, plain.squareLater, [3, 20]))
      const { traceEvents } = yield* Pool.trace(pool)
      const tasks = traceEvents.flatMap((event) => (event.ph === "X" ? [event] : []))
      expect(tasks.map(({ name }) => name).sort()).toEqual([
        ...numbers(40).map(() => "square"),
        "squareLater",
      ])
      expect(tasks.find(({ name }) => name === "squareLater")?.dur).toBeGreaterThan(15_000)
      for (const task of tasks) {
        expect(task.ts).toBeGreaterThan(before - 2e6)
        expect(task.ts + task.dur).toBeLessThan(Date.now() * 1000 + 2e6)
        expect(task.args.waited).toBeGreaterThan(-2000)
        const others = tasks.filter((other) => other !== task && other.tid === task.tid)
        const isOver = others.some(({ dur, ts }) => ts < task.ts + task.dur - 1 && task.ts < ts + dur - 1)
        expect(isOver && task.dur > 100).toBe(false)
      }
      const rows = traceEvents.flatMap((event) => (event.ph === "M" ? [event.tid] : []))
      expect(rows).toEqual([...new Set(tasks.map(({ tid }) => tid))].sort())
      expect(JSON.parse(JSON.stringify({ traceEvents }))).toEqual({ traceEvents })
    }),
  )

  onThreads("trace is empty where nobody asked for it", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 1 })
      yield* soon(Pool.apply(pool, plain.square, [2]))
      expect((yield* Pool.trace(pool)).traceEvents).toEqual([])
    }),
  )

  onEach("metrics: what was submitted, succeeded and failed, and how long tasks waited and ran", () =>
    Effect.gen(function* () {
      const read = Effect.map(Metric.snapshot, (pairs) => {
        const all = new Map<string, number>()
        for (const { metricKey, metricState } of pairs) {
          if (!metricKey.name.startsWith("multifiber_pool_")) continue
          const tags = metricKey.tags.map(({ value }) => value)
          const { count, value } = metricState as { readonly count?: number; readonly value?: number }
          all.set(
            [metricKey.name.slice("multifiber_pool_".length), ...tags].join(" "),
            Number(count ?? value),
          )
        }
        return all
      })
      const before = yield* read
      const pool = yield* Pool.make({ size: 2, metrics: true })
      yield* soon(Pool.map(pool, plain.square, numbers(10), { chunkSize: 1 }))
      yield* soon(Effect.either(Pool.apply(pool, plain.throwHere, ["no"])))
      yield* soon(Effect.either(Pool.apply(pool, plain.exit, [3])))
      const after = yield* read
      const grown = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0)
      expect({
        submitted: grown("submitted"),
        succeeded: grown("succeeded"),
        remote: grown("failed RemoteFailure"),
        lost: grown("failed WorkerLost"),
        waits: grown("wait_seconds"),
        runs: grown("run_seconds"),
        depth: after.get("depth"),
      }).toEqual({ submitted: 12, succeeded: 10, remote: 1, lost: 1, waits: 11, runs: 11, depth: 0 })
    }),
  )
})
