import { everywhere, itself, type Part, type Scenario } from "../scenario.ts"

const SIZES = [50_000, 100_000, 200_000, 400_000, 800_000]

/** Pairs of queue lengths, and the name of the figure that compares them. */
export const doublings = SIZES.slice(1).map((long) => ({
  short: long / 2,
  long,
  name: `${long / 2000}k to ${long / 1000}k`,
}))

export default {
  title: "a long queue: time of 2 N tasks against N, heap of a queued task",
  settings: { n: 400_000, workers: 2, warmUpSeconds: 1, seconds: 6 },
  flags: { node: ["--expose-gc"], deno: ["--v8-flags=--expose-gc"], bun: [] },
  parts: [
    ...doublings.map(
      ({ name }): Part => ({
        name,
        unit: "× time",
        better: "lower",
        ours: "doubling.ts",
        peers: ["effects.ts"],
        ratio: itself,
        target: everywhere(2.3),
      }),
    ),
    {
      name: "heap",
      unit: "bytes/task",
      better: "lower",
      ours: "heap.ts",
      peers: [],
      ratio: itself,
      target: everywhere(512),
    },
  ],
} satisfies Scenario
