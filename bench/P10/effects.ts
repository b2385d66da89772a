// What the same Effects cost without a pool: the part of the doubling that is the interpreter's and the collector's.
import { Effect } from "effect"
import { report } from "../contender.ts"
import { timesOfDoubling } from "./lengths.ts"

/** As large as a queued task. */
const call = (n: number) => ({ result: n + 1, a: 0, b: 0, c: 0, d: 0, e: 0, f: 0, g: 0, h: 0, i: 0, j: 0 })

const burst = (items: ReadonlyArray<number>) =>
  Effect.runPromise(
    Effect.flatMap(
      Effect.forEach(items, (n) => Effect.suspend(() => Effect.succeed(call(n)))),
      (calls) => Effect.forEach(calls, ({ result }) => Effect.succeed(result)),
    ),
  )

report(await timesOfDoubling(burst))
