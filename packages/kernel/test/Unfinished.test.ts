import { describe, expect, it } from "@effect/vitest"
import * as Unfinished from "@multifiber/kernel/Unfinished"
import * as fc from "fast-check"
import { simulatedMemory } from "./simulatedMemory.ts"

const DONE = 0
const TIMES = 1

describe("Unfinished", () => {
  it("agrees with a naive model: how much is left, who may finish, and who has waited long enough", () => {
    const step = fc.constantFrom("put", "put", "finish", "finish", "begin", "wake")
    const start = fc.constantFrom(0, 2 ** 31 - 2, 2 ** 32 - 2)
    fc.assert(
      fc.property(start, start, fc.array(step, { maxLength: 60 }), (count, times, steps) => {
        const memory = simulatedMemory(Unfinished.WORDS)
        let puts = count | 0
        memory.store(DONE, count)
        memory.store(TIMES, times)
        const unfinished = { memory, puts: () => puts }
        let left = 0
        const waiters: Array<{ readonly value: number; hasCome: boolean }> = []
        const all = () => {
          for (const waiter of waiters) waiter.hasCome = true
        }
        for (const step of steps) {
          if (step === "put") {
            puts = (puts + 1) | 0
            left++
          } else if (step === "finish") {
            expect(Unfinished.finish(unfinished)).toBe(left > 0)
            if (left > 0 && --left === 0) all()
          } else if (step === "begin") {
            const { slot, value } = Unfinished.begin(unfinished)
            expect(memory.load(slot)).toBe(value)
            waiters.push({ value, hasCome: false })
          } else {
            Unfinished.wake(unfinished)
            all()
          }
          expect(Unfinished.count(unfinished)).toBe(left)
          for (const { hasCome, value } of waiters) {
            expect(Unfinished.hasCome(unfinished, value)).toBe(hasCome || left === 0)
          }
        }
      }),
    )
  })
})
