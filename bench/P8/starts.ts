import { setTimeout as delay } from "node:timers/promises"
import { median } from "simple-statistics"
import { settings } from "../contender.ts"

/**
 * The median milliseconds of a start, of `settings.n` and as many more as fit into the time. `start` returns what brings
 * the started thing to its end; that is not measured, and `rest` milliseconds go by after it.
 */
export const medianOfStarts = async (start: (n: number) => Promise<() => Promise<void>>, rest: number) => {
  const times: Array<number> = []
  const begin = performance.now()
  for (let i = 0; i < settings.n || performance.now() - begin < settings.seconds * 1000; i++) {
    const before = performance.now()
    const end = await start(i)
    times.push(performance.now() - before)
    await end()
    await delay(rest)
  }
  return median(times)
}
