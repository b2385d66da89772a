/** Messages that come to an OS process when who had asked for them does not want them any more, or that pass through an agent. */
import { describe, expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Connection from "../src/Connection.ts"
import * as JoinableQueue from "../src/JoinableQueue.ts"
import * as Pipe from "../src/Pipe.ts"
import * as Queue from "../src/Queue.ts"
import { late } from "./fixtures/late.ts"
import { pipeFibers } from "./fixtures/pipeFibers.ts"
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

onEach(
  "an end that an agent has passed on to its child is closed when the child closes it",
  () =>
    Effect.gen(function* () {
      const queue = yield* Queue.make<any>()
      const go = yield* Queue.make<string>()
      const between = yield* run(late.between, [queue, go])
      const [left, right] = yield* Pipe.make<any>()
      yield* Queue.put(queue, { end: right })
      yield* Connection.close(right)
      expect(yield* within(20)(Connection.recv(left))).toBe("hello")
      expect(yield* within(5)(Effect.flip(Connection.recv(left)))).toMatchObject({ _tag: "Eof" })
      yield* Queue.put(go, "go")
      expect(yield* ended(between)).toBe(0)
    }),
  40,
)

onEach(
  "a copy of an end that this agent has closed opens nothing, while a child has the end through it",
  () =>
    Effect.gen(function* () {
      const [left, right] = yield* Pipe.make<any>()
      const copy = structuredClone(right)
      const child = yield* run(pipeFibers.upper, [right])
      yield* Connection.close(right)
      expect(yield* Connection.isClosed(copy)).toBe(true)
      expect(yield* Effect.flip(Connection.send(copy, "x"))).toMatchObject({ _tag: "Closed" })
      yield* Connection.send(left, "still")
      expect(yield* within(20)(Connection.recv(left))).toBe("STILL")
      yield* Connection.send(left, null)
      expect(yield* ended(child)).toBe(0)
      expect(yield* within(5)(Effect.flip(Connection.recv(left)))).toMatchObject({ _tag: "Eof" })
    }),
  40,
)
