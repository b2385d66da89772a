/** Waits that were given up leave nothing: what the runtime has promised to wake is kept until it does. */
import { setImmediate } from "node:timers/promises"
import { describe, expect, it } from "@effect/vitest"
import * as Memory from "@multifiber/kernel/Memory"
import { collectApart } from "@multifiber/testkit/garbage"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as Barrier from "../../src/Barrier.ts"
import * as Condition from "../../src/Condition.ts"
import * as Connection from "../../src/Connection.ts"
import * as Event from "../../src/Event.ts"
import * as JoinableQueue from "../../src/JoinableQueue.ts"
import * as Lock from "../../src/Lock.ts"
import * as Pipe from "../../src/Pipe.ts"
import type { Platform } from "../../src/Platform.ts"
import * as Queue from "../../src/Queue.ts"
import { WakeUp } from "../../src/sync/WakeUp.ts"
import { live, within } from "../live.ts"

const wordsOf = () => new Int32Array(new SharedArrayBuffer(8))

describe("WakeUp", () => {
  it("comes when the slot is notified, and when nobody waits any more", async () => {
    const memory = Memory.attach(wordsOf())
    let looks = 0
    const wakeUp = new WakeUp(memory, () => {
      looks++
    })
    const bed = { slot: 1, value: 0 }
    wakeUp.begin()
    expect(wakeUp.order(bed)).toBe(true)
    memory.notify(bed.slot)
    while (wakeUp.isOrdered) await setImmediate()
    expect(looks).toBe(1)
    expect(wakeUp.order(bed)).toBe(true)
    wakeUp.end()
    while (wakeUp.isOrdered) await setImmediate()
    expect(looks).toBe(2)
    memory.store(bed.slot, 1)
    expect(wakeUp.order(bed)).toBe(false)
  }, 10_000)
})

type Waiting = Effect.Effect<
  readonly [object, Effect.Effect<unknown, unknown>],
  unknown,
  Platform | Scope.Scope
>

const waits: Readonly<Record<string, Waiting>> = {
  Lock: Effect.gen(function* () {
    const lock = yield* Lock.make
    yield* Lock.acquire(lock)
    return [lock, Lock.acquire(lock)] as const
  }),
  Event: Effect.map(Event.make, (event) => [event, Event.wait(event)] as const),
  Condition: Effect.map(
    Condition.make,
    (condition) => [condition, Condition.withLock(Condition.wait(condition), condition)] as const,
  ),
  Barrier: Effect.map(Barrier.make(2), (barrier) => [barrier, Barrier.wait(barrier)] as const),
  Queue: Effect.map(Queue.make(), (queue) => [queue, Queue.get(queue)] as const),
  "JoinableQueue.join": Effect.gen(function* () {
    const queue = yield* JoinableQueue.make<number>()
    yield* Queue.put(queue, 1)
    return [queue, JoinableQueue.join(queue)] as const
  }),
  Connection: Effect.map(Pipe.make(), ([end]) => [end, Connection.recv(end)] as const),
}

/** The memory of a handle. */
const memoryOf = (value: unknown): SharedArrayBuffer => {
  if (value instanceof SharedArrayBuffer) return value
  const [memory] = Object.values(Object(value)).flatMap((part) =>
    typeof part === "object" && part !== null ? [memoryOf(part)] : [],
  )
  if (memory === undefined) throw new Error("it has no memory")
  return memory
}

/** Waits for nothing, gives up, and says how to see whether the memory is left. */
const givenUp = (waiting: Waiting) =>
  Effect.scoped(
    Effect.gen(function* () {
      const [handle, wait] = yield* waiting
      const fiber = yield* Effect.fork(wait)
      yield* Effect.sleep(20)
      yield* within(10)(Fiber.interrupt(fiber))
      return new WeakRef(memoryOf(handle))
    }),
  )

for (const [name, waiting] of Object.entries(waits)) {
  live(`${name}: nothing is left of one that somebody has waited for in vain`, () =>
    Effect.gen(function* () {
      const left = yield* givenUp(waiting)
      const isGone = Effect.map(Effect.promise(collectApart), () => left.deref() === undefined)
      const until = Effect.repeat(Effect.delay(isGone, 10), { until: (gone) => gone })
      yield* within(20)(until)
    }),
  )
}
