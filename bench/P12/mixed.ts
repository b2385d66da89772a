import process from "node:process"
import { Main } from "@multifiber/platform"
import { Effect } from "effect"
import { AsyncResult, Pool } from "multifiber"
import { median } from "simple-statistics"
import { report, settings } from "../contender.ts"
import { series, work } from "./tasks.ts"

/** Some 50 µs; every hundredth task takes a hundred times as long. */
const SHORT = 45_000

const iterations = Array.from({ length: settings.n }, (_, i) => (i % 100 === 50 ? 100 * SHORT : SHORT))

const round = (pool: Pool.Pool) =>
  Effect.gen(function* () {
    // in all workers at once: it is the cores as they are then that the pool is held against
    const alone = yield* Pool.map(pool, series, Array<Array<number>>(pool.size).fill(iterations), {
      chunkSize: 1,
    })
    const ideal = alone.reduce((sum, ms) => sum + ms, 0) / pool.size ** 2

    const used = process.cpuUsage()
    const begin = performance.now()
    const pending = yield* Effect.forEach(iterations, (each) => Pool.applyAsync(pool, work, [each]))
    const took = yield* Effect.forEach(pending, (result) => AsyncResult.get(result))
    const elapsed = performance.now() - begin
    const { system, user } = process.cpuUsage(used)
    if (took.length !== settings.n) throw new Error(`there are ${took.length} results`)
    const busy = took.reduce((sum, { ms }) => sum + ms, 0)
    return {
      busy: busy / (pool.size * elapsed),
      elapsed: elapsed / ideal,
      cores: (system + user) / 1000 / elapsed,
      iterationsPerMicrosecond: iterations.reduce((sum, each) => sum + each, 0) / (1000 * busy),
    }
  })

Main.run(
  import.meta,
  Effect.gen(function* () {
    const pool = yield* Pool.make({ size: settings.workers })
    const roundsFor = (seconds: number) =>
      Effect.gen(function* () {
        const rounds: Array<Effect.Effect.Success<ReturnType<typeof round>>> = []
        const end = performance.now() + seconds * 1000
        do rounds.push(yield* round(pool))
        while (performance.now() < end)
        return rounds
      })
    yield* roundsFor(settings.warmUpSeconds)
    const rounds = yield* roundsFor(settings.seconds)
    const cores = median(rounds.map(({ cores }) => cores))
    report({
      busy: median(rounds.map(({ busy }) => busy)),
      elapsed: median(rounds.map(({ elapsed }) => elapsed)),
      "busy: cores": cores,
      "elapsed: cores": cores,
      "busy: iterations/µs": median(rounds.map((each) => each.iterationsPerMicrosecond)),
    })
  }),
)
