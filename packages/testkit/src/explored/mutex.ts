import * as Agents from "@multifiber/kernel/Agents"
import type { Memory } from "@multifiber/kernel/Memory"
import type * as MutexModule from "@multifiber/kernel/Mutex"
import { region, type Scenario } from "../Explorer.ts"
import type { Primitive } from "./primitive.ts"

/** Where the words of a scenario lie: the mutex, the table of agents, who is inside, and whether one has died there. */
const MUTEX = 0
const TABLE = 16 + 2 * Agents.PLACES
const INSIDE = TABLE + Agents.WORDS
const DIED_INSIDE = INSIDE + 1
const WORDS = DIED_INSIDE + 1

const STATE = MUTEX
const WAITERS = 1 << 28
const POKED = 1 << 29
const RESERVED = 1 << 30
const SEEN = MUTEX + 3
const SEEN_WORDS = Agents.PLACES / 32

/** The first generation of the agent in a place. */
const idOf = (place: number): number => (1 << 8) | place

const table = (memory: Memory): Memory => region(memory, TABLE)

const enterAgents = (memory: Memory, count: number): void => {
  for (let place = 0; place < count; place++) Agents.enter(table(memory), 0)
}

const marks = (memory: Memory, agent: number): void => {
  if (memory.compareExchange(INSIDE, idOf(agent), 0) === idOf(agent)) memory.store(DIED_INSIDE, 1)
  Agents.leave(table(memory), idOf(agent))
}

const sleepUntilWoken: MutexModule.Sleep = (memory, slot, value) => {
  memory.wait(slot, value, Number.POSITIVE_INFINITY)
  return true
}

const giveUpAtOnce: MutexModule.Sleep = (memory, slot, value) => !memory.wait(slot, value, 1)

/** Nobody writes the places of agents that are not there, nor, without a death, the table. */
const constant = (agents: number, dying: boolean) => (index: number) => {
  if (index > SEEN && index < SEEN + SEEN_WORDS) return true
  const place = index - TABLE
  if (place < 0 || index >= INSIDE) return !dying && index === MUTEX + 2
  return !dying || (place >= 16 + agents && place < 16 + Agents.PLACES)
}

const scenarios = (Mutex: typeof MutexModule): ReadonlyArray<Scenario> => {
  const of = (memory: Memory): MutexModule.Mutex => ({ memory, agents: table(memory) })

  const guarded = (memory: Memory, me: number): void => {
    if (memory.compareExchange(INSIDE, 0, me) !== 0) throw new Error("two are inside")
    memory.compareExchange(INSIDE, me, 0)
  }

  const locks =
    (me: number, times = 1, sleep = sleepUntilWoken) =>
    (memory: Memory) => {
      const mutex = of(memory)
      const taken: Array<MutexModule.Taken | undefined> = []
      for (let i = 0; i < times; i++) {
        const each = Mutex.acquire(mutex, me, sleep, 0)
        taken.push(each)
        if (each === undefined) continue
        guarded(memory, me)
        Mutex.release(mutex, me)
      }
      return taken
    }

  const tries = (me: number) => (memory: Memory) => {
    const mutex = of(memory)
    const taken = Mutex.tryAcquire(mutex, me)
    if (taken === undefined) return [taken]
    guarded(memory, me)
    Mutex.release(mutex, me)
    return [taken]
  }

  /** It has lost so many races already that it reserves the lock when it loses one more. */
  const impatient = (me: number) => (memory: Memory) => {
    const mutex = of(memory)
    const ticket = Mutex.enlist(mutex, me)
    for (;;) {
      const seen = Mutex.look(mutex, me, ticket, 3)
      if (seen === "acquired" || seen === "abandoned") {
        guarded(memory, me)
        Mutex.release(mutex, me)
        return [seen]
      }
      const { slot, value } = Mutex.wakeUp(me, ticket)
      memory.wait(slot, value, Number.POSITIVE_INFINITY)
    }
  }

  const releases = (me: number) => (memory: Memory) => {
    if (!Mutex.release(of(memory), me)) throw new Error("nobody held it")
  }

  /** Nobody queues, nobody is said to be awake, a newcomer can take it, and a death inside was told to somebody. */
  const atEnd =
    (judge: number): NonNullable<Scenario["atEnd"]> =>
    (results, memory) => {
      const died = Agents.deaths(table(memory)) > 0
      if (!died && memory.load(STATE) & POKED) throw new Error("somebody is said to be awake")
      const last = Mutex.tryAcquire(of(memory), judge)
      if (last === undefined) throw new Error("it is locked for ever")
      Mutex.sweep(of(memory))
      const told = [...results.flat(), last].includes("abandoned")
      if (!died && told) throw new Error("nobody has died")
      if (!told && memory.load(DIED_INSIDE) === 1) throw new Error("a death inside was told to nobody")
      for (let place = 0; place < Agents.placeOf(judge); place++) {
        if ((memory.load(MUTEX + 16 + 2 * place) & 3) !== 0) throw new Error("a slot is left")
      }
    }

  const scenario = (
    name: string,
    agents: Scenario["agents"],
    {
      dies,
      initial = () => {},
      preemptions = 3,
    }: {
      readonly dies?: ReadonlyArray<number>
      readonly initial?: (memory: Memory) => void
      readonly preemptions?: number
    } = {},
  ): Scenario => ({
    name,
    words: WORDS,
    initial: (memory) => {
      enterAgents(memory, agents.length + 1)
      initial(memory)
    },
    agents,
    preemptions,
    constant: constant(agents.length, dies !== undefined),
    ...(dies ? { death: { of: dies, marks } } : {}),
    atEnd: atEnd(idOf(agents.length)),
  })

  const state = (word: number) => (memory: Memory) => memory.store(STATE, word)
  const [a, b, c] = [idOf(0), idOf(1), idOf(2)]

  // The quick ones first: a bug is looked for until it is found.
  return [
    scenario("two lock twice", [locks(a, 2), locks(b, 2)]),
    scenario("one of two dies", [locks(a, 2), locks(b, 2)], { dies: [0], preemptions: 2 }),
    scenario("the first of three dies", [locks(a), locks(b), locks(c)], { dies: [0], preemptions: 1 }),
    scenario("one dies beside one that gives up", [locks(a), locks(b), locks(c, 1, giveUpAtOnce)], {
      dies: [0, 1],
      preemptions: 1,
    }),
    scenario(
      "one that reserves it is not the oldest",
      [locks(a), impatient(b), (memory) => [releases(c)(memory), ...tries(c)(memory)]],
      { initial: state(c) },
    ),
    scenario("one of three tries", [locks(a), locks(b), tries(c)]),
    scenario("three lock", [locks(a), locks(b), locks(c)]),
    scenario("one of three gives up", [locks(a), locks(b, 1, giveUpAtOnce), locks(c)]),
    scenario("two of three give up", [locks(a), locks(b, 1, giveUpAtOnce), locks(c, 1, giveUpAtOnce)]),
    scenario("it is reserved", [locks(a), locks(b), locks(c)], {
      initial: state(WAITERS | RESERVED),
      preemptions: 2,
    }),
    scenario("a holder has died", [locks(b), locks(c)], {
      initial: (memory) => {
        memory.store(STATE, a | WAITERS | POKED)
        marks(memory, 0)
      },
    }),
    scenario("another releases it", [releases(a), locks(b), locks(c)], { initial: state(b) }),
    scenario("waiters are said to be there", [locks(a), locks(b), locks(c)], { initial: state(WAITERS) }),
  ]
}

export const mutex: Primitive<typeof MutexModule> = {
  name: "Mutex",
  file: "Mutex",
  scenarios,
  mutants: [
    {
      name: "release wakes nobody",
      find: "    if (state & WAITERS) poke(self)\n    return true",
      replace: "    return true",
    },
    { name: "poke: no notify", find: "      memory.notify(slot)\n      return\n", replace: "      return\n" },
    {
      name: "look: does not say that it waits",
      find: "    if (!(state & WAITERS)) {\n      memory.compareExchange(STATE, state, state | WAITERS)\n    } else if",
      replace: "    if",
    },
    {
      name: "look: sleeps after it has handed the wake-up back",
      find: '      answer = "lost"\n',
      replace: '      return "lost"\n',
    },
    {
      name: "look: wakes nobody where it is reserved for another",
      find: "      if (isFree(state)) poke(self)\n      return answer",
      replace: "      return answer",
    },
    {
      name: "look: takes what is held",
      find: "if (isFree(state) && (!(state & RESERVED) || oldest(self) === slot)) {",
      replace: "if (!(state & RESERVED) || oldest(self) === slot) {",
    },
    {
      name: "look: keeps the wake-up of its own",
      find: "| (poked ? POKED : 0)",
      replace: "",
    },
    {
      name: "withdraw passes no wake-up on",
      find: "  poke(self)\n}\n\n/** Wakes",
      replace: "}\n\n/** Wakes",
    },
    {
      name: "leave keeps the wake-up",
      find: "  memory.store(slot, IDLE)\n  memory.and(STATE, ~POKED)\n}",
      replace: "  memory.store(slot, IDLE)\n}",
    },
    {
      name: "poke: no second scan",
      find: "      if (oldest(self) === 0) return\n      memory.or(STATE, WAITERS)\n      continue",
      replace: "      return",
    },
    {
      name: "poke: POKED kept where the waiter has left",
      find: "    memory.and(STATE, ~POKED)\n  }\n}\n\n/** The slot",
      replace: "  }\n}\n\n/** The slot",
    },
    {
      name: "sweep: slots of the dead stay",
      find: "      memory.compareExchange(slot, value, IDLE)",
      replace: "",
    },
    {
      name: "sweep: a dead holder stays",
      find: "    if (isFree(state) || Agents.isAlive(agents, state & HOLDER)) break",
      replace: "    break",
    },
    { name: "sweep: POKED stays", find: "  if (!awake) memory.and(STATE, ~POKED)", replace: "" },
    {
      name: "sweep: who was poked is not notified again",
      find: "    // Who poked it may have died before it woke it.\n    memory.notify(slot)",
      replace: "",
    },
    {
      name: "sweep: wakes nobody",
      find: "  poke(self)\n  memory.store(SWEPT",
      replace: "  memory.store(SWEPT",
    },
    { name: "sweep: WAITERS is not mended", find: "  if (used) memory.or(STATE, WAITERS)", replace: "" },
    {
      name: "sweep: a dead holder is not told of",
      find: "(state & ~HOLDER) | ABANDONED",
      replace: "state & ~HOLDER",
    },
    {
      name: "nobody sweeps",
      find: "if (self.memory.load(SWEPT) !== Agents.deaths(self.agents)) sweep(self)",
      replace: "void self",
    },
  ],
}
