import process from "node:process"
import { fileURLToPath } from "node:url"
import { pool as makePool } from "workerpool"
import { settings } from "../contender.ts"
import { type Peer, workerFile } from "./Peer.ts"

const pool = makePool(fileURLToPath(workerFile("workerpool")), {
  minWorkers: settings.workers,
  maxWorkers: settings.workers,
  // On Bun its worker script takes any thread for a web worker, so "thread" never answers.
  workerType: process.versions["bun"] === undefined ? "thread" : "web",
})

export const workerpool: Peer = { run: (n) => pool.exec("increment", [n]) }
