import { max } from "simple-statistics"
import { reportBare } from "./bareCalls.ts"
import { iterations } from "./shapes.ts"

/** As many iterations as in a thousand calls. */
const TIMES = 1000
const TRIALS = 5

/** What the engine makes of a loop that runs for long: one call at a time, the best of some. */
await reportBare(async (shape, calls) => {
  const rates: Array<number> = []
  for (let i = 0; i < TRIALS; i++) {
    const begin = performance.now()
    await calls(1, TIMES)
    rates.push((TIMES * iterations[shape]) / (1000 * (performance.now() - begin)))
  }
  return max(rates)
})
