import { describe, expect, it } from "@effect/vitest"
import type { Memory } from "@multifiber/kernel/Memory"
import { explore } from "../src/Explorer.ts"
import { type Deep, sample } from "../src/Sampler.ts"

const FOREVER = Number.POSITIVE_INFINITY

const deep = (scenario: Omit<Deep, "name" | "words" | "runs">): Deep => ({
  name: "deep",
  words: 4,
  runs: 1000,
  ...scenario,
})

const violationOf = (scenario: Omit<Deep, "name" | "words" | "runs">) => sample(deep(scenario), 1).violation

/** What word 0 can hold at the end. */
const endsOf = (scenario: Omit<Deep, "name" | "words" | "runs" | "atEnd">): ReadonlyArray<number> => {
  const ends = new Set<number>()
  const atEnd = (_: unknown, memory: Memory) => {
    ends.add(memory.load(0))
  }
  expect(violationOf({ ...scenario, atEnd })).toBe(undefined)
  return [...ends].sort((one, other) => one - other)
}

/** Goes wrong where the other has made a step between any two of its own. */
const expectsInterruptions = (times: number) => (memory: Memory) => {
  let wrong = true
  for (let i = 0; i < times; i++) {
    const before = memory.load(0)
    wrong = wrong && memory.load(0) !== before
  }
  if (wrong) throw new Error("interrupted each time")
}

const counts = (memory: Memory) => {
  for (let i = 0; i < 20; i++) memory.add(0, 1)
}

describe("Sampler", () => {
  it("finds what takes five preemptions, and not without them", () => {
    const agents = [expectsInterruptions(3), counts]
    expect(explore({ name: "deep", words: 4, agents, preemptions: 4 }).violation).toBe(undefined)
    expect(explore({ name: "deep", words: 4, agents, preemptions: 5 }).violation).toContain("each time")
    expect(violationOf({ agents })).toContain("interrupted each time")
  })

  it("does the same with the same seed, and again what it found with the seed that it told", () => {
    const scenario = deep({ agents: [expectsInterruptions(6), counts] })
    const found = sample(scenario, 7)
    expect(sample(scenario, 7)).toEqual(found)
    const seed = Number(found.violation?.match(/^seed (\d+): /)?.[1])
    expect(seed).toBe(6 + found.runs)
    expect(sample(scenario, seed)).toMatchObject({ runs: 1, violation: found.violation })
  })

  it("reaches every outcome of races, deaths and time-outs", () => {
    const increments = (memory: Memory): void => memory.store(0, memory.load(0) + 1)
    expect(endsOf({ agents: [increments, increments, increments] })).toEqual([1, 2, 3])
    const marks = (memory: Memory) => memory.add(0, 10)
    expect(endsOf({ agents: [increments], rounds: 2, death: { of: [0], marks } })).toEqual([2, 10, 11])
    const sleeps = (memory: Memory) => {
      if (memory.wait(1, 0, 10)) memory.store(0, 5)
    }
    const wakes = (memory: Memory) => {
      memory.store(1, 1)
      memory.notify(1)
    }
    expect(endsOf({ agents: [sleeps, wakes] })).toEqual([0, 5])
  })

  it("tells a run that does not end, who sleeps for ever, an error of an agent, and a judge's", () => {
    const spins = (memory: Memory) => {
      while (memory.load(0) === 0);
    }
    const sleeps = (memory: Memory) => memory.wait(1, 0, FOREVER)
    const throws = (memory: Memory) => {
      if (memory.add(0, 1) === 1) throw new Error("second")
    }
    const atEnd = () => {
      throw new Error("unjust")
    }
    expect(violationOf({ agents: [spins] })).toContain("livelock")
    expect(violationOf({ agents: [sleeps, counts] })).toMatch(
      /^seed 1: agents 0 sleep for ever, after .*0:wait\(1\)/,
    )
    expect(violationOf({ agents: [throws, throws] })).toContain("second")
    expect(violationOf({ agents: [counts], atEnd })).toMatch(/^seed 1: unjust, after 0:add\(0\)/)
  })

  it("runs agents in rounds, and lets one look on after each step", () => {
    const seen: Array<number> = []
    const watch = (memory: Memory) => () => {
      seen.push(memory.load(0))
      if (memory.load(0) === 5) throw new Error("five")
    }
    const adds = (memory: Memory) => memory.add(0, 1)
    expect(violationOf({ agents: [adds], rounds: 4, watch, atEnd: ([last]) => expect(last).toBe(3) })).toBe(
      undefined,
    )
    expect(seen.slice(0, 5)).toEqual([1, 2, 3, 4, 1])
    expect(violationOf({ agents: [adds], rounds: 5, watch })).toMatch(/^seed 1: five, after/)
  })
})
