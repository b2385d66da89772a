import { parentPort, workerData } from "node:worker_threads"
import type { Task } from "multifiber"
import type { Results, Share } from "./items.ts"

const { items, next, task }: Share = workerData
const module: Record<string, Task.Task.Any> = await import(task.url)
const { run } = module[task.name] as Task.Task.Any

parentPort?.on("message", () => {
  const results: Array<Results[number]> = []
  for (let i = Atomics.add(next, 0, 1); i < items.length; i = Atomics.add(next, 0, 1)) {
    results.push([i, run(items[i])])
  }
  parentPort?.postMessage(results)
})
parentPort?.postMessage("ready")
