/** Laws of a queue whose producers can wait until all is done, besides those of a queue. */
import assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { eventually, type Law, settle } from "./law.ts"
import { drain, expectFails, fill, isDone, type Queue, range, waiting, withSubject } from "./queues.ts"

export interface JoinableQueue extends Queue {
  /** Fails where all that was put is done. */
  readonly taskDone: Effect.Effect<unknown, unknown>
  readonly join: Effect.Effect<unknown, unknown>
  /** Fails where that takes longer than so many milliseconds. */
  readonly joinWithin: (milliseconds: number) => Effect.Effect<unknown, unknown>
}

type Make = Effect.Effect<JoinableQueue, unknown>

const passed = (joiners: ReadonlyArray<Fiber.RuntimeFiber<unknown, unknown>>) =>
  eventually("all joins pass", () => joiners.every(isDone))

export const joinableQueueLaws: ReadonlyArray<Law<Make>> = [
  {
    name: "join",
    says: "Who joins waits until all is done, not only got; also what is put meanwhile. Then all pass.",
    check: withSubject((queue: JoinableQueue) =>
      Effect.gen(function* () {
        yield* queue.join
        yield* queue.put(1)
        const joiners = yield* waiting(queue, [queue.join, queue.join])
        assert.equal(yield* queue.get, 1)
        yield* queue.put(2)
        for (const act of [Effect.void, queue.taskDone, queue.get]) {
          yield* act
          yield* settle(queue)
          assert.ok(!joiners.some(isDone))
        }
        yield* queue.taskDone
        yield* passed(joiners)
        yield* queue.join
      }),
    ),
  },
  {
    name: "a moment is enough",
    says: "Who joins passes once all was done, also where something is put at once.",
    check: withSubject((queue: JoinableQueue) =>
      Effect.gen(function* () {
        yield* queue.put(1)
        const joiners = yield* waiting(queue, [queue.join, queue.join])
        yield* queue.get
        yield* Effect.zipRight(queue.taskDone, queue.put(2))
        yield* passed(joiners)
      }),
    ),
  },
  {
    name: "time-out of a join",
    says: "Who joins and waits too long fails; where all is done, nobody waits.",
    check: withSubject((queue: JoinableQueue) =>
      Effect.gen(function* () {
        yield* queue.put(1)
        for (const milliseconds of [0, 5]) yield* expectFails(queue.joinWithin(milliseconds))
        yield* queue.taskDone
        for (const milliseconds of [0, 1000]) yield* queue.joinWithin(milliseconds)
      }),
    ),
  },
  {
    name: "too much done",
    says: "No more is done than was put, got or not; who tries changes nothing.",
    check: withSubject((queue: JoinableQueue) =>
      Effect.gen(function* () {
        yield* expectFails(queue.taskDone)
        yield* queue.put(1)
        yield* queue.taskDone
        yield* expectFails(queue.taskDone)
        yield* queue.get
        yield* queue.put(2)
        yield* expectFails(queue.joinWithin(5))
        yield* queue.taskDone
        yield* queue.join
      }),
    ),
  },
  {
    name: "what counts",
    says: "What was not put is not to be done.",
    check: withSubject((queue: JoinableQueue) =>
      Effect.gen(function* () {
        yield* fill(queue)
        assert.equal(yield* queue.tryPut(-1), false)
        yield* expectFails(queue.putWithin(-1, 5))
        yield* Effect.forEach(yield* waiting(queue, [queue.put(-1)]), Fiber.interrupt)
        yield* Effect.replicateEffect(queue.taskDone, queue.capacity)
        yield* expectFails(queue.taskDone)
        yield* queue.join
        assert.deepEqual(yield* drain(queue, queue.capacity), range(queue.capacity))
      }),
    ),
  },
]
