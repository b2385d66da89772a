import { Main } from "@multifiber/platform"
import { Effect } from "effect"
import { AsyncResult, Pool, type Task } from "multifiber"
import { report, settings } from "../contender.ts"
import { type Burst, NUMBER, rates } from "./rate.ts"
import { exactFactorial, factorial } from "./tasks.ts"

const burst =
  <A>(pool: Pool.Pool, task: Task.Task<[n: number], A>): Burst =>
  (count) =>
    Effect.runPromise(
      Effect.gen(function* () {
        const pending: Array<AsyncResult.AsyncResult<A>> = []
        for (let i = 0; i < count; i++) pending.push(yield* Pool.applyAsync(pool, task, [NUMBER]))
        return yield* Effect.forEach(pending, (result) => AsyncResult.get(result))
      }),
    )

Main.run(
  import.meta,
  Effect.gen(function* () {
    const pool = yield* Pool.make({ size: settings.workers })
    report(yield* Effect.promise(() => rates(burst(pool, factorial), burst(pool, exactFactorial))))
  }),
)
