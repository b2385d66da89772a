import { everywhere, type Part, type Scenario, timesFastest } from "../scenario.ts"

const part = (name: string, target: number): Part => ({
  name,
  unit: "items/s",
  better: "higher",
  ours: "map.ts",
  peers: ["python.ts"],
  ratio: timesFastest,
  target: everywhere(target),
})

export default {
  title: "Pool.map of a trivial task with the default chunks, against CPython's",
  settings: { n: 1_000_000, workers: 2, warmUpSeconds: 1, seconds: 2 },
  parts: [part("typed array", 3), part("numbers", 3), part("objects", 2)],
} satisfies Scenario
