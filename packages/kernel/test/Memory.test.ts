import { describe, expect, it } from "@effect/vitest"
import * as Memory from "@multifiber/kernel/Memory"
import * as fc from "fast-check"
import { simulatedMemory } from "./simulatedMemory.ts"

const LENGTH = 4

const index = fc.nat(LENGTH - 1)
/** Few values, so that comparisons hit; and the edges of 32 bits. */
const value = fc.oneof(fc.integer({ min: -1, max: 1 }), fc.constantFrom(2 ** 31 - 1, -(2 ** 31)))

const operation = fc.oneof(
  fc.record({ name: fc.constant("load" as const), args: fc.tuple(index) }),
  fc.record({ name: fc.constant("store" as const), args: fc.tuple(index, value) }),
  fc.record({ name: fc.constant("compareExchange" as const), args: fc.tuple(index, value, value) }),
  fc.record({ name: fc.constantFrom("add", "and", "or"), args: fc.tuple(index, value) }),
)

const run = (
  memory: Memory.Memory,
  { args, name }: typeof operation extends fc.Arbitrary<infer O> ? O : never,
) => (memory[name] as (...args: ReadonlyArray<number>) => unknown)(...args)

describe("Memory", () => {
  it("agrees with plain words, operation by operation, wrap-around included", () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 50 }), (operations) => {
        const shared = Memory.attach(new Int32Array(new SharedArrayBuffer(4 * LENGTH)))
        const simulated = simulatedMemory(LENGTH)
        for (const each of operations) expect(run(shared, each)).toBe(run(simulated, each))
        for (let i = 0; i < LENGTH; i++) expect(shared.load(i)).toBe(simulated.load(i))
      }),
    )
  })

  it("attach sees the words that others wrote, and its length is theirs", () => {
    const words = new Int32Array(new SharedArrayBuffer(12))
    const [one, two] = [Memory.attach(words), Memory.attach(words)]
    one.store(2, 7)
    expect(two.load(2)).toBe(7)
    expect(two.length).toBe(3)
  })
})
