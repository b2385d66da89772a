import { Main } from "@multifiber/platform"
import { Effect } from "effect"
import { AsyncResult, Pool } from "multifiber"
import { report } from "../contender.ts"
import { type Calls, lateRate } from "./lateRate.ts"
import { iterations, names, type Shape, shapes } from "./shapes.ts"

const argumentsOf = (shape: Shape, count: number) => Array<number>(count).fill(iterations[shape])

/** A pool of its own for each figure: once a worker has run other tasks, its calls are compiled differently. */
const measure = (
  shape: Shape,
  run: (pool: Pool.Pool, shape: Shape, count: number) => Effect.Effect<unknown, unknown>,
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 1 })
      const calls: Calls = (count) => Effect.runPromise(run(pool, shape, count))
      return yield* Effect.promise(() => lateRate(shape, calls))
    }),
  )

const byApply = (pool: Pool.Pool, shape: Shape, count: number) =>
  Effect.forEach(argumentsOf(shape, count), (n) => Pool.applyAsync(pool, shapes[shape], [n])).pipe(
    Effect.flatMap((pending) => Effect.forEach(pending, (result) => AsyncResult.get(result))),
  )

const byMap = (pool: Pool.Pool, shape: Shape, count: number) =>
  Pool.map(pool, shapes[shape], argumentsOf(shape, count))

Main.run(
  import.meta,
  Effect.gen(function* () {
    const figures: Record<string, number> = {}
    for (const shape of names) {
      for (const [way, run] of [
        ["apply", byApply],
        ["map", byMap],
      ] as const) {
        figures[`${shape} by ${way}`] = yield* measure(shape, run)
      }
    }
    report(figures)
  }),
)
