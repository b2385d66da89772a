import { fileURLToPath } from "node:url"
import { FixedThreadPool } from "poolifier"
import { settings } from "../contender.ts"
import { type Peer, workerFile } from "./Peer.ts"

const pool = new FixedThreadPool<number, number>(settings.workers, fileURLToPath(workerFile("poolifier")), {
  // without its tasks queue, which costs a third or more with any concurrency and with or without stealing
  enableTasksQueue: false,
  workerChoiceStrategy: "ROUND_ROBIN",
  enableEvents: false,
})

export const poolifier: Peer = { run: (n) => pool.execute(n) }
