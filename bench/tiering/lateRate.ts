import { quantile } from "simple-statistics"
import { settings } from "../contender.ts"
import { iterations, type Shape } from "./shapes.ts"

const BURST = 200

/** Runs so many calls of a shape, each so many times as long, in one worker, which nobody has used before. */
export type Calls = (count: number, times?: number) => Promise<unknown>

/** Iterations per microsecond after many calls, in bursts that nothing else on the machine has disturbed much. */
export const lateRate = async (shape: Shape, calls: Calls): Promise<number> => {
  const rates: Array<number> = []
  for (let done = 0; done < settings.n; done += BURST) {
    const begin = performance.now()
    await calls(BURST)
    rates.push((BURST * iterations[shape]) / (1000 * (performance.now() - begin)))
  }
  return quantile(rates.slice(-rates.length / 3), 0.9)
}
