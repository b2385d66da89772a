import { everywhere, itself, type Part, type Scenario } from "../scenario.ts"

const ofReserve = (kind: string): Part => ({
  name: `forkserver, ${kind}`,
  unit: "ms",
  better: "lower",
  ours: "forkserver.ts",
  peers: [],
  ratio: itself,
  target: everywhere(5),
})

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
    ofReserve("threads"),
    ofReserve("OS processes"),
  ],
} satisfies Scenario
