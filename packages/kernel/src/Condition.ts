/**
 * Who waits for a condition between agents, and who was notified. A lock guards it: all but `notified` and the sleeping
 * belongs under that lock, so that these are plain steps.
 *
 * Layout, in Int32 slots:
 *
 * | slot | name | values | who writes, under the lock |
 * | --- | --- | --- | --- |
 * | 0 | TICKETS | counts arrivals, wraps | everybody |
 * | 1 | SWEPT | the deaths up to which it was repaired | everybody |
 * | 16 + 4 p | WHO | the id of the agent in place p | it |
 * | 17 + 4 p | TICKET | when the first of its waiters came, or those after the last that was notified | everybody |
 * | 18 + 4 p | COUNTS | bits 16–31 its waiters that are not notified; 0–15 notifications that they have not taken | everybody |
 * | 19 + 4 p | BELL | counts notifications, wraps; that agent sleeps on it, and nobody else | who notifies |
 *
 * Invariant: a waiter is counted in one half of `COUNTS` or the other, and goes from one to the other by a single write, so
 * that the death of the one who writes leaves it in either. A bell that was not rung is made good by the slices in which
 * everybody sleeps.
 *
 * @since 0.3.0
 */
import * as Agents from "./Agents.ts"
import type { Memory } from "./Memory.ts"

const TICKETS = 0
const SWEPT = 1
const FIRST = 16
const WORDS_EACH = 4
const WHO = 0
const TICKET = 1
const COUNTS = 2
const BELL = 3

const WAITER = 1 << 16
const NOTIFICATIONS = WAITER - 1

/**
 * How many waiters an agent may have.
 *
 * @category models
 * @since 0.3.0
 */
export const MAX = NOTIFICATIONS

/**
 * How many Int32 words a condition takes.
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
 * A condition, as one agent sees it.
 *
 * @category models
 * @since 0.3.0
 */
export interface Condition {
  readonly memory: Memory
  /** The table of the agents that may use it. */
  readonly agents: Memory
}

const wordsOf = (place: number): number => FIRST + WORDS_EACH * place

const mine = (me: number): number => wordsOf(Agents.placeOf(me))

const waitersIn = (counts: number): number => counts >>> 16

/**
 * Counts one more waiter of an agent; `false` where it has `MAX`.
 *
 * @category transitions
 * @since 0.3.0
 */
export const enlist = (self: Condition, me: number): boolean => {
  const { memory } = self
  const words = mine(me)
  repair(self)
  if (memory.load(words + WHO) !== me) {
    memory.store(words + COUNTS, 0)
    memory.store(words + WHO, me)
  }
  const counts = memory.load(words + COUNTS)
  if (waitersIn(counts) + (counts & NOTIFICATIONS) >= MAX) return false
  if (waitersIn(counts) === 0) memory.store(words + TICKET, memory.add(TICKETS, 1))
  memory.store(words + COUNTS, counts + WAITER)
  return true
}

/**
 * Where an agent sleeps, and the value that it sleeps on: to be read before it looks at `notified`.
 *
 * @category getters
 * @since 0.3.0
 */
export const bell = (
  { memory }: Condition,
  me: number,
): { readonly slot: number; readonly value: number } => {
  const slot = mine(me) + BELL
  return { slot, value: memory.load(slot) }
}

/**
 * How many notifications the waiters of an agent have not taken yet. Needs no lock: only that agent makes it less.
 *
 * @category getters
 * @since 0.3.0
 */
export const notified = ({ memory }: Condition, me: number): number =>
  memory.load(mine(me) + COUNTS) & NOTIFICATIONS

/**
 * A waiter takes its notification.
 *
 * @category transitions
 * @since 0.3.0
 */
export const take = ({ memory }: Condition, me: number): void => {
  memory.add(mine(me) + COUNTS, -1)
}

/**
 * A waiter that was not notified gives up.
 *
 * @category transitions
 * @since 0.3.0
 */
export const giveUp = ({ memory }: Condition, me: number): void => {
  memory.add(mine(me) + COUNTS, -WAITER)
}

/**
 * Notifies so many waiters, or all where there are fewer: the agents in turn, by when the first of their waiters came.
 *
 * @category transitions
 * @since 0.3.0
 */
export const notify = (self: Condition, count: number): void => {
  repair(self)
  give(self, count)
}

const give = ({ memory }: Condition, count: number): void => {
  for (let i = 0; i < count; i++) {
    const words = oldest(memory)
    if (words === 0) return
    memory.store(words + TICKET, memory.add(TICKETS, 1))
    memory.add(words + COUNTS, 1 - WAITER)
    memory.add(words + BELL, 1)
    memory.notify(words + BELL)
  }
}

/** The words of the agent whose waiters come next; 0 where nobody waits. */
const oldest = (memory: Memory): number => {
  let best = 0
  let bestTicket = 0
  for (let place = 0; place < Agents.PLACES; place++) {
    const words = wordsOf(place)
    if (waitersIn(memory.load(words + COUNTS)) === 0) continue
    const ticket = memory.load(words + TICKET)
    if (best !== 0 && ((ticket - bestTicket) | 0) >= 0) continue
    best = words
    bestTicket = ticket
  }
  return best
}

/**
 * Tells whether anybody has died since the last repair. Needs no lock.
 *
 * @category getters
 * @since 0.3.0
 */
export const needsRepair = ({ agents, memory }: Condition): boolean =>
  memory.load(SWEPT) !== Agents.deaths(agents)

/**
 * Forgets the waiters of the dead, and gives the notifications that they have not taken to others.
 *
 * @category transitions
 * @since 0.3.0
 */
export const repair = (self: Condition): void => {
  if (!needsRepair(self)) return
  const { agents, memory } = self
  const seenDeaths = Agents.deaths(agents)
  let untaken = 0
  for (let place = 0; place < Agents.PLACES; place++) {
    const words = wordsOf(place)
    const counts = memory.load(words + COUNTS)
    if (counts === 0 || Agents.isAlive(agents, memory.load(words + WHO))) continue
    memory.store(words + COUNTS, 0)
    untaken += counts & NOTIFICATIONS
  }
  give(self, untaken)
  memory.store(SWEPT, seenDeaths)
}

/**
 * How many wait and are not notified.
 *
 * @category getters
 * @since 0.3.0
 */
export const waiting = ({ memory }: Condition): number => {
  let sum = 0
  for (let place = 0; place < Agents.PLACES; place++) sum += waitersIn(memory.load(wordsOf(place) + COUNTS))
  return sum
}
