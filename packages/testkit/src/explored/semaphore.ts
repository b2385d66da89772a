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
import { boundsOvertaking } from "./overtaking.ts"
import type { Primitive } from "./primitive.ts"

/** How many are inside, and how many may be. */
const INSIDE = OWN
const ROOM = OWN + 1

const scenarios: Primitive["scenarios"] = (kernel) => {
  const { Semaphore, Waiters } = kernel
  const of = (memory: Memory): Gate => Semaphore.fromMemory(memory, table(memory))
  const release = (memory: Memory, permits = 1) => Semaphore.release(of(memory), permits, Semaphore.MAX)

  const inside = (memory: Memory): void => {
    if (memory.add(INSIDE, 1) >= memory.load(ROOM)) throw new Error("too many are inside")
    memory.add(INSIDE, -1)
  }

  /** Takes a permit and gives it back; returns what becomes of the number of permits. */
  const visits =
    (me: number, times = 1, sleep = sleepUntilWoken) =>
    (memory: Memory) => {
      for (let i = 0; i < times; i++) {
        if (Semaphore.acquire(of(memory), me, sleep, 0) === undefined) continue
        inside(memory)
        release(memory)
      }
      return 0
    }

  const takes = (me: number) => (memory: Memory) => {
    Semaphore.acquire(of(memory), me, sleepUntilWoken, 0)
    return -1
  }

  const impatient = (me: number) => (memory: Memory) => {
    passImpatiently(kernel, of(memory), me)
    return -1
  }

  const tries = (me: number) => (memory: Memory) =>
    Semaphore.tryAcquire(of(memory), me) === undefined ? 0 : -1

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

  /** No permit is lost or made up, and nobody is queued. */
  const keeping = (permits: number) =>
    scenarioWith((results, memory) => {
      Waiters.sweep(of(memory))
      expectNoSlots(memory, results.length)
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
  const [a, b, c, d] = [idOf(0), idOf(1), idOf(2), idOf(3)]

  return [
    keeping(1)("two visit twice", [visits(a, 2), visits(b, 2)], { initial: start(1) }),
    keeping(0)("two take what one gives", [takes(a), takes(b), gives(2)], { initial: start(0) }),
    keeping(0)(
      "two take what one gives, one by one",
      [takes(a), takes(b), (memory) => gives(1)(memory) + gives(1)(memory)],
      {
        initial: start(0),
      },
    ),
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
      [takes(a), impatient(b), (memory) => gives(2)(memory) + tries(c)(memory) + gives(1)(memory)],
      {
        initial: start(0),
      },
    ),
    keeping(2)("three visit two places", [visits(a), visits(b), visits(c)], { initial: start(2) }),
    keeping(1)("waiters are said to be there", [visits(a), visits(b), visits(c)], {
      initial: start(1, WAITERS),
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
  ]
}

export const semaphore: Primitive = {
  name: "Semaphore",
  scenarios,
  mutants: [
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
      find: "isOpen: (permits) => permits > 0",
      replace: "isOpen: (permits) => permits >= 0",
    },
    {
      name: "acquire takes a permit that is not there",
      file: "Semaphore",
      find: "if (permits === 0 || (state & ~WAITERS) !== permits) continue",
      replace: "if ((state & ~WAITERS) !== permits) continue",
    },
    {
      name: "a reserved permit is taken on the way in",
      file: "Semaphore",
      find: "if (permits === 0 || (state & ~WAITERS) !== permits) continue",
      replace: "if (permits === 0) continue",
      deep: true,
    },
    {
      name: "who tries takes a reserved permit",
      file: "Semaphore",
      find: "state > 0 && state <= VALUE &&",
      replace: "(state & VALUE) > 0 &&",
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
