import { type Beside, everywhere, itself, type Scenario } from "../scenario.ts"

const WORKERS = 2

/** Without the cores to themselves, workers that run one after the other even seem to beat the ideal. */
const remark = ({ cores = 0 }: Beside): string | undefined =>
  cores < 0.95 * WORKERS
    ? `not idle: ${WORKERS} workers and this program got ${cores.toFixed(2)} cores`
    : undefined

export default {
  title: "tasks of which one in a hundred takes a hundred times as long, by applyAsync",
  settings: { n: 10_000, workers: WORKERS, warmUpSeconds: 2, seconds: 8 },
  parts: [
    {
      name: "busy",
      unit: "of the workers' time",
      better: "higher",
      ours: "mixed.ts",
      peers: [],
      ratio: itself,
      target: everywhere(0.92),
      beside: ["cores", "iterations/µs"],
      remark,
    },
    {
      name: "elapsed",
      unit: "× half of the time that a worker needs alone",
      better: "lower",
      ours: "mixed.ts",
      peers: [],
      ratio: itself,
      target: everywhere(1.15),
      beside: ["cores"],
      remark,
    },
  ],
} satisfies Scenario
