import * as Task from "multifiber/Task"

/** How many steps the number takes to come to 1 (Collatz). */
const steps = (start: number): number => {
  let count = 0
  for (let n = start; n !== 1; n = n % 2 === 0 ? n / 2 : 3 * n + 1) count++
  return count
}

/** The number below `below` that takes the most steps. */
const longest = (below: number): number => {
  let best = 1
  let most = 0
  for (let n = 1; n < below; n++) {
    const count = steps(n)
    if (count > most) [best, most] = [n, count]
  }
  return best
}

export const { longestBelow } = Task.module(import.meta.url, {
  longestBelow: (below: number) => {
    if (below < 2) throw new RangeError(`there is no number from 1 on below ${below}`)
    return { below, number: longest(below) }
  },
})
