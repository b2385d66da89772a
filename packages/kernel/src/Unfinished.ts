/**
 * How much of what was put is done, and who waits until all is.
 *
 * Layout, in Int32 slots:
 *
 * | slot | name | values | who writes |
 * | --- | --- | --- | --- |
 * | 0 | DONE | counts what is done, wraps | everybody |
 * | 1 | TIMES | counts how often all was done, wraps; everybody sleeps on it | who finishes the last |
 *
 * What was put is counted elsewhere (`Ring`), by the write that puts it, so that a writer that dies leaves no difference between
 * the two. Who finishes the last wakes all; where it dies before, they look after each death. Where something is put just then,
 * that all was done may pass unseen until the next time.
 *
 * @since 0.4.0
 */
import type { Memory } from "./Memory.ts"

const DONE = 0
const TIMES = 1

/**
 * How many Int32 words it takes.
 *
 * @category models
 * @since 0.4.0
 */
export const WORDS = 2

/**
 * The count of what is done, and how to read that of what was put.
 *
 * @category models
 * @since 0.4.0
 */
export interface Unfinished {
  readonly memory: Memory
  readonly puts: () => number
}

/**
 * How much is not done. Old when it returns.
 *
 * @category getters
 * @since 0.4.0
 */
export const count = ({ memory, puts }: Unfinished): number => {
  const done = memory.load(DONE)
  return (puts() - done) | 0
}

/**
 * One more is done; `false` where all is done already.
 *
 * @category transitions
 * @since 0.4.0
 */
export const finish = (self: Unfinished): boolean => {
  const { memory, puts } = self
  for (;;) {
    const done = memory.load(DONE)
    if (puts() === done) return false
    if (memory.compareExchange(DONE, done, (done + 1) | 0) !== done) continue
    if (count(self) === 0) wake(self)
    return true
  }
}

/**
 * Wakes who waits, as if all were done.
 *
 * @category transitions
 * @since 0.4.0
 */
export const wake = ({ memory }: Unfinished): void => {
  memory.add(TIMES, 1)
  memory.notify(TIMES)
}

/**
 * What one who begins to wait has to remember, and sleeps on.
 *
 * @category getters
 * @since 0.4.0
 */
export const begin = ({ memory }: Unfinished): { readonly slot: number; readonly value: number } => ({
  slot: TIMES,
  value: memory.load(TIMES),
})

/**
 * Tells whether all is done, or was since `begin` returned `value`.
 *
 * @category getters
 * @since 0.4.0
 */
export const hasCome = (self: Unfinished, value: number): boolean =>
  count(self) === 0 || self.memory.load(TIMES) !== value
