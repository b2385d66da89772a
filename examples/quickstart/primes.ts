import * as Task from "multifiber/Task"
import type { Workload } from "./workload.ts"

export const limit = 1_000_000_000

/** π(10⁹). */
const known = 50_847_534

/** Numbers for each call: some ten milliseconds of work. */
const rangeSize = 8_000_000

/** Odd numbers sieved at a time: one byte each, so that the block stays in the cache of the core. */
const blockSize = 131_072

export const { countPrimes } = Task.module(import.meta.url, {
  /** Counts the odd primes from `from`, an even number, up to but not including `to`. */
  countPrimes: (from: number, to: number): number => {
    const divisors = oddPrimesUpTo(Math.floor(Math.sqrt(to)))
    const composite = new Uint8Array(blockSize)
    let count = 0
    for (let start = from; start < to; start += 2 * blockSize) {
      const end = Math.min(start + 2 * blockSize, to)
      const length = Math.floor((end - start) / 2)
      composite.fill(0)
      if (start === 0) composite[0] = 1
      for (const divisor of divisors) {
        if (divisor * divisor >= end) break
        let multiple = Math.max(divisor * divisor, Math.ceil(start / divisor) * divisor)
        if (multiple % 2 === 0) multiple += divisor
        // Byte i stands for the odd number start + 2i + 1, so the next odd multiple is `divisor` bytes further on.
        for (let i = (multiple - start - 1) / 2; i < length; i += divisor) composite[i] = 1
      }
      for (let i = 0; i < length; i++) if (composite[i] === 0) count += 1
    }
    return count
  },
})

function oddPrimesUpTo(max: number): ReadonlyArray<number> {
  const composite = new Uint8Array(max + 1)
  const primes: Array<number> = []
  for (let n = 3; n <= max; n += 2) {
    if (composite[n] === 1) continue
    primes.push(n)
    for (let multiple = n * n; multiple <= max; multiple += 2 * n) composite[multiple] = 1
  }
  return primes
}

export const primes: Workload<[from: number, to: number], number, number> = {
  name: "Primes below 10⁹",
  task: countPrimes,
  calls: Array.from({ length: Math.ceil(limit / rangeSize) }, (_, i) => [
    i * rangeSize,
    Math.min((i + 1) * rangeSize, limit),
  ]),
  // 2 is the one prime that is not odd.
  merge: (counts) => counts.reduce((sum, count) => sum + count, 1),
  known,
}
