import { once } from "node:events"
import { Worker } from "node:worker_threads"
import { Main } from "@multifiber/platform"
import { Effect } from "effect"
import { Barrier, Pool } from "multifiber"
import * as ArraySync from "multifiber/ArraySync"
import * as BarrierSync from "multifiber/BarrierSync"
import * as Task from "multifiber/Task"
import { compare } from "./compare.ts"
import { answerOf, bandOf, cells, check, height, initialize, simulate } from "./reaction.ts"
import type { BareWorkers, Workload } from "./Workload.ts"

interface Band {
  readonly grid: ArraySync.Raw<"f64">
  readonly barrier: BarrierSync.Barrier
  readonly top: number
  readonly bottom: number
}

export const { simulateBand } = Task.module(import.meta.url, {
  simulateBand: ({ barrier, bottom, grid, top }: Band): void =>
    simulate(ArraySync.view(grid), top, bottom, () => BarrierSync.waitSync(barrier)),
})

const make = (): Workload<Float64Array> => {
  const grid = ArraySync.rawSync("f64", cells)
  const view = ArraySync.view(grid)

  const serial = (): Float64Array => {
    initialize(view)
    simulate(view, 0, height, () => {})
    return answerOf(view)
  }

  const pooled = (pool: Pool.Pool) =>
    Effect.gen(function* () {
      initialize(view)
      const barrier = yield* Barrier.make(pool.size)
      const bands = Array.from({ length: pool.size }, (_, i): Band => {
        const [top, bottom] = bandOf(i, pool.size)
        return { grid, barrier, top, bottom }
      })
      yield* Pool.map(pool, simulateBand, bands, { chunkSize: 1 })
      return answerOf(view)
    })

  const bare: BareWorkers<Float64Array> = async (count) => {
    const gate = new Int32Array(new SharedArrayBuffer(8))
    const workers = Array.from({ length: count }, (_, i) => {
      const workerData: BareBand = { grid: view, gate, parties: count, band: bandOf(i, count) }
      return new Worker(new URL("./bareSimulation.ts", import.meta.url), { workerData })
    })
    await Promise.all(workers.map((worker) => once(worker, "message")))
    return async () => {
      initialize(view)
      const done = workers.map((worker) => once(worker, "message"))
      for (const worker of workers) worker.postMessage("begin")
      await Promise.all(done)
      return answerOf(view)
    }
  }

  return { name: "simulation", serial, pooled, bare, check }
}

/** What a bare worker gets. */
export interface BareBand {
  readonly grid: Float64Array
  /** How many have arrived, and how often all have. */
  readonly gate: Int32Array<SharedArrayBuffer>
  readonly parties: number
  readonly band: readonly [top: number, bottom: number]
}

Main.run(import.meta, compare(make))
