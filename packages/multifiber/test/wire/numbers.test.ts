import { describe, expect, it } from "@effect/vitest"
import * as fc from "fast-check"
import { packed } from "../../src/wire/numbers.ts"

describe("packed", () => {
  it("says the same, and is a typed array where it holds many numbers and nothing else", () => {
    const items = fc.oneof(
      fc.array(fc.double(), { minLength: 0, maxLength: 100, size: "max" }),
      fc.array(fc.oneof({ weight: 50, arbitrary: fc.double() }, fc.anything()), {
        maxLength: 100,
        size: "max",
      }),
    )
    fc.assert(
      fc.property(items, (items) => {
        const result = packed(items)
        expect(Array.from(result)).toEqual(items)
        const isMany = items.length >= 32 && items.every((item) => typeof item === "number")
        expect(result instanceof Float64Array).toBe(isMany)
      }),
    )
  })

  it("leaves what has holes, and what is no array, as it is", () => {
    const holes = new Array(40)
    holes[0] = 1
    expect(packed(holes)).toBe(holes)
    const bytes = new Uint8Array(40)
    expect(packed(bytes)).toBe(bytes)
  })
})
