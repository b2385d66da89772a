import { everywhere, itself, type Scenario } from "../scenario.ts"

export default {
  title: "start of a process with its result: a thread, and one of the reserve",
  settings: { n: 20, workers: 1, warmUpSeconds: 1, seconds: 3 },
  installed: true,
  parts: [
    {
      name: "thread",
      unit: "ms",
      better: "lower",
      ours: "thread.ts",
      peers: ["bare.ts"],
      ratio: (ours, peers) => ours / Math.min(...peers),
      target: everywhere(1.3),
    },
    {
      name: "forkserver, threads",
      unit: "ms",
      better: "lower",
      ours: "forkserver.ts",
      peers: [],
      ratio: itself,
      target: everywhere(5),
    },
    {
      name: "forkserver, OS processes",
      unit: "ms",
      better: "lower",
      ours: "forkserver.ts",
      peers: [],
      ratio: itself,
      target: everywhere(5),
    },
  ],
} satisfies Scenario
