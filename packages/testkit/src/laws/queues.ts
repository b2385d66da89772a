/** Laws of a queue with a capacity. */
import assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as fc from "fast-check"
import { eventually, eventuallyIs, forAll, type Law, type Settling, settle } from "./law.ts"

export interface Queue extends Settling {
  /** How many values it holds at most. */
  readonly capacity: number
  readonly put: (value: number) => Effect.Effect<unknown, unknown>
  readonly tryPut: (value: number) => Effect.Effect<boolean, unknown>
  /** Fails where that takes longer than so many milliseconds. */
  readonly putWithin: (value: number, milliseconds: number) => Effect.Effect<unknown, unknown>
  readonly get: Effect.Effect<number, unknown>
  /** Nothing where it is empty. */
  readonly tryGet: Effect.Effect<number | undefined, unknown>
  readonly getWithin: (milliseconds: number) => Effect.Effect<number, unknown>
  readonly size: Effect.Effect<number, unknown>
  /** Nothing more is put; what it holds may be got still. */
  readonly shutdown: Effect.Effect<unknown, unknown>
}

type Make = Effect.Effect<Queue, unknown>

export const withSubject =
  <Subject>(body: (subject: Subject) => Effect.Effect<unknown, unknown>) =>
  (make: Effect.Effect<Subject, unknown>): Effect.Effect<void, unknown> =>
    Effect.asVoid(Effect.flatMap(make, body))

export const range = (count: number, first = 0) => Array.from({ length: count }, (_, n) => first + n)

export const fill = (queue: Queue) => Effect.forEach(range(queue.capacity), queue.put)

export const drain = (queue: Queue, count: number) => Effect.replicateEffect(queue.get, count)

/** Fibers that begin one after the other, and wait. */
export const waiting = <A>(queue: Queue, all: ReadonlyArray<Effect.Effect<A, unknown>>) =>
  Effect.forEach(all, (each) => Effect.zipLeft(Effect.fork(each), settle(queue)))

export const isDone = (fiber: Fiber.RuntimeFiber<unknown, unknown>): boolean => fiber.unsafePoll() !== null

export const expectFails = (effect: Effect.Effect<unknown, unknown>) =>
  Effect.map(Effect.exit(effect), (exit) => assert.ok(Exit.isFailure(exit) && !Exit.isInterrupted(exit)))

export const queueLaws: ReadonlyArray<Law<Make>> = [
  {
    name: "order",
    says: "What was put first is got first; those that wait come in their order.",
    check: withSubject((queue: Queue) =>
      Effect.gen(function* () {
        const { capacity } = queue
        yield* fill(queue)
        const writers = yield* waiting(queue, range(3, capacity).map(queue.put))
        assert.deepEqual(yield* drain(queue, capacity + 3), range(capacity + 3))
        yield* Fiber.joinAll(writers)
        const readers = yield* waiting(
          queue,
          range(3).map(() => queue.get),
        )
        yield* Effect.forEach(range(3), queue.put)
        assert.deepEqual(yield* Effect.forEach(readers, Fiber.join), range(3))
      }),
    ),
  },
  {
    name: "capacity",
    says: "It holds no more than it may; each value that is got lets one in that waits.",
    check: withSubject((queue: Queue) =>
      Effect.gen(function* () {
        const { capacity } = queue
        yield* fill(queue)
        const writers = yield* waiting(queue, range(2, capacity).map(queue.put))
        const done = () => writers.filter(isDone).length
        for (const expected of [0, 1, 2]) {
          yield* eventually(`${expected} came in`, () => done() >= expected)
          yield* settle(queue)
          assert.equal(done(), expected)
          yield* eventuallyIs("the size", queue.size, capacity)
          assert.equal(yield* queue.get, expected)
        }
        yield* eventuallyIs("the size", queue.size, capacity - 1)
      }),
    ),
  },
  {
    name: "trying",
    says: "tryPut and tryGet do what can be done and wait for nothing.",
    check: withSubject((queue: Queue) =>
      Effect.gen(function* () {
        assert.equal(yield* queue.tryGet, undefined)
        for (const value of range(queue.capacity)) assert.equal(yield* queue.tryPut(value), true)
        assert.equal(yield* queue.tryPut(-1), false)
        assert.equal(yield* queue.size, queue.capacity)
        for (const value of range(queue.capacity)) assert.equal(yield* queue.tryGet, value)
        assert.equal(yield* queue.tryGet, undefined)
      }),
    ),
  },
  {
    name: "time-out",
    says: "Who waits too long has neither put nor got anything.",
    check: withSubject((queue: Queue) =>
      Effect.gen(function* () {
        for (const milliseconds of [0, 5]) yield* expectFails(queue.getWithin(milliseconds))
        yield* fill(queue)
        for (const milliseconds of [0, 5]) yield* expectFails(queue.putWithin(-1, milliseconds))
        for (const value of range(queue.capacity)) assert.equal(yield* queue.getWithin(1000), value)
        yield* queue.putWithin(7, 1000)
        assert.equal(yield* queue.get, 7)
        assert.equal(yield* queue.size, 0)
      }),
    ),
  },
  {
    name: "interruption",
    says: "Who is interrupted while waiting has neither put nor got anything, and the next one comes in its place.",
    check: withSubject((queue: Queue) =>
      Effect.gen(function* () {
        const { capacity } = queue
        const [reader, nextReader] = yield* waiting(queue, [queue.get, queue.get])
        assert.ok(Exit.isInterrupted(yield* Fiber.interrupt(reader as Fiber.RuntimeFiber<number, unknown>)))
        yield* queue.put(0)
        assert.equal(yield* Fiber.join(nextReader as Fiber.RuntimeFiber<number, unknown>), 0)
        yield* fill(queue)
        const [writer, nextWriter] = yield* waiting(queue, [queue.put(-1), queue.put(capacity)])
        assert.ok(Exit.isInterrupted(yield* Fiber.interrupt(writer as Fiber.RuntimeFiber<unknown, unknown>)))
        assert.deepEqual(yield* drain(queue, capacity + 1), range(capacity + 1))
        yield* Fiber.join(nextWriter as Fiber.RuntimeFiber<unknown, unknown>)
        assert.equal(yield* queue.size, 0)
      }),
    ),
  },
  {
    name: "interruption meets what comes",
    says: "Who is interrupted as its turn comes has acted, or the next one does.",
    check: (make) =>
      Effect.forEach(range(4), (pauses) =>
        withSubject((queue: Queue) =>
          Effect.gen(function* () {
            const meet = (coming: Effect.Effect<unknown, unknown>, waits: Effect.Effect<unknown, unknown>) =>
              Effect.gen(function* () {
                const [first, next] = yield* waiting(queue, [waits, waits])
                yield* coming
                yield* Effect.replicateEffect(Effect.yieldNow(), pauses)
                const exit = yield* Fiber.interrupt(first as Fiber.Fiber<unknown, unknown>)
                if (Exit.isSuccess(exit)) yield* coming
                yield* Fiber.join(next as Fiber.Fiber<unknown, unknown>)
              })
            yield* meet(queue.put(1), queue.get)
            assert.equal(yield* queue.size, 0)
            yield* fill(queue)
            yield* meet(queue.get, queue.put(1))
            assert.equal(yield* queue.size, queue.capacity)
          }),
        )(make),
      ),
  },
  {
    name: "conservation",
    says: "However puts and gets meet and are interrupted: what was put is got once, each producer's in its order.",
    check: (make) =>
      forAll(
        fc.record({
          producers: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 }),
          consumers: fc.integer({ min: 1, max: 3 }),
          interruptions: fc.array(fc.nat(20), { maxLength: 4 }),
        }),
        ({ consumers, interruptions, producers }) =>
          withSubject((queue: Queue) =>
            Effect.gen(function* () {
              const put: Array<number> = []
              const got: Array<number> = []
              /** Does it and notes it, or is interrupted before. */
              const noted = <A>(effect: Effect.Effect<A, unknown>, note: (value: A) => void) =>
                Effect.uninterruptibleMask((restore) =>
                  Effect.map(restore(Effect.zipRight(Effect.yieldNow(), effect)), note),
                )
              const writers = yield* Effect.forEach(producers, (count, producer) =>
                Effect.fork(
                  Effect.forEach(range(count, 100 * producer), (value) =>
                    noted(queue.put(value), () => put.push(value)),
                  ),
                ),
              )
              const readers = yield* Effect.forEach(range(consumers), () =>
                Effect.fork(Effect.forever(noted(queue.get, (value) => got.push(value)))),
              )
              for (const [n, pause] of interruptions.entries()) {
                yield* Effect.replicateEffect(Effect.yieldNow(), pause)
                // The last reader stays.
                const all = [...writers, ...readers.slice(1)]
                yield* Fiber.interrupt(all[(n + pause) % all.length] as Fiber.Fiber<unknown, unknown>)
              }
              yield* Effect.forEach(writers, Fiber.await)
              yield* eventuallyIs("the size", queue.size, 0)
              yield* settle(queue)
              yield* Fiber.interruptAll(readers)
              assert.deepEqual(got.toSorted(), put.toSorted())
              if (consumers === 1) {
                for (const producer of producers.keys()) {
                  const own = got.filter((value) => Math.floor(value / 100) === producer)
                  assert.deepEqual(own, range(own.length, 100 * producer))
                }
              }
            }),
          )(make),
      ),
  },
  {
    name: "shutdown",
    says: "After a shutdown nothing is put; what it holds may be got, and then who gets fails.",
    check: withSubject((queue: Queue) =>
      Effect.gen(function* () {
        yield* fill(queue)
        const writers = yield* waiting(queue, [queue.put(-1), queue.put(-2)])
        yield* queue.shutdown
        for (const writer of writers) yield* expectFails(Fiber.join(writer))
        yield* expectFails(queue.tryPut(-3))
        assert.deepEqual(yield* drain(queue, queue.capacity), range(queue.capacity))
        yield* expectFails(queue.get)
        yield* expectFails(queue.tryGet)
      }),
    ),
  },
  {
    name: "shutdown of an empty one",
    says: "A shutdown fails all that wait to get.",
    check: withSubject((queue: Queue) =>
      Effect.gen(function* () {
        const readers = yield* waiting(queue, [queue.get, queue.get, queue.getWithin(60_000)])
        yield* queue.shutdown
        for (const reader of readers) yield* expectFails(Fiber.join(reader))
      }),
    ),
  },
]
