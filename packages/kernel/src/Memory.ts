/**
 * The one door to `Atomics`: every kernel algorithm reads and writes shared words through a `Memory`, so that a test can
 * put a simulated one in its place and replay each interleaving.
 *
 * @since 0.1.0
 */

/**
 * Shared 32-bit words with sequentially consistent operations.
 *
 * **Units** – an index is an Int32 slot, not a byte.
 *
 * @category models
 * @since 0.1.0
 */
export interface Memory {
  readonly length: number
  load(index: number): number
  store(index: number, value: number): void
  /** Writes `next` where the word holds `expected`; returns the word found, as `Atomics.compareExchange` does. */
  compareExchange(index: number, expected: number, next: number): number
  /** Returns the word found, as do `and` and `or`. */
  add(index: number, delta: number): number
  and(index: number, mask: number): number
  or(index: number, bits: number): number
  /**
   * Blocks the agent while the word holds `value`, at most `milliseconds`, until it is notified; tells whether the time
   * ran out. Throws in an agent that may not block.
   */
  wait(index: number, value: number, milliseconds: number): boolean
  /** The same as a promise, without a bound, and without keeping the program alive; none where the word differs. */
  waitAsync(index: number, value: number): Promise<unknown> | undefined
  /** Wakes whoever waits on the word. */
  notify(index: number): void
}

class SharedWords implements Memory {
  readonly words: Int32Array
  constructor(words: Int32Array) {
    this.words = words
  }
  get length(): number {
    return this.words.length
  }
  load(index: number): number {
    return Atomics.load(this.words, index)
  }
  store(index: number, value: number): void {
    Atomics.store(this.words, index, value)
  }
  compareExchange(index: number, expected: number, next: number): number {
    return Atomics.compareExchange(this.words, index, expected, next)
  }
  add(index: number, delta: number): number {
    return Atomics.add(this.words, index, delta)
  }
  and(index: number, mask: number): number {
    return Atomics.and(this.words, index, mask)
  }
  or(index: number, bits: number): number {
    return Atomics.or(this.words, index, bits)
  }
  wait(index: number, value: number, milliseconds: number): boolean {
    return Atomics.wait(this.words, index, value, milliseconds) === "timed-out"
  }
  waitAsync(index: number, value: number): Promise<unknown> | undefined {
    const waiting = Atomics.waitAsync(this.words, index, value)
    return waiting.async ? waiting.value : undefined
  }
  notify(index: number): void {
    Atomics.notify(this.words, index)
  }
}

/**
 * Binds to words that other agents may share.
 *
 * **Shape** – takes a fixed-length view: on V8, atomics on a length-tracking view of a growable buffer are two to three
 * times slower.
 *
 * @example
 * import { attach } from "@multifiber/kernel/Memory"
 *
 * const memory = attach(new Int32Array(new SharedArrayBuffer(8)))
 * memory.store(1, 7)
 * console.log(memory.compareExchange(1, 7, 8), memory.load(1)) // => 7 8
 *
 * @category constructors
 * @since 0.1.0
 */
export const attach = (words: Int32Array): Memory => new SharedWords(words)
