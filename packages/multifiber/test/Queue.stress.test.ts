/** Queues under contention, with the numbers of CPython's tests and with ten times those; their memory, and what waiting costs. */
import process from "node:process"
import { describe, expect } from "@effect/vitest"
import * as Flags from "@multifiber/testkit/Flags"
import * as Effect from "effect/Effect"
import * as JoinableQueue from "../src/JoinableQueue.ts"
import * as Pool from "../src/Pool.ts"
import * as Process from "../src/Process.ts"
import * as Queue from "../src/Queue.ts"
import * as QueueSync from "../src/QueueSync.ts"
import { each, hammering, sum } from "./fixtures/hammering.ts"
import { reached, within } from "./live.ts"
import { onEach, onThreads, run } from "./startMethods.ts"

const outcome = <A, E>(child: Process.Process<A, E>, seconds: number) =>
  Effect.flatten(within(seconds)(Process.result(child)))

/** 50 producers and 50 consumers, half of each in two agents. */
const many = (items: number, seconds: number, microseconds?: number) =>
  Effect.gen(function* () {
    const queue = yield* Queue.make<number | null>()
    const begin = performance.now()
    const consumers = yield* Effect.forEach([0, 1], () =>
      run(hammering.consume, [queue, 25, microseconds] as [Queue.Queue<number | null>, number, number?]),
    )
    const producers = yield* Effect.forEach([0, 1], (n) =>
      run(hammering.produce, [queue, 25, (n * items) / 2, items / 2]),
    )
    for (const producer of producers) yield* outcome(producer, seconds)
    const got = (yield* Effect.forEach(consumers, (consumer) => outcome(consumer, seconds))).flat()
    expect(got.sort((a, b) => a - b)).toEqual(each(items))
    expect(yield* Queue.size(queue)).toBe(0)
    console.log(`${items} items by 50 + 50 fibers in 4 agents: ${Math.round(performance.now() - begin)} ms`)
  })

describe("Queue, under contention", () => {
  onEach("STRESS-01 50 producers and 50 consumers in 4 agents lose nothing", () => many(10_000, 60), 70)

  onThreads("50 producers and 50 consumers, ten times as many items", () => many(100_000, 100), 110)

  onEach("STRESS-03 waiters that expire all the time lose nothing", () => many(1000, 60, 10), 70)

  onThreads("waiters that expire all the time, ten times as many items", () => many(10_000, 100, 10), 110)

  for (const immediate of [false, true]) {
    onThreads(
      `4 writers, 6 readers, 2 joiners, 65,536 messages, then a shutdown${immediate ? " at once" : ""}`,
      () =>
        Effect.gen(function* () {
          const queue = yield* JoinableQueue.make<number>({ capacity: 256 })
          const flags = Flags.make()
          const readers = [
            ...(yield* Effect.replicateEffect(run(hammering.read, [queue]), 3)),
            ...(yield* Effect.replicateEffect(run(hammering.readFibers, [queue]), 3)),
          ]
          const writers = yield* Effect.replicateEffect(run(hammering.write, [queue, flags]), 4)
          yield* within(60)(reached(flags, 0, 65_536))
          const joiners = yield* Effect.replicateEffect(run(hammering.join, [queue]), 2)
          yield* Effect.sleep(50)
          yield* Queue.shutdown(queue, { immediate })
          const written = sum(yield* Effect.forEach(writers, (child) => outcome(child, 20)))
          const read = sum(yield* Effect.forEach(readers, (child) => outcome(child, 20)))
          expect(written).toBeGreaterThanOrEqual(65_536)
          if (immediate) expect(written - read).toBeGreaterThanOrEqual(0)
          else expect(read).toBe(written)
          expect(written - read).toBeLessThanOrEqual(256 + 10)
          for (const joiner of joiners) expect(yield* outcome(joiner, 20)).toBe(true)
          expect(yield* Queue.size(queue)).toBe(0)
        }),
      120,
    )
  }
})

/** How long a consumer waits for nothing. */
const IDLE_SECONDS = Number(process.env.MULTIFIBER_IDLE_SECONDS ?? 1)

describe("Queue, at rest", () => {
  onThreads(
    "a bounded queue takes no more memory while its consumer does nothing",
    () =>
      Effect.gen(function* () {
        const pool = yield* Pool.make({ size: 1 })
        const queue = yield* Queue.make<Uint8Array>({ capacity: 8 })
        const shared = () => queue[QueueSync.TypeId].shared?.cells.byteLength as number
        const sizes: Array<number> = []
        const rss: Array<number> = []
        let put = 0
        for (let round = 0; round < 8; round++) {
          const flooding = yield* Effect.fork(Pool.apply(pool, hammering.flood, [queue, 2 ** 18, 500]))
          // One a time is got, so that the producer goes on.
          for (let n = 0; n < 20; n++)
            yield* Effect.zipRight(Effect.ignore(Queue.getWithin(queue, 100)), Effect.sleep(5))
          put += yield* within(10)(flooding)
          sizes.push(shared())
          rss.push(process.memoryUsage().rss)
          expect(yield* Queue.size(queue)).toBeLessThanOrEqual(8)
        }
        const grown = ((rss.at(-1) as number) - (rss[2] as number)) / 2 ** 20
        console.log(
          `${put} messages of 256 KB through a queue of 8: ${(sizes.at(-1) as number) / 2 ** 20} MB of shared memory, ` +
            `${grown.toFixed(1)} MB more in use than after the second round`,
        )
        expect(sizes.at(-1)).toBe(sizes[2])
        // Twice what it holds, and what growing by doubling adds.
        expect(sizes.at(-1)).toBeLessThanOrEqual(8 * 8 * 2 ** 18)
        expect(grown).toBeLessThan(64)
      }),
    60,
  )

  for (const [form, task] of [
    ["plain code", hammering.idle],
    ["a fiber", hammering.idleFiber],
  ] as const) {
    onThreads(
      `${form} that waits takes next to no time of the processor`,
      () =>
        Effect.gen(function* () {
          const queue = yield* Queue.make<number>()
          const pool = yield* Pool.make({ size: 1 })
          const spent = (what: typeof hammering.nap | typeof task) =>
            Effect.gen(function* () {
              const before = process.cpuUsage()
              yield* within(20 + IDLE_SECONDS)(Pool.apply(pool, what, [queue, 1000 * IDLE_SECONDS]))
              const { system, user } = process.cpuUsage(before)
              return (system + user) / 1000
            })
          // The least of three: the garbage of earlier tests may be collected meanwhile.
          const leastOf = (what: typeof hammering.nap | typeof task) =>
            Effect.map(Effect.replicateEffect(spent(what), 3), (times) => Math.min(...times))
          yield* Pool.apply(pool, task, [queue, 10])
          const asleep = yield* leastOf(hammering.nap)
          const waiting = yield* leastOf(task)
          console.log(
            `${form} waits for ${IDLE_SECONDS} s: ${waiting.toFixed(0)} ms of the processor; a program that sleeps: ${asleep.toFixed(0)} ms`,
          )
          expect(waiting - asleep).toBeLessThan(100)
        }),
      40 + 7 * IDLE_SECONDS,
    )
  }
})
