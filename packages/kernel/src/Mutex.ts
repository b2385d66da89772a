/**
 * A lock between agents: not recursive, without an owner as far as releasing goes, and robust: a holder that dies frees it.
 *
 * A gate (`Waiters`) whose value is the id of the holder, or 0 while nobody holds it, which is when it is open.
 *
 * @since 0.3.0
 */
import * as Agents from "./Agents.ts"
import type { Memory } from "./Memory.ts"
import * as Waiters from "./Waiters.ts"

const { STATE, VALUE, WAITERS } = Waiters

const meaning: Waiters.Meaning = {
  counts: false,
  isOpen: (holder) => holder === 0,
  pass: (_, me) => me,
  swap: Waiters.swap,
  bury: ({ agents }, holder) => (holder === 0 || Agents.isAlive(agents, holder) ? holder : 0),
}

/**
 * Binds to `Waiters.WORDS` words and the table of the agents that share them.
 *
 * @category constructors
 * @since 0.3.0
 */
export const fromMemory = (memory: Memory, agents: Memory): Waiters.Gate => ({ memory, agents, meaning })

/**
 * Takes a lock that nobody holds or waits for: one swap, the least that a lock can cost.
 *
 * @category transitions
 * @since 0.3.0
 */
export const takeFree = ({ memory }: Waiters.Gate, me: number): boolean =>
  memory.compareExchange(STATE, 0, me) === 0

/**
 * Takes the lock where it is free and nobody has reserved it, without waiting.
 *
 * @category transitions
 * @since 0.3.0
 */
export const tryAcquire = (self: Waiters.Gate, me: number): Waiters.Taken | undefined =>
  takeFree(self, me) ? "acquired" : Waiters.tryPass(self, me)

/**
 * Takes the lock, blocking the agent by `sleep`; none where `sleep` gives up. Before it queues it looks `spins` times.
 *
 * @category transitions
 * @since 0.3.0
 */
export const acquire = (
  self: Waiters.Gate,
  me: number,
  sleep: Waiters.Sleep,
  spins: number,
): Waiters.Taken | undefined => {
  const { memory } = self
  if (takeFree(self, me)) return "acquired"
  for (let i = 0, rounds = 1; i < spins; i++) {
    rounds = Waiters.pause(rounds)
    const state = memory.load(STATE)
    // Nobody holds it, and no flag but that somebody waits asks for more than a swap.
    if ((state & ~WAITERS) === 0 && memory.compareExchange(STATE, state, state | me) === state)
      return "acquired"
  }
  return Waiters.pass(self, me, sleep)
}

/**
 * Frees the lock, whoever holds it, and wakes a waiter; `false` where nobody holds it.
 *
 * @category transitions
 * @since 0.3.0
 */
export const release = (self: Waiters.Gate, me: number): boolean => {
  const { memory } = self
  if (memory.compareExchange(STATE, me, 0) === me) return true
  for (;;) {
    const state = memory.load(STATE)
    if ((state & VALUE) === 0) return false
    if (memory.compareExchange(STATE, state, state & ~VALUE) !== state) continue
    if (state & WAITERS) Waiters.poke(self)
    return true
  }
}

/**
 * The id of the holder, 0 where it is free. Old when it returns, but for the holder itself.
 *
 * @category getters
 * @since 0.3.0
 */
export const holder = (self: Waiters.Gate): number => self.memory.load(STATE) & VALUE
