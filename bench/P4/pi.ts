import { Main } from "@multifiber/platform"
import * as Task from "multifiber/Task"
import { compare } from "./compare.ts"
import { overItems } from "./items.ts"

const seeds = 100
const pointsOfSeed = 1_000_000

export const { hits } = Task.module(import.meta.url, {
  /** How many random points of the unit square lie within the quarter of a circle; xorshift32, so that they are known. */
  hits: (seed: number): number => {
    let state = seed
    let count = 0
    for (let i = 0; i < pointsOfSeed; i++) {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      const x = (state >>> 0) / 2 ** 32
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      const y = (state >>> 0) / 2 ** 32
      if (x * x + y * y < 1) count++
    }
    return count
  },
})

Main.run(
  import.meta,
  compare(() =>
    overItems(
      "pi",
      hits,
      Array.from({ length: seeds }, (_, i) => Math.imul(i + 1, 0x9e3779b9)),
      (counts) => {
        const estimate = (4 * counts.reduce((sum, count) => sum + count, 0)) / (seeds * pointsOfSeed)
        // five times the standard error of as many independent points
        if (Math.abs(estimate - Math.PI) > 0.0009) throw new Error(`π is not ${estimate}`)
      },
    ),
  ),
)
