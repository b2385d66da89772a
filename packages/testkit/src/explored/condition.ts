import type * as Kernel from "@multifiber/kernel"
import * as Agents from "@multifiber/kernel/Agents"
import * as Condition from "@multifiber/kernel/Condition"
import type { Memory } from "@multifiber/kernel/Memory"
import * as Waiters from "@multifiber/kernel/Waiters"
import type { Bounded } from "../Explorer.ts"
import { region } from "../Simulation.ts"
import { giveUpAtOnce, idOf, sleepUntilWoken } from "./gate.ts"
import type { Primitive } from "./primitive.ts"

const CONDITION = Waiters.WORDS
const TABLE = CONDITION + Condition.WORDS
const OWN = TABLE + Agents.WORDS
/** Who has begun to wait, a bit for each agent; how many were notified, and have taken a notification. */
const BEGUN = OWN
const NOTIFIED = OWN + 1
const TAKEN = OWN + 2
/** What is there to be taken, guarded by the lock. */
const TOKENS = OWN + 3
const WORDS = OWN + 4

const FIRST_PLACE = 16
const WORDS_EACH = 4

/** The guarding lock, the condition, and the agents. */
const partsOf = (kernel: typeof Kernel, memory: Memory) => {
  const agents = region(memory, TABLE)
  return {
    agents,
    lock: kernel.Mutex.fromMemory(region(memory, 0), agents),
    condition: { memory: region(memory, CONDITION), agents },
  }
}

/** What nobody writes: the words of agents that are not there, and the table where nobody dies. */
const constant = (agents: number, dying: boolean) => (index: number) => {
  if (index >= 16 + 2 * agents && index < CONDITION) return true
  if (index >= CONDITION + FIRST_PLACE + WORDS_EACH * agents && index < TABLE) return true
  if (index < TABLE || index >= OWN) return false
  return !dying || index >= TABLE + FIRST_PLACE + agents
}

const scenarios: Primitive["scenarios"] = (kernel) => {
  const { Condition, Mutex } = kernel

  const holding = <A>(memory: Memory, me: number, body: () => A): A => {
    const { lock } = partsOf(kernel, memory)
    Mutex.acquire(lock, me, sleepUntilWoken, 0)
    const result = body()
    Mutex.release(lock, me)
    return result
  }

  /** Waits once, as plain code does; it has the lock before and after. Tells whether it was notified. */
  const waitHolding = (memory: Memory, me: number, sleep: Waiters.Sleep): boolean => {
    const { condition, lock } = partsOf(kernel, memory)
    Condition.enlist(condition, me)
    memory.or(BEGUN, 1 << Agents.placeOf(me))
    memory.notify(BEGUN)
    Mutex.release(lock, me)
    for (;;) {
      const { slot, value } = Condition.bell(condition, me)
      if (Condition.notified(condition, me) > 0 || !sleep(condition.memory, slot, value)) break
      if (Condition.needsRepair(condition) && Mutex.tryAcquire(lock, me) !== undefined) {
        Condition.repair(condition)
        Mutex.release(lock, me)
      }
    }
    Mutex.acquire(lock, me, sleepUntilWoken, 0)
    const notified = Condition.notified(condition, me) > 0
    if (notified) {
      // First, so that who dies in between has taken no more than it has noted.
      memory.add(TAKEN, 1)
      memory.notify(TAKEN)
      Condition.take(condition, me)
    } else {
      Condition.giveUp(condition, me)
    }
    return notified
  }

  const notifyHolding = (memory: Memory, count: number): void => {
    const { condition } = partsOf(kernel, memory)
    memory.add(NOTIFIED, Math.min(count, Condition.waiting(condition)))
    Condition.notify(condition, count)
  }

  const waits =
    (me: number, sleep: Waiters.Sleep = sleepUntilWoken) =>
    (memory: Memory): boolean =>
      holding(memory, me, () => waitHolding(memory, me, sleep))

  /** Notifies once or more, and notes how many it has reached. */
  const notifies =
    (me: number, ...counts: ReadonlyArray<number>) =>
    (memory: Memory): void => {
      for (const count of counts) holding(memory, me, () => notifyHolding(memory, count))
    }

  /** Puts a token in and notifies so many. */
  const puts =
    (me: number, count: number) =>
    (memory: Memory): void =>
      holding(memory, me, () => {
        memory.add(TOKENS, 1)
        notifyHolding(memory, count)
      })

  /** Takes a token out; waits, again and again, while there is none. */
  const takes =
    (me: number, sleep: Waiters.Sleep = sleepUntilWoken) =>
    (memory: Memory): void =>
      holding(memory, me, () => {
        while (memory.load(TOKENS) === 0) waitHolding(memory, me, sleep)
        memory.add(TOKENS, -1)
      })

  /**
   * Notifies one when two wait, and another when that one has gone on: then both are awake. After the death of the first the
   * second is.
   */
  const notifiesBoth =
    (me: number) =>
    (memory: Memory): void => {
      const { agents } = partsOf(kernel, memory)
      const until = (word: number, isThere: (value: number) => boolean): void => {
        for (;;) {
          const value = memory.load(word)
          if (isThere(value)) return
          memory.wait(word, value, Number.POSITIVE_INFINITY)
        }
      }
      until(BEGUN, (begun) => begun === 3 || (begun === 2 && Agents.deaths(agents) > 0))
      notifies(me, 1)(memory)
      until(TAKEN, (taken) => taken > 0 || Agents.deaths(agents) > 0)
      // Otherwise the first has died with the notification, which is the second's then.
      if (memory.load(TAKEN) > 0) notifies(me, 1)(memory)
    }

  const scenario = (
    name: string,
    agents: Bounded["agents"],
    { dies, preemptions = 1 }: { readonly dies?: ReadonlyArray<number>; readonly preemptions?: number } = {},
  ): Bounded => ({
    name,
    words: WORDS,
    initial: (memory) => {
      for (let place = 0; place <= agents.length; place++) Agents.enter(region(memory, TABLE), 0)
    },
    agents,
    preemptions,
    constant: constant(agents.length, dies !== undefined),
    ...(dies
      ? {
          death: {
            of: dies,
            marks: (memory, agent) => Agents.leave(region(memory, TABLE), idOf(agent)),
            isOpen: (memory) => {
              const { condition } = partsOf(kernel, memory)
              return Condition.needsRepair(condition)
            },
          },
        }
      : {}),
    atEnd: (results, memory) => {
      const { agents, condition } = partsOf(kernel, memory)
      Condition.repair(condition)
      if (Condition.waiting(condition) !== 0) throw new Error("a waiter is left")
      if (results.some((_, place) => Condition.notified(condition, idOf(place)) !== 0)) {
        throw new Error("a notification is left")
      }
      if (Agents.deaths(agents) > 0) return
      if (memory.load(TOKENS) !== 0) throw new Error("a token is left")
      if (memory.load(TAKEN) !== memory.load(NOTIFIED)) {
        throw new Error(`${memory.load(NOTIFIED)} were notified, ${memory.load(TAKEN)} took it`)
      }
    },
  })
  const [a, b, c, d] = [idOf(0), idOf(1), idOf(2), idOf(3)]

  return [
    scenario("one of two gives up, one is notified", [waits(a, giveUpAtOnce), notifies(b, 1)], {
      preemptions: 3,
    }),
    scenario("two may give up, one is notified, then all", [
      waits(a, giveUpAtOnce),
      waits(b, giveUpAtOnce),
      notifies(c, 1, 9),
    ]),
    scenario(
      "one may give up and waits again",
      [(memory) => waits(a, giveUpAtOnce)(memory) && waits(a, giveUpAtOnce)(memory), notifies(b, 1, 1)],
      { preemptions: 3 },
    ),
    scenario("two wait for as many notifications", [waits(a), waits(b), notifiesBoth(c)]),
    scenario("a waiter may die", [waits(a), waits(b), notifiesBoth(c)], {
      dies: [0],
      preemptions: 0,
    }),
    scenario("who notifies may die", [waits(a, giveUpAtOnce), notifies(b, 1)], {
      dies: [1],
    }),
    {
      ...scenario("two take what two put in, again and again", [takes(a), takes(b), puts(c, 1), puts(d, 1)]),
      rounds: 12,
      runs: 1000,
    },
    {
      ...scenario("two take what two put in, again and again, one may give up, one notifies all", [
        takes(a, giveUpAtOnce),
        takes(b),
        puts(c, 1),
        puts(d, 9),
      ]),
      rounds: 12,
      runs: 1000,
    },
    {
      ...scenario(
        "two take what two put in, again and again, one of those may die",
        [takes(a), takes(b), puts(c, 1), puts(d, 1)],
        { dies: [0, 1] },
      ),
      rounds: 6,
      runs: 1000,
    },
  ]
}

export const condition: Primitive = {
  name: "Condition",
  scenarios,
  mutants: [
    {
      name: "notify rings no bell",
      file: "Condition",
      find: "    memory.notify(words + BELL)\n",
      replace: "",
    },
    {
      name: "notify does not turn the bell",
      file: "Condition",
      find: "    memory.add(words + BELL, 1)\n",
      replace: "",
    },
    {
      name: "a notified waiter still waits",
      file: "Condition",
      find: "memory.add(words + COUNTS, 1 - WAITER)",
      replace: "memory.add(words + COUNTS, 1)",
    },
    {
      name: "who gives up is still counted",
      file: "Condition",
      find: "  memory.add(mine(me) + COUNTS, -WAITER)\n",
      replace: "",
    },
    {
      name: "a notification is taken twice",
      file: "Condition",
      find: "  memory.add(mine(me) + COUNTS, -1)\n",
      replace: "",
    },
    {
      name: "notifications of the dead are lost",
      file: "Condition",
      find: "  give(self, untaken)\n",
      replace: "",
    },
    {
      name: "the dead still wait",
      file: "Condition",
      find: "    memory.store(words + COUNTS, 0)\n    untaken",
      replace: "    untaken",
    },
    {
      name: "nobody repairs",
      file: "Condition",
      find: "  if (!needsRepair(self)) return\n",
      replace: "  if (self.memory) return\n",
    },
  ],
}
