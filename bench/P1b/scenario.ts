import { everywhere, type Scenario, timesFastest } from "../scenario.ts"

export default {
  title: "Effect.forEach over trivial tasks with concurrency 1024, the peers driven alike",
  settings: { n: 100_000, workers: 2, warmUpSeconds: 1, seconds: 3 },
  parts: [
    {
      name: "forEach",
      unit: "tasks/s",
      better: "higher",
      ours: "multifiber.ts",
      peers: ["piscina.ts", "tinypool.ts", "poolifier.ts", "workerpool.ts"],
      ratio: timesFastest,
      target: everywhere(2),
    },
  ],
} satisfies Scenario
