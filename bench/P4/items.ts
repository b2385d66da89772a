/** Workloads of independent items: a task of one argument for each of them. */
import { once } from "node:events"
import { Worker } from "node:worker_threads"
import { Pool, type Task } from "multifiber"
import type { BareWorkers, Workload } from "./Workload.ts"

/** Items of some milliseconds each, handed out one by one, so that no worker ends long before the other. */
export const overItems = <In, Out>(
  name: string,
  task: Task.Task<[item: In], Out>,
  items: ReadonlyArray<In>,
  check: (results: ReadonlyArray<Out>) => void,
): Workload<ReadonlyArray<Out>> => ({
  name,
  serial: () => items.map((item) => task.run(item) as Out),
  pooled: (pool) => Pool.map(pool, task, items, { chunkSize: 1 }),
  bare: bareWorkers(task, items),
  check,
})

/** What a bare worker gets before it is told to begin. */
export interface Share {
  readonly task: { readonly url: string; readonly name: string }
  readonly items: ReadonlyArray<unknown>
  /** The next item that nobody has taken. */
  readonly next: Int32Array<SharedArrayBuffer>
}

/** What a bare worker says when there is no item left. */
export type Results = ReadonlyArray<readonly [index: number, result: unknown]>

const bareWorkers =
  <In, Out>(task: Task.Task<[item: In], Out>, items: ReadonlyArray<In>): BareWorkers<ReadonlyArray<Out>> =>
  async (count) => {
    const next = new Int32Array(new SharedArrayBuffer(4))
    const share: Share = { task: { url: task.url, name: task.name }, items, next }
    const workers = Array.from(
      { length: count },
      () => new Worker(new URL("./bareItems.ts", import.meta.url), { workerData: share }),
    )
    await Promise.all(workers.map((worker) => once(worker, "message")))
    return async () => {
      Atomics.store(next, 0, 0)
      const answers = workers.map(async (worker): Promise<Results> => {
        const [results] = await once(worker, "message")
        return results
      })
      for (const worker of workers) worker.postMessage("begin")
      const all = (await Promise.all(answers)).flat().sort(([left], [right]) => left - right)
      return all.map(([, result]) => result as Out)
    }
  }
