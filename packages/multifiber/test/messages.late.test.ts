/** Messages that come to an OS process when who had asked for them does not want them any more, or that pass through an agent. */
import { describe, expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Connection from "../src/Connection.ts"
import * as JoinableQueue from "../src/JoinableQueue.ts"
import * as Pipe from "../src/Pipe.ts"
import * as Queue from "../src/Queue.ts"
import { late } from "./fixtures/late.ts"
import { within } from "./live.ts"
import { ended, onEach, resultOf, run } from "./startMethods.ts"

const onSpawn: typeof onEach = (name, body) => onEach(name, body, 40, ["spawn"])

/** Waits until a child has asked and is busy; then what it has asked for comes. */
const answer = <E>(asked: Connection.Connection<any, string>, coming: Effect.Effect<unknown, E>) =>
  Effect.zipRight(within(10)(Connection.recv(asked)), Effect.delay(coming, 100))

describe("Queue, where a get in an OS process is interrupted too late", () => {
  onSpawn("the value is there for others, and is to be done once", () =>
    Effect.gen(function* () {
      const queue = yield* JoinableQueue.make<number>()
      const [asked, signal] = yield* Pipe.make<any>()
      const child = yield* run(late.get, [queue, signal])
      yield* answer(asked, Queue.put(queue, 1))
      expect(yield* ended(child)).toBe(0)
      expect(yield* JoinableQueue.unfinishedTasks(queue)).toBe(1)
      expect(yield* within(5)(Queue.get(queue))).toBe(1)
      yield* JoinableQueue.taskDone(queue)
      yield* JoinableQueue.joinWithin(queue, "1 second")
    }),
  )

  onSpawn("the value is there for others also after a shutdown", () =>
    Effect.gen(function* () {
      const queue = yield* Queue.make<number>()
      const [asked, signal] = yield* Pipe.make<any>()
      const child = yield* run(late.get, [queue, signal])
      yield* answer(asked, Effect.zipRight(Queue.put(queue, 1), Queue.shutdown(queue)))
      expect(yield* ended(child)).toBe(0)
      expect(yield* within(5)(Queue.get(queue))).toBe(1)
      expect(yield* Effect.flip(Queue.get(queue))).toMatchObject({ _tag: "ShutDown" })
    }),
  )
})

describe("Connection, where a recv in an OS process is interrupted too late", () => {
  onSpawn("who waits there as well receives the message", () =>
    Effect.gen(function* () {
      const [mine, theirs] = yield* Pipe.make<any>()
      const [asked, signal] = yield* Pipe.make<any>()
      const child = yield* run(late.recv, [theirs, signal])
      yield* answer(asked, Connection.send(mine, "late"))
      expect(yield* resultOf(child)).toBe("late")
    }),
  )
})
