import { parentPort, workerData } from "node:worker_threads"
import { simulate } from "./reaction.ts"
import type { BareBand } from "./simulation.ts"

const {
  band: [top, bottom],
  gate,
  grid,
  parties,
}: BareBand = workerData

/** The least that a barrier has to do. */
const meet = (): void => {
  const generation = Atomics.load(gate, 1)
  if (Atomics.add(gate, 0, 1) + 1 < parties) {
    while (Atomics.load(gate, 1) === generation) Atomics.wait(gate, 1, generation)
  } else {
    Atomics.store(gate, 0, 0)
    Atomics.add(gate, 1, 1)
    Atomics.notify(gate, 1)
  }
}

parentPort?.on("message", () => {
  simulate(grid, top, bottom, meet)
  parentPort?.postMessage("done")
})
parentPort?.postMessage("ready")
