import { everywhere, itself, type Scenario } from "../scenario.ts"

export default {
  title: "a lock from fibers: withLock, and a thousand that wait, against Effect's semaphore",
  settings: { n: 1000, workers: 1, warmUpSeconds: 0.5, seconds: 1 },
  parts: [
    {
      name: "withLock",
      unit: "ns/operation",
      better: "lower",
      ours: "lock.ts",
      peers: ["semaphore.ts"],
      ratio: (ours, peers) => ours / Math.min(...peers),
      target: everywhere(0.8),
    },
    {
      name: "1,000 waiting fibers",
      unit: "µs/fiber",
      better: "lower",
      ours: "lock.ts",
      peers: ["semaphore.ts"],
      ratio: itself,
      target: everywhere(100),
    },
  ],
} satisfies Scenario
