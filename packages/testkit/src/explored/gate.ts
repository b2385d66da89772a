/** The words of a scenario at a gate: the gate, the table of agents, and who has passed. */
import type * as Kernel from "@multifiber/kernel"
import * as Agents from "@multifiber/kernel/Agents"
import * as BoundedSemaphore from "@multifiber/kernel/BoundedSemaphore"
import type { Memory } from "@multifiber/kernel/Memory"
import * as Waiters from "@multifiber/kernel/Waiters"
import type { Bounded } from "../Explorer.ts"
import { region } from "../Simulation.ts"

/** A gate has the first words, and may have more than `Waiters` gives it. */
const TABLE = BoundedSemaphore.WORDS

/** Free for the scenario. */
export const OWN = TABLE + Agents.WORDS
const WORDS = OWN + 4

export const STATE = Waiters.STATE
export const WAITERS = 1 << 28
export const POKED = 1 << 29
export const RESERVED = 1 << 30
const SWEPT = 2
const SEEN = 3
const SEEN_WORDS = Agents.PLACES / 32

/** Where the places of the table begin. */
const AGENT = 16

/** The slot of the agent in a place. */
export const slotOf = (place: number): number => 16 + 2 * place

/** Of what an agent has of a bounded semaphore for itself. */
const OWN_WORDS_EACH = 3

/** The first generation of the agent in a place. */
export const idOf = (place: number): number => (1 << 8) | place

export const table = (memory: Memory): Memory => region(memory, TABLE)

export const sleepUntilWoken: Waiters.Sleep = (memory, slot, value) => {
  memory.wait(slot, value, Number.POSITIVE_INFINITY)
  return true
}

export const giveUpAtOnce: Waiters.Sleep = (memory, slot, value) => !memory.wait(slot, value, 1)

export const hasDeaths = (memory: Memory): boolean => Agents.deaths(table(memory)) > 0

/** Nobody is queued. */
export const expectNoSlots = (memory: Memory, agents: number): void => {
  for (let place = 0; place < agents; place++) {
    if ((memory.load(slotOf(place)) & 3) !== 0) throw new Error("a slot is left")
  }
}

/** Nobody writes the places of agents that are not there, nor, without a death, the table. */
const constant = (agents: number, dying: boolean) => (index: number) => {
  if (index > SEEN && index < SEEN + SEEN_WORDS) return true
  if (index >= Waiters.WORDS + agents && index < Waiters.COUNTING_WORDS) return true
  if (index >= Waiters.COUNTING_WORDS + OWN_WORDS_EACH * agents && index < TABLE) return true
  const place = index - TABLE
  if (place < 0 || index >= OWN) return !dying && index === SWEPT
  return !dying || (place >= AGENT + agents && place < AGENT + Agents.PLACES)
}

export interface Setting {
  /** Which agents may die, one of them in a schedule; none of them, but not missing, where one has died before. */
  readonly dies?: ReadonlyArray<number>
  readonly initial?: (memory: Memory) => void
  readonly preemptions?: number
}

/** Makes scenarios of agents at a gate, with one agent more, which the judge may use at the end. */
export const scenarioWith =
  (
    judge: (results: ReadonlyArray<unknown>, memory: Memory, me: number) => void,
    buried: (memory: Memory, id: number) => void = () => {},
  ) =>
  (name: string, agents: Bounded["agents"], { dies, initial, preemptions = 3 }: Setting = {}): Bounded => ({
    name,
    words: WORDS,
    initial: (memory) => {
      for (let place = 0; place <= agents.length; place++) Agents.enter(table(memory), 0)
      initial?.(memory)
    },
    agents,
    preemptions,
    constant: constant(agents.length, dies !== undefined),
    ...(dies ? { death: { of: dies, marks: (memory, agent) => die(memory, agent, buried), isOpen } } : {}),
    atEnd: (results, memory) => {
      if (!hasDeaths(memory) && memory.load(STATE) & POKED) throw new Error("somebody is said to be awake")
      judge(results, memory, idOf(agents.length))
    },
  })

/** Nobody has got to the end of a sweep since the death. */
const isOpen = (memory: Memory): boolean => memory.load(SWEPT) !== Agents.deaths(table(memory))

/** Marks an agent as dead. */
export const die = (memory: Memory, agent: number, buried: (memory: Memory, id: number) => void): void => {
  buried(memory, idOf(agent))
  Agents.leave(table(memory), idOf(agent))
}

/** An agent that has lost so many races already that it reserves the gate when it loses one more. */
export const passImpatiently = (
  { Waiters }: typeof Kernel,
  gate: Waiters.Gate,
  me: number,
): Waiters.Taken => {
  const ticket = Waiters.enlist(gate, me)
  for (;;) {
    const seen = Waiters.look(gate, me, ticket, 3)
    if (seen === "acquired" || seen === "abandoned") return seen
    if (seen === "lost") continue
    const { slot, value } = Waiters.wakeUp(me, ticket)
    gate.memory.wait(slot, value, Number.POSITIVE_INFINITY)
  }
}
