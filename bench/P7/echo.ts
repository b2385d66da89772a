import { once } from "node:events"
import { Worker } from "node:worker_threads"
import { report, settings } from "../contender.ts"
import { roundTripsAsync } from "./roundTrips.ts"

const ECHO = `
const { parentPort } = require("node:worker_threads")
parentPort.on("message", (value) => parentPort.postMessage(value))
`

const { n, seconds, warmUpSeconds } = settings
const worker = new Worker(ECHO, { eval: true, execArgv: [] })
await once(worker, "online")
let receive = (_value: number) => {}
worker.on("message", (value) => receive(value))
const trip = await roundTripsAsync(warmUpSeconds + seconds, n, (value) => {
  const received = new Promise<number>((resolve) => {
    receive = resolve
  })
  worker.postMessage(value)
  return received
})
await worker.terminate()
report({ async: trip })
