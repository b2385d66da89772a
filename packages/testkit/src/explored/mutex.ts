import * as Agents from "@multifiber/kernel/Agents"
import type { Memory } from "@multifiber/kernel/Memory"
import type { Gate, Taken } from "@multifiber/kernel/Waiters"
import {
  expectNoSlots,
  giveUpAtOnce,
  hasDeaths,
  idOf,
  OWN,
  POKED,
  passImpatiently,
  RESERVED,
  STATE,
  scenarioWith,
  sleepUntilWoken,
  table,
  WAITERS,
} from "./gate.ts"
import { gateMutants, overtakingMutants } from "./gateMutants.ts"
import { boundsOvertaking } from "./overtaking.ts"
import type { Primitive } from "./primitive.ts"

/** Who is inside, and whether one has died there. */
const INSIDE = OWN
const DIED_INSIDE = OWN + 1

const buried = (memory: Memory, id: number): void => {
  if (memory.compareExchange(INSIDE, id, 0) === id) memory.store(DIED_INSIDE, 1)
}

const guarded = (memory: Memory, me: number): void => {
  if (memory.compareExchange(INSIDE, 0, me) !== 0) throw new Error("two are inside")
  memory.compareExchange(INSIDE, me, 0)
}

const scenarios: Primitive["scenarios"] = (kernel) => {
  const { Mutex, Waiters } = kernel
  const of = (memory: Memory): Gate => Mutex.fromMemory(memory, table(memory))

  const inside = (memory: Memory, me: number, taken: Taken | undefined) => {
    if (taken === undefined) return
    guarded(memory, me)
    Mutex.release(of(memory), me)
  }

  const locks =
    (me: number, times = 1, sleep = sleepUntilWoken, spins = 0) =>
    (memory: Memory) =>
      Array.from({ length: times }, () => {
        const taken = Mutex.acquire(of(memory), me, sleep, spins)
        inside(memory, me, taken)
        return taken
      })

  const tries = (me: number) => (memory: Memory) => {
    const taken = Mutex.tryAcquire(of(memory), me)
    inside(memory, me, taken)
    return [taken]
  }

  const impatient = (me: number) => (memory: Memory) => {
    const taken = passImpatiently(kernel, of(memory), me)
    inside(memory, me, taken)
    return [taken]
  }

  const releases = (me: number) => (memory: Memory) => {
    if (!Mutex.release(of(memory), me)) throw new Error("nobody held it")
    return []
  }

  /** A newcomer can take it, a death inside was told to somebody, and nobody is queued. */
  const scenario = scenarioWith((results, memory, judge) => {
    const last = Mutex.tryAcquire(of(memory), judge)
    if (last === undefined) throw new Error("it is locked for ever")
    Waiters.sweep(of(memory))
    expectNoSlots(memory, results.length)
    const told = [...results.flat(), last].includes("abandoned")
    if (told && !hasDeaths(memory)) throw new Error("nobody has died")
    if (!told && memory.load(DIED_INSIDE) === 1) throw new Error("a death inside was told to nobody")
  }, buried)

  const state = (word: number) => (memory: Memory) => memory.store(STATE, word)
  const [a, b, c, d] = [idOf(0), idOf(1), idOf(2), idOf(3)]
  const spins = (me: number) => locks(me, 1, sleepUntilWoken, 1)

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
      [locks(a), impatient(b), (memory) => [...releases(c)(memory), ...tries(c)(memory)]],
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
    scenario("the only one that waited has died, and it was reserved for it", [tries(a)], {
      initial: (memory) => {
        memory.store(STATE, c | WAITERS | RESERVED)
        Waiters.enlist(of(memory), b)
        Agents.leave(table(memory), b)
        releases(c)(memory)
      },
      dies: [],
    }),
    scenario("a holder has died", [locks(a), locks(b)], {
      initial: (memory) => {
        const dead = Agents.enter(table(memory), 0)
        memory.store(STATE, dead | WAITERS | POKED)
        Agents.leave(table(memory), dead)
      },
      dies: [],
    }),
    scenario("another releases it", [releases(a), locks(b), locks(c)], { initial: state(b) }),
    scenario("waiters are said to be there", [locks(a), locks(b), locks(c)], { initial: state(WAITERS) }),
    {
      ...scenario("two lock again and again, one tries", [spins(a), spins(b), tries(c)]),
      rounds: 20,
      watch: boundsOvertaking(3),
      runs: 2000,
    },
    {
      ...scenario(
        "one of four that lock three times dies, one may give up",
        [locks(a, 3), locks(b, 3), locks(c, 3, giveUpAtOnce), locks(d, 3)],
        { dies: [0, 1, 2] },
      ),
      runs: 4000,
    },
    {
      ...scenario("three lock again and again", [spins(a), spins(b), spins(c)]),
      rounds: 8,
      watch: boundsOvertaking(3),
      runs: 1000,
    },
    {
      ...scenario("two lock, one tries, one tries and locks, again and again", [
        spins(a),
        spins(b),
        tries(c),
        (memory) => [...tries(d)(memory), ...locks(d)(memory)],
      ]),
      rounds: 16,
      watch: boundsOvertaking(4),
      runs: 1000,
    },
  ]
}

export const mutex: Primitive = {
  name: "Mutex",
  scenarios,
  mutants: [
    ...gateMutants,
    {
      name: "release wakes nobody",
      file: "Mutex",
      find: "    if (state & WAITERS) Waiters.poke(self)\n",
      replace: "",
    },
    {
      name: "a dead holder stays",
      file: "Mutex",
      find: "(holder === 0 || Agents.isAlive(agents, holder) ? holder : 0)",
      replace: "(agents === undefined ? 0 : holder)",
    },
    {
      name: "a reserved lock is taken on the way in",
      file: "Mutex",
      find: "(state & ~WAITERS) === 0",
      replace: "(state & VALUE) === 0",
      deep: true,
    },
    ...overtakingMutants,
  ],
}
