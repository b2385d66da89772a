import { fileURLToPath } from "node:url"
import { FixedThreadPool } from "poolifier"
import { settings } from "../contender.ts"
import { type StartPeer, workerFile } from "./Peer.ts"

export const poolifier: StartPeer = <A>(task: string) => {
  const pool = new FixedThreadPool<number, A>(settings.workers, fileURLToPath(workerFile("poolifier")), {
    // without its tasks queue, which costs a third or more with any concurrency and with or without stealing
    enableTasksQueue: false,
    workerChoiceStrategy: "ROUND_ROBIN",
    enableEvents: false,
    workerOptions: { workerData: task },
  })
  return { run: (n) => pool.execute(n) }
}
