import type { Memory } from "@multifiber/kernel/Memory"
import * as Unfinished from "@multifiber/kernel/Unfinished"
import type { Bounded } from "../Explorer.ts"
import { sleepUntilWoken } from "./gate.ts"
import type { Primitive } from "./primitive.ts"

/** How much was put. */
const PUTS = Unfinished.WORDS
const WORDS = PUTS + 1

/** What one remembers that has begun to wait before anything was done. */
const FIRST = { slot: 1, value: 0 }

const of = (memory: Memory): Unfinished.Unfinished => ({ memory, puts: () => memory.load(PUTS) })

const scenarios: Primitive["scenarios"] = ({ Unfinished }) => {
  const finishes =
    (times: number) =>
    (memory: Memory): number =>
      Array.from({ length: times }, () => Unfinished.finish(of(memory))).filter((done) => done).length

  const joins = (memory: Memory): void => waits(memory, Unfinished.begin(of(memory)))

  /** Goes on to wait. */
  const hasBegun = (memory: Memory): void => waits(memory, FIRST)

  const waits = (memory: Memory, { slot, value }: typeof FIRST): void => {
    while (!Unfinished.hasCome(of(memory), value)) sleepUntilWoken(memory, slot, value)
  }

  const puts = (memory: Memory): void => {
    memory.add(PUTS, 1)
  }

  const wakes = (memory: Memory): void => Unfinished.wake(of(memory))

  const scenario = (
    name: string,
    put: number,
    agents: Bounded["agents"],
    more: Partial<Bounded> = {},
  ): Bounded => ({
    name,
    words: WORDS,
    // The counts begin anew.
    initial: (memory) => {
      memory.store(0, -1)
      memory.store(PUTS, put - 1)
    },
    agents,
    preemptions: 3,
    ...more,
  })

  /** As much is done as those who did it were told, and no more than was put. */
  const left =
    (put: number) =>
    (results: ReadonlyArray<unknown>, memory: Memory): void => {
      const done = (results as ReadonlyArray<number | undefined>).reduce<number>(
        (sum, each) => sum + (each ?? 0),
        0,
      )
      const count = Unfinished.count(of(memory))
      if (count !== put - done) throw new Error(`${count} are left, ${done} of ${put} were done`)
    }

  return [
    scenario("one joins, one finishes", 1, [joins, finishes(1)], { atEnd: left(1) }),
    scenario("two join, one finishes", 2, [joins, joins, finishes(2)], { atEnd: left(2) }),
    scenario("two finish, one joins", 2, [joins, finishes(1), finishes(1)], { atEnd: left(2) }),
    scenario("two finish what is one's", 1, [joins, finishes(1), finishes(1)], { atEnd: left(1) }),
    scenario("one puts and finishes, one joins", 1, [
      joins,
      finishes(1),
      (memory) => {
        puts(memory)
        return finishes(1)(memory)
      },
    ]),
    scenario("all are woken though nothing is done", 1, [hasBegun, hasBegun, wakes]),
    scenario("one of two that finish dies", 1, [joins, finishes(1), finishes(1)], {
      death: { of: [1], marks: () => {} },
    }),
  ]
}

export const unfinished: Primitive = {
  name: "Unfinished",
  scenarios,
  mutants: [
    {
      name: "who finishes the last wakes nobody",
      file: "Unfinished",
      find: "    if (count(self) === 0) wake(self)\n",
      replace: "",
    },
    { name: "wake notifies nobody", file: "Unfinished", find: "  memory.notify(TIMES)\n", replace: "" },
    { name: "wake does not count", file: "Unfinished", find: "  memory.add(TIMES, 1)\n", replace: "" },
    {
      name: "who waits looks at the times only",
      file: "Unfinished",
      find: "count(self) === 0 || self.memory",
      replace: "self.memory",
    },
    {
      name: "who waits looks at what is left only",
      file: "Unfinished",
      find: "count(self) === 0 || self.memory.load(TIMES) !== value",
      replace: "count(self) === 0 && value <= value",
    },
    {
      name: "more is done than was put",
      file: "Unfinished",
      find: "    if (puts() === done) return false\n",
      replace: "    if (puts === undefined) return false\n",
    },
    {
      name: "two finish the same",
      file: "Unfinished",
      find: "memory.compareExchange(DONE, done, (done + 1) | 0) !== done",
      replace: "(memory.store(DONE, done + 1), false)",
    },
  ],
}
