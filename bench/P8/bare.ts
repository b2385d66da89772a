import { once } from "node:events"
import { Worker } from "node:worker_threads"
import { report } from "../contender.ts"
import { medianOfStarts } from "./starts.ts"

// The scenario runs as JavaScript: `installed`.
const start = async (n: number) => {
  const worker = new Worker(new URL("./bareWorker.js", import.meta.url), { workerData: n })
  const [result] = await once(worker, "message")
  if (result !== n + 1) throw new Error(`Wrong answer: ${result}`)
  return async () => {
    await worker.terminate()
  }
}

report({ thread: await medianOfStarts(start, 10) })
