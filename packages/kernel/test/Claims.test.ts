import { describe, expect, it } from "@effect/vitest"
import * as Claims from "@multifiber/kernel/Claims"
import type { Memory } from "@multifiber/kernel/Memory"
import * as fc from "fast-check"
import { explore } from "../../testkit/src/Explorer.ts"
import { simulatedMemory } from "./simulatedMemory.ts"

const simulated = (capacity: number) => {
  const memory = simulatedMemory(Claims.attach(Claims.allocate(capacity)).memory.length)
  return { memory, claims: Claims.fromMemory(memory) }
}

/** Claims in the first words of a larger memory. */
const RING = 2
const claimsIn = (memory: Memory): Claims.Claims => ({ memory, capacity: RING })

/** The naive model: what each sequence number's task is, and how far both sides came. */
interface Model {
  readonly states: Map<number, Claims.ClaimState>
  /** The next to send, and the oldest that the runner has not passed. */
  tail: number
  head: number
  /** The runner has begun `head`. */
  running: boolean
}

const CAPACITY = 4

class Step implements fc.Command<Model, Claims.Claims> {
  private readonly name: string
  private readonly possible: (model: Readonly<Model>) => boolean
  private readonly step: (model: Model, claims: Claims.Claims) => void
  constructor(name: string, possible: Step["possible"], step: Step["step"]) {
    this.name = name
    this.possible = possible
    this.step = step
  }
  check(model: Readonly<Model>): boolean {
    return this.possible(model)
  }
  run(model: Model, claims: Claims.Claims): void {
    this.step(model, claims)
    for (let sequence = model.head; sequence < model.tail; sequence++) {
      expect(Claims.state(claims, sequence)).toBe(model.states.get(sequence))
    }
  }
  toString(): string {
    return this.name
  }
}

const send = new Step(
  "send",
  ({ head, tail }) => tail - head < CAPACITY,
  (model, claims) => {
    Claims.send(claims, model.tail)
    model.states.set(model.tail++, "sent")
  },
)

const revoke = (back: number) =>
  new Step(
    `revoke(-${back})`,
    ({ head, tail }) => tail - back >= head,
    (model, claims) => {
      const sequence = model.tail - back
      const wins = model.states.get(sequence) === "sent"
      expect(Claims.revoke(claims, sequence)).toBe(wins)
      if (wins) model.states.set(sequence, "revoked")
    },
  )

const begin = new Step(
  "begin",
  ({ head, running, tail }) => !running && head < tail,
  (model, claims) => {
    const wins = model.states.get(model.head) === "sent"
    expect(Claims.begin(claims, model.head)).toBe(wins)
    if (wins) {
      model.states.set(model.head, "running")
      model.running = true
    } else {
      model.head++
    }
  },
)

const finish = new Step(
  "finish",
  ({ running }) => running,
  (model, claims) => {
    Claims.finish(claims, model.head)
    model.states.set(model.head, "done")
    expect(Claims.state(claims, model.head)).toBe("done")
    model.running = false
    model.head++
  },
)

describe("Claims", () => {
  it("agrees with a naive model, over many turns of the ring", () => {
    const commands = fc.commands(
      [fc.constantFrom(send, begin, finish), fc.integer({ min: 1, max: CAPACITY }).map(revoke)],
      { maxCommands: 200, size: "max" },
    )
    fc.assert(
      fc.property(commands, (run) => {
        const model: Model = { states: new Map(), tail: 0, head: 0, running: false }
        fc.modelRun(() => ({ model, real: Claims.attach(Claims.allocate(CAPACITY)) }), run)
      }),
    )
  })

  it("hold and holds count what the runner holds, without touching a claim", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean()), (moves) => {
        const claims = Claims.attach(Claims.allocate(CAPACITY))
        let held = 0
        for (const up of moves) {
          if (!up && held === 0) continue
          held += up ? 1 : -1
          Claims.hold(claims, up ? 1 : -1)
          expect(Claims.holds(claims)).toBe(held > 0)
        }
        for (let sequence = 0; sequence < CAPACITY; sequence++)
          expect(Claims.state(claims, sequence)).toBe("sent")
      }),
    )
  })

  it("check and checks tell of the last task that came to a checkpoint, without touching a claim", () => {
    fc.assert(
      fc.property(fc.array(fc.maxSafeNat(), { minLength: 1 }), (sequences) => {
        const claims = Claims.attach(Claims.allocate(CAPACITY))
        expect(Claims.checks(claims, 0)).toBe(false)
        for (const sequence of sequences) {
          Claims.check(claims, sequence)
          expect(Claims.checks(claims, sequence)).toBe(true)
          expect(Claims.checks(claims, sequence + 1)).toBe(false)
        }
        for (let sequence = 0; sequence < CAPACITY; sequence++)
          expect(Claims.state(claims, sequence)).toBe("sent")
        expect(Claims.holds(claims)).toBe(false)
      }),
    )
  })

  it("keeps apart the claims of sequence numbers up to 2^53", () => {
    const claims = Claims.attach(Claims.allocate(CAPACITY))
    const first = Number.MAX_SAFE_INTEGER - 3
    for (let i = 0; i < CAPACITY; i++) Claims.send(claims, first + i)
    expect(Claims.revoke(claims, first + 1)).toBe(true)
    expect([0, 1, 2, 3].map((i) => Claims.begin(claims, first + i))).toEqual([true, false, true, true])
  })

  it.each([
    ["send", (claims: Claims.Claims) => Claims.send(claims, 0)],
    ["begin", (claims: Claims.Claims) => Claims.begin(claims, 0)],
    ["finish", (claims: Claims.Claims) => Claims.finish(claims, 0)],
    ["revoke", (claims: Claims.Claims) => Claims.revoke(claims, 0)],
    ["check", (claims: Claims.Claims) => Claims.check(claims, 0)],
    ["checks", (claims: Claims.Claims) => Claims.checks(claims, 0)],
    ["state", (claims: Claims.Claims) => Claims.state(claims, 0)],
  ])("%s is one atomic operation, so the interleavings below are all there are", (_, operation) => {
    const { claims, memory } = simulated(2)
    operation(claims)
    expect(memory.operations()).toBe(1)
  })

  it("in every interleaving of sender and runner, exactly one side gets each task", () => {
    const explored = explore({
      name: "one sender, one runner",
      words: 18,
      preemptions: Number.POSITIVE_INFINITY,
      agents: [
        (memory) =>
          [1, 0].filter((sequence) => {
            const won = Claims.revoke(claimsIn(memory), sequence)
            expect(Claims.state(claimsIn(memory), sequence) === "revoked").toBe(won)
            return won
          }),
        (memory) =>
          [0, 1].filter((sequence) => {
            const won = Claims.begin(claimsIn(memory), sequence)
            if (won) Claims.finish(claimsIn(memory), sequence)
            return won
          }),
      ],
      atEnd: (results, memory) => {
        const [revoked, begun] = results as [Array<number>, Array<number>]
        expect([...revoked, ...begun].sort()).toEqual([0, 1])
        for (const sequence of [0, 1]) {
          expect(Claims.state(claimsIn(memory), sequence)).toBe(begun.includes(sequence) ? "done" : "revoked")
        }
      },
    })
    expect(explored.violation).toBe(undefined)
    expect(explored.states).toBeGreaterThan(20)
  })

  it("the interleavings find the fault of a claim that is read and then written (control)", () => {
    const side = (memory: Memory): boolean => {
      const free = memory.load(0) === 0
      if (free) memory.store(0, 1)
      return free
    }
    const explored = explore({
      name: "no compare-and-swap",
      words: 1,
      preemptions: Number.POSITIVE_INFINITY,
      agents: [side, side],
      atEnd: (results) => expect(results.filter((won) => won)).toHaveLength(1),
    })
    expect(explored.violation).toMatch(/after \S*load\(0\) \S*load\(0\)/)
  })

  it("in every interleaving, no slot is sent again before the runner has passed it", () => {
    /** What the two sides have told each other. */
    const SENT = 18
    const PASSED = 19
    const explored = explore({
      name: "a ring that turns",
      words: 20,
      preemptions: Number.POSITIVE_INFINITY,
      agents: [
        (memory) => {
          const taken: Array<number> = []
          for (let sequence = 0; sequence < 4; sequence++) {
            if (sequence - memory.load(PASSED) >= RING) return taken
            Claims.send(claimsIn(memory), sequence)
            memory.store(SENT, sequence + 1)
            if (sequence % 2 === 1 && Claims.revoke(claimsIn(memory), sequence)) taken.push(sequence)
          }
          return taken
        },
        (memory) => {
          const ran: Array<number> = []
          for (let sequence = 0; sequence < 4 && sequence < memory.load(SENT); sequence++) {
            if (Claims.begin(claimsIn(memory), sequence)) {
              ran.push(sequence)
              Claims.finish(claimsIn(memory), sequence)
            }
            memory.store(PASSED, sequence + 1)
          }
          return ran
        },
      ],
      atEnd: (results, memory) => {
        const [taken, ran] = results as [Array<number>, Array<number>]
        const [sent, passed] = [memory.load(SENT), memory.load(PASSED)]
        for (let sequence = 0; sequence < passed; sequence++) {
          expect([...ran, ...taken].filter((each) => each === sequence)).toEqual([sequence])
        }
        for (let sequence = passed; sequence < sent; sequence++) {
          expect(Claims.state(claimsIn(memory), sequence)).toBe(taken.includes(sequence) ? "revoked" : "sent")
        }
      },
    })
    expect(explored.violation).toBe(undefined)
    expect(explored.states).toBeGreaterThan(1000)
  })
})
