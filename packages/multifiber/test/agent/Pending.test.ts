import { describe, expect, it } from "@effect/vitest"
import * as fc from "fast-check"
import { Pending } from "../../src/agent/Pending.ts"

const settlement = fc.tuple(fc.constantFrom("succeed" as const, "fail" as const), fc.anything())

describe("Pending", () => {
  it("is settled by the first of many, for good", () => {
    fc.assert(
      fc.property(fc.array(settlement, { minLength: 1 }), (settlements) => {
        const pending = new Pending()
        for (const [how, value] of settlements) pending[how](value)
        const [how, value] = settlements[0] as [string, unknown]
        expect(pending.status).toBe(how === "succeed" ? "succeeded" : "failed")
        expect(pending.outcome).toBe(value)
      }),
    )
  })

  it("calls each observer once, in the order they came, but not those that left", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 8 }), fc.nat(8), (stays, before) => {
        const pending = new Pending()
        const calls: Array<number> = []
        const observers = stays.map((_, id) => () => calls.push(id))
        for (const observer of observers.slice(0, before)) pending.observe(observer)
        observers.slice(0, before).forEach((observer, id) => {
          if (!stays[id]) pending.unobserve(observer)
        })
        pending.succeed(1)
        pending.fail(2)
        for (const observer of observers.slice(before)) pending.observe(observer)
        expect(calls).toEqual([...stays.keys()].filter((id) => stays[id] || id >= before))
      }),
    )
  })
})
