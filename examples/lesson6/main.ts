import { Main } from "@multifiber/platform"
import { Console, Effect, Stream } from "effect"
import { AsyncResult, Pool } from "multifiber"
import { longestBelow } from "./tasks.ts"

/** The first takes the longest. */
const limits = [300_000, 100_000, 30_000, 10_000, 3000]

const show = ({ below, number }: { readonly below: number; readonly number: number }) =>
  Console.log(`  below ${below}: ${number}`)

/** Lesson 6: the same work by a pool, with its results all at once, one by one in order, or each as soon as it is there. */
const lesson6 = Effect.gen(function* () {
  const pool = yield* Pool.make()

  yield* Console.log("map:")
  yield* Effect.forEach(yield* Pool.map(pool, longestBelow, limits, { chunkSize: 1 }), show)

  yield* Console.log("imap:")
  yield* Stream.runForEach(Pool.imap(pool, longestBelow, limits), show)

  yield* Console.log("imapUnordered, in any order:")
  yield* Stream.runForEach(Pool.imapUnordered(pool, longestBelow, limits), show)

  yield* Console.log("imap of endless input, the first three:")
  const doubling = Stream.iterate(1000, (limit) => 2 * limit)
  yield* Stream.runForEach(Stream.take(Pool.imap(pool, longestBelow, doubling, { buffer: 4 }), 3), show)

  yield* Console.log("applyAsync with callbacks:")
  const submit = (limit: number) =>
    Pool.applyAsync(pool, longestBelow, [limit], {
      callback: show,
      errorCallback: ({ message }) => Console.log(`  ${message}`),
    })
  const results = [yield* submit(1000), yield* submit(0)]
  yield* Effect.forEach(results, AsyncResult.wait)
  const successful = yield* Effect.forEach(results, AsyncResult.successful)
  yield* Console.log(`successful: ${successful.join(", ")}`)

  // Whoever leaves the scope of a pool ends it: these let it finish first.
  yield* Pool.close(pool)
  yield* Pool.join(pool)
})

Main.run(import.meta, Effect.scoped(lesson6))
