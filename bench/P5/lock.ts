import { Main } from "@multifiber/platform"
import { Effect } from "effect"
import { AsyncResult, Lock, Pool } from "multifiber"
import { median } from "simple-statistics"
import { numbersUpTo, report, settings } from "../contender.ts"
import { hammer, operate } from "./hammer.ts"

/** Nanoseconds of an operation, while nobody else is there. */
const uncontended = (lock: Lock.Lock): number => {
  const times: Array<number> = []
  const begin = performance.now()
  while (performance.now() - begin < (settings.warmUpSeconds + settings.seconds) * 1000) {
    const start = performance.now()
    operate(lock, settings.n)
    times.push(((performance.now() - start) * 1e6) / settings.n)
  }
  return median(times.slice(times.length / 3))
}

/** Operations a second of all workers together; throws where they did not run at the same time. */
const contended = (lock: Lock.Lock) =>
  Effect.gen(function* () {
    const pool = yield* Pool.make({ size: settings.workers })
    const gate = new Int32Array(new SharedArrayBuffer(4))
    const pending = yield* Effect.forEach(numbersUpTo(settings.workers), () =>
      Pool.applyAsync(pool, hammer, [lock, gate, settings.workers, settings.seconds * 1000]),
    )
    const runs = yield* Effect.forEach(pending, AsyncResult.get)
    const [begin, end] = [Math.min(...runs.map((run) => run.begin)), Math.max(...runs.map((run) => run.end))]
    const together = Math.min(...runs.map((run) => run.end)) - Math.max(...runs.map((run) => run.begin))
    if (together < 0.9 * (end - begin)) return yield* Effect.dieMessage("the workers did not run together")
    return runs.reduce((sum, { operations }) => sum + operations, 0) / ((end - begin) / 1000)
  })

Main.run(
  import.meta,
  Effect.scoped(
    Effect.gen(function* () {
      const lock = yield* Lock.make
      report({ uncontended: uncontended(lock), contended: yield* contended(yield* Lock.make) })
    }),
  ),
)
