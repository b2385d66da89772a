/**
 * A flag that agents set, clear and wait for. Who waits is woken by every `set`, also where a `clear` follows at once.
 *
 * Layout, in Int32 slots:
 *
 * | slot | name | values | who writes |
 * | --- | --- | --- | --- |
 * | 0 | STATE | bit 0 SET; bits 1–31 count how often it was set, and wrap | everybody |
 *
 * Invariant: while `SET` is clear, the word changes by a `set` only, which counts. So one who waits and remembers the word has
 * seen it set when the word differs, whatever came after, unless it was set 2^31 times meanwhile. Everybody sleeps on the
 * one word and every `set` wakes all, so there is no wake-up that one could take from another; an agent that dies in it
 * leaves at most a `set` that woke nobody, and whoever waits looks after each death.
 *
 * @since 0.3.0
 */
import type { Memory } from "./Memory.ts"
import type { Sleep } from "./Waiters.ts"

const STATE = 0
const SET = 1
const ONCE = 2

/**
 * How many bytes an event takes.
 *
 * @category models
 * @since 0.3.0
 */
export const BYTES = 4

/**
 * Tells whether it is set. Old when it returns.
 *
 * @category getters
 * @since 0.3.0
 */
export const isSet = (memory: Memory): boolean => (memory.load(STATE) & SET) !== 0

/**
 * How often it was set, modulo 2^31. Old when it returns.
 *
 * @category getters
 * @since 0.3.0
 */
export const timesSet = (memory: Memory): number => memory.load(STATE) >>> 1

/**
 * Sets it and wakes everybody who waits; nothing where it is set.
 *
 * @category transitions
 * @since 0.3.0
 */
export const set = (memory: Memory): void => {
  for (;;) {
    const state = memory.load(STATE)
    if (state & SET) return
    if (memory.compareExchange(STATE, state, (state + ONCE) | SET) === state) break
  }
  memory.notify(STATE)
}

/**
 * Clears it.
 *
 * @category transitions
 * @since 0.3.0
 */
export const clear = (memory: Memory): void => {
  memory.and(STATE, ~SET)
}

/**
 * What one who begins to wait has to remember, and sleeps on.
 *
 * @category getters
 * @since 0.3.0
 */
export const begin = (memory: Memory): { readonly slot: number; readonly value: number } => ({
  slot: STATE,
  value: memory.load(STATE),
})

/**
 * Tells whether it is set, or was since `begin` returned `value`.
 *
 * @category getters
 * @since 0.3.0
 */
export const hasCome = (memory: Memory, value: number): boolean => {
  const state = memory.load(STATE)
  return (state & SET) !== 0 || state !== value
}

/**
 * Blocks the agent by `sleep` until it is set, or was since `begin` returned `value`; `false` where `sleep` gives up.
 *
 * @category transitions
 * @since 0.3.0
 */
export const wait = (memory: Memory, value: number, sleep: Sleep): boolean => {
  while (!hasCome(memory, value)) {
    if (!sleep(memory, STATE, value)) return false
  }
  return true
}
