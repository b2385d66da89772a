/** Queues that tell when everything is done, between fibers of one agent and between agents. */
import { describe, expect, it } from "@effect/vitest"
import * as Flags from "@multifiber/testkit/Flags"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as JoinableQueue from "../src/JoinableQueue.ts"
import * as JoinableQueueSync from "../src/JoinableQueueSync.ts"
import * as Process from "../src/Process.ts"
import * as Queue from "../src/Queue.ts"
import { queues } from "./fixtures/queues.ts"
import { reached, within } from "./live.ts"
import { ended, onEach, onThreads, resultOf, run, tasksOn } from "./startMethods.ts"

const fibers = (name: string, body: () => Effect.Effect<unknown, unknown>) =>
  it.live(name, () => within(15)(body()), 20_000)

const make = JoinableQueue.make<number | null>()

const allDone = { _tag: "IllegalState", operation: "mark a task as done", state: "all done" }

describe("JoinableQueue, in one agent", () => {
  fibers("JQ-02 nothing is marked as done where nothing was put", () =>
    Effect.gen(function* () {
      const queue = yield* make
      expect(yield* Effect.flip(JoinableQueue.taskDone(queue))).toMatchObject(allDone)
      expect(() => JoinableQueueSync.taskDoneSync(queue)).toThrow(expect.objectContaining(allDone))
      expect([JoinableQueue.isJoinableQueue(queue), Queue.isQueue(queue)]).toEqual([true, true])
      expect(JoinableQueue.isJoinableQueue(yield* Queue.make())).toBe(false)
    }),
  )

  fibers("JQ-04 a queue that was never used is joined at once", () =>
    Effect.gen(function* () {
      const queue = yield* make
      yield* within(1)(JoinableQueue.join(queue))
      yield* JoinableQueue.joinWithin(queue, 0)
      expect([JoinableQueueSync.joinSync(queue), JoinableQueueSync.joinSync(queue, 0)]).toEqual([true, true])
    }),
  )

  fibers("JQ-06 marks are not tied to what was got", () =>
    Effect.gen(function* () {
      const queue = yield* make
      yield* Queue.put(queue, 1)
      yield* Queue.put(queue, 2)
      expect(yield* Queue.get(queue)).toBe(1)
      yield* JoinableQueue.taskDone(queue)
      expect(yield* JoinableQueue.unfinishedTasks(queue)).toBe(1)
      JoinableQueueSync.taskDoneSync(queue)
      yield* within(1)(JoinableQueue.join(queue))
      expect(yield* Effect.flip(JoinableQueue.taskDone(queue))).toMatchObject(allDone)
      expect(yield* Queue.get(queue)).toBe(2)
    }),
  )

  fibers("JQ-07 a second batch is joined for itself", () =>
    Effect.gen(function* () {
      const queue = yield* make
      yield* Queue.put(queue, 1)
      yield* JoinableQueue.taskDone(queue)
      yield* JoinableQueue.join(queue)
      yield* Queue.put(queue, 2)
      const begin = performance.now()
      expect(yield* Effect.flip(JoinableQueue.joinWithin(queue, 100))).toMatchObject({ _tag: "TimedOut" })
      expect(JoinableQueueSync.joinSync(queue, 100)).toBe(false)
      expect(performance.now() - begin).toBeGreaterThanOrEqual(150)
      expect(JoinableQueueSync.joinSync(queue, -1)).toBe(false)
      const joining = yield* Effect.fork(JoinableQueue.join(queue))
      yield* Effect.sleep(10)
      yield* JoinableQueue.taskDone(queue)
      yield* within(2)(Fiber.join(joining))
    }),
  )

  fibers("everybody who joins passes, also where something is put at once, and nobody who comes later", () =>
    Effect.gen(function* () {
      const queue = yield* make
      for (let round = 0; round < 20; round++) {
        yield* Queue.put(queue, round)
        const joining = yield* Effect.replicateEffect(Effect.fork(JoinableQueue.join(queue)), 5)
        yield* Effect.yieldNow()
        yield* JoinableQueue.taskDone(queue)
        yield* Queue.put(queue, round)
        const late = yield* Effect.fork(JoinableQueue.joinWithin(queue, 10))
        yield* within(2)(Fiber.joinAll(joining))
        expect(yield* Effect.flip(Fiber.join(late))).toMatchObject({ _tag: "TimedOut" })
        yield* JoinableQueue.taskDone(queue)
      }
    }),
  )

  fibers("what could not be put does not count", () =>
    Effect.gen(function* () {
      const queue = yield* JoinableQueue.make<unknown>({ capacity: 1 })
      yield* Effect.flip(Queue.put(queue, () => {}))
      expect(yield* JoinableQueue.unfinishedTasks(queue)).toBe(0)
      yield* Queue.put(queue, 1)
      expect(yield* Queue.tryPut(queue, 2)).toBe(false)
      expect(yield* Effect.flip(Queue.putWithin(queue, 2, 10))).toMatchObject({ _tag: "Full" })
      const waiting = yield* Effect.fork(Queue.put(queue, 3))
      yield* Effect.sleep(10)
      yield* Fiber.interrupt(waiting)
      expect(yield* JoinableQueue.unfinishedTasks(queue)).toBe(1)
      yield* JoinableQueue.taskDone(queue)
      yield* within(1)(JoinableQueue.join(queue))
    }),
  )

  fibers("a shutdown at once lets go whoever joins; another does not", () =>
    Effect.gen(function* () {
      const queue = yield* make
      yield* Queue.put(queue, 1)
      const joining = yield* Effect.fork(JoinableQueue.join(queue))
      yield* Effect.sleep(10)
      yield* Queue.shutdown(queue)
      expect(yield* Effect.flip(JoinableQueue.joinWithin(queue, 100))).toMatchObject({ _tag: "TimedOut" })
      yield* Queue.shutdown(queue, { immediate: true })
      yield* within(2)(Fiber.join(joining))
      yield* within(2)(JoinableQueue.join(queue))
      expect(yield* JoinableQueue.unfinishedTasks(queue)).toBe(0)
      const other = yield* make
      yield* Queue.put(other, 1)
      yield* Queue.shutdown(other)
      expect(yield* Queue.get(other)).toBe(1)
      yield* JoinableQueue.taskDone(other)
      yield* within(2)(JoinableQueue.join(other))
    }),
  )

  fibers("who joins is forgotten once it is interrupted", () =>
    Effect.gen(function* () {
      const queue = yield* make
      yield* Queue.put(queue, 1)
      const [first, second] = yield* Effect.replicateEffect(Effect.fork(JoinableQueue.join(queue)), 2)
      yield* Effect.sleep(10)
      yield* Fiber.interrupt(first as Fiber.RuntimeFiber<void>)
      yield* JoinableQueue.taskDone(queue)
      yield* within(2)(Fiber.join(second as Fiber.RuntimeFiber<void>))
    }),
  )
})

describe("JoinableQueue, between agents", () => {
  onEach("JQ-01 join returns when all is done", (startMethod) =>
    Effect.gen(function* () {
      const queue = yield* make
      const workers = yield* Effect.replicateEffect(run(tasksOn(startMethod).work, [queue, 100]), 4)
      const begin = performance.now()
      for (let n = 0; n < 10; n++) yield* Queue.put(queue, n)
      yield* within(20)(JoinableQueue.join(queue))
      expect(performance.now() - begin).toBeGreaterThanOrEqual(200)
      expect(yield* JoinableQueue.unfinishedTasks(queue)).toBe(0)
      for (const _ of workers) yield* Queue.put(queue, null)
      let done = 0
      for (const worker of workers) done += (yield* resultOf(worker)) as number
      expect(done).toBe(10)
      for (const worker of workers) expect(yield* ended(worker)).toBe(0)
    }),
  )

  onThreads("plain code joins in another agent", () =>
    Effect.gen(function* () {
      const queue = yield* make
      const flags = Flags.make()
      yield* Queue.put(queue, 1)
      const joining = yield* Effect.replicateEffect(run(queues.join, [queue, flags]), 2)
      const short = yield* run(queues.join, [queue, flags, 100])
      expect(yield* resultOf(short)).toBe(false)
      yield* reached(flags, 1, 3)
      yield* Effect.sleep(50)
      expect(Flags.get(flags, 2)).toBe(1)
      // Those that wait pass, though more comes at once; who has come to wait only now passes with the next time.
      const goesOn = Effect.zipRight(JoinableQueue.taskDone(queue), Queue.put(queue, 2))
      yield* Effect.forkScoped(Effect.repeat(goesOn, Schedule.spaced("20 millis")))
      for (const child of joining) expect(yield* resultOf(child)).toBe(true)
    }),
  )

  onThreads("what a consumer had got when it died is marked by another, and then it is joined", () =>
    Effect.gen(function* () {
      const it = { queue: yield* make, flags: Flags.make() }
      const child = yield* run(queues.get, [it])
      yield* Queue.put(it.queue, 1)
      expect(yield* resultOf(child)).toBe(1)
      yield* Process.kill(child)
      yield* ended(child)
      expect(yield* JoinableQueue.unfinishedTasks(it.queue)).toBe(1)
      expect(yield* resultOf(yield* run(queues.unfinished, [it.queue]))).toBe(1)
      yield* JoinableQueue.taskDone(it.queue)
      yield* within(2)(JoinableQueue.join(it.queue))
    }),
  )
})
