import { type Beside, everywhere, itself, type Part, type Scenario } from "../scenario.ts"

const WORKERS = 2
const TARGET = 1.85

/** Serial time over pooled time of one workload. */
const speedup = (name: string): Part => ({
  name,
  unit: "× serial",
  better: "higher",
  ours: `${name}.ts`,
  peers: [],
  ratio: itself,
  target: everywhere(TARGET),
  beside: ["processor time", "bare workers", "bare cores", "serial cores", "serial spread", "serial, ms"],
  remark,
})

/** Says why a figure means little, or cannot be reached. */
const remark = (beside: Beside): string | undefined => {
  const { "bare workers": bare = 0, "bare cores": cores = 0, "serial cores": serial = 0 } = beside
  const { "serial spread": spread = 0 } = beside
  if (cores < 0.95 * WORKERS) return `not idle: ${WORKERS} bare workers got ${cores.toFixed(2)} cores`
  if (spread > 0.15) return `not steady: serial times spread by ${Math.round(100 * spread)} %`
  if (bare >= TARGET) return undefined
  return `${WORKERS} bare workers come to ${bare.toFixed(2)} × serial; one thread takes ${serial.toFixed(2)} cores, with its garbage collector`
}

export default {
  title: "CPU-bound work by a pool against the same code without one; results compared",
  settings: { n: 1, workers: WORKERS, warmUpSeconds: 2, seconds: 8 },
  runs: 3,
  parts: ["fractal", "pi", "factors", "html", "json", "text", "simulation"].map(speedup),
} satisfies Scenario
