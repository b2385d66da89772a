/**
 * The queue of the agents that wait at a gate: a word with a value that is open or not, and that whoever may pass changes
 * by its own compare-and-swap. Where the gate counts, an agent passes with several at once: with as many as it wants. A
 * wake-up is only a hint. README.md tells the protocol and why no wake-up is lost; `Mutex` and `Semaphore` say what their
 * value means.
 *
 * Layout, in Int32 slots:
 *
 * | slot | name | values | who writes |
 * | --- | --- | --- | --- |
 * | 0 | STATE | bits 0–27 the value; 28 WAITERS; 29 POKED; 30 RESERVED; 31 ABANDONED | everybody |
 * | 1 | TICKET | counts arrivals, wraps | waiters |
 * | 2 | SWEPT | the deaths up to which it was repaired | sweepers |
 * | 3–10 | SEEN | a bit for each place whose agent ever waited here | that agent |
 * | 16 + 2 p | SLOT | 0 idle, or the ticket of the agent in place p with 1 waiting, 2 poked in its two low bits | it; 1 to 2 by who pokes |
 * | 17 + 2 p | WHO | the id of that agent | it, before `SLOT` |
 * | 528 + p | WANT | how many that agent wants to pass with; only where the gate counts | it, before `SLOT`, and before a look |
 *
 * WAITERS: some slot may be in use, so that who opens the gate has to look. POKED: one waiter was woken and has not looked
 * yet, so that nobody need wake another. RESERVED: only the oldest waiter may pass, since it has lost many races, or since
 * there is too little for it. ABANDONED: one whose passing the value tells of has died; whoever passes next learns of it.
 *
 * Invariant: a value changes from open by the swap of the one who passes. Nobody is ever let through by another.
 *
 * @since 0.3.0
 */
import * as Agents from "./Agents.ts"
import type { Memory } from "./Memory.ts"

/**
 * The slot of the word that holds value and flags.
 *
 * @category models
 * @since 0.3.0
 */
export const STATE = 0

const TICKET = 1
const SWEPT = 2
const SEEN = 3
const SEEN_WORDS = Agents.PLACES / 32
const SLOT = 16
const WANT = SLOT + 2 * Agents.PLACES

/**
 * The bits of `STATE` that hold the value.
 *
 * @category models
 * @since 0.3.0
 */
export const VALUE = 2 ** 28 - 1

/** @internal */
export const WAITERS = 1 << 28
const POKED = 1 << 29
const RESERVED = 1 << 30
const ABANDONED = 1 << 31

const IDLE = 0
const IS_WAITING = 1
const IS_POKED = 2
const PHASE = 3

/** So many races a waiter may lose after it was woken; where it loses one more, it reserves the gate. */
const PATIENCE = 3

/**
 * How many Int32 words a gate takes.
 *
 * @category models
 * @since 0.3.0
 */
export const WORDS = WANT

/**
 * How many Int32 words a gate takes that counts.
 *
 * @category models
 * @since 0.3.0
 */
export const COUNTING_WORDS = WANT + Agents.PLACES

/**
 * How many bytes a gate takes that does not count.
 *
 * @category models
 * @since 0.3.0
 */
export const BYTES = 4 * WORDS

/**
 * What the value of a gate means.
 *
 * @category models
 * @since 0.3.0
 */
export interface Meaning {
  /** An agent may want to pass with more than one at once, so that there are words for what it wants. */
  readonly counts: boolean
  /** An agent that wants so many may pass. */
  readonly isOpen: (value: number, wanted: number) => boolean
  /** The value after an agent has passed with so many. */
  readonly pass: (value: number, me: number, wanted: number) => number
  /** Changes the word from `state` to `next` where it still holds `state`: an agent passes. */
  readonly swap: (memory: Memory, me: number, state: number, next: number) => boolean
  /** The value after the deaths in the table; the same where they do not matter to it, none where it cannot tell yet. */
  readonly bury: (self: Gate, value: number) => number | undefined
}

/**
 * A gate, as one agent sees it.
 *
 * @category models
 * @since 0.3.0
 */
export interface Gate {
  readonly memory: Memory
  /** The table of the agents that may use it. */
  readonly agents: Memory
  readonly meaning: Meaning
}

/**
 * How an agent passed: `abandoned` where one that had passed before has died, so that what is guarded may be half-written.
 *
 * @category models
 * @since 0.3.0
 */
export type Taken = "acquired" | "abandoned"

const slotOf = (id: number): number => SLOT + 2 * Agents.placeOf(id)

const waiting = (ticket: number): number => (ticket << 2) | IS_WAITING

/** A slot after it was poked. */
const poked = (slot: number): number => (slot & ~PHASE) | IS_POKED

const isOpen = ({ meaning }: Gate, state: number, wanted: number): boolean =>
  meaning.isOpen(state & VALUE, wanted)

/** The word after `me` has passed with so many, without the flags in `spent`. */
const passed = ({ meaning }: Gate, state: number, me: number, wanted: number, spent: number): number =>
  (state & ~(VALUE | spent)) | meaning.pass(state & VALUE, me, wanted)

/** How many the agent of a slot wants. */
const wantedBy = ({ meaning, memory }: Gate, slot: number): number =>
  meaning.counts ? memory.load(WANT + (slot - SLOT) / 2) : 1

const takenFrom = (state: number): Taken => (state & ABANDONED ? "abandoned" : "acquired")

/**
 * The swap of a gate that nobody need know the holders of.
 *
 * @category transitions
 * @since 0.3.0
 */
export const swap: Meaning["swap"] = (memory, _me, state, next) =>
  memory.compareExchange(STATE, state, next) === state

/**
 * Passes with so many where the gate is open for them and nobody has reserved it, without waiting.
 *
 * @category transitions
 * @since 0.3.0
 */
export const tryPass = (self: Gate, me: number, wanted = 1): Taken | undefined => {
  const { memory } = self
  repair(self)
  for (;;) {
    const state = memory.load(STATE)
    if (!isOpen(self, state, wanted) || state & RESERVED) return undefined
    const next = passed(self, state, me, wanted, ABANDONED)
    if (self.meaning.swap(memory, me, state, next)) return takenFrom(state)
  }
}

/**
 * Queues the agent, which wants so many, and returns its ticket. It must not be queued already; then it looks, and sleeps,
 * until it has passed or withdraws.
 *
 * @category transitions
 * @since 0.3.0
 */
export const enlist = (self: Gate, me: number, wanted = 1): number => {
  const { memory } = self
  const place = Agents.placeOf(me)
  const slot = slotOf(me)
  // What a dead agent has left in this place goes before another may take it for its own.
  if (memory.load(slot) !== IDLE) sweep(self)
  const ticket = (memory.add(TICKET, 1) << 2) >>> 2
  memory.store(slot + 1, me)
  want(self, me, wanted)
  memory.or(SEEN + (place >>> 5), 1 << (place & 31))
  memory.store(slot, waiting(ticket))
  return ticket
}

/**
 * Says how many a queued agent wants from now on; then it looks.
 *
 * @category transitions
 * @since 0.3.0
 */
export const want = ({ meaning, memory }: Gate, me: number, wanted: number): void => {
  if (meaning.counts) memory.store(WANT + Agents.placeOf(me), wanted)
}

/** What a queued agent sees: it has passed; it must sleep; or it was woken, has lost the race, and must look again. */
export type Look = Taken | "waits" | "lost"

/**
 * A queued agent looks at the gate, passes where it may, and leaves the queue then. `lost` tells how often it has lost.
 *
 * @category transitions
 * @since 0.3.0
 */
export const look = (self: Gate, me: number, ticket: number, lost: number): Look =>
  view(self, me, ticket, lost, true) as Look

/** What an agent sees that does not pass yet. */
export type Sight = "open" | "waits" | "lost"

/**
 * The same, but where it may pass it does not yet: `open` is only a hint, and the agent stays in the queue. So whoever is to
 * pass may do so later, by `look`, and until then others may.
 *
 * @category transitions
 * @since 0.4.0
 */
export const peek = (self: Gate, me: number, ticket: number, lost: number): Sight =>
  view(self, me, ticket, lost, false) as Sight

const view = (self: Gate, me: number, ticket: number, lost: number, passes: boolean): Look | Sight => {
  const { memory } = self
  const slot = slotOf(me)
  const wanted = wantedBy(self, slot)
  repair(self)
  for (;;) {
    const woken = (memory.load(slot) & PHASE) === IS_POKED
    const state = memory.load(STATE)
    if (isOpen(self, state, wanted) && (!(state & RESERVED) || oldest(self) === slot)) {
      if (!passes) return "open"
      const spent = ABANDONED | RESERVED | (woken ? POKED : 0)
      if (!self.meaning.swap(memory, me, state, passed(self, state, me, wanted, spent))) continue
      if (woken) memory.store(slot, IDLE)
      else leave(self, slot, ticket)
      // It may be open still: who opened it woke one only.
      poke(self)
      return takenFrom(state)
    }
    if (!(state & WAITERS)) {
      memory.compareExchange(STATE, state, state | WAITERS)
    } else if (woken) {
      // Hands the wake-up back. Who opens the gate meanwhile may have seen it out: hence the look after it.
      if (lost >= PATIENCE) memory.or(STATE, RESERVED)
      memory.store(slot, waiting(ticket))
      memory.and(STATE, ~POKED)
      return "lost"
    } else {
      if (isOpen(self, state, 1)) poke(self)
      return "waits"
    }
  }
}

/** Leaves the queue. A wake-up that came meanwhile is handed back by its flag; who leaves has to look after the others. */
const leave = (self: Gate, slot: number, ticket: number): void => {
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
export const withdraw = (self: Gate, me: number, ticket: number): void => {
  leave(self, slotOf(me), ticket)
  poke(self)
}

/**
 * Wakes the oldest waiter where the gate is open for it and nobody is awake, and reserves the gate where there is too little
 * for it. Whoever opens the gate does this next.
 *
 * @category transitions
 * @since 0.3.0
 */
export const poke = (self: Gate): void => {
  const { memory } = self
  for (;;) {
    const state = memory.load(STATE)
    if (!isOpen(self, state, 1) || state & POKED || !(state & WAITERS)) return
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
    const wanted = wantedBy(self, slot)
    if (wanted > 1 && !isOpen(self, state, wanted)) {
      // By a swap of the word that has too little: whoever adds to it pokes after that.
      if (state & RESERVED || memory.compareExchange(STATE, state, state | RESERVED) === state) return
      continue
    }
    if (memory.compareExchange(STATE, state, state | POKED) !== state) continue
    if (memory.compareExchange(slot, found, poked(found)) === found) {
      memory.notify(slot)
      return
    }
    memory.and(STATE, ~POKED)
  }
}

/** The slot with the oldest ticket, 0 where none is in use. */
const oldest = ({ memory }: Gate): number => {
  let best = 0
  let bestTicket = 0
  forEachUsed(memory, (slot, value) => {
    const ticket = value >>> 2
    if (best !== 0 && !isBefore(ticket, bestTicket)) return
    best = slot
    bestTicket = ticket
  })
  return best
}

/** Visits the slots that are in use, with what they hold. */
const forEachUsed = (memory: Memory, visit: (slot: number, value: number) => void): void => {
  for (let word = 0; word < SEEN_WORDS; word++) {
    for (let seen = memory.load(SEEN + word); seen !== 0; seen &= seen - 1) {
      const slot = SLOT + 2 * (word * 32 + lowestBit(seen))
      const value = memory.load(slot)
      if (value !== IDLE) visit(slot, value)
    }
  }
}

const lowestBit = (bits: number): number => 31 - Math.clz32(bits & -bits)

/** By serial numbers: right as long as no waiter is 2^29 arrivals old. */
const isBefore = (left: number, right: number): boolean => (left - right) << 2 < 0

/**
 * How many agents queue that live: the slot of a dead one stays until somebody passes or waits. Old when it returns.
 *
 * @category getters
 * @since 0.3.0
 */
export const waitingAgents = ({ agents, memory }: Gate): number => {
  let waiting = 0
  forEachUsed(memory, (slot) => {
    if (Agents.isAlive(agents, memory.load(slot + 1))) waiting++
  })
  return waiting
}

/**
 * Whether only the oldest waiter may pass. Old when it returns.
 *
 * @category getters
 * @since 0.3.0
 */
export const isReserved = ({ memory }: Gate): boolean => (memory.load(STATE) & RESERVED) !== 0

/**
 * Who has passed says that what it was told stands for the next as well: what is guarded may be half-written.
 *
 * @category transitions
 * @since 0.3.0
 */
export const passOn = ({ memory }: Gate): void => {
  memory.or(STATE, ABANDONED)
}

/**
 * Looks for traces of the dead where anybody has died since it was done last.
 *
 * @category transitions
 * @since 0.3.0
 */
export const repair = (self: Gate): void => {
  if (self.memory.load(SWEPT) !== Agents.deaths(self.agents)) sweep(self)
}

/**
 * Removes what dead agents have left: their places in the queue, what the value says of them, wake-ups that they got or
 * meant to give, and what was reserved for them. Any agent may do it at any time, several at once, and one that dies in it
 * has done no harm: who waits looks after each death.
 *
 * @category transitions
 * @since 0.3.0
 */
export const sweep = (self: Gate): void => {
  const { agents, memory } = self
  const seenDeaths = Agents.deaths(agents)
  let awake = false
  forEachUsed(memory, (slot, value) => {
    if (!Agents.isAlive(agents, memory.load(slot + 1))) empty(memory, slot, value)
    else if ((value & PHASE) === IS_POKED) awake = true
  })
  for (;;) {
    const state = memory.load(STATE)
    const value = self.meaning.bury(self, state & VALUE)
    // What cannot be counted now is at the next look.
    if (value === undefined) return
    if (value === (state & VALUE)) break
    if (memory.compareExchange(STATE, state, (state & ~VALUE) | value | ABANDONED) === state) break
  }
  if (!awake) memory.and(STATE, ~POKED)
  memory.store(SWEPT, seenDeaths)
  // Where nobody is left in the queue, the gate is no longer reserved; else the next one may pass.
  poke(self)
}

/** Empties a dead agent's slot, though it may be poked meanwhile. */
const empty = (memory: Memory, slot: number, value: number): void => {
  if (memory.compareExchange(slot, value, IDLE) !== value) memory.compareExchange(slot, poked(value), IDLE)
}

/** The most rounds of a pause. */
const LONGEST = 64

/** What pauses compute: kept, so that no compiler leaves them out. */
let idle = 0

/**
 * Spends so many rounds before it looks again, and returns how many to spend next time. Who looks seldom leaves the word in
 * the cache of the core that uses it: exponential backoff, after Anderson, "The Performance of Spin Lock Alternatives for
 * Shared-Memory Multiprocessors" (1990).
 *
 * @internal
 */
export const pause = (rounds: number): number => {
  for (let i = 0; i < rounds; i++) idle = (idle * 31 + i) | 0
  return Math.min(2 * rounds, LONGEST)
}

/**
 * Sleeps on the slot of a queued agent until it is woken, or for a while; `false` where the agent shall give up.
 *
 * @category models
 * @since 0.3.0
 */
export type Sleep = (memory: Memory, slot: number, value: number) => boolean

/**
 * Passes with so many, blocking the agent by `sleep`; none where `sleep` gives up.
 *
 * @category transitions
 * @since 0.3.0
 */
export const pass = (self: Gate, me: number, sleep: Sleep, wanted = 1): Taken | undefined => {
  const ticket = enlist(self, me, wanted)
  const taken = passInPlace(self, me, ticket, sleep)
  if (taken === undefined) withdraw(self, me, ticket)
  return taken
}

/**
 * The same for an agent that has queued already, with as many as it wants by now; where `sleep` gives up, it stays in the
 * queue.
 *
 * @category transitions
 * @since 0.3.0
 */
export const passInPlace = (self: Gate, me: number, ticket: number, sleep: Sleep): Taken | undefined => {
  for (let lost = 0; ; ) {
    const seen = look(self, me, ticket, lost)
    if (seen === "acquired" || seen === "abandoned") return seen
    if (seen === "lost") lost++
    else if (!sleep(self.memory, slotOf(me), waiting(ticket))) return undefined
  }
}

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
