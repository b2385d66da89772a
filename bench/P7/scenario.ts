import { everywhere, type Scenario } from "../scenario.ts"

export default {
  title:
    "a round trip through a pipe: plain code on both sides against CPython's; Effects on both against an echo by postMessage",
  settings: { n: 2_000, workers: 2, warmUpSeconds: 1.5, seconds: 1.5 },
  runs: 7,
  parts: [
    {
      name: "sync",
      unit: "us",
      better: "lower",
      ours: "pipe.ts",
      peers: ["python.ts"],
      ratio: (ours, peers) => ours / Math.min(...peers),
      target: everywhere(1),
    },
    {
      name: "async",
      unit: "us",
      better: "lower",
      ours: "pipe.ts",
      peers: ["echo.ts"],
      ratio: (ours, peers) => ours / Math.min(...peers),
      target: everywhere(0.9),
    },
  ],
} satisfies Scenario
