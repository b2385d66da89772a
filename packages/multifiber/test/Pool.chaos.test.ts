/**
 * Chaos: workers are killed one after the other while a pool works. MULTIFIBER_CHAOS_TASKS says how many tasks there are, a few
 * thousand where it does not.
 */
import process from "node:process"
import { expect } from "@effect/vitest"
import { collect } from "@multifiber/testkit/garbage"
import * as Recorder from "@multifiber/testkit/Recorder"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as Pool from "../src/Pool.ts"
import { work } from "./fixtures/chaos.ts"
import { within } from "./live.ts"
import { onEach } from "./startMethods.ts"

const TASKS = Number(process.env.MULTIFIBER_CHAOS_TASKS ?? 2000)
const SIZE = 4
const SECONDS = 80 + TASKS / 100

/** Milliseconds between two kills, and results: where workers start slowly, some work has to be done as well. */
const EVERY = 50
const RESULTS = 40

const megabytes = (bytes: number): number => Math.round(bytes / 2 ** 20)

onEach(
  "of many tasks whose workers are killed all the time, each has one outcome, the totals agree, and memory is flat",
  (startMethod) =>
    Effect.gen(function* () {
      const { agents, holds, until } = yield* Recorder.Recorder
      const tasks = startMethod === "thread" ? TASKS : TASKS / 4
      const pool = yield* Pool.make({ size: SIZE, grace: "500 millis" })
      const victims: Array<Recorder.RecordedAgent> = []
      let results = 0
      let next = RESULTS
      const kill = Effect.sync(() => {
        // One that is not ready cannot be started: that fails the pool.
        const alive = agents.filter(({ events, exit }) => exit === undefined && events.includes("message"))
        const victim = alive[Math.floor(Math.random() * alive.length)]
        if (results < next || victim === undefined) return
        victim.handle.end(-9)
        next = results + RESULTS
        victims.push(victim)
      })
      const killing = yield* Effect.fork(Effect.repeat(kill, Schedule.spaced(EVERY)))
      const heap: Array<number> = []
      const seen = new Uint8Array(tasks)
      const counts = { succeeded: 0, lost: 0, other: 0 }
      const items = Array.from({ length: tasks }, (_, n) => n)
      const wait = Stream.runForEach(Pool.imapUnorderedEither(pool, work, items, { buffer: 500 }), (result) =>
        Effect.sync(() => {
          if (result._tag === "Right") {
            counts.succeeded++
            seen[result.right] = (seen[result.right] as number) + 1
          } else if (result.left._tag === "WorkerLost") counts.lost++
          else counts.other++
          results++
          if (results % Math.ceil(tasks / 4) === 0) {
            collect()
            heap.push(megabytes(process.memoryUsage().heapUsed))
          }
        }),
      )
      yield* within(SECONDS)(wait)
      yield* Fiber.interrupt(killing)
      yield* within(20)(until(() => victims.every(({ exit }) => exit !== undefined)))
      expect(results).toBe(tasks)
      expect(counts.other).toBe(0)
      expect(seen.filter((times) => times > 1)).toEqual(new Uint8Array())
      expect(seen.filter((times) => times === 1).length).toBe(counts.succeeded)
      const statistics = yield* Pool.statistics(pool)
      expect(statistics).toMatchObject({
        submitted: tasks,
        succeeded: counts.succeeded,
        failed: counts.lost,
        queued: 0,
      })
      expect(victims.length).toBeGreaterThan(0)
      expect(yield* within(20)(Pool.map(pool, work, [1, 2, 3, 4], { chunkSize: 1 }))).toEqual([1, 2, 3, 4])
      expect((yield* Pool.statistics(pool)).workers.length).toBe(SIZE)
      expect(holds()).toBe(0)
      const [first, last] = [heap[0] as number, heap.at(-1) as number]
      expect(last - first).toBeLessThan(30)
      console.log(
        `chaos [${startMethod}]: ${tasks} tasks, ${victims.length} kills, ${counts.succeeded} succeeded, ${counts.lost} lost, ` +
          `${statistics.respawned} respawned, heap ${heap.join(" → ")} MiB`,
      )
    }),
  SECONDS + 60,
)
