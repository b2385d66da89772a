import { median } from "simple-statistics"
import { settings } from "../contender.ts"
import { exactFactorial, factorial } from "../peers/workers/tasks.mjs"

export const NUMBER = 1000

/** How many times shorter the bursts of the exact factorial are, which takes some 40 times as long. */
const SHORTER = 50

/** Answers with as many results of the task for `NUMBER`. */
export type Burst = (count: number) => Promise<ReadonlyArray<unknown>> | ReadonlyArray<unknown>

const rateOf = async (burst: Burst, n: number, expected: unknown): Promise<number> => {
  const repeat = async (seconds: number) => {
    const rates: Array<number> = []
    const end = performance.now() + seconds * 1000
    do {
      const begin = performance.now()
      const results = await burst(n)
      rates.push((n * 1000) / (performance.now() - begin))
      if (results.length !== n || results.some((result) => result !== expected))
        throw new Error("Wrong answer")
    } while (performance.now() < end)
    return rates
  }
  await repeat(settings.warmUpSeconds)
  return median(await repeat(settings.seconds))
}

/** The rates by the names of the parts, for those peers who have both kinds of part. */
export const rates = async (numbers: Burst, exact: Burst): Promise<Record<string, number>> => {
  const factorials = await rateOf(numbers, settings.n, factorial(NUMBER))
  const exactFactorials = await rateOf(exact, settings.n / SHORTER, exactFactorial(NUMBER))
  return {
    factorial: factorials,
    "factorial, no pool": factorials,
    exact: exactFactorials,
    "exact, no pool": exactFactorials,
  }
}
