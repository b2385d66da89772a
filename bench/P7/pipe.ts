import { Main } from "@multifiber/platform"
import { Effect } from "effect"
import { AsyncResult, Connection, Pipe, Pool } from "multifiber"
import { median } from "simple-statistics"
import { report, settings } from "../contender.ts"
import { STOP, tasks } from "./tasks.ts"

const { n, seconds, warmUpSeconds } = settings

/** Two workers, plain code in both. */
const sync = Effect.gen(function* () {
  const pool = yield* Pool.make({ size: settings.workers })
  const [left, right] = yield* Pipe.make<number>()
  const echo = yield* Pool.applyAsync(pool, tasks.echo, [right])
  const trip = yield* Pool.apply(pool, tasks.ping, [left, warmUpSeconds + seconds, n])
  yield* AsyncResult.get(echo)
  return trip
})

/** This agent and a worker, fibers in both. */
const async = Effect.gen(function* () {
  const pool = yield* Pool.make({ size: 1 })
  const [left, right] = yield* Pipe.make<number>()
  const echo = yield* Pool.applyAsync(pool, tasks.echoEffect, [right])
  const times: Array<number> = []
  // The worker has started once it answers.
  yield* Connection.send(left, 0)
  yield* Connection.recv(left)
  const begin = performance.now()
  while (times.length < 3 || performance.now() - begin < (warmUpSeconds + seconds) * 1000) {
    const start = performance.now()
    for (let i = 0; i < n; i++) {
      yield* Connection.send(left, i)
      if ((yield* Connection.recv(left)) !== i) return yield* Effect.dieMessage("another value came back")
    }
    times.push(((performance.now() - start) * 1000) / n)
  }
  yield* Connection.send(left, STOP)
  yield* AsyncResult.get(echo)
  return median(times.slice(times.length / 3))
})

Main.run(
  import.meta,
  Effect.gen(function* () {
    report({ sync: yield* Effect.scoped(sync), async: yield* Effect.scoped(async) })
  }),
)
