/** Queues between fibers of one agent, between agents, and after the death of one. */
import { describe, expect, it } from "@effect/vitest"
import * as Flags from "@multifiber/testkit/Flags"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import * as fc from "fast-check"
import * as AsyncResult from "../src/AsyncResult.ts"
import * as JoinableQueue from "../src/JoinableQueue.ts"
import * as Pool from "../src/Pool.ts"
import * as Process from "../src/Process.ts"
import * as Queue from "../src/Queue.ts"
import * as QueueSync from "../src/QueueSync.ts"
import { queueFibers } from "./fixtures/queueFibers.ts"
import { queues } from "./fixtures/queues.ts"
import { reached, within } from "./live.ts"
import { ended, onThreads, resultOf, run } from "./startMethods.ts"

const fibers = (name: string, body: () => Effect.Effect<unknown, unknown>, seconds = 20) =>
  it.live(name, () => within(seconds)(body()), 1000 * seconds + 5000)

const upTo = (count: number, from = 0) => Array.from({ length: count }, (_, index) => from + index)

const make = <A = number>(capacity?: number) => Queue.make<A>({ capacity })

const shared = <A = number>(capacity?: number) =>
  Effect.map(make<A>(capacity), (queue) => ({ queue, flags: Flags.make() }))

const full = (capacity: number) =>
  Effect.tap(make(capacity), (queue) => Effect.forEach(upTo(capacity), (n) => Queue.put(queue, n)))

const getMany = <A>(queue: Queue.Queue<A>, count: number) => Effect.replicateEffect(Queue.get(queue), count)

/** What it holds still. */
const left = <A>(queue: Queue.Queue<A>) => getMany(queue, QueueSync.sizeSync(queue))

const elapsed = <A, E>(self: Effect.Effect<A, E>) =>
  Effect.suspend(() => {
    const begin = performance.now()
    return Effect.map(self, (value) => [value, performance.now() - begin] as const)
  })

const tagged = (_tag: string) => expect.objectContaining({ _tag })

/** The same in its two forms. */
const timed = (
  queue: Queue.Queue<number>,
  milliseconds: number,
): Record<"put" | "get", ReadonlyArray<Effect.Effect<unknown, unknown>>> => ({
  put: [
    Effect.map(Effect.flip(Queue.putWithin(queue, 9, milliseconds)), ({ _tag }) => _tag),
    Effect.sync(() => QueueSync.putSync(queue, 9, milliseconds) || "Full"),
  ],
  get: [
    Effect.map(Effect.flip(Queue.getWithin(queue, milliseconds)), ({ _tag }) => _tag),
    Effect.try({
      try: () => QueueSync.getSync(queue, milliseconds),
      catch: (error) => (error as { readonly _tag: string })._tag,
    }).pipe(Effect.flip),
  ],
})

/** Waits until so many fibers of this agent wait. */
const untilWaiting = (
  queue: Queue.Queue<number>,
  expected: Pick<Queue.Statistics, "waitingReaders" | "waitingWriters">,
) =>
  within(10)(
    Effect.repeat(Effect.delay(Queue.statistics(queue), 1), {
      until: ({ waitingReaders, waitingWriters }) =>
        waitingReaders === expected.waitingReaders && waitingWriters === expected.waitingWriters,
    }),
  )

describe("Queue, in one agent", () => {
  fibers("QUE-02 a put that does not wait finds no room in a full queue", () =>
    Effect.gen(function* () {
      const queue = yield* full(6)
      expect(yield* Queue.tryPut(queue, 6)).toBe(false)
      expect(QueueSync.tryPutSync(queue, 6)).toBe(false)
      expect(yield* Queue.isFull(queue)).toBe(true)
      expect(yield* getMany(queue, 6)).toEqual(upTo(6))
      expect([yield* Queue.isEmpty(queue), yield* Queue.isFull(queue)]).toEqual([true, false])
      expect([yield* Queue.tryPut(queue, 7), QueueSync.tryPutSync(queue, 8)]).toEqual([true, true])
    }),
  )

  fibers("QUE-03 a timed put into a full queue fails after its timeout, and leaves nothing", () =>
    Effect.gen(function* () {
      const queue = yield* full(6)
      for (const milliseconds of [100, 350]) {
        for (const put of timed(queue, milliseconds).put) {
          const [tag, took] = yield* elapsed(put)
          expect(tag).toBe("Full")
          expect(took).toBeGreaterThanOrEqual(0.6 * milliseconds)
          expect(took).toBeLessThan(10 * milliseconds)
        }
      }
      expect(yield* getMany(queue, 6)).toEqual(upTo(6))
      expect(yield* Queue.size(queue)).toBe(0)
    }),
  )

  fibers("QUE-04 a timeout of nothing, or of less, tries once", () =>
    Effect.gen(function* () {
      const queue = yield* full(6)
      const empty = yield* make()
      for (const milliseconds of [0, -1, -1000]) {
        for (const attempt of [...timed(queue, milliseconds).put, ...timed(empty, milliseconds).get]) {
          const [tag, took] = yield* elapsed(attempt)
          expect(["Full", "Empty"]).toContain(tag)
          expect(took).toBeLessThan(500)
        }
        // What is there is had all the same.
        yield* Queue.put(empty, 1)
        yield* Queue.put(empty, 2)
        expect([yield* Queue.getWithin(empty, milliseconds), QueueSync.getSync(empty, milliseconds)]).toEqual(
          [1, 2],
        )
      }
    }),
  )

  fibers("QUE-09 a timed get from an empty queue fails after its timeout", () =>
    Effect.gen(function* () {
      const queue = yield* make()
      for (const get of timed(queue, 200).get) {
        const [tag, took] = yield* elapsed(get)
        expect(tag).toBe("Empty")
        expect(took).toBeGreaterThanOrEqual(100)
      }
      expect(yield* Queue.tryGet(queue)).toEqual(Option.none())
      expect(QueueSync.tryGetSync(queue)).toBeUndefined()
    }),
  )

  it.scoped("a timeout is one of the clock of the fiber", () =>
    Effect.gen(function* () {
      const queue = yield* make()
      const fiber = yield* Effect.fork(Effect.flip(Queue.getWithin(queue, "1 hour")))
      yield* TestClock.adjust("59 minutes")
      expect(yield* Fiber.poll(fiber)).toEqual(Option.none())
      yield* TestClock.adjust("2 minutes")
      expect(yield* Fiber.join(fiber)).toMatchObject({ _tag: "Empty" })
    }),
  )

  fibers("QUE-11 its size is exact", () =>
    Effect.gen(function* () {
      const queue = yield* make()
      const sizes = [yield* Queue.size(queue)]
      for (const act of [Queue.put(queue, 1), Queue.put(queue, 2), Queue.get(queue), Queue.get(queue)]) {
        yield* act
        sizes.push(yield* Queue.size(queue))
      }
      expect(sizes).toEqual([0, 1, 2, 1, 0])
    }),
  )

  fibers("QUE-14 what cannot be encoded fails in put, with the value and why, and takes no place", () =>
    Effect.gen(function* () {
      const queue = yield* make<unknown>(1)
      const value = { run: () => 1 }
      for (const put of [
        Queue.put,
        Queue.tryPut,
        (queue: Queue.Queue<unknown>, value: unknown) => Queue.putWithin(queue, value, 10),
      ]) {
        const error = yield* Effect.flip(put(queue, value) as Effect.Effect<unknown, unknown>)
        expect(error).toMatchObject({
          _tag: "EncodingFailed",
          subject: "message",
          value: "[object Object]",
          cause: expect.any(TypeError),
        })
      }
      expect(() => QueueSync.putSync(queue, value)).toThrow(tagged("EncodingFailed"))
      expect(yield* Queue.size(queue)).toBe(0)
      expect(yield* Queue.tryPut(queue, "good")).toBe(true)
      expect(yield* Queue.get(queue)).toBe("good")
    }),
  )

  for (const [kind, makeOne] of [
    ["a queue", () => make<unknown>(1)],
    ["a joinable queue", () => JoinableQueue.make<unknown>({ capacity: 1 })],
  ] as const) {
    fibers(`QUE-15 ${kind} that is closed neither puts nor gets, and does not wait`, () =>
      Effect.gen(function* () {
        const queue: Queue.Queue<unknown> = yield* makeOne()
        yield* Queue.put(queue, 1)
        yield* Queue.close(queue)
        yield* Queue.close(queue)
        for (const act of [
          Queue.put(queue, 2),
          Queue.get(queue),
          Queue.tryPut(queue, 2),
          Queue.tryGet(queue),
          Queue.putWithin(queue, 2, "10 seconds"),
          Queue.getWithin(queue, "10 seconds"),
        ]) {
          const [error, took] = yield* elapsed(Effect.flip(act as Effect.Effect<unknown, unknown>))
          expect(error).toMatchObject({ _tag: "Closed", what: "queue" })
          expect(took).toBeLessThan(1000)
        }
        expect(() => QueueSync.putSync(queue, 2)).toThrow(tagged("Closed"))
        expect(() => QueueSync.getSync(queue)).toThrow(tagged("Closed"))
        expect(() => QueueSync.tryGetSync(queue)).toThrow(tagged("Closed"))
        // Each copy of the handle is the same queue.
        expect(yield* Effect.flip(Queue.get(structuredClone(queue)))).toMatchObject({ _tag: "Closed" })
        expect([yield* Queue.size(queue), yield* Queue.isFull(queue)]).toEqual([1, true])
      }),
    )
  }

  fibers("QUE-16 a queue that was never used is empty also once it is closed", () =>
    Effect.gen(function* () {
      const queue = yield* make()
      yield* Queue.close(queue)
      expect([yield* Queue.isEmpty(queue), yield* Queue.isFull(queue)]).toEqual([true, false])
    }),
  )

  fibers("QUE-23 what is got is what was put then", () =>
    Effect.gen(function* () {
      const queue = yield* make<unknown>(1)
      const list = [1, { two: [2] }]
      const bytes = new Uint8Array([1, 2, 3])
      yield* Queue.put(queue, list)
      list.push(3)
      ;(list[1] as { two: Array<number> }).two.push(4)
      const [, got] = yield* Effect.all([Effect.void, Queue.get(queue)])
      expect(got).toEqual([1, { two: [2] }])
      // Also while the put still waits.
      yield* Queue.put(queue, "first")
      const waiting = yield* Effect.fork(Queue.put(queue, bytes))
      yield* Effect.yieldNow()
      bytes[0] = 9
      expect([yield* Queue.get(queue), yield* Queue.get(queue)]).toEqual(["first", new Uint8Array([1, 2, 3])])
      yield* Fiber.join(waiting)
    }),
  )

  fibers("QUE-25 a capacity that is not above zero is none", () =>
    Effect.gen(function* () {
      for (const capacity of [0, -5, undefined]) {
        const queue = yield* make(capacity)
        expect(yield* Effect.forEach(upTo(1000), (n) => Queue.tryPut(queue, n))).not.toContain(false)
        expect(yield* Queue.isFull(queue)).toBe(false)
        expect(yield* getMany(queue, 1000)).toEqual(upTo(1000))
        expect((yield* Queue.statistics(queue)).capacity).toEqual(Option.none())
      }
    }),
  )

  fibers("a capacity that is no whole number is refused", () =>
    Effect.gen(function* () {
      for (const capacity of [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60, "7" as never]) {
        const refused = { _tag: "InvalidArgument", argument: "capacity" }
        expect(yield* Effect.flip(make(capacity))).toMatchObject(refused)
        expect(() => QueueSync.makeSync(capacity)).toThrow(expect.objectContaining(refused))
      }
    }),
  )

  fibers("what is no queue is refused", () =>
    Effect.gen(function* () {
      const queue = yield* make()
      expect([Queue.isQueue(queue), Queue.isQueue({}), Queue.isQueue(null), Queue.isQueue("x")]).toEqual([
        true,
        false,
        false,
        false,
      ])
      for (const stranger of [{}, 7]) {
        expect(() => QueueSync.sizeSync(stranger as never)).toThrow(
          expect.objectContaining({ _tag: "InvalidArgument", expected: "the handle of a Queue" }),
        )
      }
    }),
  )

  fibers("its functions take the queue first or last", () =>
    Effect.gen(function* () {
      const queue = yield* make<string>()
      yield* Queue.put("a")(queue)
      yield* Queue.putWithin("b", 100)(queue)
      expect(yield* Queue.tryPut("c")(queue)).toBe(true)
      expect([yield* Queue.getWithin(100)(queue), ...(yield* getMany(queue, 2))]).toEqual(["a", "b", "c"])
    }),
  )

  fibers("fibers that wait are served in their order, puts as gets", () =>
    Effect.gen(function* () {
      const queue = yield* make(1)
      const got: Array<readonly [fiber: number, value: number]> = []
      const getters = yield* Effect.forEach(upTo(20), (fiber) =>
        Effect.fork(Effect.map(Queue.get(queue), (value) => got.push([fiber, value]))),
      )
      yield* Effect.yieldNow()
      expect(yield* Queue.statistics(queue)).toEqual({
        size: 0,
        capacity: Option.some(1),
        isShutDown: false,
        waitingReaders: 20,
        waitingWriters: 0,
      })
      for (const n of upTo(20)) yield* Queue.put(queue, n)
      yield* Fiber.joinAll(getters)
      expect(got).toEqual(upTo(20).map((n) => [n, n]))
      yield* Queue.put(queue, -1)
      const putters = yield* Effect.forEach(upTo(20), (n) => Effect.fork(Queue.put(queue, n)))
      yield* Effect.yieldNow()
      expect(yield* Queue.statistics(queue)).toMatchObject({ size: 1, waitingReaders: 0, waitingWriters: 20 })
      expect(yield* getMany(queue, 21)).toEqual(upTo(21, -1))
      yield* Fiber.joinAll(putters)
      expect(yield* Queue.statistics(queue)).toMatchObject({ size: 0, waitingReaders: 0, waitingWriters: 0 })
    }),
  )

  fibers("an interrupted waiter is forgotten, and the next is served", () =>
    Effect.gen(function* () {
      const queue = yield* make(1)
      const [first, second] = yield* Effect.replicateEffect(Effect.fork(Queue.get(queue)), 2)
      yield* Effect.yieldNow()
      // The value is there when the first is interrupted: it may have been called for it.
      yield* Queue.put(queue, 1)
      const exit = yield* Fiber.interrupt(first as Fiber.RuntimeFiber<number>)
      if (Exit.isSuccess(exit)) {
        expect(exit.value).toBe(1)
        yield* Queue.put(queue, 2)
      }
      expect(yield* within(2)(Fiber.join(second as Fiber.RuntimeFiber<number>))).toBe(
        Exit.isSuccess(exit) ? 2 : 1,
      )
      expect(yield* Queue.size(queue)).toBe(0)
    }),
  )

  /** What a fiber does, how long it waits, and after how many steps of the others it is interrupted. */
  const step = fc.record({
    act: fc.constantFrom("put", "put", "get", "get", "putWithin", "getWithin", "tryPut", "tryGet"),
    wait: fc.integer({ min: 0, max: 2 }),
    patience: fc.constantFrom(undefined, undefined, 0, 1, 2, 3),
  })

  /** Does it, and notes what came of it at once: who is interrupted notes nothing. */
  const taken = (
    queue: Queue.Queue<number>,
    { act, wait }: { readonly act: string; readonly wait: number },
    n: number,
    put: Array<number>,
    got: Array<number>,
  ): Effect.Effect<unknown, unknown> => {
    const noted = () => put.push(n)
    switch (act) {
      case "put":
        return Effect.map(Queue.put(queue, n), noted)
      case "putWithin":
        return Effect.map(Queue.putWithin(queue, n, wait), noted)
      case "tryPut":
        return Effect.map(Queue.tryPut(queue, n), (isPut) => isPut && noted())
      case "get":
        return Effect.map(Queue.get(queue), (value) => got.push(value))
      case "getWithin":
        return Effect.map(Queue.getWithin(queue, wait), (value) => got.push(value))
      default:
        return Effect.map(
          Queue.tryGet(queue),
          Option.map((value) => got.push(value)),
        )
    }
  }

  it("whatever is interrupted or timed out, what was put is got, and once", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 3 }),
        fc.array(step, { maxLength: 40 }),
        async (capacity, steps) => {
          const put: Array<number> = []
          const got: Array<number> = []
          const program = Effect.gen(function* () {
            const queue = yield* make(capacity)
            const all = yield* Effect.forEach(steps, (step, n) =>
              Effect.gen(function* () {
                const fiber = yield* Effect.fork(taken(queue, step, n, put, got))
                if (step.patience === undefined) return fiber
                for (let i = 0; i < step.patience; i++) {
                  yield* i === 2 ? Effect.sleep(0) : Effect.yieldNow()
                }
                yield* Fiber.interruptFork(fiber)
                return fiber
              }),
            )
            yield* Effect.sleep(5)
            // Who still waits is let go.
            yield* Effect.forEach(all, Fiber.interrupt)
            for (const value of yield* left(queue)) got.push(value)
            expect(yield* Queue.statistics(queue)).toMatchObject({
              size: 0,
              waitingReaders: 0,
              waitingWriters: 0,
            })
          })
          await Effect.runPromise(within(10)(program))
          expect(got.sort((a, b) => a - b)).toEqual(put.sort((a, b) => a - b))
        },
      ),
      { numRuns: 200 },
    )
  }, 60_000)

  fibers("close lets go whoever waits here, however he waits", () =>
    Effect.gen(function* () {
      for (const wait of [
        (queue: Queue.Queue<number>) => Queue.get(queue),
        (queue: Queue.Queue<number>) => Queue.getWithin(queue, "1 minute"),
      ]) {
        for (const ticks of [0, 1, 2, 3]) {
          const queue = yield* make()
          const waiting = yield* Effect.replicateEffect(Effect.fork(Effect.flip(wait(queue))), 3)
          for (let i = 0; i < ticks; i++) yield* Effect.yieldNow()
          if (ticks === 3) yield* Effect.sleep(10)
          yield* Queue.close(queue)
          for (const error of yield* within(2)(Fiber.joinAll(waiting))) {
            expect(error).toMatchObject({ _tag: "Closed" })
          }
        }
      }
      for (const wait of [
        (queue: Queue.Queue<number>) => Queue.put(queue, 1),
        (queue: Queue.Queue<number>) => Queue.putWithin(queue, 1, "1 minute"),
      ]) {
        for (const ticks of [0, 1, 2, 3]) {
          const queue = yield* full(1)
          const waiting = yield* Effect.replicateEffect(Effect.fork(Effect.flip(wait(queue))), 3)
          for (let i = 0; i < ticks; i++) yield* Effect.yieldNow()
          if (ticks === 3) yield* Effect.sleep(10)
          yield* Queue.close(queue)
          for (const error of yield* within(2)(Fiber.joinAll(waiting))) {
            expect(error).toMatchObject({ _tag: "Closed" })
          }
        }
      }
    }),
  )

  fibers("a shutdown lets go whoever waits, at once or not", () =>
    Effect.gen(function* () {
      for (const immediate of [false, true]) {
        const empty = yield* make()
        const getters = yield* Effect.forEach([Queue.get(empty), Queue.getWithin(empty, "1 minute")], (get) =>
          Effect.fork(Effect.flip(get)),
        )
        const one = yield* full(1)
        const putters = yield* Effect.forEach(
          [Queue.put(one, 8), Queue.putWithin(one, 9, "1 minute")],
          (put) => Effect.fork(Effect.flip(put)),
        )
        yield* Effect.sleep(10)
        yield* Queue.shutdown(empty, { immediate })
        yield* Queue.shutdown(one, { immediate })
        yield* Queue.shutdown(one)
        for (const error of yield* within(2)(Fiber.joinAll<unknown, unknown>([...getters, ...putters]))) {
          expect(error).toMatchObject({ _tag: "ShutDown" })
        }
        expect(yield* Queue.statistics(one)).toMatchObject({ size: immediate ? 0 : 1, isShutDown: true })
        expect([yield* Queue.isEmpty(one), yield* Queue.isFull(one)]).toEqual([immediate, !immediate])
        const last = Queue.tryGet(one)
        if (immediate) expect(yield* Effect.flip(last)).toMatchObject({ _tag: "ShutDown" })
        else expect(yield* last).toEqual(Option.some(0))
        expect(yield* Effect.flip(last)).toMatchObject({ _tag: "ShutDown" })
      }
    }),
  )

  fibers("a shutdown at once after one that was not takes what is left", () =>
    Effect.gen(function* () {
      const queue = yield* full(3)
      yield* Queue.shutdown(queue)
      expect(yield* Queue.get(queue)).toBe(0)
      yield* Queue.shutdown(queue, { immediate: true })
      yield* Queue.shutdown(queue)
      expect(yield* Effect.flip(Queue.get(queue))).toMatchObject({ _tag: "ShutDown" })
      expect(yield* Queue.size(queue)).toBe(0)
    }),
  )

  fibers("as a stream it takes only what is wanted, and ends with the queue", () =>
    Effect.gen(function* () {
      const queue = yield* full(5)
      expect(Chunk.toReadonlyArray(yield* Stream.runCollect(Stream.take(Queue.toStream(queue), 2)))).toEqual([
        0, 1,
      ])
      expect(yield* Queue.size(queue)).toBe(3)
      const rest = yield* Effect.fork(Stream.runCollect(Queue.toStream(queue)))
      yield* Effect.sleep(10)
      yield* Queue.put(queue, 5)
      yield* Queue.shutdown(queue)
      expect(Chunk.toReadonlyArray(yield* within(5)(Fiber.join(rest)))).toEqual([2, 3, 4, 5])
      const closed = yield* make()
      yield* Queue.close(closed)
      expect(yield* Effect.flip(Stream.runDrain(Queue.toStream(closed)))).toMatchObject({ _tag: "Closed" })
    }),
  )

  fibers("as a sink it waits while the queue is full, and fails with it", () =>
    Effect.gen(function* () {
      const queue = yield* make(2)
      let produced = 0
      const source = Stream.tap(Stream.range(0, 99), () => Effect.sync(() => produced++))
      const sending = yield* Effect.fork(Stream.run(Stream.rechunk(source, 1), Queue.toSink(queue)))
      yield* Effect.sleep(30)
      expect(produced).toBeLessThanOrEqual(4)
      expect(yield* getMany(queue, 100)).toEqual(upTo(100))
      yield* within(5)(Fiber.join(sending))
      yield* Queue.shutdown(queue)
      const refused = Effect.flip(Stream.run(Stream.make(1), Queue.toSink(queue)))
      expect(yield* refused).toMatchObject({ _tag: "ShutDown" })
    }),
  )

  /** Another view of the same memory, as another agent has it. */
  const otherView = <A>(queue: Queue.Queue<A>, id: string): Queue.Queue<A> => ({
    [QueueSync.TypeId]: { ...queue[QueueSync.TypeId], id },
  })

  it("whoever has made it grow, everybody puts and gets what is there, whole and in order", () => {
    const length = fc.oneof(fc.constant(0), fc.nat(200), fc.nat(400_000))
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(2), fc.boolean(), length), { minLength: 10, maxLength: 80 }),
        (steps) => {
          const queue = QueueSync.makeSync<number | string>()
          const name = `view of ${queue[QueueSync.TypeId].id}`
          const views = [0, 1, 2].map((n) => otherView(queue, `${name}: ${n}`))
          for (const view of views) QueueSync.sizeSync(view)
          const model: Array<number | string> = []
          steps.forEach(([n, isPut, length], step) => {
            const view = views[n] as typeof queue
            if (isPut) {
              const value = length === 0 ? step + 0.5 : String.fromCharCode(97 + (step % 26)).repeat(length)
              QueueSync.putSync(view, value)
              model.push(value)
            } else {
              expect(QueueSync.tryGetSync(view)?.value === model.shift()).toBe(true)
            }
            expect(QueueSync.sizeSync(view)).toBe(model.length)
          })
          for (const value of model) expect(QueueSync.getSync(queue, 0) === value).toBe(true)
        },
      ),
      { numRuns: 100 },
    )
  }, 60_000)

  fibers("many queues exist beside each other", () =>
    Effect.gen(function* () {
      const many = yield* Effect.replicateEffect(make(), 1000)
      for (const queue of many) yield* Queue.put(queue, 1)
      for (const queue of many) expect(yield* Queue.get(queue)).toBe(1)
    }),
  )
})

describe("Queue, between agents", () => {
  onThreads("QUE-06 what a child puts is got in its order, however one gets it", () =>
    Effect.gen(function* () {
      const it = yield* shared()
      const child = yield* run(queues.putOnSignal, [it, [2, 3, 4, 5]])
      Flags.add(it.flags, 0)
      const got = [
        yield* Queue.get(it.queue),
        QueueSync.getSync(it.queue),
        yield* Queue.getWithin(it.queue, "10 seconds"),
      ]
      expect(yield* ended(child)).toBe(0)
      expect([...got, Option.getOrThrow(yield* Queue.tryGet(it.queue))]).toEqual([2, 3, 4, 5])
      expect(yield* Queue.isEmpty(it.queue)).toBe(true)
    }),
  )

  onThreads("QUE-10 nothing is lost where a child ends right after it has put", () =>
    Effect.gen(function* () {
      const queue = yield* make()
      for (const n of upTo(10)) yield* Queue.put(queue, n)
      const child = yield* run(queues.putAll, [queue, upTo(10, 10)])
      expect(yield* getMany(queue, 20)).toEqual(upTo(20))
      expect(yield* Queue.tryGet(queue)).toEqual(Option.none())
      expect(yield* ended(child)).toBe(0)
    }),
  )

  onThreads("QUE-19 a text of 10 MB that nobody reads keeps no child, and arrives whole", () =>
    Effect.gen(function* () {
      const queue = yield* make<string>()
      const child = yield* run(queues.putText, [queue, 10_000_000])
      yield* Effect.race(Process.join(child), Effect.sleep(1000))
      const text = yield* Queue.get(queue)
      expect([text.length, text === "x".repeat(10_000_000)]).toEqual([10_000_000, true])
      expect(yield* ended(child)).toBe(0)
    }),
  )

  onThreads("QUE-20 a child hands the queue to a child of its own", () =>
    Effect.gen(function* () {
      const queue = yield* make()
      const child = yield* run(queueFibers.putNested, [queue])
      expect(yield* resultOf(child)).toBe(0)
      expect(yield* ended(child)).toBe(0)
      expect((yield* left(queue)).sort()).toEqual([1, 2])
    }),
  )

  onThreads("QUE-21 arguments come back equal, alone as among others", () =>
    Effect.gen(function* () {
      const payloads: ReadonlyArray<unknown> = [1, "str", [1], [1, "str", [1]], { a: [1] }]
      const queue = yield* make<unknown>()
      for (const payload of payloads) {
        expect(yield* ended(yield* run(queues.putBack, [queue, payload]))).toBe(0)
      }
      expect(yield* ended(yield* run(queues.putBack, [queue, ...payloads]))).toBe(0)
      expect(yield* left(queue)).toEqual([...payloads, ...payloads])
    }),
  )

  onThreads("QUE-27 one sibling drains what the other fills in", () =>
    Effect.gen(function* () {
      const code = Math.floor(1000 * Math.random())
      expect(yield* resultOf(yield* run(queueFibers.siblings, [code]))).toEqual([0, 0])
    }),
  )

  onThreads("QUE-29 a put waits until another agent gets, a get until another puts", () =>
    Effect.gen(function* () {
      for (const timeout of [undefined, "10 seconds"] as const) {
        const queue = yield* full(5)
        const putting = yield* Effect.fork(
          timeout === undefined ? Queue.put(queue, 5) : Queue.putWithin(queue, 5, timeout),
        )
        yield* untilWaiting(queue, { waitingReaders: 0, waitingWriters: 1 })
        expect(yield* resultOf(yield* run(queues.getLater, [queue, 0]))).toBe(0)
        yield* within(10)(Fiber.join(putting))
        const empty = yield* make()
        const getting = yield* Effect.fork(
          timeout === undefined ? Queue.get(empty) : Queue.getWithin(empty, timeout),
        )
        yield* untilWaiting(empty, { waitingReaders: 1, waitingWriters: 0 })
        expect(yield* ended(yield* run(queues.putLater, [empty, 0, 7]))).toBe(0)
        expect(yield* within(10)(Fiber.join(getting))).toBe(7)
      }
      // Plain code waits, and fibers of this agent trigger it.
      const { flags, queue } = yield* shared(1)
      const getter = yield* run(queues.get, [{ queue, flags }])
      yield* reached(flags, 1)
      yield* Effect.sleep(100)
      expect(Flags.get(flags, 2)).toBe(0)
      yield* Queue.put(queue, 1)
      expect(yield* resultOf(getter)).toBe(1)
      yield* Queue.put(queue, 2)
      const putter = yield* run(queues.put, [{ queue, flags }, 3])
      yield* reached(flags, 1, 2)
      yield* Effect.sleep(100)
      expect(Flags.get(flags, 2)).toBe(1)
      expect(yield* getMany(queue, 2)).toEqual([2, 3])
      expect(yield* resultOf(putter)).toBe(true)
    }),
  )

  const allShutDown = Array.from({ length: 5 }, () => "ShutDown")

  onThreads("QUE-30 a queue that was shut down empty refuses everybody", () =>
    Effect.gen(function* () {
      for (const immediate of [false, true]) {
        const queue = yield* make(2)
        yield* Queue.shutdown(queue, { immediate })
        for (const act of [
          Queue.put(queue, 1),
          Queue.tryPut(queue, 1),
          Queue.putWithin(queue, 1, "10 seconds"),
          Queue.get(queue),
          Queue.tryGet(queue),
          Queue.getWithin(queue, "10 seconds"),
        ]) {
          const [error, took] = yield* elapsed(Effect.flip(act as Effect.Effect<unknown, unknown>))
          expect(error).toMatchObject({ _tag: "ShutDown" })
          expect(took).toBeLessThan(1000)
        }
        expect(yield* resultOf(yield* run(queues.attempts, [queue]))).toEqual(allShutDown)
        expect(yield* Queue.size(queue)).toBe(0)
      }
    }),
  )

  onThreads("QUE-31 what a queue held when it was shut down is got still", () =>
    Effect.gen(function* () {
      const queue = yield* make()
      yield* Queue.put(queue, 1)
      yield* Queue.shutdown(queue)
      expect(yield* Queue.get(queue)).toBe(1)
      expect(yield* Effect.flip(Queue.get(queue))).toMatchObject({ _tag: "ShutDown" })
      expect(yield* Effect.flip(Queue.put(queue, 2))).toMatchObject({ _tag: "ShutDown" })
      const other = yield* full(2)
      yield* ended(yield* run(queues.shutdown, [other, false]))
      expect(yield* resultOf(yield* run(queues.drain, [other]))).toEqual({ got: [0, 1], end: "ShutDown" })
    }),
  )

  onThreads("CTX-09 a child closes the queue for itself alone", () =>
    Effect.gen(function* () {
      const queue = yield* make()
      expect(yield* ended(yield* run(queues.close, [queue]))).toBe(0)
      yield* Queue.put(queue, 1)
      expect(yield* resultOf(yield* run(queues.getMany, [queue, 1]))).toEqual([1])
    }),
  )

  for (const immediate of [false, true]) {
    onThreads(`a shutdown${immediate ? " at once" : ""} lets go the waiters of all agents`, () =>
      Effect.gen(function* () {
        const { flags, queue } = yield* shared()
        const one = { queue: yield* full(1), flags }
        const waiting = [
          yield* run(queues.get, [{ queue, flags }]),
          yield* run(queues.get, [{ queue, flags }, 20_000]),
          yield* run(queueFibers.get, [{ queue, flags }]),
          yield* run(queues.put, [one, 1]),
          yield* run(queues.put, [one, 1, 20_000]),
          yield* run(queueFibers.put, [one, 1]),
        ]
        yield* reached(flags, 1, waiting.length)
        yield* Effect.sleep(50)
        expect(Flags.get(flags, 2)).toBe(0)
        yield* Queue.shutdown(queue, { immediate })
        yield* Queue.shutdown(one.queue, { immediate })
        for (const child of waiting) expect(yield* within(5)(resultOf(child))).toBe("ShutDown")
      }),
    )
  }

  onThreads("what one agent closes, the waiters of others do not feel", () =>
    Effect.gen(function* () {
      const { flags, queue } = yield* shared()
      const other = yield* run(queues.get, [{ queue, flags }])
      const mine = yield* Effect.fork(Effect.flip(Queue.get(queue)))
      yield* reached(flags, 1)
      const putter = yield* run(queues.putOnSignal, [{ queue, flags }, [1]])
      yield* Effect.sleep(50)
      yield* Queue.close(queue)
      expect(yield* within(2)(Fiber.join(mine))).toMatchObject({ _tag: "Closed" })
      Flags.add(flags, 0)
      expect(yield* resultOf(other)).toBe(1)
      yield* ended(putter)
    }),
  )

  onThreads(
    "several producers and consumers, in fibers and plain code, keep the order of each producer",
    () =>
      Effect.gen(function* () {
        for (const capacity of [3, 0]) {
          const queue = yield* make<readonly [number, number]>(capacity)
          const plain = yield* Effect.replicateEffect(run(queues.drain, [queue]), 2)
          const fiber = yield* run(queueFibers.drain, [queue, 3])
          const mine = yield* Effect.fork(Stream.runCollect(Queue.toStream(queue)))
          const producers = yield* Effect.forEach(upTo(3), (n) => run(queues.putNumbered, [queue, n, 500]))
          yield* Effect.forEach(upTo(500), (n) => Queue.put(queue, [3, n] as const))
          for (const producer of producers) expect(yield* ended(producer)).toBe(0)
          yield* Queue.shutdown(queue)
          const ordered = [
            ...(yield* Effect.forEach(plain, (child) => Effect.map(resultOf(child), ({ got }) => got))),
            Chunk.toReadonlyArray(yield* within(10)(Fiber.join(mine))),
          ] as ReadonlyArray<ReadonlyArray<readonly [number, number]>>
          for (const got of ordered) {
            for (const producer of upTo(4)) {
              const numbers = got.filter(([from]) => from === producer).map(([, n]) => n)
              expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
            }
          }
          const all = [
            ...ordered.flat(),
            ...((yield* resultOf(fiber)) as ReadonlyArray<readonly [number, number]>),
          ]
          expect(all.length).toBe(2000)
          expect(new Set(all.map(String)).size).toBe(2000)
        }
      }),
  )

  onThreads("a bounded queue never holds more than its capacity", () =>
    Effect.gen(function* () {
      const queue = yield* make<readonly [number, number]>(4)
      const producers = yield* Effect.forEach(upTo(3), (n) => run(queues.putNumbered, [queue, n, 2000]))
      let most = 0
      for (let got = 0; got < 6000; got++) {
        const size = QueueSync.sizeSync(queue)
        most = Math.max(most, size)
        yield* Queue.get(queue)
      }
      expect(most).toBeLessThanOrEqual(4)
      expect(most).toBeGreaterThan(0)
      for (const producer of producers) expect(yield* ended(producer)).toBe(0)
    }),
  )

  onThreads("where there is room, no try to put fails, however many agents try at once", () =>
    Effect.gen(function* () {
      const it = yield* shared()
      const children = yield* Effect.replicateEffect(run(queues.tryPuts, [it, 20_000]), 3)
      yield* reached(it.flags, 0, 3)
      Flags.add(it.flags, 1)
      const refused = yield* Effect.forEach(children, resultOf)
      expect(refused).toEqual([0, 0, 0])
      expect(yield* Queue.size(it.queue)).toBe(60_000)
    }),
  )

  onThreads("a handle works at any depth of an argument and of a result", () =>
    Effect.gen(function* () {
      const queue = yield* make<string>()
      for (const nest of [queue, [queue], { a: { b: [queue] } }, new Map([["k", new Set([queue])]])]) {
        const back = yield* resultOf(yield* run(queues.putDeep, [nest]))
        const inner = back.get("nest")?.[0]?.nest
        expect(inner).toEqual(nest)
        yield* ended(yield* run(queues.putDeep, [back]))
        expect(yield* left(queue)).toEqual(["deep", "deep"])
      }
      const made = yield* resultOf(yield* run(queues.makeFilled, []))
      expect(yield* Queue.get(made.queue)).toBe("made in a child")
    }),
  )

  onThreads("plain code gets while fibers of its agent wait for the same queue", () =>
    Effect.gen(function* () {
      const it = yield* shared()
      const child = yield* run(queueFibers.getBoth, [it])
      yield* reached(it.flags, 0)
      yield* Effect.sleep(50)
      for (const n of upTo(5)) yield* Queue.put(it.queue, n)
      expect([...(yield* resultOf(child))].sort()).toEqual(upTo(5))
      // The same here, where the queue is full and a fiber waits to put.
      const one = yield* full(1)
      const putting = yield* Effect.fork(Queue.put(one, 1))
      yield* Effect.yieldNow()
      expect([QueueSync.getSync(one), QueueSync.putSync(one, 2, 500)]).toEqual([0, true])
      expect((yield* getMany(one, 2)).sort()).toEqual([1, 2])
      yield* within(5)(Fiber.join(putting))
    }),
  )

  onThreads("tasks of a pool get from a queue, and put into one", () =>
    Effect.gen(function* () {
      const { flags, queue } = yield* shared()
      const pool = yield* Pool.make({ size: 2 })
      const getting = yield* Effect.replicateEffect(Pool.applyAsync(pool, queues.get, [{ queue, flags }]), 4)
      yield* reached(flags, 1, 2)
      for (const n of upTo(4)) yield* Queue.put(queue, n)
      const got = yield* Effect.forEach(getting, (result) => within(10)(AsyncResult.get(result)))
      expect([...got].sort()).toEqual(upTo(4))
      yield* Pool.map(pool, queues.sizes, [queue, queue])
      yield* Pool.apply(pool, queues.putAll, [queue, [8, 9]])
      expect(yield* getMany(queue, 2)).toEqual([8, 9])
    }),
  )

  onThreads("a killed waiter stops nobody, whether it gets or puts", () =>
    Effect.gen(function* () {
      for (const task of [queues.get, queueFibers.get]) {
        const it = yield* shared()
        const [victim, other] = yield* Effect.replicateEffect(run(task, [it]), 2)
        yield* reached(it.flags, 1, 2)
        yield* Effect.sleep(50)
        yield* Process.kill(victim as Process.Process<unknown>)
        yield* within(10)(Process.join(victim as Process.Process<unknown>))
        // On Deno its thread runs on until it looks for the next time.
        yield* Effect.sleep(200)
        yield* Queue.put(it.queue, 5)
        expect(yield* resultOf(other as Process.Process<unknown>)).toBe(5)
      }
      for (const task of [queues.put, queueFibers.put]) {
        const it = { queue: yield* full(1), flags: Flags.make() }
        const [victim, other] = yield* Effect.replicateEffect(run(task, [it, 1]), 2)
        yield* reached(it.flags, 1, 2)
        yield* Effect.sleep(50)
        yield* Process.kill(victim as Process.Process<unknown>)
        yield* within(10)(Process.join(victim as Process.Process<unknown>))
        yield* Effect.sleep(200)
        expect(yield* getMany(it.queue, 2)).toEqual([0, 1])
        expect(yield* resultOf(other as Process.Process<unknown>)).toBe(true)
        expect(yield* Queue.tryGet(it.queue)).toEqual(Option.none())
      }
    }),
  )

  onThreads("plain code that waits ends when its process is terminated", () =>
    Effect.gen(function* () {
      const it = yield* shared()
      const child = yield* run(queues.get, [it])
      yield* reached(it.flags, 1)
      yield* Process.terminate(child)
      expect(yield* ended(child)).toBe(-15)
    }),
  )

  onThreads(
    "a message of 64 MiB arrives whole",
    () =>
      Effect.gen(function* () {
        const queue = yield* make<Uint8Array>()
        const child = yield* run(queues.getMany, [queue, 2])
        const large = new Uint8Array(2 ** 26).map((_, index) => index % 251)
        yield* Queue.put(queue, new Uint8Array([1]))
        yield* Queue.put(queue, large)
        const [small, got] = (yield* resultOf(child)) as [Uint8Array, Uint8Array]
        expect(small).toEqual(new Uint8Array([1]))
        expect(got.length).toBe(large.length)
        expect(got.every((byte, index) => byte === index % 251)).toBe(true)
      }),
    60,
  )

  onThreads(
    "whoever was at it when the queue was shut down has put what he came with, and somebody gets it",
    () =>
      Effect.gen(function* () {
        const { flags, queue } = yield* shared<Uint8Array>()
        const child = yield* run(queues.putBytes, [{ queue, flags }, 2 ** 26])
        yield* reached(flags, 1)
        // A writer makes room when he has seen that the queue is not shut down. The content takes a while to be written.
        const { shared: words } = queue[QueueSync.TypeId]
        yield* Effect.repeat(Effect.sleep(0), { until: () => (words?.cells.byteLength ?? 0) > 2 ** 26 })
        yield* Queue.shutdown(queue)
        expect((yield* within(10)(Queue.get(queue))).length).toBe(2 ** 26)
        expect(yield* resultOf(child)).toBe(true)
        expect(yield* Effect.flip(Queue.get(queue))).toMatchObject({ _tag: "ShutDown" })
      }),
    60,
  )
})
