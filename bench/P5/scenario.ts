import { everywhere, type Scenario } from "../scenario.ts"

export default {
  title: "a lock in plain code: alone, and contended by two workers, against CPython's",
  settings: { n: 100_000, workers: 2, warmUpSeconds: 0.3, seconds: 0.5 },
  runs: 7,
  parts: [
    {
      name: "uncontended",
      unit: "ns/operation",
      better: "lower",
      ours: "lock.ts",
      peers: ["python.ts"],
      ratio: (ours, peers) => ours / Math.min(...peers),
      target: everywhere(0.5),
    },
    {
      name: "contended",
      unit: "operations/s",
      better: "higher",
      ours: "lock.ts",
      peers: ["python.ts"],
      ratio: (ours, peers) => ours / Math.max(...peers),
      target: everywhere(2),
    },
  ],
} satisfies Scenario
