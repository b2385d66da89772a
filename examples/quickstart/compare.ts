import { setImmediate } from "node:timers/promises"
import { isDeepStrictEqual } from "node:util"
import { Console, Data, Duration, Effect } from "effect"
import { Pool } from "multifiber"
import { formatSeconds, formatSpeedup } from "./format.ts"
import { withProgress } from "./progress.ts"
import type { Workload } from "./workload.ts"

export interface Comparison<Result> {
  readonly name: string
  readonly serialMs: number
  readonly poolMs: number
  readonly speedup: number
  readonly result: Result
}

export class WrongResult extends Data.TaggedError("WrongResult")<{ readonly workload: string }> {
  override get message() {
    return `${this.workload}: the results of the serial run and the pool are not equal, or not the known one`
  }
}

/** Runs a workload on the main thread, then on the pool, and checks that both come to the same result. */
export const compare = <Args extends ReadonlyArray<unknown>, A, Result>(
  pool: Pool.Pool,
  { name, task, calls, merge, known }: Workload<Args, A, Result>,
) =>
  Effect.gen(function* () {
    const here = (args: Args) =>
      Effect.promise(async () => {
        const value = (await task.run(...args)) as A
        await setImmediate() // A turn of the event loop lets Ctrl-C through.
        return value
      })
    const there = (args: Args) => Pool.apply(pool, task, args)

    // The engine compiles while code runs: without some calls ahead of time, the side that runs first would pay for it.
    const sample = evenly(calls, 2 * pool.size)
    yield* Effect.forEach(sample, here)
    yield* Effect.forEach(sample, there, { concurrency: "unbounded" })

    const [serialTime, expected] = yield* withProgress(`${name}: serial`, calls.length, (step) =>
      Effect.forEach(calls, (args) => Effect.zipLeft(here(args), step)).pipe(Effect.map(merge), Effect.timed),
    )
    const [poolTime, result] = yield* withProgress(`${name}: pool`, calls.length, (step) =>
      Effect.forEach(calls, (args) => Effect.zipLeft(there(args), step), { concurrency: "unbounded" }).pipe(
        Effect.map(merge),
        Effect.timed,
      ),
    )
    if (!isDeepStrictEqual(result, expected) || !isDeepStrictEqual(result, known ?? expected)) {
      return yield* new WrongResult({ workload: name })
    }

    const serialMs = Duration.toMillis(serialTime)
    const poolMs = Duration.toMillis(poolTime)
    const speedup = serialMs / poolMs
    yield* Console.log(
      `${name}: serial ${formatSeconds(serialMs)}, pool ${formatSeconds(poolMs)}, ${formatSpeedup(speedup)}`,
    )
    const comparison: Comparison<Result> = { name, serialMs, poolMs, speedup, result }
    return comparison
  })

const evenly = <A>(values: ReadonlyArray<A>, count: number): ReadonlyArray<A> => {
  const every = Math.ceil(values.length / count)
  return values.filter((_, i) => i % every === 0)
}
