/** The least of queues, in one agent and between agents. */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as SimpleQueue from "../src/SimpleQueue.ts"
import * as SimpleQueueSync from "../src/SimpleQueueSync.ts"
import { within } from "./live.ts"
import { ended, onEach, resultOf, run, tasksOn } from "./startMethods.ts"

const fibers = (name: string, body: () => Effect.Effect<unknown, unknown>) =>
  it.live(name, () => within(15)(body()), 20_000)

const closed = { _tag: "Closed", what: "queue" }

describe("SimpleQueue", () => {
  fibers("SQ-02 may be closed twice", () =>
    Effect.gen(function* () {
      const queue = yield* SimpleQueue.make()
      yield* SimpleQueue.close(queue)
      yield* SimpleQueue.close(queue)
      SimpleQueueSync.closeSync(queue)
    }),
  )

  fibers("SQ-03 nothing is asked of one that is closed, whether it was used or not", () =>
    Effect.gen(function* () {
      const used = yield* SimpleQueue.make<number>()
      yield* SimpleQueue.put(used, 1)
      for (const queue of [used, yield* SimpleQueue.make<number>()]) {
        yield* SimpleQueue.close(queue)
        for (const act of [SimpleQueue.isEmpty(queue), SimpleQueue.get(queue), SimpleQueue.put(queue, 1)]) {
          expect(yield* Effect.flip(act as Effect.Effect<unknown, unknown>)).toMatchObject(closed)
        }
        for (const act of [
          () => SimpleQueueSync.isEmptySync(queue),
          () => SimpleQueueSync.getSync(queue),
          () => SimpleQueueSync.putSync(queue, 1),
        ]) {
          expect(act).toThrow(expect.objectContaining(closed))
        }
      }
    }),
  )

  fibers("SQ-05 what cannot be encoded fails in put, and null is a value", () =>
    Effect.gen(function* () {
      const queue = yield* SimpleQueue.make<unknown>()
      expect(yield* Effect.flip(SimpleQueue.put(queue, () => 1))).toMatchObject({ _tag: "EncodingFailed" })
      for (const value of [null, undefined]) {
        yield* SimpleQueue.put(queue, value)
        SimpleQueueSync.putSync(queue, value)
        expect(yield* SimpleQueue.isEmpty(queue)).toBe(false)
        expect([yield* SimpleQueue.get(queue), SimpleQueueSync.getSync(queue)]).toEqual([value, value])
        expect(yield* SimpleQueue.isEmpty(queue)).toBe(true)
      }
      expect([SimpleQueue.isSimpleQueue(queue), SimpleQueue.isSimpleQueue(null)]).toEqual([true, false])
    }),
  )

  fibers("a get waits until something is put, and close lets it go", () =>
    Effect.gen(function* () {
      const queue = yield* SimpleQueue.make<string>()
      const got = yield* Effect.fork(SimpleQueue.get(queue))
      yield* Effect.yieldNow()
      yield* SimpleQueue.put("value")(queue)
      expect(yield* within(2)(Fiber.join(got))).toBe("value")
      const waiting = yield* Effect.fork(Effect.flip(SimpleQueue.get(queue)))
      yield* Effect.yieldNow()
      yield* SimpleQueue.close(queue)
      expect(yield* within(2)(Fiber.join(waiting))).toMatchObject(closed)
    }),
  )

  onEach("goes there and back between agents", (startMethod) =>
    Effect.gen(function* () {
      const there = yield* SimpleQueue.make<unknown>()
      const back = yield* SimpleQueue.make<unknown>()
      const child = yield* run(tasksOn(startMethod).echoSimple, [there, back])
      for (const value of [1, "two", [3], { four: undefined }]) {
        yield* SimpleQueue.put(there, value)
        expect(yield* SimpleQueue.get(back)).toEqual(value)
      }
      yield* SimpleQueue.put(there, null)
      expect(yield* resultOf(child)).toBe(true)
      expect(yield* ended(child)).toBe(0)
    }),
  )
})
