import { Piscina } from "piscina"
import { settings } from "../contender.ts"
import { type Peer, workerFile } from "./Peer.ts"

const pool = new Piscina({
  filename: workerFile("increment").href,
  minThreads: settings.workers,
  maxThreads: settings.workers,
  idleTimeout: Number.POSITIVE_INFINITY,
  recordTiming: false,
  // no limit: the faster the more, measured with 1, 8, 64, 1024 and all three settings of `atomics`
  concurrentTasksPerWorker: settings.n,
})

export const piscina: Peer = { run: (n) => pool.run(n) }
