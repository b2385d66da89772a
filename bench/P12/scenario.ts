import { everywhere, itself, type Scenario } from "../scenario.ts"

const WORKERS = 2

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
      remark: ({ cores = 0 }) =>
        cores < 0.95 * WORKERS
          ? `not idle: ${WORKERS} workers and this program got ${cores.toFixed(2)} cores`
          : undefined,
    },
    {
      name: "elapsed",
      unit: "× half of the time that a worker needs alone",
      better: "lower",
      ours: "mixed.ts",
      peers: [],
      ratio: itself,
      target: everywhere(1.15),
    },
  ],
} satisfies Scenario
