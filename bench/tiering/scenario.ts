import { everywhere, type Part, type Scenario, timesFastest } from "../scenario.ts"

const WAYS = ["apply", "map"]

const part = (name: string): Part => ({
  name,
  unit: "iterations/µs",
  better: "higher",
  ours: "pool.ts",
  // the same calls in a bare worker; and what the engine can do, in one long call
  peers: ["bare.ts", "oneCall.ts"],
  ratio: timesFastest,
  target: everywhere(0.8),
})

export default {
  title: "tight loops in tasks, after they were called thousands of times",
  settings: { n: 12_000, workers: 1, warmUpSeconds: 0, seconds: 0 },
  runs: 3,
  parts: ["integers", "floats", "typed array", "objects"].flatMap((shape) =>
    WAYS.map((way) => part(`${shape} by ${way}`)),
  ),
} satisfies Scenario
