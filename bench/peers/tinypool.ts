import { FixedQueue } from "piscina"
import { type Options, Tinypool } from "tinypool"
import { settings } from "../contender.ts"
import { type StartPeer, workerFile } from "./Peer.ts"

// Its own queue is an array, whose `shift` costs more the longer it is. Only the types of piscina's do not fit.
const taskQueue = new FixedQueue() as unknown as NonNullable<Options["taskQueue"]>

export const tinypool: StartPeer = (task) => {
  const pool = new Tinypool({
    filename: workerFile("tasks").href,
    name: task,
    minThreads: settings.workers,
    maxThreads: settings.workers,
    // measured: 1 takes three times as long, more than 64 no less
    concurrentTasksPerWorker: 64,
    taskQueue,
  })
  return { run: (n) => pool.run(n) }
}
