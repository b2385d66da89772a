import { everywhere, itself, type Part, type Scenario } from "../scenario.ts"

const after = (name: string, target: number): Part => ({
  name,
  unit: "ms",
  better: "lower",
  ours: "cancel.ts",
  peers: [],
  ratio: itself,
  target: everywhere(target),
})

export default {
  title:
    "a task in plain code is cancelled, of a pool whose workers are all busy: until the caller is free, and until the next task has run (on Deno, threads come to a checkpoint)",
  settings: { n: 10, workers: 1, warmUpSeconds: 1, seconds: 3 },
  installed: true,
  parts: [
    after("caller, thread", 10),
    after("next task, thread", 100),
    after("caller, spawn", 10),
    after("next task, spawn", 100),
  ],
} satisfies Scenario
