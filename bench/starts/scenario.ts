import { everywhere, itself, type Part, type Scenario } from "../scenario.ts"

const left = (name: string, unit: string, target: number): Part => ({
  name,
  unit,
  better: "lower",
  ours: `${name.split(":")[0]}.ts`,
  peers: [],
  ratio: itself,
  target: everywhere(target),
})

export default {
  title: "what 1,000 starts and joins leave behind, and 100 processes at once",
  settings: { n: 1000, workers: 100, warmUpSeconds: 0, seconds: 0 },
  flags: { node: ["--expose-gc"], deno: ["--v8-flags=--expose-gc"], bun: [] },
  installed: true,
  runs: 1,
  timeoutSeconds: 900,
  parts: ["thread", "spawn"].flatMap((method) => [
    left(`${method}: heap`, "bytes/start", 256),
    left(`${method}: resident memory`, "KB/start", 16),
    left(`${method}: descriptors`, "descriptors", 0),
    left(`${method}: processes`, "processes and threads", 0),
    left(`${method}: lost of 100 at once`, "processes", 0),
  ]),
} satisfies Scenario
