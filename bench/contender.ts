// The part of a benchmark that runs in the contender's own process: settings, timing, the line of JSON.
import process from "node:process"
import { median } from "simple-statistics"
import type { Settings } from "./scenario.ts"

export const settings: Settings = JSON.parse(process.argv[2] ?? "{}")

/** Prints the measurement, by the names of the scenario's parts, and ends the process whatever still runs in it. */
export const report = (figures: Record<string, number>): void => {
  process.stdout.write(`${JSON.stringify(figures)}\n`, () => process.exit(0))
}

export const numbersUpTo = (n: number): Array<number> => Array.from({ length: n }, (_, i) => i)

/** Answers items of 0 … n − 1 with n results. */
export type Burst = (items: ReadonlyArray<number>) => Promise<ReadonlyArray<number>>

/** The seconds of one burst; throws unless each of the items came back incremented. */
export const timeOf = async (burst: Burst, items: ReadonlyArray<number>): Promise<number> => {
  const start = performance.now()
  const results = await burst(items)
  const seconds = (performance.now() - start) / 1000
  const n = items.length
  const sum = results.reduce((total, result) => total + result, 0)
  if (results.length !== n || sum !== (n * (n + 1)) / 2) {
    throw new Error(`Wrong answer: ${results.length} results with sum ${sum} for ${n} items`)
  }
  return seconds
}

const repeat = async (burst: Burst, n: number, seconds: number): Promise<Array<number>> => {
  const items = numbersUpTo(n)
  const times: Array<number> = []
  const end = performance.now() + seconds * 1000
  do times.push(await timeOf(burst, items))
  while (performance.now() < end)
  return times
}

export const warmUp = (burst: Burst, n: number): Promise<unknown> => repeat(burst, n, settings.warmUpSeconds)

/** Tasks per second of bursts of `settings.n`: the median of as many as fit into the time, one at least. */
export const rateOf = async (burst: Burst): Promise<number> => {
  await warmUp(burst, settings.n / 5)
  return settings.n / median(await repeat(burst, settings.n, settings.seconds))
}
