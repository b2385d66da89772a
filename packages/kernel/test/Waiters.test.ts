import { describe, expect, it } from "@effect/vitest"
import * as Agents from "@multifiber/kernel/Agents"
import * as Mutex from "@multifiber/kernel/Mutex"
import * as Waiters from "@multifiber/kernel/Waiters"
import { simulatedMemory } from "./simulatedMemory.ts"

describe("Waiters", () => {
  it("an agent that has died while it waited is not counted, though nobody has used the gate since", () => {
    const table = simulatedMemory(Agents.WORDS)
    const main = Agents.enter(table, 0)
    const [first, second] = [Agents.enter(table, main), Agents.enter(table, main)]
    const gate = Mutex.fromMemory(simulatedMemory(Waiters.WORDS), table)
    expect(Mutex.tryAcquire(gate, main)).toBe("acquired")
    Waiters.enlist(gate, first)
    Waiters.enlist(gate, second)
    expect(Waiters.waitingAgents(gate)).toBe(2)
    Agents.leave(table, first)
    expect(Waiters.waitingAgents(gate)).toBe(1)
    Agents.leave(table, second)
    expect(Waiters.waitingAgents(gate)).toBe(0)
  })
})
