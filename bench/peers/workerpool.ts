import process from "node:process"
import { fileURLToPath } from "node:url"
import { pool as makePool } from "workerpool"
import { settings } from "../contender.ts"
import { type StartPeer, workerFile } from "./Peer.ts"

export const workerpool: StartPeer = (task) => {
  const pool = makePool(fileURLToPath(workerFile("workerpool")), {
    minWorkers: settings.workers,
    maxWorkers: settings.workers,
    // On Bun its worker script takes any thread for a web worker, so "thread" never answers.
    workerType: process.versions["bun"] === undefined ? "thread" : "web",
  })
  return { run: (n) => pool.exec(task, [n]) }
}
