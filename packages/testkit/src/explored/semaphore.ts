import * as Agents from "@multifiber/kernel/Agents"
import type { Memory } from "@multifiber/kernel/Memory"
import type { Gate } from "@multifiber/kernel/Waiters"
import {
  expectNoSlots,
  giveUpAtOnce,
  hasDeaths,
  idOf,
  OWN,
  passImpatiently,
  STATE,
  scenarioWith,
  sleepUntilWoken,
  table,
  WAITERS,
} from "./gate.ts"
import { severalMutants } from "./gateMutants.ts"
import { boundsOvertaking } from "./overtaking.ts"
import type { Primitive } from "./primitive.ts"

/** How many are inside, and how many may be. */
const INSIDE = OWN
const ROOM = OWN + 1

const scenarios: Primitive["scenarios"] = (kernel) => {
  const { Semaphore, Waiters } = kernel
  const of = (memory: Memory): Gate => Semaphore.fromMemory(memory, table(memory))
  const release = (memory: Memory, permits = 1) => Semaphore.release(of(memory), permits, Semaphore.MAX)

  const inside = (memory: Memory, permits = 1): void => {
    if (memory.add(INSIDE, permits) + permits > memory.load(ROOM)) throw new Error("too many are inside")
    memory.add(INSIDE, -permits)
  }

  /** Takes permits and gives them back; returns what becomes of the number of permits. */
  const visits =
    (me: number, times = 1, sleep = sleepUntilWoken, permits = 1) =>
    (memory: Memory) => {
      for (let i = 0; i < times; i++) {
        if (Semaphore.acquire(of(memory), me, sleep, 0, permits) === undefined) continue
        inside(memory, permits)
        release(memory, permits)
      }
      return 0
    }

  const visitsWithTwo = (me: number, sleep = sleepUntilWoken) => visits(me, 1, sleep, 2)

  const takes =
    (me: number, permits = 1) =>
    (memory: Memory) => {
      Semaphore.acquire(of(memory), me, sleepUntilWoken, 0, permits)
      return -permits
    }

  /** The first in the queue takes permits. */
  const takesInPlace = (me: number, permits: number) => (memory: Memory) => {
    Waiters.passInPlace(of(memory), me, 0, sleepUntilWoken)
    return -permits
  }

  /** Wants so many at first and so many later, which it takes. */
  const changesItsMind = (me: number, first: number, later: number) => (memory: Memory) => {
    const ticket = Waiters.enlist(of(memory), me, first)
    const seen = Waiters.look(of(memory), me, ticket, 0)
    if (seen === "acquired") return -first
    Waiters.want(of(memory), me, later)
    Waiters.passInPlace(of(memory), me, ticket, sleepUntilWoken)
    return -later
  }

  /** The first in the queue is content with one. */
  const wantsLess = (me: number) => (memory: Memory) => {
    Waiters.want(of(memory), me, 1)
    return takesInPlace(me, 1)(memory)
  }

  const impatient = (me: number) => (memory: Memory) => {
    passImpatiently(kernel, of(memory), me)
    return -1
  }

  const tries =
    (me: number, permits = 1) =>
    (memory: Memory) =>
      Semaphore.tryAcquire(of(memory), me, permits) === undefined ? 0 : -permits

  const triesToVisit = (me: number) => (memory: Memory) => {
    if (tries(me)(memory) === 0) return 0
    inside(memory)
    release(memory)
    return 0
  }

  const gives = (permits: number) => (memory: Memory) => {
    if (!release(memory, permits)) throw new Error("there is room for more")
    return permits
  }

  const isThere = (me: number) => (memory: Memory) => {
    if (tries(me)(memory) === 0) throw new Error("it is refused what nobody waits for")
    return -1
  }

  const isRefused = (me: number) => (memory: Memory) => {
    if (tries(me)(memory) !== 0) throw new Error("it has gone before one who waits for more")
    return 0
  }

  /** Does one thing after the other. */
  const inTurn =
    (...parts: ReadonlyArray<(memory: Memory) => number>) =>
    (memory: Memory) =>
      parts.reduce((sum, part) => sum + part(memory), 0)

  /** No permit is lost or made up, nobody is queued, and what is left is there for a newcomer. */
  const keeping = (permits: number) =>
    scenarioWith((results, memory, judge) => {
      Waiters.repair(of(memory))
      expectNoSlots(memory, results.length)
      if (Semaphore.permits(of(memory)) > 0) {
        if (tries(judge)(memory) === 0) throw new Error("what is left is kept for nobody")
        release(memory)
      }
      if (hasDeaths(memory)) return
      const expected = (results as Array<number>).reduce((sum, change) => sum + change, permits)
      const left = Semaphore.permits(of(memory))
      if (left !== expected) throw new Error(`${left} permits are left of ${expected}`)
    })

  const start =
    (permits: number, flags = 0) =>
    (memory: Memory) => {
      memory.store(STATE, permits | flags)
      memory.store(ROOM, Math.max(permits, 1))
    }

  /** One is queued, and has looked. */
  const startQueued = (permits: number, me: number, wanted: number) => (memory: Memory) => {
    start(permits)(memory)
    Waiters.look(of(memory), me, Waiters.enlist(of(memory), me, wanted), 0)
  }

  /** The same, and it has died: it stands after those of the scenario. */
  const startAfterDeath = (permits: number, dead: number, wanted: number) => (memory: Memory) => {
    startQueued(permits, dead, wanted)(memory)
    Agents.leave(table(memory), dead)
  }
  const [a, b, c, d] = [idOf(0), idOf(1), idOf(2), idOf(3)]

  return [
    keeping(1)(
      "none goes before one who waits for two, since it looks",
      [takesInPlace(a, 2), inTurn(isRefused(b), gives(1))],
      { initial: startQueued(1, a, 2) },
    ),
    keeping(0)(
      "none goes before one who waits for two, since one was given",
      [takesInPlace(a, 2), inTurn(gives(1), isRefused(b), gives(1))],
      { initial: startQueued(0, a, 2) },
    ),
    keeping(1)("one tries to take two, one gives one", [tries(a, 2), gives(1)], { initial: start(1) }),
    keeping(1)("one that waited for two has died, one tries", [isThere(a)], {
      initial: startAfterDeath(1, b, 2),
      dies: [],
    }),
    keeping(0)("one that waited for two has died, one takes what is given", [takes(a), gives(1)], {
      initial: startAfterDeath(0, c, 2),
      dies: [],
    }),
    keeping(0)(
      "one wants one instead of two",
      [changesItsMind(a, 2, 1), takes(b), inTurn(gives(1), gives(2))],
      { initial: start(0), preemptions: 2 },
    ),
    keeping(0)("one wants one instead of two, and no more is given", [wantsLess(a), gives(1)], {
      initial: startQueued(0, a, 2),
    }),
    keeping(0)("one wants two instead of one", [changesItsMind(a, 1, 2), inTurn(gives(1), gives(1))], {
      initial: start(0),
    }),
    keeping(1)("two visit twice", [visits(a, 2), visits(b, 2)], { initial: start(1) }),
    keeping(0)("two take what one gives", [takes(a), takes(b), gives(2)], { initial: start(0) }),
    keeping(0)("two take what one gives, one by one", [takes(a), takes(b), inTurn(gives(1), gives(1))], {
      initial: start(0),
    }),
    keeping(0)("one of two that take gives up", [takes(a), visits(b, 1, giveUpAtOnce), gives(1)], {
      initial: start(0),
    }),
    keeping(0)("a waiter dies", [takes(a), takes(b), gives(2)], {
      initial: start(0),
      dies: [0],
      preemptions: 1,
    }),
    keeping(0)(
      "one takes, one is impatient, one tries",
      [takes(a), impatient(b), inTurn(gives(2), tries(c), gives(1))],
      {
        initial: start(0),
      },
    ),
    keeping(2)("three visit two places", [visits(a), visits(b), visits(c)], { initial: start(2) }),
    keeping(1)("waiters are said to be there", [visits(a), visits(b), visits(c)], {
      initial: start(1, WAITERS),
      preemptions: 2,
    }),
    keeping(0)(
      "one that wants two gives up, one takes one",
      [visitsWithTwo(a, giveUpAtOnce), takes(b), gives(1)],
      { initial: start(0) },
    ),
    keeping(0)(
      "one that wants two dies, one takes one",
      [takes(a, 2), takes(b), inTurn(gives(1), gives(2))],
      { initial: start(0), dies: [0], preemptions: 1 },
    ),
    keeping(0)(
      "one takes two, one takes one of what one gives one by one",
      [takes(a, 2), takes(b), inTurn(gives(1), gives(1), gives(1))],
      { initial: start(0), preemptions: 2 },
    ),
    keeping(2)("one visits with two, two with one", [visitsWithTwo(a), visits(b), visits(c)], {
      initial: start(2),
    }),
    keeping(3)("two visit with two, one with one", [visitsWithTwo(a), visitsWithTwo(b), visits(c)], {
      initial: start(3),
      preemptions: 2,
    }),
    {
      ...keeping(1)("two visit again and again, one tries", [visits(a), visits(b), triesToVisit(c)], {
        initial: start(1),
      }),
      rounds: 20,
      watch: boundsOvertaking(3),
      runs: 2000,
    },
    {
      ...keeping(2)(
        "three visit two places again and again, one tries",
        [visits(a), visits(b), visits(c), triesToVisit(d)],
        { initial: start(2) },
      ),
      rounds: 16,
      watch: boundsOvertaking(4),
      runs: 2000,
    },
    {
      ...keeping(3)(
        "one visits with three, one with two, one with one, again and again, one tries",
        [visits(a, 1, sleepUntilWoken, 3), visitsWithTwo(b), visits(c), triesToVisit(d)],
        { initial: start(3) },
      ),
      rounds: 16,
      watch: boundsOvertaking(4),
      runs: 1000,
    },
    {
      ...keeping(3)(
        "one visits with three, one with two or gives up, two with one",
        [visits(a, 4, sleepUntilWoken, 3), visits(b, 4, giveUpAtOnce, 2), visits(c, 4), visits(d, 4)],
        { initial: start(3) },
      ),
      runs: 1000,
    },
  ]
}

export const semaphore: Primitive = {
  name: "Semaphore",
  scenarios,
  mutants: [
    ...severalMutants,
    {
      name: "who takes several takes one",
      file: "Semaphore",
      find: "pass: (permits, _, wanted) => permits - wanted",
      replace: "pass: (permits) => permits - 1",
    },
    {
      name: "one permit is enough for who tries to take several",
      file: "Semaphore",
      find: "state >= wanted && state <= VALUE &&",
      replace: "state > 0 && state <= VALUE &&",
    },
    {
      name: "one permit is enough for who takes several",
      file: "Semaphore",
      find: "if (permits < wanted || (",
      replace: "if (permits === 0 || (",
    },
    {
      name: "release wakes nobody",
      file: "Semaphore",
      find: "    if (state & WAITERS) Waiters.poke(self)\n",
      replace: "",
    },
    {
      name: "who passes does not wake the next",
      file: "Waiters",
      find: "      // It may be open still: who opened it woke one only.\n      poke(self)\n",
      replace: "",
    },
    {
      name: "it is open without a permit",
      file: "Semaphore",
      find: "isOpen: (permits, wanted) => permits >= wanted",
      replace: "isOpen: (permits, wanted) => permits >= wanted - 1",
    },
    {
      name: "acquire takes a permit that is not there",
      file: "Semaphore",
      find: "if (permits < wanted || (state & ~WAITERS) !== permits) continue",
      replace: "if ((state & ~WAITERS) !== permits) continue",
    },
    {
      name: "a reserved permit is taken on the way in",
      file: "Semaphore",
      find: "if (permits < wanted || (state & ~WAITERS) !== permits) continue",
      replace: "if (permits < wanted) continue",
      deep: true,
    },
    {
      name: "who tries takes a reserved permit",
      file: "Semaphore",
      find: "state >= wanted && state <= VALUE &&",
      replace: "(state & VALUE) >= wanted &&",
      deep: true,
    },
    {
      name: "a permit is stored, not added",
      file: "Semaphore",
      find: "memory.compareExchange(STATE, state, state + permits) !== state",
      replace: "(memory.store(STATE, state + permits), false)",
    },
  ],
}
