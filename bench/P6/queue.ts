import { Main } from "@multifiber/platform"
import { Effect } from "effect"
import { AsyncResult, Pool, Queue, type Task } from "multifiber"
import { median } from "simple-statistics"
import { report, settings } from "../contender.ts"
import { tasks } from "./tasks.ts"

/** The rate of a queue that passes `n` messages from one worker to the other, again and again. */
const rate = <A>(
  put: Task.Task<[queue: Queue.Queue<A>, n: number], void, never>,
  get: Task.Task<[queue: Queue.Queue<A>, n: number], number, never>,
  n: number,
) =>
  Effect.gen(function* () {
    const pool = yield* Pool.make({ size: settings.workers })
    const rates: Array<number> = []
    const begin = performance.now()
    while (
      rates.length < 3 ||
      performance.now() - begin < (settings.warmUpSeconds + settings.seconds) * 1000
    ) {
      const queue = yield* Queue.make<A>()
      const getting = yield* Pool.applyAsync(pool, get, [queue, n])
      const putting = yield* Pool.applyAsync(pool, put, [queue, n])
      rates.push(yield* AsyncResult.get(getting))
      yield* AsyncResult.get(putting)
    }
    return median(rates.slice(rates.length / 3))
  })

Main.run(
  import.meta,
  Effect.scoped(
    Effect.gen(function* () {
      report({
        numbers: yield* rate(tasks.putNumbers, tasks.getNumbers, settings.n),
        objects: yield* rate(tasks.putObjects, tasks.getObjects, settings.n / 4),
      })
    }),
  ),
)
