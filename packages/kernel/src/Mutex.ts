/**
 * A lock between agents: not recursive, without an owner as far as releasing goes, and robust: a holder that dies frees
 * it. README.md tells the protocol and why no wake-up is lost.
 *
 * Layout, in Int32 slots:
 *
 * | slot | name | values | who writes |
 * | --- | --- | --- | --- |
 * | 0 | STATE | bits 0–27 id of the holder or 0; 28 WAITERS; 29 POKED; 30 RESERVED; 31 ABANDONED | everybody |
 * | 1 | TICKET | counts arrivals, wraps | waiters |
 * | 2 | SWEPT | the deaths up to which it was repaired | sweepers |
 * | 3–10 | SEEN | a bit for each place whose agent ever waited here | that agent |
 * | 16 + 2 p | SLOT | 0 idle, or the ticket of the agent in place p with 1 waiting, 2 poked in its two low bits | it; 1 to 2 by who pokes |
 * | 17 + 2 p | WHO | the id of that agent | it, before `SLOT` |
 *
 * WAITERS: some slot may be in use, so that a release has to look. POKED: one waiter was woken and has not looked yet, so
 * that a release need not wake another. RESERVED: only the oldest waiter may take the lock. ABANDONED: a holder died;
 * whoever takes it next learns of it.
 *
 * Invariant: the lock is taken by a compare-and-swap of `STATE` from no holder to the id of the one who swaps. Nobody is
 * ever given it.
 *
 * @since 0.3.0
 */
import * as Agents from "./Agents.ts"
import type { Memory } from "./Memory.ts"

const STATE = 0
const TICKET = 1
const SWEPT = 2
const SEEN = 3
const SEEN_WORDS = Agents.PLACES / 32
const SLOT = 16

const HOLDER = 2 ** 28 - 1
const WAITERS = 1 << 28
const POKED = 1 << 29
const RESERVED = 1 << 30
const ABANDONED = 1 << 31

const IDLE = 0
const IS_WAITING = 1
const IS_POKED = 2
const PHASE = 3

/** So many races a waiter may lose after it was woken, until the lock is reserved. */
const PATIENCE = 3

/**
 * How many Int32 words a mutex takes.
 *
 * @category models
 * @since 0.3.0
 */
export const WORDS = SLOT + 2 * Agents.PLACES

/**
 * A mutex, as one agent sees it.
 *
 * @category models
 * @since 0.3.0
 */
export interface Mutex {
  readonly memory: Memory
  /** The table of the agents that may use it. */
  readonly agents: Memory
}

/**
 * How the lock was got: `abandoned` where its last holder has died with it, so that what it guards may be half-written.
 *
 * @category models
 * @since 0.3.0
 */
export type Taken = "acquired" | "abandoned"

const isFree = (state: number): boolean => (state & HOLDER) === 0

const slotOf = (id: number): number => SLOT + 2 * Agents.placeOf(id)

const waiting = (ticket: number): number => (ticket << 2) | IS_WAITING

/**
 * Takes the lock where it is free and nobody has reserved it, without waiting.
 *
 * @category transitions
 * @since 0.3.0
 */
export const tryAcquire = (self: Mutex, me: number): Taken | undefined => {
  if (self.memory.compareExchange(STATE, 0, me) === 0) return "acquired"
  repair(self)
  return barge(self, me)
}

/** One try at a free lock that is not reserved, whatever else its word says. */
const barge = (self: Mutex, me: number): Taken | undefined => {
  const { memory } = self
  for (;;) {
    const state = memory.load(STATE)
    if (!isFree(state) || state & RESERVED) return undefined
    if (memory.compareExchange(STATE, state, (state & ~ABANDONED) | me) === state) return takenFrom(state)
  }
}

const takenFrom = (state: number): Taken => (state & ABANDONED ? "abandoned" : "acquired")

/**
 * Frees the lock, whoever holds it, and wakes a waiter; `false` where nobody holds it.
 *
 * @category transitions
 * @since 0.3.0
 */
export const release = (self: Mutex, me: number): boolean => {
  const { memory } = self
  if (memory.compareExchange(STATE, me, 0) === me) return true
  for (;;) {
    const state = memory.load(STATE)
    if (isFree(state)) return false
    if (memory.compareExchange(STATE, state, state & ~HOLDER) !== state) continue
    if (state & WAITERS) poke(self)
    return true
  }
}

/**
 * Whether somebody holds it. Old when it returns.
 *
 * @category getters
 * @since 0.3.0
 */
export const isLocked = (self: Mutex): boolean => !isFree(self.memory.load(STATE))

/**
 * The id of the holder, 0 where it is free. Old when it returns, but for the holder itself.
 *
 * @category getters
 * @since 0.3.0
 */
export const holder = (self: Mutex): number => self.memory.load(STATE) & HOLDER

/**
 * Queues the agent and returns its ticket. It must not be queued already; then it looks, and sleeps, until it has the lock
 * or withdraws.
 *
 * @category transitions
 * @since 0.3.0
 */
export const enlist = (self: Mutex, me: number): number => {
  const { memory } = self
  const place = Agents.placeOf(me)
  const slot = slotOf(me)
  // What a dead agent has left in this place goes before another may take it for its own.
  if (memory.load(slot) !== IDLE) sweep(self)
  const ticket = (memory.add(TICKET, 1) << 2) >>> 2
  memory.store(slot + 1, me)
  memory.or(SEEN + (place >>> 5), 1 << (place & 31))
  memory.store(slot, waiting(ticket))
  return ticket
}

/** What a queued agent sees: it has the lock; it must sleep; or it must sleep and has lost a race to another before. */
export type Look = Taken | "waits" | "lost"

/**
 * A queued agent looks at the lock, takes it where it may, and leaves the queue then. `lost` tells how often it has lost.
 *
 * @category transitions
 * @since 0.3.0
 */
export const look = (self: Mutex, me: number, ticket: number, lost: number): Look => {
  const { memory } = self
  const slot = slotOf(me)
  repair(self)
  let answer: Look = "waits"
  for (;;) {
    const poked = (memory.load(slot) & PHASE) === IS_POKED
    const state = memory.load(STATE)
    if (isFree(state) && (!(state & RESERVED) || oldest(self) === slot)) {
      const spent = ABANDONED | RESERVED | (poked ? POKED : 0)
      if (memory.compareExchange(STATE, state, (state & ~spent) | me) !== state) continue
      if (poked) memory.store(slot, IDLE)
      else leave(self, slot, ticket)
      return takenFrom(state)
    }
    if (!(state & WAITERS)) {
      memory.compareExchange(STATE, state, state | WAITERS)
    } else if (poked) {
      // Hands the wake-up back, then looks again: who frees the lock meanwhile may have seen it out.
      if (lost >= PATIENCE) memory.or(STATE, RESERVED)
      memory.store(slot, waiting(ticket))
      memory.and(STATE, ~POKED)
      answer = "lost"
    } else {
      if (isFree(state)) poke(self)
      return answer
    }
  }
}

/** Leaves the queue. A wake-up that came meanwhile is handed back by its flag; who leaves has to look after the others. */
const leave = (self: Mutex, slot: number, ticket: number): void => {
  const { memory } = self
  const mine = waiting(ticket)
  if (memory.compareExchange(slot, mine, IDLE) === mine) return
  memory.store(slot, IDLE)
  memory.and(STATE, ~POKED)
}

/**
 * A queued agent gives up: leaves the queue, and passes on a wake-up that it got.
 *
 * @category transitions
 * @since 0.3.0
 */
export const withdraw = (self: Mutex, me: number, ticket: number): void => {
  leave(self, slotOf(me), ticket)
  poke(self)
}

/** Wakes the oldest waiter where the lock is free and nobody is awake for it. */
const poke = (self: Mutex): void => {
  const { memory } = self
  for (;;) {
    const state = memory.load(STATE)
    if (!isFree(state) || state & POKED || !(state & WAITERS)) return
    const slot = oldest(self)
    if (slot === 0) {
      if (memory.compareExchange(STATE, state, state & ~(WAITERS | RESERVED)) !== state) continue
      // One that came between the scan and the swap has seen WAITERS set.
      if (oldest(self) === 0) return
      memory.or(STATE, WAITERS)
      continue
    }
    const found = memory.load(slot)
    if ((found & PHASE) === IS_POKED) return
    if ((found & PHASE) !== IS_WAITING) continue
    if (memory.compareExchange(STATE, state, state | POKED) !== state) continue
    if (memory.compareExchange(slot, found, (found & ~PHASE) | IS_POKED) === found) {
      memory.notify(slot)
      return
    }
    memory.and(STATE, ~POKED)
  }
}

/** The slot with the oldest ticket, 0 where none is in use. */
const oldest = ({ memory }: Mutex): number => {
  let best = 0
  let bestTicket = 0
  for (let word = 0; word < SEEN_WORDS; word++) {
    for (let seen = memory.load(SEEN + word); seen !== 0; seen &= seen - 1) {
      const slot = SLOT + 2 * (word * 32 + lowestBit(seen))
      const value = memory.load(slot)
      if ((value & PHASE) === IDLE) continue
      const ticket = value >>> 2
      if (best === 0 || isBefore(ticket, bestTicket)) {
        best = slot
        bestTicket = ticket
      }
    }
  }
  return best
}

const lowestBit = (bits: number): number => 31 - Math.clz32(bits & -bits)

/** By serial numbers: right as long as no waiter is 2^29 arrivals old. */
const isBefore = (left: number, right: number): boolean => (left - right) << 2 < 0

/** Looks for traces of the dead where anybody has died since it was done last. */
const repair = (self: Mutex): void => {
  if (self.memory.load(SWEPT) !== Agents.deaths(self.agents)) sweep(self)
}

/**
 * Removes what dead agents have left: their places in the queue, their hold, wake-ups that they got or meant to give. Any
 * agent may do it at any time, several at once, and one that dies in it has done no harm.
 *
 * @category transitions
 * @since 0.3.0
 */
export const sweep = (self: Mutex): void => {
  const { agents, memory } = self
  const seenDeaths = Agents.deaths(agents)
  forEachSlot(memory, (slot) => {
    const value = memory.load(slot)
    if (value !== IDLE && !Agents.isAlive(agents, memory.load(slot + 1))) {
      memory.compareExchange(slot, value, IDLE)
    }
  })
  for (;;) {
    const state = memory.load(STATE)
    if (isFree(state) || Agents.isAlive(agents, state & HOLDER)) break
    if (memory.compareExchange(STATE, state, (state & ~HOLDER) | ABANDONED) === state) break
  }
  let awake = false
  let used = false
  forEachSlot(memory, (slot) => {
    const phase = memory.load(slot) & PHASE
    if (phase === IDLE) return
    used = true
    if (phase !== IS_POKED) return
    awake = true
    // Who poked it may have died before it woke it.
    memory.notify(slot)
  })
  if (!awake) memory.and(STATE, ~POKED)
  if (used) memory.or(STATE, WAITERS)
  poke(self)
  memory.store(SWEPT, seenDeaths)
}

const forEachSlot = (memory: Memory, visit: (slot: number) => void): void => {
  for (let word = 0; word < SEEN_WORDS; word++) {
    for (let seen = memory.load(SEEN + word); seen !== 0; seen &= seen - 1) {
      visit(SLOT + 2 * (word * 32 + lowestBit(seen)))
    }
  }
}

/**
 * Sleeps on the slot of a queued agent until it is woken, or for a while; `false` where the agent shall give up.
 *
 * @category models
 * @since 0.3.0
 */
export type Sleep = (memory: Memory, slot: number, value: number) => boolean

/**
 * Takes the lock, blocking the agent by `sleep`; none where `sleep` gives up. Before it queues it tries `spins` times.
 *
 * @category transitions
 * @since 0.3.0
 */
export const acquire = (self: Mutex, me: number, sleep: Sleep, spins: number): Taken | undefined => {
  const { memory } = self
  if (memory.compareExchange(STATE, 0, me) === 0) return "acquired"
  for (let i = 0; i < spins; i++) {
    const state = memory.load(STATE)
    if (!isFree(state) || state & (RESERVED | ABANDONED)) continue
    if (memory.compareExchange(STATE, state, state | me) === state) return "acquired"
  }
  const ticket = enlist(self, me)
  const taken = await_(self, me, ticket, sleep)
  if (taken === undefined) withdraw(self, me, ticket)
  return taken
}

/**
 * Blocks a queued agent by `sleep` until it has the lock; where `sleep` gives up, it stays in the queue.
 *
 * @category transitions
 * @since 0.3.0
 */
const await_ = (self: Mutex, me: number, ticket: number, sleep: Sleep): Taken | undefined => {
  for (let lost = 0; ; ) {
    const seen = look(self, me, ticket, lost)
    if (seen === "acquired" || seen === "abandoned") return seen
    if (seen === "lost") lost++
    if (!sleep(self.memory, slotOf(me), waiting(ticket))) return undefined
  }
}

export { await_ as await }

/**
 * What an agent that queued without blocking waits on by `Memory.waitAsync`.
 *
 * @category getters
 * @since 0.3.0
 */
export const wakeUp = (me: number, ticket: number): { readonly slot: number; readonly value: number } => ({
  slot: slotOf(me),
  value: waiting(ticket),
})
