import { parentPort, workerData } from "node:worker_threads"
import { type Shape, shapes } from "./shapes.ts"

const task = shapes[workerData as Shape]

parentPort?.on("message", (numbers: ReadonlyArray<number>) => {
  const results: Array<unknown> = []
  for (const n of numbers) results.push(task.run(n))
  parentPort?.postMessage(results)
})
parentPort?.postMessage("ready")
