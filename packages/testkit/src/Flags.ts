/**
 * Signals between a test and its tasks: shared words that a task sets and a test waits for, or the other way round. Loads
 * nothing, so tasks import it too.
 */

/** Words that agents share when they get them as an argument. */
export type Flags = Int32Array

export const make = (words = 8): Flags => new Int32Array(new SharedArrayBuffer(4 * words))

/** Adds to a word and wakes who waits for it. */
export const add = (flags: Flags, index: number, delta = 1): void => {
  Atomics.add(flags, index, delta)
  Atomics.notify(flags, index)
}

export const get = (flags: Flags, index: number): number => Atomics.load(flags, index)

/** Blocks the thread until a word is at least `value`. */
export const block = (flags: Flags, index: number, value = 1): void => {
  for (let seen = get(flags, index); seen < value; seen = get(flags, index)) Atomics.wait(flags, index, seen)
}

/** A promise for the moment when a word is at least `value`. Something else must keep the agent alive. */
export const reached = async (flags: Flags, index: number, value = 1): Promise<void> => {
  for (let seen = get(flags, index); seen < value; seen = get(flags, index)) {
    await Atomics.waitAsync(flags, index, seen).value
  }
}
