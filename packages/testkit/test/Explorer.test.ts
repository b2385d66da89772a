import { describe, expect, it } from "@effect/vitest"
import type { Memory } from "@multifiber/kernel/Memory"
import { type Bounded, explore } from "../src/Explorer.ts"
import { region } from "../src/Simulation.ts"

const FOREVER = Number.POSITIVE_INFINITY

/** Adds 1 in two steps, as code without atomic operations does. */
const increment = (memory: Memory): void => memory.store(0, memory.load(0) + 1)

/** What word 0 can hold at the end. */
const endsOf = (scenario: Omit<Bounded, "name" | "words" | "atEnd">): ReadonlyArray<number> => {
  const ends = new Set<number>()
  const { violation } = explore({
    name: "ends",
    words: 4,
    ...scenario,
    atEnd: (_, memory) => {
      ends.add(memory.load(0))
    },
  })
  expect(violation).toBe(undefined)
  return [...ends].sort()
}

const violationOf = (scenario: Omit<Bounded, "name" | "words">) =>
  explore({ name: "wrong", words: 4, ...scenario }).violation

describe("Explorer", () => {
  it("reaches every outcome, and with few preemptions only those that they allow", () => {
    expect(endsOf({ agents: [increment, increment, increment], preemptions: FOREVER })).toEqual([1, 2, 3])
    expect(endsOf({ agents: [increment, increment], preemptions: 0 })).toEqual([2])
    expect(endsOf({ agents: [increment, increment], preemptions: 1 })).toEqual([1, 2])
  })

  it("lets an agent die before each of its steps, once", () => {
    const threeTimes = (memory: Memory) => {
      for (let i = 0; i < 3; i++) memory.add(0, 1)
    }
    const marks = (memory: Memory) => memory.add(0, 10)
    expect(endsOf({ agents: [threeTimes], preemptions: 0, death: { of: [0], marks } })).toEqual([
      10, 11, 12, 3,
    ])
  })

  it("wakes a sleeper by a notify, by the end of a bounded wait, and by a death", () => {
    const sleeper = (milliseconds: number) => (memory: Memory) => {
      if (memory.wait(1, 0, milliseconds)) memory.store(0, 5)
    }
    const waker = (memory: Memory) => {
      memory.store(1, 1)
      memory.notify(1)
    }
    expect(endsOf({ agents: [sleeper(FOREVER), waker], preemptions: FOREVER })).toEqual([0])
    expect(endsOf({ agents: [sleeper(10), waker], preemptions: FOREVER })).toEqual([0, 5])
    expect(endsOf({ agents: [sleeper(10)], preemptions: 0 })).toEqual([5])
  })

  it("tells who sleeps for ever, with the steps that led there", () => {
    const sleeper = (memory: Memory) => memory.wait(1, 0, FOREVER)
    const forgetful = (memory: Memory) => memory.store(1, 1)
    expect(violationOf({ agents: [sleeper, forgetful], preemptions: 1 })).toMatch(
      /agents 0 sleep for ever, after .*0:wait\(1\)/,
    )
  })

  it("tells a run that does not end, an error of an agent, and a judge's", () => {
    const spins = (memory: Memory) => {
      while (memory.load(0) === 0);
    }
    const throws = (memory: Memory) => {
      if (memory.add(0, 1) === 1) throw new Error("second")
    }
    expect(violationOf({ agents: [spins], preemptions: 0 })).toContain("livelock")
    expect(violationOf({ agents: [throws, throws], preemptions: 0 })).toMatch(
      /^second, after 1:add\(0\) 0:add\(0\)|^second/,
    )
    const atEnd = () => {
      throw new Error("unjust")
    }
    expect(violationOf({ agents: [increment], preemptions: 0, atEnd })).toMatch(
      /^unjust, after 0:load\(0\) 0:store\(0\)$/,
    )
  })

  it("takes the reading of constant words for no step, and region for the words behind", () => {
    const reads = (memory: Memory) => region(memory, 1).load(1) + memory.load(0)
    const { states, violation } = explore({
      name: "constant",
      words: 4,
      initial: (memory) => memory.store(2, 7),
      agents: [reads],
      preemptions: 0,
      constant: (index) => index === 2,
      atEnd: ([sum]) => expect(sum).toBe(7),
    })
    expect(violation).toBe(undefined)
    expect(states).toBe(2)
    expect(violationOf({ agents: [increment], preemptions: 0, constant: () => true })).toMatch(
      /^0 is a constant word, and is changed/,
    )
  })

  it("takes a run of unordered words for one step", () => {
    const writes = (memory: Memory) => {
      memory.store(1, 1)
      memory.store(2, 1)
      memory.store(0, 1)
    }
    const reads = (memory: Memory) => memory.store(3, memory.load(1) + 2 * memory.load(2))
    const sums = (unordered: (index: number) => boolean) => {
      const seen = new Set<number>()
      const atEnd: Bounded["atEnd"] = (_, memory) => seen.add(memory.load(3))
      explore({
        name: "unordered",
        words: 4,
        agents: [writes, reads],
        preemptions: FOREVER,
        unordered,
        atEnd,
      })
      return [...seen].sort()
    }
    expect(sums(() => false)).toEqual([0, 1, 2, 3])
    expect(sums((index) => index === 1 || index === 2)).toEqual([0, 3])
  })
})
