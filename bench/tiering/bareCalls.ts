import { once } from "node:events"
import { Worker } from "node:worker_threads"
import { report } from "../contender.ts"
import type { Calls } from "./lateRate.ts"
import { iterations, names, type Shape } from "./shapes.ts"

/** Reports what `measure` finds of each shape, in a bare worker of its own. */
export const reportBare = async (measure: (shape: Shape, calls: Calls) => Promise<number>): Promise<void> => {
  const figures: Record<string, number> = {}
  for (const shape of names) {
    const worker = new Worker(new URL("./bareWorker.ts", import.meta.url), { workerData: shape })
    await once(worker, "message")
    const rate = await measure(shape, async (count, times = 1) => {
      const done = once(worker, "message")
      worker.postMessage(Array<number>(count).fill(times * iterations[shape]))
      await done
    })
    await worker.terminate()
    for (const way of ["apply", "map"]) figures[`${shape} by ${way}`] = rate
  }
  report(figures)
}
