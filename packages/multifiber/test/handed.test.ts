/** Handles and shared memory in messages. */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Loans from "../src/agent/Loans.ts"
import * as Connection from "../src/Connection.ts"
import * as Context from "../src/Context.ts"
import * as Lock from "../src/Lock.ts"
import * as Pipe from "../src/Pipe.ts"
import * as Process from "../src/Process.ts"
import * as Queue from "../src/Queue.ts"
import * as QueueSync from "../src/QueueSync.ts"
import { type Handed, handed } from "./fixtures/handed.ts"
import { live, within } from "./live.ts"

const resultOf = <A, E>(process: Process.Process<A, E>) => Effect.flatten(Process.result(process))

describe("a handle in a message", () => {
  for (const startMethod of ["thread", "spawn"] as const) {
    live(`an end of a pipe reaches who receives it, and nobody else has it open then [${startMethod}]`, () =>
      Effect.gen(function* () {
        const context = yield* Context.getContext(startMethod)
        const queue = yield* Queue.make<Handed>()
        const [left, right] = yield* Pipe.make<string>()
        const process = yield* context.Process.make(handed.take, [queue])
        yield* Process.start(process)
        yield* Queue.put(queue, { end: right })
        yield* Connection.close(right)
        expect(yield* within(20)(Connection.recv(left))).toBe("hello")
        expect(yield* within(5)(Effect.flip(Connection.recv(left)))).toMatchObject({ _tag: "Eof" })
        yield* within(20)(resultOf(process))
      }),
    )
  }

  live("a thread gives another one an end of its own", () =>
    Effect.gen(function* () {
      const queue = yield* Queue.make<Handed>()
      const giver = yield* Process.make(handed.give, [queue])
      const taker = yield* Process.make(handed.take, [queue])
      yield* Process.start(giver)
      yield* Process.start(taker)
      expect(yield* within(20)(resultOf(giver))).toEqual(["hello", "Eof"])
      yield* within(20)(resultOf(taker))
    }),
  )

  for (const startMethod of ["thread", "spawn"] as const) {
    live(`a lock in a message is the same lock [${startMethod}]`, () =>
      Effect.gen(function* () {
        const context = yield* Context.getContext(startMethod)
        const queue = yield* Queue.make<Handed>()
        const lock = yield* Lock.make
        const [left, right] = yield* Pipe.make<string>()
        const process = yield* context.Process.make(handed.take, [queue])
        yield* Process.start(process)
        yield* Lock.acquire(lock)
        yield* Queue.put(queue, { end: right, lock })
        expect(yield* Connection.poll(left, "300 millis")).toBe(false)
        yield* Lock.release(lock)
        expect(yield* within(20)(Connection.recv(left))).toBe("hello")
        yield* within(20)(resultOf(process))
      }),
    )
  }

  live("shared memory arrives as the same memory, as it is and in a view", () =>
    Effect.gen(function* () {
      const queue = yield* Queue.make<{ readonly words: Int32Array; readonly memory: SharedArrayBuffer }>()
      const memory = new SharedArrayBuffer(8)
      yield* Queue.put(queue, { words: new Int32Array(memory), memory })
      const received = yield* within(5)(Queue.get(queue))
      received.words[1] = 7
      expect(new Int32Array(memory)[1]).toBe(7)
      expect(new Int32Array(received.memory)[1]).toBe(7)
      // Bytes alone are a message of another kind, unless they are shared.
      const bytes = yield* Queue.make<Uint8Array>()
      yield* Queue.put(bytes, new Uint8Array(memory, 4, 2))
      expect([...(yield* within(5)(Queue.get(bytes)))]).toEqual([7, 0])
      yield* Queue.put(bytes, new Uint8Array(memory, 4, 2))
      ;(yield* within(5)(Queue.get(bytes)))[1] = 1
      expect(new Int32Array(memory)[1]).toBe(263)
    }),
  )

  live("plain code leaves such a message where it is, and says what to use", () =>
    Effect.gen(function* () {
      const queue = yield* Queue.make<unknown>()
      yield* Queue.put(queue, yield* Lock.make)
      const process = yield* Process.make(handed.takeSync, [queue])
      yield* Process.start(process)
      expect(yield* within(20)(resultOf(process))).toBe("Unsupported")
      expect(yield* Queue.size(queue)).toBe(1)
      expect(Lock.isLock(yield* within(5)(Queue.get(queue)))).toBe(true)
    }),
  )
})

live("an OS process cannot give memory of its own away", () =>
  Effect.gen(function* () {
    const { Process: processes } = yield* Context.getContext("spawn")
    const process = yield* processes.make(handed.giveMemory, [yield* Queue.make<unknown>()])
    yield* Process.start(process)
    expect(yield* within(20)(resultOf(process))).toBe("EncodingFailed")
  }),
)

it("an end in a message that was not put is not open for it", () =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const full = yield* Queue.make<unknown>({ capacity: 1 })
        yield* Queue.put(full, 0)
        const shut = yield* Queue.make<unknown>()
        yield* Queue.shutdown(shut)
        const [left, right] = yield* Pipe.make<string>()
        const message = { end: right }
        expect(yield* Queue.tryPut(full, message)).toBe(false)
        expect(QueueSync.tryPutSync(full, message)).toBe(false)
        expect(yield* Effect.flip(Queue.putWithin(full, message, 20))).toMatchObject({ _tag: "Full" })
        yield* Effect.timeoutOption(Queue.put(full, message), 20)
        expect(yield* Effect.flip(Queue.put(shut, message))).toMatchObject({ _tag: "ShutDown" })
        expect(() => QueueSync.putSync(shut, message)).toThrow("shut down")
        yield* Connection.close(right)
        expect(yield* within(5)(Effect.flip(Connection.recv(left)))).toMatchObject({ _tag: "Eof" })
      }),
    ),
  ))

it("what a dead agent has lent and not given is lost, and nobody waits for it", async () => {
  const nobody = 2 ** 27
  const begin = performance.now()
  const got = await new Promise((resolve) => Loans.borrow(`${nobody}:1`, resolve, () => resolve("lost")))
  expect(got).toBe("lost")
  expect(performance.now() - begin).toBeLessThan(10_000)
}, 15_000)

it("an end in a message that nobody has received yet keeps the other end open", () =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const queue = yield* Queue.make<Handed>()
        const [left, right] = yield* Pipe.make<string>()
        yield* Queue.put(queue, { end: right })
        yield* Connection.close(right)
        expect(yield* Connection.poll(left, "200 millis")).toBe(false)
        const { end } = yield* Queue.get(queue)
        yield* Connection.send(end, "late")
        yield* Connection.close(end)
        expect(yield* Connection.recv(left)).toBe("late")
        expect(yield* Effect.flip(Connection.recv(left))).toMatchObject({ _tag: "Eof" })
      }),
    ),
  ))
