import { everywhere, type Part, type Scenario, timesFastest } from "../scenario.ts"

const part = (name: string, peers: ReadonlyArray<string>, target: number): Part => ({
  name,
  unit: "tasks/s",
  better: "higher",
  ours: "multifiber.ts",
  peers,
  ratio: timesFastest,
  target: everywhere(target),
})

const POOLS = ["piscina.ts", "tinypool.ts", "poolifier.ts", "workerpool.ts"]

export default {
  title: "poolifier's own benchmark: the factorial of 1000, of numbers and (2,000 times) of big integers",
  settings: { n: 100_000, workers: 2, warmUpSeconds: 1, seconds: 3 },
  parts: [
    part("factorial", POOLS, 1.6),
    part("factorial, no pool", ["serial.ts"], 1.7),
    part("exact", POOLS, 1),
    part("exact, no pool", ["serial.ts"], 1.7),
  ],
} satisfies Scenario
