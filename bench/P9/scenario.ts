import { everywhere, type Scenario, timesFastest } from "../scenario.ts"

const part = {
  unit: "sets/s",
  better: "higher",
  ours: "sets.ts",
  peers: ["python.ts"],
  ratio: timesFastest,
} as const

export default {
  title: "sets of a manager's dict, each answered, against CPython's: one caller, and 64 fibers",
  settings: { n: 3200, workers: 1, warmUpSeconds: 1, seconds: 1 },
  runs: 5,
  parts: [
    { name: "thread", ...part, target: everywhere(1) },
    { name: "process", ...part, target: everywhere(0.3) },
    { name: "fibers", ...part, target: everywhere(5) },
  ],
} satisfies Scenario
