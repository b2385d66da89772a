import { describe, expect, it } from "@effect/vitest"
import * as Agent from "../src/Agent.ts"

describe("Agent", () => {
  it("current is the main agent of the program", () => {
    expect(Agent.current()).toEqual({
      name: "MainProcess",
      path: [],
      daemon: false,
      startMethod: "thread",
      parent: undefined,
    })
  })

  it("nextPath counts on", () => {
    const [first] = Agent.nextPath() as [number]
    expect([Agent.nextPath(), Agent.nextPath()]).toEqual([[first + 1], [first + 2]])
  })

  it("defaultName gives Python's names", () => {
    expect(Agent.defaultName("Process", [2])).toBe("Process-2")
    expect(Agent.defaultName("Process", [2, 1])).toBe("Process-2:1")
    expect(Agent.defaultName("PoolWorker", [3])).toBe("PoolWorker-3")
  })
})
