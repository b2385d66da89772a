import { median } from "simple-statistics"
import { collectGarbage } from "../collectGarbage.ts"
import { type Burst, numbersUpTo, settings, timeOf, warmUp } from "../contender.ts"
import { doublings } from "./scenario.ts"

const sizes = new Set(doublings.flatMap(({ short, long }) => [short, long]))

/** The median time of each size. Each round takes every size, so that drift meets all, and starts it with a clean heap. */
const medianTimes = async (burst: Burst): Promise<Map<number, number>> => {
  const bursts = Array.from(sizes, (n) => ({ n, items: numbersUpTo(n), times: [] as Array<number> }))
  const end = performance.now() + settings.seconds * 1000
  do {
    for (const { items, times } of bursts) {
      collectGarbage()
      times.push(await timeOf(burst, items))
    }
  } while (performance.now() < end)
  return new Map(bursts.map(({ n, times }) => [n, median(times)]))
}

/** What each doubling of a burst's length does to its time, by the name of the scenario's part. */
export const timesOfDoubling = async (burst: Burst): Promise<Record<string, number>> => {
  await warmUp(burst, settings.n)
  const times = await medianTimes(burst)
  return Object.fromEntries(
    doublings.map(({ short, long, name }) => [name, (times.get(long) ?? 0) / (times.get(short) ?? 0)]),
  )
}
