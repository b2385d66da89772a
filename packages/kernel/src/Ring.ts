/**
 * Messages between agents, first in, first out, with any number of writers and readers: a ring of cells of 8 bytes, and two
 * gates (`Waiters`), one for who writes and one for who reads. One agent writes at a time and one reads, beside each other.
 *
 * Layout of `words`, in Int32 slots:
 *
 * | slot | name | values | who writes |
 * | --- | --- | --- | --- |
 * | 0 | PUTS | counts messages, wraps: the put that it counts is done | who may write |
 * | 2 + 2 (n mod 2) | HEAD | the cell after n puts, counted on and on; 3 + …: the CAPACITY in cells, a power of two | who may write |
 * | 6 | NEED | cells that a message wants for which there was no room, 0 for none | who may write |
 * | 7 | NEEDY | the id of the agent that wants them | who may write |
 * | 16 | GETS | counts messages, wraps: the get that it counts is done | who may read |
 * | 18 + 2 (n mod 2) | TAIL | the cell after n gets; 19 + …: the CAPACITY there | who may read |
 *
 * A message is one cell of header and its content, in one piece. The first word of the header is its size in cells, or says
 * where to go on: SKIP: at the beginning of the ring; GROWN: in the upper half of a ring of so many cells as the second word
 * says. Otherwise the second word is for the users.
 *
 * Invariants. A put is done by the one write of `PUTS`, after all that belongs to it: who dies before has put nothing, and
 * who comes next writes over it. A get is done by that of `GETS`. Writers never touch what lies between tail and head, so
 * that the ring grows without moving anything: what is new goes into memory that was not there before. A cell is kept free
 * for the header that says so.
 *
 * Positions are taken modulo 2^32, which every capacity divides. That of the other side is read twice, as in a sequence
 * lock: where the count has not changed, neither has what it stands for.
 *
 * @since 0.4.0
 */
import * as Agents from "./Agents.ts"
import type { Memory } from "./Memory.ts"
import * as Mutex from "./Mutex.ts"
import * as Waiters from "./Waiters.ts"

const { STATE, WAITERS } = Waiters

const PUTS = 0
const HEADS = 2
const NEED = 6
const NEEDY = 7
const GETS = 16
const TAILS = 18

/**
 * How many Int32 words it takes besides the two gates and the cells.
 *
 * @category models
 * @since 0.4.0
 */
export const WORDS = 32

const SKIP = -1
const GROWN = -2

/**
 * The most cells: 1 GiB.
 *
 * @category models
 * @since 0.4.0
 */
export const MAX_CELLS = 2 ** 27

/**
 * The most cells of a message, its header among them.
 *
 * @category models
 * @since 0.4.0
 */
export const MAX_MESSAGE = MAX_CELLS / 2 - 1

/** From so many cells on an empty ring begins anew at its first. */
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
  /** Makes it so many cells at least. */
  readonly grow: (cells: number) => void
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
}

/** Where one side is: a count of messages, the cell after them, and the capacity there. */
interface Position {
  readonly count: number
  readonly cell: number
  readonly capacity: number
}

/**
 * A message in the ring: `at` is its cell there, with the header; the position is the one after it.
 *
 * @category models
 * @since 0.4.0
 */
export interface Place extends Position {
  readonly at: number
}

/**
 * Writes the words of an empty ring of so many cells, a power of two.
 *
 * @category constructors
 * @since 0.4.0
 */
export const initialize = (words: Memory, capacity: number): void => {
  words.store(HEADS + 1, capacity)
  words.store(TAILS + 1, capacity)
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
  const self: Ring = {
    words: parts.words,
    cells,
    writers: gate(parts.writers, () => hasRoom(self) || isShut()),
    readers: gate(parts.readers, () => size(self) > 0 || isOver()),
    most,
    limit,
  }
  return self
}

const positionAfter = (words: Memory, first: number, count: number): Position => {
  const slot = first + 2 * (count & 1)
  return { count, cell: words.load(slot), capacity: words.load(slot + 1) }
}

/** Where a side is whose turn may be another agent's. */
const positionOf = (words: Memory, counter: number, first: number): Position => {
  for (;;) {
    const position = positionAfter(words, first, words.load(counter))
    if (words.load(counter) === position.count) return position
  }
}

/** Moves a side on: what it did until then is done. */
const moveTo = (words: Memory, counter: number, first: number, { capacity, cell, count }: Position): void => {
  const slot = first + 2 * (count & 1)
  words.store(slot, cell)
  words.store(slot + 1, capacity)
  words.store(counter, count)
}

/** There is room for as much as was wanted last. Old when it returns. */
const hasRoom = (self: Ring): boolean => {
  const { most, words, writers } = self
  if (size(self) >= most) return false
  const need = words.load(NEED)
  if (need === 0 || !Agents.isAlive(writers.agents, words.load(NEEDY))) return true
  return roomFor(self, positionOf(words, PUTS, HEADS), need) !== undefined
}

/** Where a message of so many cells goes; none where it has to wait. */
const roomFor = ({ limit, words }: Ring, head: Position, cells: number): Place | undefined => {
  const tail = positionOf(words, GETS, TAILS)
  const { capacity } = head
  const count = (head.count + 1) | 0
  const sameRing = tail.capacity === capacity
  // The readers are in a smaller ring still: all of it, and what is below the head, counts as used.
  const used = sameRing ? (head.cell - tail.cell) | 0 : Number.POSITIVE_INFINITY
  if (used > 0 && used + cells > limit) return undefined
  const offset = head.cell & (capacity - 1)
  const toEnd = capacity - offset
  const fromStart = { count, at: 0, cell: (head.cell + toEnd + cells) | 0, capacity }
  const fitsFromStart = sameRing && used + toEnd + cells < capacity
  // What is written where nobody has read for long is in no cache, and what is never written takes no memory.
  if (used === 0 && offset >= RESTART && fitsFromStart) return fromStart
  // Above the head of a ring that the readers have not reached, the ring ends.
  if (sameRing ? cells <= toEnd && used + cells < capacity : cells < toEnd) {
    return { count, at: offset, cell: (head.cell + cells) | 0, capacity }
  }
  if (fitsFromStart) return fromStart
  let grown = 2 * capacity
  while (cells >= grown / 2) grown *= 2
  if (grown > MAX_CELLS) return undefined
  return { count, at: grown / 2, cell: grown / 2 + cells, capacity: grown }
}

/**
 * Makes room for a message of so many cells, of which the first is the header; none where it has to wait. Who may write does
 * this, writes the cells from `at` on, and then puts the message.
 *
 * @category transitions
 * @since 0.4.0
 */
export const place = (self: Ring, me: number, cells: number): Place | undefined => {
  const { most, words } = self
  if (size(self) >= most) return undefined
  const head = positionAfter(words, HEADS, words.load(PUTS))
  const found = roomFor(self, head, cells)
  if (found === undefined) {
    words.store(NEEDY, me)
    words.store(NEED, cells)
    return undefined
  }
  const offset = head.cell & (head.capacity - 1)
  if (found.capacity !== head.capacity) {
    self.cells.grow(found.capacity)
    self.cells.store(2 * offset, GROWN)
    self.cells.store(2 * offset + 1, found.capacity)
  } else if (found.at !== offset) {
    self.cells.store(2 * offset, SKIP)
  }
  self.cells.store(2 * found.at, cells)
  return found
}

/**
 * The message is put. Who waits for it is woken by `wakeReaders`.
 *
 * @category transitions
 * @since 0.4.0
 */
export const put = ({ words }: Ring, me: number, place: Place): void => {
  moveTo(words, PUTS, HEADS, place)
  forgetNeed(words, me)
}

const forgetNeed = (words: Memory, me: number): void => {
  if (words.load(NEED) !== 0 && words.load(NEEDY) === me) words.store(NEED, 0)
}

/**
 * The oldest message, none where there is none. Who may read does this, reads the cells from `at` on, and then takes the
 * message.
 *
 * @category transitions
 * @since 0.4.0
 */
export const first = ({ cells, words }: Ring): Place | undefined => {
  const gets = words.load(GETS)
  if (words.load(PUTS) === gets) return undefined
  let { capacity, cell } = positionAfter(words, TAILS, gets)
  for (;;) {
    const at = cell & (capacity - 1)
    const size = cells.load(2 * at)
    if (size > 0) return { count: (gets + 1) | 0, at, cell: (cell + size) | 0, capacity }
    if (size === GROWN) {
      capacity = cells.load(2 * at + 1)
      cell = capacity / 2
    } else {
      cell = (cell + capacity - at) | 0
    }
  }
}

/**
 * The message is taken: its cells may be written again.
 *
 * @category transitions
 * @since 0.4.0
 */
export const take = ({ words }: Ring, place: Place): void => moveTo(words, GETS, TAILS, place)

/**
 * Takes the turn at a gate where it is open and nobody has reserved it, without waiting.
 *
 * @category transitions
 * @since 0.4.0
 */
export const tryTurn = (gate: Waiters.Gate, me: number): boolean => {
  if (gate.meaning.isOpen(0) && Mutex.takeFree(gate, me)) return true
  return Waiters.tryPass(gate, me) !== undefined
}

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
    if (!meaning.isOpen(0)) continue
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
 * Who found no room does not want any more.
 *
 * @category transitions
 * @since 0.4.0
 */
export const giveUp = (self: Ring, me: number): void => {
  forgetNeed(self.words, me)
  wake(self.writers)
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
