/** Queues between a program and OS processes, which use them through the program. */
import { describe, expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type { Platform } from "multifiber/Platform"
import * as Process from "../src/Process.ts"
import * as Queue from "../src/Queue.ts"
import { queueFamilies, queueProcesses as tasks } from "./fixtures/queueProcesses.ts"
import { queues } from "./fixtures/queues.ts"
import { within } from "./live.ts"
import { ended, onEach, resultOf, run } from "./startMethods.ts"

const upTo = (count: number, from = 0) => Array.from({ length: count }, (_, index) => from + index)

const make = <A>(capacity?: number) => Queue.make<A>({ capacity })

const filled = (capacity: number) =>
  Effect.tap(make<number>(capacity), (queue) => Effect.forEach(upTo(capacity), (n) => Queue.put(queue, n)))

const getMany = <A>(queue: Queue.Queue<A>, count: number) =>
  within(20)(Effect.replicateEffect(Queue.get(queue), count))

const onSpawn = (name: string, body: () => Effect.Effect<unknown, unknown, any>, seconds = 40) =>
  onEach(name, body as () => Effect.Effect<unknown, unknown, Platform>, seconds, ["spawn"])

describe("Queue, in OS processes", () => {
  onSpawn("QUE-06 what a child puts is got in its order, however one gets it", () =>
    Effect.gen(function* () {
      const queue = yield* make<number>()
      const signal = yield* make<string>()
      const child = yield* run(tasks.putOnSignal, [queue, signal, [2, 3, 4, 5]])
      yield* Queue.put(signal, "go")
      expect(yield* getMany(queue, 2)).toEqual([2, 3])
      expect(yield* Queue.getWithin(queue, "10 seconds")).toBe(4)
      expect(yield* ended(child)).toBe(0)
      expect(yield* Queue.tryGet(queue)).toEqual(Option.some(5))
      expect(yield* Queue.isEmpty(queue)).toBe(true)
    }),
  )

  onSpawn("QUE-10 nothing is lost where a child ends right after it has put", () =>
    Effect.gen(function* () {
      const queue = yield* make<number>()
      for (const n of upTo(10)) yield* Queue.put(queue, n)
      const child = yield* run(tasks.putAll, [queue, upTo(10, 10)])
      expect(yield* getMany(queue, 20)).toEqual(upTo(20))
      expect(yield* Queue.tryGet(queue)).toEqual(Option.none())
      expect(yield* ended(child)).toBe(0)
    }),
  )

  onSpawn("QUE-19 a text of 10 MB that nobody reads keeps no child, and arrives whole", () =>
    Effect.gen(function* () {
      const queue = yield* make<string>()
      const child = yield* run(tasks.putText, [queue, 10_000_000])
      expect(yield* ended(child)).toBe(0)
      const [text] = yield* getMany(queue, 1)
      expect(text === "x".repeat(10_000_000)).toBe(true)
    }),
  )

  onSpawn("QUE-20 a child hands the queue to a child of its own", () =>
    Effect.gen(function* () {
      const queue = yield* make<number>()
      expect(yield* resultOf(yield* run(queueFamilies.putNested, [queue]))).toBe(0)
      expect((yield* getMany(queue, 2)).toSorted()).toEqual([1, 2])
    }),
  )

  onSpawn("QUE-27 one sibling drains what the other fills in", () =>
    Effect.gen(function* () {
      expect(yield* resultOf(yield* run(queueFamilies.siblings, [42]))).toEqual([0, 0])
    }),
  )

  onSpawn(
    "QUE-21 arguments come back equal, alone as among others",
    () =>
      Effect.gen(function* () {
        const payloads: ReadonlyArray<unknown> = [1, "str", [1], [1, "str", [1]], { a: new Map([[1, 2n]]) }]
        const queue = yield* make<unknown>()
        for (const payload of payloads) {
          expect(yield* ended(yield* run(tasks.putBack, [queue, payload]))).toBe(0)
        }
        expect(yield* ended(yield* run(tasks.putBack, [queue, ...payloads]))).toBe(0)
        expect(yield* getMany(queue, 2 * payloads.length)).toEqual([...payloads, ...payloads])
      }),
    120,
  )

  onSpawn(
    "QUE-29 a put waits until another agent gets, a get until another puts",
    () =>
      Effect.gen(function* () {
        for (const timeout of [undefined, "10 seconds"] as const) {
          const queue = yield* filled(5)
          const getter = yield* run(tasks.getLater, [queue, 100])
          yield* within(20)(timeout ? Queue.putWithin(queue, 5, timeout) : Queue.put(queue, 5))
          expect(yield* resultOf(getter)).toBe(0)
          const empty = yield* make<number>()
          const putter = yield* run(tasks.putLater, [empty, 100, 7])
          expect(yield* within(20)(timeout ? Queue.getWithin(empty, timeout) : Queue.get(empty))).toBe(7)
          expect(yield* ended(putter)).toBe(0)
        }
        // And the other way round: the child waits.
        const queue = yield* filled(1)
        const putter = yield* run(tasks.putAll, [queue, [1, 2]])
        yield* Effect.sleep(500)
        expect(yield* Queue.size(queue)).toBe(1)
        expect(yield* getMany(queue, 3)).toEqual([0, 1, 2])
        const getter = yield* run(tasks.getMany, [queue, 2])
        yield* Effect.forEach([8, 9], (n) => Queue.put(queue, n))
        expect(yield* resultOf(getter)).toEqual([8, 9])
        expect(yield* ended(putter)).toBe(0)
      }),
    120,
  )

  onSpawn("QUE-30 a queue that was shut down empty refuses everybody", () =>
    Effect.gen(function* () {
      for (const immediate of [false, true]) {
        const queue = yield* make<number>(2)
        yield* Queue.shutdown(queue, { immediate })
        expect(yield* resultOf(yield* run(tasks.attempts, [queue]))).toEqual(upTo(6).map(() => "ShutDown"))
        expect(yield* Queue.size(queue)).toBe(0)
      }
    }),
  )

  onSpawn("QUE-31 what a queue held when it was shut down is got still", () =>
    Effect.gen(function* () {
      const queue = yield* filled(2)
      expect(yield* ended(yield* run(tasks.shutdown, [queue]))).toBe(0)
      expect(yield* resultOf(yield* run(tasks.getMany, [queue, 1]))).toEqual([0])
      expect(yield* getMany(queue, 1)).toEqual([1])
      expect(yield* Effect.flip(Queue.get(queue))).toMatchObject({ _tag: "ShutDown" })
    }),
  )

  onSpawn("CTX-09 a child closes the queue for itself alone", () =>
    Effect.gen(function* () {
      const queue = yield* make<number>()
      expect(yield* ended(yield* run(tasks.close, [queue]))).toBe(0)
      yield* Queue.put(queue, 1)
      expect(yield* resultOf(yield* run(tasks.getMany, [queue, 1]))).toEqual([1])
    }),
  )

  onSpawn("time-outs, tries and sizes are as they are in the program", () =>
    Effect.gen(function* () {
      const child = yield* run(tasks.looks, [yield* make<number>(), yield* filled(3)])
      expect(yield* resultOf(child)).toEqual(["Empty", "None", "Full", false, 3, true, true])
    }),
  )

  onSpawn("a program that has closed the queue leaves it to its children", () =>
    Effect.gen(function* () {
      const queue = yield* filled(2)
      const child = yield* run(tasks.getMany, [queue, 2])
      yield* Queue.close(queue)
      expect(yield* resultOf(child)).toEqual([0, 1])
      expect(yield* Effect.flip(Queue.get(queue))).toMatchObject({ _tag: "Closed" })
    }),
  )

  onSpawn("who is killed while it waits takes nothing, and a get that is interrupted loses nothing", () =>
    Effect.gen(function* () {
      const queue = yield* make<number>()
      const killed = yield* run(tasks.getMany, [queue, 1])
      const interrupting = yield* run(tasks.interrupts, [queue, 50])
      expect(yield* resultOf(interrupting)).toBe(0)
      yield* Process.kill(killed)
      yield* Process.join(killed)
      for (const n of upTo(20)) yield* Queue.put(queue, n)
      expect(yield* getMany(queue, 20)).toEqual(upTo(20))
    }),
  )

  onSpawn("what comes while a get is being interrupted is got by others", () =>
    Effect.gen(function* () {
      const queue = yield* make<number>()
      const child = yield* run(tasks.interrupts, [queue, 200])
      const putting = yield* Effect.fork(
        Effect.forEach(upTo(50), (n) => Effect.delay(Queue.put(queue, n), 2), { discard: true }),
      )
      const left = yield* resultOf(child)
      yield* Fiber.join(putting)
      expect(yield* Queue.size(queue)).toBeGreaterThanOrEqual(left)
    }),
  )

  onSpawn("plain code is told what to use", () =>
    Effect.gen(function* () {
      const child = yield* run(queues.putAll, [yield* make<unknown>(), [1]])
      expect(yield* Effect.flip(resultOf(child))).toMatchObject({
        name: "Unsupported",
        fields: { instead: "Queue, in a task that returns an Effect" },
      })
    }),
  )
})
