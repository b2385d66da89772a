import * as Agents from "@multifiber/kernel/Agents"
import type { Memory } from "@multifiber/kernel/Memory"
import {
  expectNoSlots,
  giveUpAtOnce,
  hasDeaths,
  idOf,
  OWN,
  scenarioWith,
  sleepUntilWoken,
  table,
} from "./gate.ts"
import { overtakingMutants } from "./gateMutants.ts"
import { boundsOvertaking } from "./overtaking.ts"
import type { Primitive } from "./primitive.ts"

/** Who is inside: four bits for each agent, of which it sets one for each permit that it has; a dead one sets none. */
const INSIDE = OWN

const bitsOf = (id: number, permits: number): number => (2 ** permits - 1) << (4 * Agents.placeOf(id))

const scenarios: Primitive["scenarios"] = ({ BoundedSemaphore, Waiters }) => {
  const scenariosOf = (total: number) => {
    const of = (memory: Memory) => BoundedSemaphore.fromMemory(memory, table(memory), total)

    const take = (memory: Memory, me: number, sleep = sleepUntilWoken, permits = 1): boolean => {
      BoundedSemaphore.enter(of(memory), me)
      return (
        Waiters.tryPass(of(memory), me, permits) !== undefined ||
        Waiters.pass(of(memory), me, sleep, permits) !== undefined
      )
    }

    const inside = (memory: Memory, me: number, permits = 1): void => {
      const others = memory.or(INSIDE, bitsOf(me, permits))
      if (countOf(others) + permits > total) throw new Error("too many are inside")
      memory.and(INSIDE, ~bitsOf(me, permits))
      if (!BoundedSemaphore.release(of(memory), me, permits)) throw new Error("there is room for its permits")
    }

    const visits =
      (me: number, times = 1, sleep = sleepUntilWoken, permits = 1) =>
      (memory: Memory) => {
        for (let i = 0; i < times; i++) if (take(memory, me, sleep, permits)) inside(memory, me, permits)
      }

    const visitsWithTwo = (me: number, times = 1, sleep = sleepUntilWoken) => visits(me, times, sleep, 2)

    const triesToVisit = (me: number) => (memory: Memory) => {
      BoundedSemaphore.enter(of(memory), me)
      if (Waiters.tryPass(of(memory), me) !== undefined) inside(memory, me)
    }

    const gives =
      (me: number, permits = 1) =>
      (memory: Memory) => {
        BoundedSemaphore.enter(of(memory), me)
        return BoundedSemaphore.release(of(memory), me, permits)
      }

    const givesNone =
      (me: number, permits = 1) =>
      (memory: Memory) => {
        if (gives(me, permits)(memory)) throw new Error("nobody living has taken it")
      }

    const takes =
      (me: number, permits = 1) =>
      (memory: Memory) =>
        take(memory, me, sleepUntilWoken, permits)

    const sweeps = (memory: Memory) => Waiters.sweep(of(memory))

    /** In the end all permits are there but those that the living hold, and a newcomer gets one. */
    const keeping = (judge: (results: ReadonlyArray<unknown>) => number) =>
      scenarioWith(
        (results, memory, newcomer) => {
          Waiters.repair(of(memory))
          expectNoSlots(memory, results.length)
          const left = BoundedSemaphore.permits(of(memory))
          const expected = judge(results)
          if (left !== expected) throw new Error(`${left} permits are left, not ${expected}`)
          if (left > 0 && Waiters.tryPass(of(memory), newcomer) === undefined)
            throw new Error("what is left is kept for nobody")
          if (!hasDeaths(memory) && memory.load(INSIDE) !== 0) throw new Error("somebody is inside")
        },
        (memory, id) => memory.and(INSIDE, ~bitsOf(id, 4)),
      )

    const start = (memory: Memory) => memory.store(Waiters.STATE, total)

    /** An agent in the place after those of the scenario has died with a permit, or with so many. */
    const startAfterDeath =
      (dead: number, permits = 1) =>
      (memory: Memory) => {
        start(memory)
        takes(dead, permits)(memory)
        Agents.leave(table(memory), dead)
      }
    const visiting = { visits, visitsWithTwo, triesToVisit }
    return { ...visiting, takes, gives, givesNone, keeping, start, startAfterDeath, sweeps }
  }

  const one = scenariosOf(1)
  const two = scenariosOf(2)
  const three = scenariosOf(3)
  const [a, b, c, d] = [idOf(0), idOf(1), idOf(2), idOf(3)]
  const allOf = (total: number) => () => total

  return [
    one.keeping(allOf(1))("two visit twice", [one.visits(a, 2), one.visits(b, 2)], {
      initial: one.start,
    }),
    one.keeping(allOf(1))("one of two gives up", [one.visits(a), one.visits(b, 1, giveUpAtOnce)], {
      initial: one.start,
    }),
    two.keeping(allOf(2))("three visit two places", [two.visits(a), two.visits(b), two.visits(c)], {
      initial: two.start,
      preemptions: 2,
    }),
    one.keeping(allOf(1))("who visits dies", [one.visits(a), one.visits(b)], {
      initial: one.start,
      dies: [0],
    }),
    one.keeping((results) => (results[0] === true ? 0 : 1))(
      "who keeps a permit may die, another does not wait for it",
      [one.takes(a), one.visits(b, 2, giveUpAtOnce)],
      { initial: one.start, dies: [0] },
    ),
    two.keeping(allOf(2))("one visits, one gives two that it has not", [two.visits(a), two.givesNone(b, 2)], {
      initial: two.start,
    }),
    two.keeping(allOf(2))(
      "one has died with two, one visits with two, one with one",
      [two.visitsWithTwo(a), two.visits(b)],
      {
        initial: two.startAfterDeath(c, 2),
        dies: [],
        preemptions: 2,
      },
    ),
    two.keeping(allOf(2))("one visits with two and dies", [two.visitsWithTwo(a), two.visits(b)], {
      initial: two.start,
      dies: [0],
      preemptions: 2,
    }),
    three.keeping((results) => (results[0] === true ? 1 : 3))(
      "who keeps two of three may die, one visits, one visits with two or gives up",
      [three.takes(a, 2), three.visits(b), three.visitsWithTwo(c, 1, giveUpAtOnce)],
      { initial: three.start, dies: [0], preemptions: 1 },
    ),
    two.keeping((results) => (results[0] === true ? 1 : 2))(
      "who keeps a permit may die, two visit the other place",
      [two.takes(a), two.visits(b), two.visits(c)],
      { initial: two.start, dies: [0], preemptions: 1 },
    ),
    two.keeping(allOf(2))("one of three visitors dies", [two.visits(a), two.visits(b), two.visits(c)], {
      initial: two.start,
      dies: [0],
      preemptions: 1,
    }),
    two.keeping(allOf(2))("one has died, two visit", [two.visits(a, 2), two.visits(b)], {
      initial: two.startAfterDeath(c),
      dies: [],
    }),
    two.keeping(allOf(2))("one has died, two that have none give", [two.givesNone(a), two.givesNone(b)], {
      initial: two.startAfterDeath(c),
      dies: [],
    }),
    three.keeping(allOf(2))(
      "one has died, one takes, one sweeps, one gives",
      [three.takes(a), three.sweeps, three.gives(c)],
      {
        initial: (memory) => {
          three.startAfterDeath(d)(memory)
          three.takes(c)(memory)
        },
        dies: [],
      },
    ),
    one.keeping((results) => (results[1] === true ? 1 : 0))(
      "one gives what another takes",
      [one.takes(a), one.gives(b)],
      {
        initial: one.start,
      },
    ),
    {
      ...one.keeping(allOf(1))(
        "two visit again and again, one tries",
        [one.visits(a), one.visits(b), one.triesToVisit(c)],
        { initial: one.start },
      ),
      rounds: 20,
      watch: boundsOvertaking(3),
      runs: 1000,
    },
    {
      ...two.keeping(allOf(2))(
        "three visit two places again and again, one tries",
        [two.visits(a), two.visits(b), two.visits(c), two.triesToVisit(d)],
        { initial: two.start },
      ),
      rounds: 16,
      watch: boundsOvertaking(4),
      runs: 1000,
    },
    {
      ...three.keeping(allOf(3))(
        "three visit three times, with one, two and three, and one of them dies, one more may give up",
        [
          three.visits(a, 3),
          three.visitsWithTwo(b, 3),
          three.visits(c, 3, sleepUntilWoken, 3),
          three.visitsWithTwo(d, 3, giveUpAtOnce),
        ],
        { initial: three.start, dies: [0, 1, 2] },
      ),
      runs: 1000,
    },
    {
      ...two.keeping(allOf(2))(
        "one of three that visit three times dies, one more may give up",
        [two.visits(a, 3), two.visits(b, 3), two.visits(c, 3), two.visits(d, 3, giveUpAtOnce)],
        { initial: two.start, dies: [0, 1, 2] },
      ),
      runs: 1000,
    },
  ]
}

const countOf = (bits: number): number => {
  let count = 0
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++
  return count
}

export const boundedSemaphore: Primitive = {
  name: "BoundedSemaphore",
  scenarios,
  mutants: [
    ...overtakingMutants,
    {
      name: "release wakes nobody",
      file: "BoundedSemaphore",
      find: "    if (state & WAITERS) Waiters.poke(self)\n",
      replace: "",
    },
    {
      name: "release goes beyond the total",
      file: "BoundedSemaphore",
      find: "    if ((state & PERMITS) + permits > total) return false\n",
      replace: "",
    },
    {
      name: "release looks for room for one",
      file: "BoundedSemaphore",
      find: "(state & PERMITS) + permits > total",
      replace: "(state & PERMITS) >= total",
    },
    {
      name: "permits of the dead stay lost",
      file: "BoundedSemaphore",
      find: "    bury: recount(total),",
      replace: "    bury: (_, value) => value,",
    },
    {
      name: "the dead are counted as living",
      file: "BoundedSemaphore",
      find: "if (who === 0 || !Agents.isAlive(agents, who)) continue",
      replace: "if (who === 0) continue",
    },
    {
      name: "a busy agent is counted",
      file: "BoundedSemaphore",
      find: "    if (sequence & 1) return undefined\n",
      replace: "",
    },
    {
      name: "what is held is not noted",
      file: "BoundedSemaphore",
      find: "  if (swapped) memory.add(mine + HELD, (state & PERMITS) - (next & PERMITS))\n",
      replace: "",
    },
    {
      name: "several that are held count as one",
      file: "BoundedSemaphore",
      find: "(state & PERMITS) - (next & PERMITS)",
      replace: "(state & PERMITS) > (next & PERMITS) ? 1 : -1",
    },
    {
      name: "one permit is enough for who wants several",
      file: "BoundedSemaphore",
      find: "isOpen: (value, wanted) => (value & PERMITS) >= wanted",
      replace: "isOpen: (value) => (value & PERMITS) > 0",
    },
    {
      name: "recounts are not counted",
      file: "BoundedSemaphore",
      find: "((((value >>> PERMIT_BITS) + 1) << PERMIT_BITS) & VALUE) | left",
      replace: "(value & ~PERMITS) | left",
    },
    {
      name: "one collection is enough",
      file: "BoundedSemaphore",
      find: "|| first.sequences !== second.sequences) return",
      replace: ") return",
    },
    {
      name: "the word is not looked at between the collections",
      file: "BoundedSemaphore",
      find: "  const quiet = (self.memory.load(STATE) & VALUE) === value\n",
      replace: "  const quiet = true\n",
    },
  ],
}
