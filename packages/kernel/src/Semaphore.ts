/**
 * A counting semaphore between agents. Permits have no owner: those that a dead agent had taken are gone.
 *
 * A gate (`Waiters`) whose value is the number of permits left; it is open for who wants no more than that.
 *
 * @since 0.3.0
 */
import type { Memory } from "./Memory.ts"
import * as Waiters from "./Waiters.ts"

const { STATE, VALUE, WAITERS } = Waiters

const meaning: Waiters.Meaning = {
  counts: true,
  isOpen: (permits, wanted) => permits >= wanted,
  pass: (permits, _, wanted) => permits - wanted,
  swap: Waiters.swap,
  bury: (_, permits) => permits,
}

/**
 * The most permits.
 *
 * @category models
 * @since 0.3.0
 */
export const MAX = VALUE

/**
 * How many bytes it takes.
 *
 * @category models
 * @since 0.3.0
 */
export const BYTES = 4 * Waiters.COUNTING_WORDS

/**
 * Binds to `Waiters.COUNTING_WORDS` words, of which the first holds the permits, and the table of the agents that share them.
 *
 * @category constructors
 * @since 0.3.0
 */
export const fromMemory = (memory: Memory, agents: Memory): Waiters.Gate => ({ memory, agents, meaning })

/**
 * Takes so many permits where they are there and nobody has reserved them, without waiting.
 *
 * @category transitions
 * @since 0.3.0
 */
export const tryAcquire = (self: Waiters.Gate, me: number, wanted = 1): Waiters.Taken | undefined => {
  const { memory } = self
  const state = memory.load(STATE)
  if (state >= wanted && state <= VALUE && memory.compareExchange(STATE, state, state - wanted) === state)
    return "acquired"
  return Waiters.tryPass(self, me, wanted)
}

/**
 * Takes so many permits, blocking the agent by `sleep`; none where `sleep` gives up. Before it queues it looks `spins`
 * times.
 *
 * @category transitions
 * @since 0.3.0
 */
export const acquire = (
  self: Waiters.Gate,
  me: number,
  sleep: Waiters.Sleep,
  spins: number,
  wanted = 1,
): Waiters.Taken | undefined => {
  const { memory } = self
  for (let i = 0, rounds = 1; i <= spins; i++) {
    if (i > 0) rounds = Waiters.pause(rounds)
    const state = memory.load(STATE)
    const permits = state & VALUE
    // No flag but that somebody waits asks for more than a swap.
    if (permits < wanted || (state & ~WAITERS) !== permits) continue
    if (memory.compareExchange(STATE, state, state - wanted) === state) return "acquired"
  }
  return Waiters.pass(self, me, sleep, wanted)
}

/**
 * Gives permits, up to `most` in all, and wakes a waiter, who wakes the next; `false` where that would be too many.
 *
 * @category transitions
 * @since 0.3.0
 */
export const release = (self: Waiters.Gate, permits: number, most: number): boolean => {
  const { memory } = self
  for (;;) {
    const state = memory.load(STATE)
    if ((state & VALUE) + permits > most) return false
    if (memory.compareExchange(STATE, state, state + permits) !== state) continue
    if (state & WAITERS) Waiters.poke(self)
    return true
  }
}

/**
 * How many permits are left. Old when it returns.
 *
 * @category getters
 * @since 0.3.0
 */
export const permits = (self: Waiters.Gate): number => self.memory.load(STATE) & VALUE
