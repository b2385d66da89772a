import { describe, expect, it } from "@effect/vitest"
import * as fc from "fast-check"
import { CAPACITY } from "../../src/agent/AgentLink.ts"
import * as Window from "../../src/pool/Window.ts"

const observation = fc.record({ ran: fc.nat(CAPACITY), busy: fc.double({ min: 0, max: 1e6, noNaN: true }) })

const after = (observations: ReadonlyArray<{ readonly ran: number; readonly busy: number }>): Window.Window =>
  observations.reduce((window, { busy, ran }) => Window.observe(window, ran, busy), Window.initial)

describe("Window", () => {
  it("observe keeps the size a whole number from 2 to the capacity, and at most doubles it", () => {
    fc.assert(
      fc.property(fc.array(observation), observation, (before, { busy, ran }) => {
        const window = after(before)
        const next = Window.observe(window, ran, busy)
        expect(Number.isSafeInteger(next.size)).toBe(true)
        expect(next.size).toBeGreaterThanOrEqual(2)
        expect(next.size).toBeLessThanOrEqual(Math.min(CAPACITY, 2 * window.size))
      }),
    )
  })

  it("observe learns nothing from a report without tasks", () => {
    fc.assert(
      fc.property(fc.array(observation), fc.double(), (before, busy) => {
        const window = after(before)
        expect(Window.observe(window, 0, busy)).toEqual(window)
      }),
    )
  })

  it("observe comes to about 4 ms of work, whatever was before", () => {
    fc.assert(
      fc.property(
        fc.array(observation),
        fc.double({ min: 0.001, max: 100, noNaN: true }),
        (before, taskTime) => {
          const settled = after([
            ...before,
            ...Array.from({ length: 100 }, () => ({ ran: 10, busy: 10 * taskTime })),
          ])
          const ideal = Math.min(CAPACITY, Math.max(2, Math.ceil(4 / taskTime)))
          expect(settled.taskTime).toBeCloseTo(taskTime, 3)
          expect(Math.abs(settled.size - ideal)).toBeLessThanOrEqual(1 + ideal / 100)
        },
      ),
    )
  })

  it("worthwhile is from 1 to half a window", () => {
    fc.assert(
      fc.property(fc.array(observation), (before) => {
        const window = after(before)
        expect(Window.worthwhile(window)).toBeGreaterThanOrEqual(1)
        expect(Window.worthwhile(window)).toBeLessThanOrEqual(window.size / 2)
      }),
    )
  })

  it("workOf is the time of so many tasks, and 0 while none was observed", () => {
    expect(Window.workOf(Window.initial, 100)).toBe(0)
    expect(Window.workOf(Window.observe(Window.initial, 4, 2), 10)).toBe(5)
  })
})
