import { Main } from "@multifiber/platform"
import * as Task from "multifiber/Task"
import { compare } from "./compare.ts"
import { overItems } from "./items.ts"

const first = 2_000_000_000
const itemSize = 400
const itemCount = 100

export const { factorise } = Task.module(import.meta.url, {
  /** The prime factors of `itemSize` numbers, by trial division. */
  factorise: (from: number): ReadonlyArray<ReadonlyArray<number>> =>
    Array.from({ length: itemSize }, (_, i) => factorsOf(from + i)),
})

function factorsOf(n: number): ReadonlyArray<number> {
  const factors: Array<number> = []
  let rest = n
  for (let divisor = 2; divisor * divisor <= rest; divisor += divisor === 2 ? 1 : 2) {
    while (rest % divisor === 0) {
      factors.push(divisor)
      rest /= divisor
    }
  }
  if (rest > 1) factors.push(rest)
  return factors
}

Main.run(
  import.meta,
  compare(() =>
    overItems(
      "factors",
      factorise,
      Array.from({ length: itemCount }, (_, i) => first + i * itemSize),
      (results) => {
        for (const [i, factors] of results.flat().entries()) {
          const product = factors.reduce((product, factor) => product * factor, 1)
          if (product !== first + i) throw new Error(`${factors.join(" × ")} is not ${first + i}`)
        }
      },
    ),
  ),
)
