/**
 * Messages between agents, first in, first out, with any number of writers and readers: a ring of cells of 8 bytes, and two
 * gates (`Waiters`), one for who writes and one for who reads. One agent writes at a time and one reads, beside each other.
 *
 * Layout of `words`, in Int32 slots:
 *
 * | slot | name | values | who writes |
 * | --- | --- | --- | --- |
 * | 0 | PUTS | counts messages, wraps: the put that it counts is done | who may write |
 * | 1 + (n mod 2) | HEAD | the position after n puts | who may write |
 * | 3 | NEED | cells that a message wants for which there was no room, 0 for none | who may write |
 * | 4 | NEEDY | the id of the agent that wants them | who may write |
 * | 16 | GETS | counts messages, wraps: the get that it counts is done | who may read |
 * | 17 + (n mod 2) | TAIL | the position after n gets | who may read |
 *
 * A position: bits 0–26 the cell, counted on and on; 27–31 of how many cells the ring is there, as a power of two.
 *
 * A message is one cell of header and its content, in one piece. The first word of the header is its size in cells, or says
 * where to go on: SKIP: at the beginning of the ring; GROWN: in the upper half of a ring of as many cells as the second word
 * says. Otherwise the second word is for the users.
 *
 * Invariants. A put is done by the one write of `PUTS`, after all that belongs to it: who dies before has put nothing, and
 * who comes next writes over it. A get is done by that of `GETS`. Writers never touch what lies between tail and head, so
 * that the ring grows without moving anything: what is new goes into memory that was not there before. A cell is kept free
 * for the header that says so.
 *
 * Each side looks at the other only where what it saw last does not do: it was a smaller count then, which is safe as long as
 * nobody else of its own side has come since. Where it looks, it reads the count twice, as in a sequence lock: where it has
 * not changed, neither has the position. README.md tells the protocol, and why nothing is lost.
 *
 * @since 0.4.0
 */
import * as Agents from "./Agents.ts"
import type { Memory } from "./Memory.ts"
import * as Mutex from "./Mutex.ts"
import * as Waiters from "./Waiters.ts"

const { STATE, WAITERS } = Waiters

const PUTS = 0
const HEADS = 1
const NEED = 3
const NEEDY = 4
const GETS = 16
const TAILS = 17

/**
 * How many Int32 words it takes besides the two gates and the cells.
 *
 * @category models
 * @since 0.4.0
 */
export const WORDS = 32

const SKIP = -1
const GROWN = -2

const CELL_BITS = 27
const CELL = 2 ** CELL_BITS - 1

/**
 * The most cells: 1 GiB.
 *
 * @category models
 * @since 0.4.0
 */
export const MAX_CELLS = 2 ** CELL_BITS

/**
 * The most cells of a message, its header among them.
 *
 * @category models
 * @since 0.4.0
 */
export const MAX_MESSAGE = MAX_CELLS / 2 - 1

/** Where so many cells are in use, or were, an empty ring begins anew at its first. */
const RESTART = 2 ** 13

/**
 * The cells, two Int32 words each. Plain reads and writes: the counts order them.
 *
 * @category models
 * @since 0.4.0
 */
export interface Cells {
  readonly load: (index: number) => number
  readonly store: (index: number, value: number) => void
  /** Sees to it that there are so many cells, and that this agent reaches them: another may have made them. */
  readonly reach: (cells: number) => void
}

/**
 * What a ring is made of.
 *
 * @category models
 * @since 0.4.0
 */
export interface Parts {
  readonly words: Memory
  readonly cells: Cells
  /** `Waiters.WORDS` words each. */
  readonly writers: Memory
  readonly readers: Memory
  readonly agents: Memory
  /** How many messages it holds at most. */
  readonly most: number
  /** How many cells it uses at most, as far as it is not for a single message. */
  readonly limit: number
  /** Nobody may write any more, for ever: writers need not wait. */
  readonly isShut: () => boolean
  /** Nothing will be written any more: readers need not wait. */
  readonly isOver: () => boolean
}

/**
 * A ring, as one agent sees it.
 *
 * @category models
 * @since 0.4.0
 */
export interface Ring {
  readonly words: Memory
  readonly cells: Cells
  readonly writers: Waiters.Gate
  readonly readers: Waiters.Gate
  readonly most: number
  readonly limit: number
  /** What this agent saw last of the other side: it holds while nobody else has put since `atPut`, or got since `atGet`. */
  readonly seen: { gets: number; tail: number; atPut: number; puts: number; atGet: number }
}

/**
 * A message in the ring: `at` is its cell there, with the header; `count` and `position` are what they will be after it.
 *
 * @category models
 * @since 0.4.0
 */
export interface Place {
  readonly at: number
  readonly count: number
  readonly position: number
}

/** A position in a ring of so many cells, a power of two. */
const positionOf = (cell: number, capacity: number): number =>
  (cell & CELL) | ((31 - Math.clz32(capacity)) << CELL_BITS)

const capacityAt = (position: number): number => 1 << (position >>> CELL_BITS)

/**
 * Writes the words of an empty ring of so many cells, a power of two.
 *
 * @category constructors
 * @since 0.4.0
 */
export const initialize = (words: Memory, capacity: number): void => {
  words.store(HEADS, positionOf(0, capacity))
  words.store(TAILS, positionOf(0, capacity))
}

/**
 * Binds to the words of a ring.
 *
 * @category constructors
 * @since 0.4.0
 */
export const fromParts = ({ agents, cells, isOver, isShut, limit, most, ...parts }: Parts): Ring => {
  const gate = (memory: Memory, isOpen: () => boolean): Waiters.Gate => {
    const mutex = Mutex.fromMemory(memory, agents)
    return { ...mutex, meaning: { ...mutex.meaning, isOpen: (holder) => holder === 0 && isOpen() } }
  }
  const { words } = parts
  const self: Ring = {
    words,
    cells,
    writers: gate(parts.writers, () => hasRoom(self) || isShut()),
    readers: gate(parts.readers, () => !isEmpty(self, words.load(GETS)) || isOver()),
    most,
    limit,
    seen: { gets: 0, tail: 0, atPut: words.load(PUTS), puts: 0, atGet: 0 },
  }
  lookAtReaders(self)
  return self
}

const lookAtReaders = ({ seen, words }: Ring): void => {
  for (;;) {
    seen.gets = words.load(GETS)
    seen.tail = words.load(TAILS + (seen.gets & 1))
    if (words.load(GETS) === seen.gets) return
  }
}

/** Nothing is left after so many gets. */
const isEmpty = ({ seen, words }: Ring, gets: number): boolean => {
  if (gets !== seen.atGet || gets === seen.puts) {
    seen.atGet = gets
    seen.puts = words.load(PUTS)
  }
  return seen.puts === gets
}

/** There is room for as much as was wanted last. Old when it returns. */
const hasRoom = (self: Ring): boolean => {
  const { words, writers } = self
  const need = words.load(NEED)
  const cells = need !== 0 && Agents.isAlive(writers.agents, words.load(NEEDY)) ? need : 1
  lookAtReaders(self)
  const puts = words.load(PUTS)
  return roomFor(self, puts, words.load(HEADS + (puts & 1)), cells) !== undefined
}

/** Where a message of so many cells goes after so many puts, as far as was seen; none where it has to wait. */
const roomFor = (
  { limit, most, seen }: Ring,
  puts: number,
  head: number,
  cells: number,
): Place | undefined => {
  if (((puts - seen.gets) | 0) >= most) return undefined
  const count = (puts + 1) | 0
  const capacity = capacityAt(head)
  const sameRing = capacity === capacityAt(seen.tail)
  // Where the readers are in a smaller ring still, all of it counts as used, and what is below the head.
  const used = sameRing ? (head - seen.tail) & CELL : Number.POSITIVE_INFINITY
  if (used > 0 && used + cells > limit) return undefined
  const at = head & (capacity - 1)
  const toEnd = capacity - at
  const fromStart = sameRing && used + toEnd + cells < capacity
  // What is written where nobody has read for long is in no cache, and what is never written takes no memory.
  const restarts = used === 0 && at >= RESTART
  if (!(restarts && fromStart) && (sameRing ? cells <= toEnd && used + cells < capacity : cells < toEnd)) {
    return { at, count, position: positionOf(head + cells, capacity) }
  }
  if (fromStart) return { at: 0, count, position: positionOf(head + toEnd + cells, capacity) }
  let grown = 2 * capacity
  while (cells >= grown / 2) grown *= 2
  if (grown > MAX_CELLS) return undefined
  return { at: grown / 2, count, position: positionOf(grown / 2 + cells, grown) }
}

/**
 * Makes room for a message of so many cells, of which the first is the header; none where it has to wait. Who may write does
 * this, writes the cells from `at` on, and then puts the message.
 *
 * @category transitions
 * @since 0.4.0
 */
export const place = (self: Ring, me: number, cells: number): Place | undefined => {
  const { seen, words } = self
  const puts = words.load(PUTS)
  const head = words.load(HEADS + (puts & 1))
  const capacity = capacityAt(head)
  // Others may have put so much since that what was seen then is no smaller any more, but larger: all of it wraps.
  if (puts !== seen.atPut) lookAtReaders(self)
  let found = roomFor(self, puts, head, cells)
  if (
    found === undefined ||
    capacityAt(found.position) !== capacity ||
    ((head - seen.tail) & CELL) > RESTART
  ) {
    lookAtReaders(self)
    found = roomFor(self, puts, head, cells)
  }
  if (found === undefined) {
    words.store(NEEDY, me)
    words.store(NEED, cells)
    return undefined
  }
  const at = head & (capacity - 1)
  const grown = capacityAt(found.position)
  self.cells.reach(grown)
  if (grown !== capacity) {
    self.cells.store(2 * at, GROWN)
    self.cells.store(2 * at + 1, grown)
  } else if (found.at !== at) {
    self.cells.store(2 * at, SKIP)
  }
  self.cells.store(2 * found.at, cells)
  return found
}

/**
 * The message is put. Who waits for it is to be woken then.
 *
 * @category transitions
 * @since 0.4.0
 */
export const put = ({ seen, words }: Ring, { count, position }: Place): void => {
  seen.atPut = count
  words.store(HEADS + (count & 1), position)
  words.store(PUTS, count)
}

/**
 * The oldest message, none where there is none. Who may read does this, reads the cells from `at` on, and then takes the
 * message.
 *
 * @category transitions
 * @since 0.4.0
 */
export const first = (self: Ring): Place | undefined => {
  const { cells, words } = self
  const gets = words.load(GETS)
  if (isEmpty(self, gets)) return undefined
  let position = words.load(TAILS + (gets & 1))
  for (;;) {
    const capacity = capacityAt(position)
    const at = position & (capacity - 1)
    cells.reach(capacity)
    const size = cells.load(2 * at)
    if (size > 0) return { at, count: (gets + 1) | 0, position: positionOf(position + size, capacity) }
    if (size === GROWN) {
      const grown = cells.load(2 * at + 1)
      position = positionOf(grown / 2, grown)
    } else {
      position = positionOf(position + capacity - at, capacity)
    }
  }
}

/**
 * The message is taken: its cells may be written again. Who waits for room is to be woken then.
 *
 * @category transitions
 * @since 0.4.0
 */
export const take = ({ seen, words }: Ring, { count, position }: Place): void => {
  seen.atGet = count
  words.store(TAILS + (count & 1), position)
  words.store(GETS, count)
}

/**
 * Takes the turn at a gate where it is open and nobody has reserved it, without waiting.
 *
 * @category transitions
 * @since 0.4.0
 */
export const tryTurn = (gate: Waiters.Gate, me: number): boolean =>
  // It may not be open: then there is nothing to do in the turn.
  Mutex.takeFree(gate, me) || Waiters.tryPass(gate, me) !== undefined

/**
 * Takes the turn, blocking the agent by `sleep`; `false` where `sleep` gives up. Before it queues it looks `spins` times.
 *
 * @category transitions
 * @since 0.4.0
 */
export const turn = (gate: Waiters.Gate, me: number, sleep: Waiters.Sleep, spins: number): boolean => {
  const { meaning, memory } = gate
  for (let i = 0, rounds = 1; i <= spins; i++) {
    if (i > 0) rounds = Waiters.pause(rounds)
    if (!meaning.isOpen(0, 1)) continue
    const state = memory.load(STATE)
    // Nobody has it, and no flag but that somebody waits asks for more than a swap.
    if ((state & ~WAITERS) === 0 && memory.compareExchange(STATE, state, state | me) === state) return true
  }
  return Waiters.pass(gate, me, sleep) !== undefined
}

/**
 * Ends the turn, and wakes the next at this gate where it is open.
 *
 * @category transitions
 * @since 0.4.0
 */
export const endTurn = (gate: Waiters.Gate, me: number): void => {
  Mutex.release(gate, me)
}

/**
 * Wakes who waits at a gate, where it is open: whoever may have opened it does this, after his own turn.
 *
 * @category transitions
 * @since 0.4.0
 */
export const wake = (gate: Waiters.Gate): void => {
  if (gate.memory.load(STATE) & WAITERS) Waiters.poke(gate)
}

/**
 * An agent that found no room does not want it any more: it has put its message, or gives up. Where it wants none, nothing.
 *
 * @category transitions
 * @since 0.4.0
 */
export const forgetNeed = ({ words, writers }: Ring, me: number): void => {
  if (words.load(NEED) === 0 || words.load(NEEDY) !== me) return
  words.store(NEED, 0)
  wake(writers)
}

/**
 * How many messages were put, modulo 2^32. Old when it returns.
 *
 * @category getters
 * @since 0.4.0
 */
export const puts = ({ words }: Ring): number => words.load(PUTS)

/**
 * How many messages it holds. Exact at some moment while it runs.
 *
 * @category getters
 * @since 0.4.0
 */
export const size = ({ words }: Ring): number => {
  for (;;) {
    const gets = words.load(GETS)
    const puts = words.load(PUTS)
    if (words.load(GETS) === gets) return (puts - gets) | 0
  }
}
