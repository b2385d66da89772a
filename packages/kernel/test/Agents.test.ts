import { describe, expect, it } from "@effect/vitest"
import * as Agents from "@multifiber/kernel/Agents"
import * as fc from "fast-check"
import { simulatedMemory } from "./simulatedMemory.ts"

const table = () => simulatedMemory(Agents.WORDS)

describe("Agents", () => {
  it("agrees with a naive model: who lives, who was told to end, how many died, and no id comes twice", () => {
    const move = fc.record({ kind: fc.constantFrom("enter", "leave", "tell"), pick: fc.nat() })
    fc.assert(
      fc.property(fc.array(move, { maxLength: 100 }), (moves) => {
        const memory = table()
        const root = Agents.enter(memory, 0)
        const living = new Map<number, { readonly starter: number; told: boolean }>([
          [root, { starter: 0, told: false }],
        ])
        const everybody = new Set([root])
        let deaths = 0
        const die = (id: number): void => {
          if (!living.delete(id)) return
          deaths++
          for (const [child, { starter }] of [...living]) if (starter === id) die(child)
        }
        for (const { kind, pick } of moves) {
          const ids = [...everybody]
          const id = ids[pick % ids.length] as number
          if (kind === "enter" && living.has(id)) {
            const entered = Agents.enter(memory, id)
            expect(everybody.has(entered)).toBe(false)
            everybody.add(entered)
            living.set(entered, { starter: id, told: false })
          }
          if (kind === "leave") {
            Agents.leave(memory, id)
            die(id)
          }
          if (kind === "tell") {
            Agents.tell(memory, id)
            const alive = living.get(id)
            if (alive) alive.told = true
          }
          expect(Agents.deaths(memory)).toBe(deaths)
          for (const each of everybody) {
            expect(Agents.isAlive(memory, each)).toBe(living.has(each))
            if (living.has(each)) expect(Agents.isTold(memory, each)).toBe(living.get(each)?.told)
          }
        }
      }),
    )
  })

  it("has a place for 256, and none for one more until somebody dies", () => {
    const memory = table()
    const ids = Array.from({ length: Agents.PLACES }, () => Agents.enter(memory, 0))
    expect(new Set(ids.map(Agents.placeOf)).size).toBe(Agents.PLACES)
    expect(ids).not.toContain(0)
    expect(Agents.enter(memory, 0)).toBe(0)
    Agents.leave(memory, ids[7] as number)
    const late = Agents.enter(memory, 0)
    expect([Agents.placeOf(late), ids.includes(late)]).toEqual([7, false])
  })

  it("starts again with the first generation after the last, and never gives out 0", () => {
    const memory = table()
    memory.store(16, ((2 ** 20 - 1) << 2) | 0)
    const id = Agents.enter(memory, 0)
    expect([id, Agents.isAlive(memory, id)]).toEqual([1 << 8, true])
  })
})
