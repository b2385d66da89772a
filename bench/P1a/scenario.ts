import { type Scenario, timesFastest } from "../scenario.ts"

export default {
  title: "one applyAsync for each trivial task, then all results",
  settings: { n: 100_000, workers: 2, warmUpSeconds: 1, seconds: 3 },
  parts: [
    {
      name: "applyAsync",
      unit: "tasks/s",
      better: "higher",
      ours: "multifiber.ts",
      peers: ["piscina.ts", "tinypool.ts", "poolifier.ts", "workerpool.ts"],
      ratio: timesFastest,
      target: { node: 12, deno: 12, bun: 8 },
    },
  ],
} satisfies Scenario
