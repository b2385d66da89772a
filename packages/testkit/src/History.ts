/** Records what real agents do, with the moments of a clock that they share. Loads nothing, so tasks import it too. */
import * as Flags from "./Flags.ts"
import type { Operation } from "./Linearizability.ts"

/** Words of the flags. */
const CLOCK = 0
const ARRIVED = 1
const AWAKE = 2

/** How many words a history takes. */
export const WORDS = 3

/** So often an agent looks whether the others are awake: there may be fewer cores than agents. */
const LOOKS = 20_000

/** An agent that takes part. */
export interface Player {
  /** The same words for all. */
  readonly flags: Flags.Flags
  readonly agent: number
  readonly agents: number
}

/** Plays rounds of calls, each from when all have come, and returns what became of them. */
export const play = <Call, Result>(
  { agent, agents, flags }: Player,
  rounds: ReadonlyArray<ReadonlyArray<Call>>,
  perform: (call: Call) => Result,
): Array<Operation<Call, Result>> =>
  rounds.flatMap((calls, round) => {
    meet(flags, agents * (round + 1))
    return calls.map((call) => {
      const begin = Atomics.add(flags, CLOCK, 1)
      const result = perform(call)
      return { agent, call, result, begin, end: Atomics.add(flags, CLOCK, 1) }
    })
  })

/** Waits until all have come, then until all are awake, or some time: agents that wake up one by one do not race. */
const meet = (flags: Flags.Flags, all: number): void => {
  Flags.add(flags, ARRIVED)
  Flags.block(flags, ARRIVED, all)
  Atomics.add(flags, AWAKE, 1)
  for (let looks = 0; looks < LOOKS && Flags.get(flags, AWAKE) < all; looks++);
}
