import type { Memory } from "@multifiber/kernel/Memory"
import type { Sleep } from "@multifiber/kernel/Waiters"
import type { Bounded } from "../Explorer.ts"
import { region } from "../Simulation.ts"
import { giveUpAtOnce, sleepUntilWoken } from "./gate.ts"
import type { Primitive } from "./primitive.ts"

/** How many have begun to wait. */
const BEGUN = 1

/** An event, and how many have begun to wait for it. */
const WORDS_EACH = 2

const PARTIES = 4

const scenarios: Primitive["scenarios"] = ({ Event }) => {
  const waits =
    (sleep = sleepUntilWoken) =>
    (memory: Memory) => {
      const { value } = Event.begin(memory)
      memory.add(BEGUN, 1)
      return Event.wait(memory, value, sleep)
    }

  /** Clears it at once where nobody is late: those that wait have seen it set all the same. */
  const setsFor = (waiters: number) => (memory: Memory) => {
    const all = memory.load(BEGUN) === waiters
    Event.set(memory)
    if (all) Event.clear(memory)
    return all
  }

  /** All come to an event; the last of them sets and clears it at once, which lets all others go on. */
  const meetsAt = (memory: Memory, sleep: Sleep): void => {
    const { value } = Event.begin(memory)
    const place = memory.add(BEGUN, 1) + 1
    const all = Math.ceil(place / PARTIES) * PARTIES
    if (place < all) {
      // Who gives up is still in time.
      while (!Event.wait(memory, value, sleep));
    } else {
      Event.set(memory)
      Event.clear(memory)
    }
    if (memory.load(BEGUN) < all) throw new Error("it has gone on before all had come")
  }

  /** By two events in turn, so that nobody comes to one again before all have left it. */
  const meets =
    (sleep = sleepUntilWoken) =>
    (memory: Memory): void => {
      meetsAt(memory, sleep)
      meetsAt(region(memory, WORDS_EACH), sleep)
    }

  const setsAgain = (memory: Memory) => {
    Event.set(memory)
    Event.clear(memory)
    Event.set(memory)
    return true
  }

  const scenario = (name: string, agents: Bounded["agents"], more: Partial<Bounded> = {}): Bounded => ({
    name,
    words: 2 * WORDS_EACH,
    agents,
    preemptions: 3,
    ...more,
  })

  return [
    scenario("two wait for a set that is cleared at once", [waits(), waits(), setsFor(2)], {
      atEnd: (results, memory) => {
        if (Event.isSet(memory) === results[2]) throw new Error("it is not what was done last")
      },
    }),
    scenario("two wait while it is set, cleared and set", [waits(), waits(), setsAgain]),
    scenario("one of two gives up", [waits(), waits(giveUpAtOnce), setsFor(2)]),
    scenario("two set it", [waits(), setsAgain, setsAgain], {
      atEnd: (_, memory) => {
        if (!Event.isSet(memory)) throw new Error("it is not set")
      },
    }),
    scenario("one that sets it dies", [waits(), setsFor(3), (memory) => Event.set(memory)], {
      death: { of: [1], marks: () => {} },
    }),
    {
      ...scenario("four meet by two again and again", [meets(), meets(), meets(), meets()]),
      rounds: 15,
      runs: 1000,
    },
    {
      ...scenario("four meet by two again and again, one may give up", [
        meets(),
        meets(giveUpAtOnce),
        meets(),
        meets(),
      ]),
      rounds: 15,
      runs: 500,
    },
  ]
}

export const event: Primitive = {
  name: "Event",
  scenarios,
  mutants: [
    { name: "set wakes nobody", file: "Event", find: "  memory.notify(STATE)\n", replace: "" },
    { name: "set does not count", file: "Event", find: "(state + ONCE) | SET", replace: "state | SET" },
    {
      name: "who waits looks at the flag only",
      file: "Event",
      find: "(state & SET) !== 0 || state !== value",
      replace: "(state & SET) !== 0",
    },
    { name: "clear does nothing", file: "Event", find: "  memory.and(STATE, ~SET)\n", replace: "" },
  ],
}
