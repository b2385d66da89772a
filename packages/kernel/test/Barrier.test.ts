import { describe, expect, it } from "@effect/vitest"
import * as Agents from "@multifiber/kernel/Agents"
import * as Barrier from "@multifiber/kernel/Barrier"
import * as fc from "fast-check"
import { simulatedMemory } from "./simulatedMemory.ts"

const make = (parties: number): Barrier.Barrier => {
  const memory = simulatedMemory(Barrier.WORDS)
  Barrier.initialize(memory, parties)
  return { memory, agents: simulatedMemory(Agents.WORDS) }
}

/** What the model knows of one time that the parties meet. */
interface Meeting {
  readonly arrived: Set<Fiber>
  acting: Fiber | undefined
  end: "passed" | "broken" | undefined
  passed: number
}

interface Fiber {
  agent: number
  /** Where it has arrived, in the model and in the words; it waits at the door where `since` is missing. */
  at: { meeting: Meeting | undefined; since: number | undefined } | undefined
}

/** A barrier without shared words: what its users are promised. */
class Model {
  private readonly parties: number
  private now: Meeting = this.next()
  broken = false

  constructor(parties: number) {
    this.parties = parties
  }

  private next(): Meeting {
    return { arrived: new Set(), acting: undefined, end: undefined, passed: 0 }
  }

  private finish(end: "passed" | "broken"): void {
    this.now.end = end
    this.now = this.next()
  }

  get waiting(): number {
    return this.now.arrived.size
  }

  look(fiber: Fiber, acts: boolean): { readonly is: Barrier.Look["is"]; readonly index?: number } {
    fiber.at ??= { meeting: undefined, since: undefined }
    const { at } = fiber
    if (at.meeting === undefined) {
      if (this.broken) return { is: "broken" }
      if (this.now.acting) return { is: "waits" }
      at.meeting = this.now
      this.now.arrived.add(fiber)
      if (this.now.arrived.size < this.parties) return { is: "waits" }
      if (acts) {
        this.now.acting = fiber
        return { is: "acts" }
      }
      this.finish("passed")
    }
    if (at.meeting.end === "passed") return { is: "passed", index: at.meeting.passed++ }
    return { is: this.broken || at.meeting.end === "broken" ? "broken" : "waits" }
  }

  withdraw(fiber: Fiber): boolean {
    return !this.now.acting && this.now.arrived.delete(fiber)
  }

  break(meeting: Meeting | undefined): void {
    if (meeting !== undefined && meeting !== this.now) return
    this.broken = true
    this.now.arrived.clear()
    this.now.acting = undefined
  }

  complete(fiber: Fiber): { readonly is: string; readonly index?: number } {
    if (this.now.acting !== fiber) return { is: "broken" }
    const meeting = this.now
    this.finish("passed")
    return { is: "passed", index: meeting.passed++ }
  }

  reset(): void {
    if (!this.broken && this.waiting === 0) return
    this.finish("broken")
    this.broken = false
  }

  die(agent: number): void {
    if ([...this.now.arrived].some((fiber) => fiber.agent === agent)) this.break(undefined)
  }
}

const step = fc.record({
  kind: fc.constantFrom("look", "look", "look", "look", "leave", "expire", "abort", "reset", "die"),
  pick: fc.nat({ max: 5 }),
  acts: fc.boolean(),
  fails: fc.boolean(),
})

describe("Barrier", () => {
  it("agrees with a naive model, whatever its fibers do and whichever agent dies", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 120 }), (parties, steps) => {
        const barrier = make(parties)
        const model = new Model(parties)
        const enter = () => Agents.enter(barrier.agents, 0)
        const agents = [enter(), enter()] as [number, number]
        const arriving = (agent: number): Fiber => ({ agent, at: undefined })
        const fibers = Array.from({ length: 6 }, (_, index) => arriving(agents[index % 2] as number))
        const acting = new Set<Fiber>()
        for (const { acts, fails, kind, pick } of steps) {
          const fiber = fibers[pick] as Fiber
          const ends = () => {
            acting.delete(fiber)
            fibers[pick] = arriving(fiber.agent)
          }
          const since = fiber.at?.since
          if (kind === "look" && acting.has(fiber)) {
            if (fails) {
              Barrier.breakUp(barrier, since)
              model.break(fiber.at?.meeting)
            } else {
              expect(Barrier.complete(barrier, since as number)).toEqual(model.complete(fiber))
            }
            ends()
          } else if (kind === "look") {
            const seen = Barrier.look(barrier, fiber.agent, acts, since)
            expect(seen).toMatchObject(model.look(fiber, acts))
            const at = fiber.at as NonNullable<Fiber["at"]>
            if (seen.is === "passed" || seen.is === "broken") ends()
            else at.since = seen.since
            if (seen.is === "acts") acting.add(fiber)
          } else if (kind === "leave" && since !== undefined && !acting.has(fiber)) {
            expect(Barrier.withdraw(barrier, fiber.agent, since)).toBe(model.withdraw(fiber))
            ends()
          } else if (kind === "expire" && fiber.at) {
            Barrier.breakUp(barrier, since)
            model.break(fiber.at.meeting)
          } else if (kind === "abort") {
            Barrier.breakUp(barrier)
            model.break(undefined)
          } else if (kind === "reset") {
            Barrier.reset(barrier)
            model.reset()
          } else if (kind === "die") {
            Agents.leave(barrier.agents, fiber.agent)
            model.die(fiber.agent)
            const heir = enter()
            fibers.forEach((each, index) => {
              if (each.agent !== fiber.agent) return
              acting.delete(each)
              fibers[index] = arriving(heir)
            })
          }
          expect([Barrier.isBroken(barrier), Barrier.waiting(barrier)]).toEqual([model.broken, model.waiting])
        }
      }),
      { numRuns: 2000 },
    )
  })

  const arrive = (barrier: Barrier.Barrier, me: number) => Barrier.look(barrier, me, false, undefined)

  it("tells a waiter that is late by 128 generations what became of its own, and lets a later one pass", () => {
    for (const [late, resets, expected] of [
      [1, false, { is: "passed", index: 1 }],
      [128, false, { is: "passed", index: 1 }],
      [128, true, { is: "broken" }],
      [129, false, { is: "passed", index: 1 }],
      [1000, true, { is: "passed", index: 1 }],
    ] as const) {
      const barrier = make(2)
      const me = Agents.enter(barrier.agents, 0)
      const waits = arrive(barrier, me)
      if (waits.is !== "waits") throw new Error("it has passed alone")
      if (resets) Barrier.reset(barrier)
      else expect(arrive(barrier, me)).toEqual({ is: "passed", index: 0 })
      for (let generation = 1; generation < late; generation++) {
        arrive(barrier, me)
        arrive(barrier, me)
      }
      expect(Barrier.look(barrier, me, false, waits.since)).toEqual(expected)
    }
  })

  it("passes when the generations begin anew, with every index", () => {
    const barrier = make(2)
    const me = Agents.enter(barrier.agents, 0)
    for (let round = 0; round < 2 ** 17 + 200; round++) {
      const waits = arrive(barrier, me)
      const last = arrive(barrier, me)
      if (waits.is !== "waits" || last.is !== "passed" || last.index !== 0) throw new Error(`round ${round}`)
      const first = Barrier.look(barrier, me, false, waits.since)
      if (first.is !== "passed" || first.index !== 1) throw new Error(`round ${round}`)
    }
    expect(Barrier.waiting(barrier)).toBe(0)
  })
})
