import { expect, it } from "@effect/vitest"
import { explore, type Thread } from "../src/Explorer.ts"

const stepsOf = (thread: number, count: number, log: Array<number>): Thread =>
  (function* (): Thread {
    for (let i = 0; i < count; i++) {
      yield
      log.push(thread)
    }
  })()

it.each([
  [[0, 0], 1],
  [[1, 1], 2],
  [[2, 3], 10],
  [[4, 4], 70],
  [[2, 2, 2], 90],
])("explore runs each interleaving of %j steps once", (counts, interleavings) => {
  const seen = new Set<string>()
  const explored = explore(() => {
    const log: Array<number> = []
    return {
      threads: counts.map((count, thread) => stepsOf(thread, count, log)),
      atEnd: () => {
        seen.add(log.join(" "))
      },
    }
  })
  expect(explored).toBe(interleavings)
  expect(seen.size).toBe(interleavings)
})

it("explore names the schedule of a failure", () => {
  const start = () => {
    const log: Array<number> = []
    return {
      threads: [stepsOf(0, 1, log), stepsOf(1, 1, log)],
      afterStep: () => {
        if (log.join("") === "10") throw new Error("wrong order")
      },
      atEnd: () => {},
    }
  }
  expect(() => explore(start)).toThrow("schedule 1 0: Error: wrong order")
})
