import { Piscina } from "piscina"
import { settings } from "../contender.ts"
import { type StartPeer, workerFile } from "./Peer.ts"

export const piscina: StartPeer = (task) => {
  const pool = new Piscina({
    filename: workerFile("tasks").href,
    name: task,
    minThreads: settings.workers,
    maxThreads: settings.workers,
    idleTimeout: Number.POSITIVE_INFINITY,
    recordTiming: false,
    // no limit: the faster the more, measured with 1, 8, 64, 1024 and all three settings of `atomics`
    concurrentTasksPerWorker: settings.n,
  })
  return { run: (n) => pool.run(n) }
}
