/**
 * A counting semaphore between agents that never holds more permits than at first, and that gets back those of an agent
 * that has died.
 *
 * A gate (`Waiters`) whose value is the number of permits left, in bits 0–19, and the number of recounts, which wraps, in
 * bits 20–27. After the words of the gate, in Int32 slots:
 *
 * | slot | name | values | who writes |
 * | --- | --- | --- | --- |
 * | 784 + 3 p | WHO | the id of the agent in place p | it, after the other two |
 * | 785 + 3 p | SEQUENCE | odd while that agent takes or gives permits; grows by two each time | it |
 * | 786 + 3 p | HELD | permits that it took, less those that it gave | it, while `SEQUENCE` is odd |
 *
 * Invariant: while every `SEQUENCE` is even, the permits left, those that living agents hold, and those that the dead have
 * held make up the total. So a recount needs a moment in which nobody takes or gives one: it collects twice, and finds
 * that moment between two collections with the same sequences ("double collect"; Afek and others, "Atomic Snapshots of
 * Shared Memory", 1993). It cannot always have one, but can where everybody waits. The number of recounts keeps two of
 * them from making good the same loss. A permit that an agent gives for another counts as its own: where that other one
 * dies, there may be one more than the total in all.
 *
 * @since 0.3.0
 */
import * as Agents from "./Agents.ts"
import type { Memory } from "./Memory.ts"
import * as Waiters from "./Waiters.ts"

const { STATE, VALUE, WAITERS } = Waiters

const FIRST = Waiters.COUNTING_WORDS
const WORDS_EACH = 3
const WHO = 0
const SEQUENCE = 1
const HELD = 2

const PERMIT_BITS = 20
const PERMITS = 2 ** PERMIT_BITS - 1

/**
 * The most permits.
 *
 * @category models
 * @since 0.3.0
 */
export const MAX = PERMITS

/**
 * How many Int32 words it takes.
 *
 * @category models
 * @since 0.3.0
 */
export const WORDS = FIRST + WORDS_EACH * Agents.PLACES

/**
 * The same in bytes.
 *
 * @category models
 * @since 0.3.0
 */
export const BYTES = 4 * WORDS

/**
 * A bounded semaphore, as one agent sees it.
 *
 * @category models
 * @since 0.3.0
 */
export interface BoundedSemaphore extends Waiters.Gate {
  /** How many permits there are, in whoever's hands. */
  readonly total: number
}

const wordsOf = (place: number): number => FIRST + WORDS_EACH * place

/** Changes the gate's word, and with it what the agent holds: what the word has less of. */
const swap: Waiters.Meaning["swap"] = (memory, me, state, next) => {
  const mine = wordsOf(Agents.placeOf(me))
  memory.add(mine + SEQUENCE, 1)
  const swapped = memory.compareExchange(STATE, state, next) === state
  if (swapped) memory.add(mine + HELD, (state & PERMITS) - (next & PERMITS))
  memory.add(mine + SEQUENCE, 1)
  return swapped
}

/** What the living hold, and the sum of their sequences; none where one of them is busy with it. */
const collect = ({ agents, memory }: Waiters.Gate): { held: number; sequences: number } | undefined => {
  let held = 0
  let sequences = 0
  for (let place = 0; place < Agents.PLACES; place++) {
    const words = wordsOf(place)
    const who = memory.load(words + WHO)
    if (who === 0 || !Agents.isAlive(agents, who)) continue
    const sequence = memory.load(words + SEQUENCE)
    if (sequence & 1) return undefined
    sequences += sequence
    held += memory.load(words + HELD)
  }
  return { held, sequences }
}

/** The value with the permits of the dead; none where there was no quiet moment to count them. */
const recount =
  (total: number) =>
  (self: Waiters.Gate, value: number): number | undefined => {
    const first = collect(self)
    const quiet = (self.memory.load(STATE) & VALUE) === value
    const second = collect(self)
    if (!first || !second || !quiet || first.sequences !== second.sequences) return undefined
    const left = Math.max(0, Math.min(total, total - first.held))
    return ((((value >>> PERMIT_BITS) + 1) << PERMIT_BITS) & VALUE) | left
  }

/**
 * Binds to `WORDS` words, of which the first holds the permits left, and the table of the agents that share them.
 *
 * @category constructors
 * @since 0.3.0
 */
export const fromMemory = (memory: Memory, agents: Memory, total: number): BoundedSemaphore => ({
  memory,
  agents,
  total,
  meaning: {
    counts: true,
    isOpen: (value, wanted) => (value & PERMITS) >= wanted,
    pass: (value, _, wanted) => value - wanted,
    swap,
    bury: recount(total),
  },
})

/**
 * Makes an agent known; it must be before it takes or gives a permit. Doing it again does nothing.
 *
 * @category transitions
 * @since 0.3.0
 */
export const enter = ({ memory }: BoundedSemaphore, me: number): void => {
  const mine = wordsOf(Agents.placeOf(me))
  if (memory.load(mine + WHO) === me) return
  // While an agent that died in this place stands there, nobody counts what it held.
  memory.store(mine + HELD, 0)
  memory.store(mine + SEQUENCE, 0)
  memory.store(mine + WHO, me)
}

/**
 * Gives permits and wakes a waiter, who wakes the next; `false` where that would be too many. Those that the dead have held
 * are there by then.
 *
 * @category transitions
 * @since 0.3.0
 */
export const release = (self: BoundedSemaphore, me: number, permits = 1): boolean => {
  const { memory, total } = self
  Waiters.repair(self)
  for (;;) {
    const state = memory.load(STATE)
    if ((state & PERMITS) + permits > total) return false
    if (!swap(memory, me, state, state + permits)) continue
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
export const permits = (self: BoundedSemaphore): number => self.memory.load(STATE) & PERMITS
