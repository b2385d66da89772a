import process from "node:process"
import { Main } from "@multifiber/platform"
import { Effect } from "effect"
import { AsyncResult, Pool } from "multifiber"
import { awaitAll, burst, submitAll } from "../burst.ts"
import { collectGarbage } from "../collectGarbage.ts"
import { numbersUpTo, report, settings, timeOf, warmUp } from "../contender.ts"
import { blockFor } from "../tasks.ts"

const BLOCKED_MS = 3000

const heapUsed = (): number => {
  collectGarbage()
  return process.memoryUsage().heapUsed
}

Main.run(
  import.meta,
  Effect.gen(function* () {
    const pool = yield* Pool.make({ size: settings.workers })
    // few at a time: what the pool keeps of a long queue would hide the cost of the next one
    yield* Effect.promise(() => warmUp(burst(pool), 1000))
    const items = numbersUpTo(settings.n / 2)
    yield* Effect.forEach(numbersUpTo(settings.workers), () => Pool.applyAsync(pool, blockFor, [BLOCKED_MS]))
    yield* Effect.sleep(200)
    const before = heapUsed()
    const pending = yield* submitAll(pool, items)
    const after = heapUsed()
    const settled = yield* Effect.filter(pending, AsyncResult.ready)
    if (settled.length > 0) {
      return yield* Effect.dieMessage(`${settled.length} tasks were done before the measurement`)
    }
    yield* Effect.promise(() => timeOf(() => Effect.runPromise(awaitAll(pending)), items))
    report({ heap: (after - before) / items.length })
  }),
)
