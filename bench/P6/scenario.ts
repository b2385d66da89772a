import { everywhere, type Scenario, timesFastest } from "../scenario.ts"

export default {
  title: "a queue from one worker to another, in plain code, against CPython's: numbers, and small objects",
  settings: { n: 200_000, workers: 2, warmUpSeconds: 0.5, seconds: 1 },
  runs: 7,
  parts: [
    {
      name: "numbers",
      unit: "messages/s",
      better: "higher",
      ours: "queue.ts",
      peers: ["python.ts"],
      ratio: timesFastest,
      target: everywhere(20),
    },
    {
      name: "objects",
      unit: "messages/s",
      better: "higher",
      ours: "queue.ts",
      peers: ["python.ts"],
      ratio: timesFastest,
      target: everywhere(5),
    },
  ],
} satisfies Scenario
