/** Lazy maps: what they give, how far they read ahead of their reader, and what becomes of the rest. */
import { describe, expect } from "@effect/vitest"
import * as Marks from "@multifiber/testkit/Marks"
import * as Recorder from "@multifiber/testkit/Recorder"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Pool from "../src/Pool.ts"
import { pooled } from "./fixtures/pooled.ts"
import { pooledEffects } from "./fixtures/pooledEffects.ts"
import { live, within } from "./live.ts"
import { marksOfTest, onAll, onEach, untilMarked } from "./startMethods.ts"

const range = (count: number): Array<number> => Array.from({ length: count }, (_, n) => n)
const squares = (count: number): Array<number> => range(count).map((n) => n * n)

/** An input that fails after so many numbers. */
const failingAfter = function* (count: number): Generator<number> {
  yield* range(count)
  throw new Error("no more items")
}

/** Numbers without end, and how many of them were read. */
const counting = () => {
  const input = {
    reads: 0,
    *[Symbol.iterator](): Generator<number> {
      for (;;) yield input.reads++
    },
  }
  return input
}

/** The results before the end, and the end. */
const run = <A, E>(stream: Stream.Stream<A, E>) => {
  const results: Array<A> = []
  return within(40)(
    Effect.exit(
      Stream.runForEach(stream, (result) =>
        Effect.sync(() => {
          results.push(result)
        }),
      ),
    ),
  ).pipe(Effect.map((exit) => ({ results, exit })))
}

const causeOf = (exit: Exit.Exit<unknown, unknown>): unknown =>
  Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined

/** One result at a time, as long as the scope lasts. */
const pullOf = <A, E>(stream: Stream.Stream<A, E>) =>
  Effect.map(Stream.toPull(Stream.rechunk(stream, 1)), (pull) => Effect.map(pull, Chunk.unsafeHead))

const both = [
  ["imap", Pool.imap],
  ["imapUnordered", Pool.imapUnordered],
] as const

describe("Pool.imap", () => {
  onAll("IMAP-02 gives the results one by one, in the order of the items, then ends", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 2 })
      const pull = yield* pullOf(Pool.imap(pool, pooled.square, range(10)))
      for (const square of squares(10)) expect(yield* within(10)(pull)).toBe(square)
      for (let time = 0; time < 2; time++) expect(yield* within(10)(Effect.flip(pull))).toEqual(Option.none())
      expect((yield* run(Pool.imap(pooled.square, new Set(range(5)))(pool))).results).toEqual(squares(5))
    }),
  )

  onEach("IMAP-03 gives a thousand results of chunks of 100 in order", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 2 })
      const { exit, results } = yield* run(Pool.imap(pool, pooled.square, range(1000), { chunkSize: 100 }))
      expect(results).toEqual(squares(1000))
      expect(exit).toEqual(Exit.void)
    }),
  )

  onEach("IMAP-04 IMAP-10 an input that fails before its first item fails the stream, each time", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 1 })
      for (const [, imap] of both) {
        for (let time = 0; time < 2; time++) {
          const { exit, results } = yield* run(imap(pool, pooled.square, failingAfter(0)))
          expect([results, causeOf(exit)]).toEqual([[], new Error("no more items")])
        }
      }
      expect(yield* Pool.apply(pool, pooled.square, [3])).toBe(9)
    }),
  )

  onEach("IMAP-06 an input of 20 that fails at 7, in chunks of 2, gives 6 results and then fails", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 2 })
      const { exit, results } = yield* run(Pool.imap(pool, pooled.square, failingAfter(7), { chunkSize: 2 }))
      expect(results).toEqual(squares(6))
      expect(causeOf(exit)).toEqual(new Error("no more items"))
    }),
  )

  onEach("IMAP-09 imapUnordered gives the result of each item once", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 2 })
      const { exit, results } = yield* run(
        Pool.imapUnordered(pool, pooled.square, range(1000), { chunkSize: 100 }),
      )
      expect(results.sort((left, right) => left - right)).toEqual(squares(1000))
      expect(exit).toEqual(Exit.void)
    }),
  )

  onEach(
    "IMAP-11 imapUnordered of an input that fails at 3 gives the results of 0, 1 and 2, then fails",
    () =>
      Effect.gen(function* () {
        const pool = yield* Pool.make({ size: 2 })
        const { exit, results } = yield* run(Pool.imapUnordered(pool, pooled.square, failingAfter(3)))
        expect(results.sort()).toEqual([0, 1, 4])
        expect(causeOf(exit)).toEqual(new Error("no more items"))
      }),
  )

  onEach("IMAP-13 ends at the first task that fails, after all results before it; imapEither goes on", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 2 })
      for (const chunkSize of [1, 4]) {
        const { exit, results } = yield* run(Pool.imap(pool, pooled.squareNot3, range(6), { chunkSize }))
        expect(results).toEqual([0, 1, 4])
        expect(causeOf(exit)).toMatchObject({ _tag: "RemoteFailure", message: "item 3" })
        const either = yield* run(Pool.imapEither(pool, pooled.squareNot3, range(6), { chunkSize }))
        expect(either.exit).toEqual(Exit.void)
        expect(
          either.results.map((result) => Either.getOrElse(result, ({ _tag }) => _tag as string)),
        ).toEqual([0, 1, 4, "RemoteFailure", 16, 25])
        const unordered = yield* run(
          Pool.imapUnorderedEither(pool, pooled.squareNot3, range(6), { chunkSize }),
        )
        expect(
          unordered.results
            .filter(Either.isRight)
            .map(({ right }) => right)
            .sort(),
        ).toEqual([0, 1, 16, 25, 4])
        expect(unordered.results.filter(Either.isLeft)).toMatchObject([
          { left: { _tag: "RemoteFailure", message: "item 3" } },
        ])
      }
    }),
  )

  onEach("a lost worker is the failure of one item, at its place", () =>
    Effect.gen(function* () {
      const marks = yield* marksOfTest
      const pool = yield* Pool.make({ size: 1 })
      const orders = range(3).map((id) => ({ id, marks, times: id === 1 ? 1 : 0 }))
      const { exit, results } = yield* run(Pool.imapEither(pool, pooled.exitTimes, orders, { buffer: 1 }))
      expect(exit).toEqual(Exit.void)
      expect(results).toMatchObject([
        { right: 0 },
        { left: { _tag: "WorkerLost", exitCode: 3 } },
        { right: 0 },
      ])
    }),
  )

  onEach("the Either forms go on after an item that cannot be sent, by the schema or at all", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 2 })
      const schema = yield* run(Pool.imapEither(pool, pooledEffects.even, [2, 3, 4]))
      expect(schema.results).toMatchObject([
        { right: 2 },
        { left: { _tag: "EncodingFailed", subject: "argument" } },
        { right: 4 },
      ])
      const unordered = yield* run(Pool.imapUnorderedEither(pool, pooledEffects.even, [2, 3, 4]))
      expect(
        unordered.results
          .filter(Either.isRight)
          .map(({ right }) => right)
          .sort(),
      ).toEqual([2, 4])
      const items: ReadonlyArray<any> = [2, () => 3, 4]
      const clone = yield* run(Pool.imapEither(pool, pooled.square, items))
      expect(clone.results).toMatchObject([
        { right: 4 },
        { left: { _tag: "EncodingFailed", subject: "argument" } },
        { right: 16 },
      ])
      const { exit, results } = yield* run(Pool.imap(pool, pooledEffects.even, [2, 4, 5, 6]))
      expect(results).toEqual([2, 4])
      expect(causeOf(exit)).toMatchObject({ _tag: "EncodingFailed" })
    }),
  )

  onAll("IMAP-14 a step that takes too long loses nothing: the next one gives the result", () =>
    Effect.gen(function* () {
      const marks = yield* marksOfTest
      const pool = yield* Pool.make({ size: 2 })
      yield* Pool.map(pool, pooled.square, range(4), { chunkSize: 1 })
      const orders = ["first", "second"].map((id) => ({ id, marks, go: id }))
      const pull = yield* pullOf(Pool.imap(pool, pooled.wait, orders))
      const step = within(10)(Effect.timeoutOption(pull, "50 millis"))
      expect(yield* step).toEqual(Option.none())
      Marks.set(marks, "second")
      expect(yield* step).toEqual(Option.none())
      Marks.set(marks, "first")
      expect(yield* within(10)(pull)).toBe("first")
      expect(yield* within(10)(pull)).toBe("second")
      expect(yield* within(10)(Effect.flip(pull))).toEqual(Option.none())
      expect(yield* within(10)(Effect.flip(Effect.timeoutOption(pull, 0)))).toEqual(Option.none())
    }),
  )

  for (const [name, imap] of both) {
    onEach(`steps of ${name} that are interrupted at any moment lose nothing`, (startMethod) =>
      Effect.gen(function* () {
        const count = startMethod === "thread" ? 2000 : 500
        const pool = yield* Pool.make({ size: 2 })
        const stream = imap(pool, pooled.square, range(count), { buffer: 16 })
        const pull = yield* Stream.toPull(stream)
        const results: Array<number> = []
        const keep = Effect.map(pull, (chunk) => {
          results.push(...chunk)
        })
        let tooLate = 0
        for (;;) {
          const end = yield* Effect.either(Effect.timeoutOption(keep, Math.random() * 0.3))
          if (Either.isLeft(end)) break
          if (Option.isNone(end.right)) tooLate++
        }
        expect(tooLate).toBeGreaterThan(0)
        expect(results.sort((left, right) => left - right)).toEqual(squares(count))
      }),
    )
  }

  onEach("IMAP-16 imapUnordered gives the fastest first", () =>
    Effect.gen(function* () {
      const marks = yield* marksOfTest
      const pool = yield* Pool.make({ size: 3 })
      const orders = [
        { id: "slow", marks },
        { id: "fast", marks, go: "begun slow" },
        { id: "middle", marks, go: "middle" },
      ]
      const pull = yield* pullOf(Pool.imapUnordered(pool, pooled.wait, orders))
      expect(yield* within(40)(pull)).toBe("fast")
      Marks.set(marks, "middle")
      expect(yield* within(10)(pull)).toBe("middle")
      Marks.set(marks, "go")
      expect(yield* within(10)(pull)).toBe("slow")
      expect(yield* within(10)(Effect.flip(pull))).toEqual(Option.none())
    }),
  )

  onEach("EXEC-23 a bound on the whole gives what came in time, then TimedOut, and the rest is stopped", () =>
    Effect.gen(function* () {
      const marks = yield* marksOfTest
      for (const go of ["go 0", "go 1"]) Marks.set(marks, go)
      const pool = yield* Pool.make({ size: 3 })
      // Each has loaded the module when the time begins.
      yield* within(40)(Pool.broadcast(pool, pooled.square, [1]))
      const orders = range(3).map((id) => ({ id, marks, go: `go ${id}` }))
      const results: Array<number | string> = []
      const all = Stream.runForEach(Pool.imap(pool, pooled.wait, orders), (id) =>
        Effect.sync(() => {
          results.push(id)
        }),
      )
      const timed = Effect.timeoutFail(all, { duration: "1500 millis", onTimeout: () => "TimedOut" })
      expect(yield* within(40)(Effect.flip(timed))).toBe("TimedOut")
      expect(results).toEqual([0, 1])
      expect(yield* within(10)(Pool.apply(pool, pooled.square, [3]))).toBe(9)
      expect(yield* Pool.statistics(pool)).toMatchObject({ submitted: 7, succeeded: 6, failed: 1 })
    }),
  )
})

describe("Pool.imap reads", () => {
  for (const [name, imap] of both) {
    for (const [buffer, chunkSize] of [
      [1, 1],
      [7, 1],
      [7, 3],
      [20, 20],
    ] as const) {
      live(`${name} at most ${buffer} items ahead of its reader, in chunks of ${chunkSize}`, () =>
        Effect.gen(function* () {
          const pool = yield* Pool.make({ size: 2 })
          for (const how of ["iterable", "stream"] as const) {
            const input = counting()
            const items = how === "iterable" ? input : Stream.repeatEffect(Effect.sync(() => input.reads++))
            let taken = 0
            let ahead = 0
            yield* within(40)(
              Stream.runForEach(
                Stream.take(imap(pool, pooled.square, items, { buffer, chunkSize }), 300),
                () =>
                  Effect.gen(function* () {
                    expect(input.reads - taken).toBeLessThanOrEqual(buffer)
                    taken++
                    ahead = Math.max(ahead, input.reads - taken)
                    if (taken % 10 === 0) yield* Effect.sleep(1)
                    expect(input.reads - taken).toBeLessThanOrEqual(buffer)
                  }),
              ),
            )
            expect(taken).toBe(300)
            // It works on while its reader is busy.
            expect(ahead).toBeGreaterThanOrEqual(Math.min(buffer, Math.floor(buffer / 2)))
          }
        }),
      )
    }
  }

  live("nothing before its reader begins, and each reader reads anew", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 1 })
      const input = counting()
      const stream = Stream.take(Pool.imap(pool, pooled.square, input, { buffer: 4 }), 3)
      yield* Effect.sleep(20)
      expect(input.reads).toBe(0)
      expect((yield* run(stream)).results).toEqual([0, 1, 4])
      const { reads } = input
      expect((yield* run(stream)).results).toEqual([reads, reads + 1, reads + 2].map((n) => n * n))
    }),
  )

  live("no further once its reader has ended", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 2 })
      const input = counting()
      yield* run(Stream.take(Pool.imap(pool, pooled.square, input), 10))
      const { reads } = input
      yield* Effect.sleep(50)
      expect(input.reads).toBe(reads)
      const { failed, queued, submitted, succeeded } = yield* Pool.statistics(pool)
      expect({ submitted, queued }).toEqual({ submitted: succeeded + failed, queued: 0 })
    }),
  )

  live("a Stream to its end and releases what that has acquired, also after an early end", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 2 })
      const released: Array<string> = []
      const input = (name: string, items: Iterable<number>) =>
        Stream.acquireRelease(Effect.void, () => Effect.sync(() => released.push(name))).pipe(
          Stream.flatMap(() => Stream.fromIterable(items)),
        )
      expect((yield* run(Pool.imap(pool, pooled.square, input("all", range(5))))).results).toEqual(squares(5))
      expect(released).toEqual(["all"])
      yield* run(Stream.take(Pool.imap(pool, pooled.square, input("some", counting()), { buffer: 4 }), 2))
      expect(released).toEqual(["all", "some"])
    }),
  )
})

describe("Pool.imap ends", () => {
  onEach(
    "early: what has not begun does not run, what runs is stopped, and the pool goes on",
    (startMethod) =>
      Effect.gen(function* () {
        const marks = yield* marksOfTest
        const pool = yield* Pool.make({ size: 2 })
        // The first effect has what runs effects loaded; an OS process that does that answers late, and is ended.
        yield* within(40)(Pool.broadcast(pool, pooledEffects.succeed, []))
        const scope = yield* Scope.make()
        const orders = range(10).map((id) => ({ id, marks }))
        const pull = yield* Scope.extend(Stream.toPull(Pool.imap(pool, pooledEffects.hang, orders)), scope)
        const reading = yield* Effect.fork(pull)
        const isBegun = (id: number) => Marks.isSet(marks, `begun ${id}`)
        yield* within(40)(
          Effect.repeat(Effect.sleep(5), { until: () => range(10).filter(isBegun).length === 2 }),
        )
        yield* within(10)(Fiber.interrupt(reading))
        yield* within(10)(Scope.close(scope, Exit.void))
        for (const id of range(10).filter(isBegun)) yield* untilMarked(marks, `finalized ${id}`)
        expect(yield* within(10)(Pool.map(pool, pooled.square, range(4), { chunkSize: 1 }))).toEqual(
          squares(4),
        )
        if (startMethod === "thread") expect(range(10).filter(isBegun)).toEqual([0, 1])
        expect(yield* Pool.statistics(pool)).toMatchObject({ submitted: 16, succeeded: 6, failed: 10 })
      }),
  )

  onEach("with its failure at the place of a failed Stream, after the results of what came before", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 2 })
      for (const [, imap] of both) {
        for (const chunkSize of [1, 4]) {
          const input = Stream.concat(Stream.fromIterable(range(6)), Stream.fail("no more"))
          const { exit, results } = yield* run(imap(pool, pooled.square, input, { chunkSize }))
          expect([...results].sort((left, right) => left - right)).toEqual(squares(6))
          expect(exit).toEqual(Exit.fail("no more"))
        }
      }
    }),
  )

  onEach(
    "with PoolNotRunning where the pool closes in the middle, after the results of what was submitted",
    () =>
      Effect.gen(function* () {
        const pool = yield* Pool.make({ size: 2 })
        const results: Array<number> = []
        const reading = Stream.runForEach(
          Pool.imap(pool, pooled.square, counting(), { buffer: 8 }),
          (result) => {
            results.push(result)
            return results.length === 20 ? Pool.close(pool) : Effect.void
          },
        )
        const error = yield* within(40)(Effect.flip(reading))
        expect(error).toMatchObject({ _tag: "PoolNotRunning", state: "closed" })
        expect(results).toEqual(squares(results.length))
        expect(results.length).toBe((yield* Pool.statistics(pool)).submitted)
        yield* within(10)(Pool.join(pool))
      }),
  )

  onEach("with PoolTerminated where the pool is terminated while it waits", () =>
    Effect.gen(function* () {
      const marks = yield* marksOfTest
      const pool = yield* Pool.make({ size: 1 })
      const reading = yield* Effect.fork(run(Pool.imap(pool, pooled.wait, [{ id: 0, marks }])))
      yield* untilMarked(marks, "begun 0")
      yield* Pool.terminate(pool)
      const { exit } = yield* within(10)(Fiber.join(reading))
      expect(causeOf(exit)).toMatchObject({ _tag: "PoolTerminated" })
    }),
  )

  for (const [name, imap] of both) {
    onEach(`${name} keeps to the capacity of its pool`, () =>
      Effect.gen(function* () {
        const { holds } = yield* Recorder.Recorder
        const pool = yield* Pool.make({ size: 2, capacity: 3 })
        let most = 0
        const results: Array<number> = []
        yield* within(40)(
          Stream.runForEach(imap(pool, pooled.square, range(200), { buffer: 50, chunkSize: 5 }), (result) =>
            Effect.map(Pool.statistics(pool), ({ failed, submitted, succeeded }) => {
              most = Math.max(most, submitted - succeeded - failed)
              results.push(result)
            }),
          ),
        )
        expect(results.sort((left, right) => left - right)).toEqual(squares(200))
        expect(most).toBeLessThanOrEqual(3)
        expect(yield* within(10)(Pool.apply(pool, pooled.square, [3]))).toBe(9)
        expect(holds()).toBe(0)
      }),
    )
  }

  for (const options of [
    { chunkSize: 0 },
    { chunkSize: 1.5 },
    { buffer: 0 },
    { buffer: 2, chunkSize: 3 },
    { priority: Number.NaN },
    { timeout: 0 },
  ]) {
    live(`with InvalidArgument for ${JSON.stringify(options)}, and reads nothing`, () =>
      Effect.gen(function* () {
        const pool = yield* Pool.make({ size: 1 })
        for (const imap of [Pool.imap, Pool.imapUnordered, Pool.imapEither, Pool.imapUnorderedEither]) {
          const input = counting()
          const stream: Stream.Stream<unknown, unknown> = imap(pool, pooled.square, input, options)
          expect(yield* Effect.flip(Stream.runDrain(stream))).toMatchObject({
            _tag: "InvalidArgument",
            argument: Object.keys(options)[0],
          })
          expect(input.reads).toBe(0)
        }
      }),
    )
  }
})
