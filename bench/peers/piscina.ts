import { Piscina } from "piscina"
import { settings } from "../contender.ts"
import { type Peer, workerFile } from "./Peer.ts"

const pool = new Piscina({
  filename: workerFile("increment").href,
  minThreads: settings.workers,
  maxThreads: settings.workers,
  idleTimeout: Number.POSITIVE_INFINITY,
  recordTiming: false,
  concurrentTasksPerWorker: 64,
})

export const piscina: Peer = { run: (n) => pool.run(n) }
