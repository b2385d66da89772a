/**
 * A barrier: an agreed number of parties wait until all of them have arrived, then all pass, and it begins anew, a generation
 * later. It breaks for all where one of them gives up or its agent dies. README.md tells why no wake-up is lost.
 *
 * Layout, in Int32 slots:
 *
 * | slot | name | values | who writes |
 * | --- | --- | --- | --- |
 * | 0 | STATE | bits 0–11 how many have ARRIVED; 12 BROKEN; 13 RUNNING; 14 WAS_BROKEN; 15–31 the generation, wraps | everybody |
 * | 1 | PARTIES | how many have to arrive | its maker |
 * | 2 | SWEPT | the deaths up to which it was repaired | sweepers |
 * | 16 + g mod 128 | PAST | bits 0–11 how many have passed generation g; 14 WAS_BROKEN; 15–31 g | everybody |
 * | 144 + 2 p | WHO | the id of the agent in place p that has arrived here last | that agent |
 * | 145 + 2 p | COUNTED | bits 0–14 how many of its waiters are in `ARRIVED`; 15–31 in which generation | that agent |
 *
 * BROKEN: nobody passes until a reset. RUNNING: all have arrived, and the last of them runs an action before they pass.
 * WAS_BROKEN, in `STATE`: the generation before was left by a reset, so that nobody has passed it; in `PAST`: generation g was.
 *
 * Invariant: `STATE` leaves a generation by one swap that says how it ended, and only after `PAST` says how the one before
 * did. So a waiter knows from `STATE` alone whether its own has ended, and how, from there or from `PAST`.
 *
 * A generation comes again after 2^17: a waiter that sleeps through exactly so many leaves one later. One that wakes more
 * than 128 too late finds its `PAST` gone: it passes, with the last index. Neither happens to as many waiters as parties, since
 * the barrier waits for each of them.
 *
 * @since 0.3.0
 */
import * as Agents from "./Agents.ts"
import type { Memory } from "./Memory.ts"
import type { Sleep } from "./Waiters.ts"

const STATE = 0
const PARTIES = 1
const SWEPT = 2
const PAST = 16
const PAST_WORDS = 128
const WHO = PAST + PAST_WORDS

/** Bits of `STATE`; those of `PAST` and `COUNTED` lie in the same places. */
const ARRIVED = 2 ** 12 - 1
const BROKEN = 1 << 12
const RUNNING = 1 << 13
const WAS_BROKEN = 1 << 14
const GENERATION = 15
const LAST_GENERATION = 2 ** 17 - 1
const WAITERS = 2 ** 15 - 1

/**
 * The most parties that a barrier can have.
 *
 * @category models
 * @since 0.3.0
 */
export const MAX = ARRIVED

/**
 * How many Int32 words a barrier takes.
 *
 * @category models
 * @since 0.3.0
 */
export const WORDS = WHO + 2 * Agents.PLACES

/**
 * The same in bytes.
 *
 * @category models
 * @since 0.3.0
 */
export const BYTES = 4 * WORDS

/**
 * A barrier, as one agent sees it.
 *
 * @category models
 * @since 0.3.0
 */
export interface Barrier {
  readonly memory: Memory
  /** The table of the agents that may use it. */
  readonly agents: Memory
}

/**
 * How waiting ends: with an index that no other party of the generation has; because the barrier is broken; or with the
 * duty to run the action, and to call `complete` or `breakUp` after it.
 *
 * @category models
 * @since 0.3.0
 */
export type Ended =
  | { readonly is: "passed"; readonly index: number }
  | { readonly is: "broken" }
  | { readonly is: "acts"; readonly since: number }

/**
 * What a waiter sees: that it has ended, or that it must sleep on `STATE` while that is `word`. It has arrived in generation
 * `since`; in none while the action of others runs.
 *
 * @category models
 * @since 0.3.0
 */
export type Look = Ended | { readonly is: "waits"; readonly since: number | undefined; readonly word: number }

const IS_BROKEN: Ended = { is: "broken" }

const generationOf = (word: number): number => word >>> GENERATION

/** The first word of a generation. */
const wordOf = (generation: number): number => generation << GENERATION

const following = (state: number): number => wordOf(generationOf(state) + 1)

const broken = (state: number): number => (state & ~(ARRIVED | RUNNING)) | BROKEN

/** By serial numbers: right as long as they are not 2^16 generations apart. */
const isAfter = (left: number, right: number): boolean => wordOf(left - right) > 0

const pastOf = (generation: number): number => PAST + (generation % PAST_WORDS)

/**
 * Agrees on the number of parties, in words that are all 0.
 *
 * @category constructors
 * @since 0.3.0
 */
export const initialize = (memory: Memory, parties: number): void => {
  memory.store(PARTIES, parties)
  // Words that are 0 tell of generation 0, which must be past.
  memory.store(STATE, wordOf(1))
}

/**
 * How many parties have to arrive.
 *
 * @category getters
 * @since 0.3.0
 */
export const parties = ({ memory }: Barrier): number => memory.load(PARTIES)

/**
 * How many have arrived and wait; 0 where it is broken. Old when it returns.
 *
 * @category getters
 * @since 0.3.0
 */
export const waiting = (self: Barrier): number => repaired(self) & ARRIVED

/**
 * Tells whether it is broken. Old when it returns.
 *
 * @category getters
 * @since 0.3.0
 */
export const isBroken = (self: Barrier): boolean => (repaired(self) & BROKEN) !== 0

/** `STATE`, after a look for the dead where anybody has died since it was done last. */
const repaired = (self: Barrier): number => {
  const { agents, memory } = self
  if (memory.load(SWEPT) !== Agents.deaths(agents)) sweep(self)
  return memory.load(STATE)
}

/** Changes `STATE`, and wakes everybody where the change is one that waiters wait for. */
const swap = ({ memory }: Barrier, state: number, next: number): boolean => {
  const leaves = generationOf(next) !== generationOf(state)
  if (leaves) keepPast(memory, state)
  if (memory.compareExchange(STATE, state, next) !== state) return false
  if (leaves || next & BROKEN) memory.notify(STATE)
  return true
}

/** Notes how the generation before has ended, unless that is done or long past. */
const keepPast = (memory: Memory, state: number): void => {
  const before = (generationOf(state) - 1) & LAST_GENERATION
  const found = memory.load(pastOf(before))
  if (isAfter(before, generationOf(found))) {
    memory.compareExchange(pastOf(before), found, wordOf(before) | (state & WAS_BROKEN))
  }
}

/** Takes an index of a generation that has passed. */
const pass = ({ memory }: Barrier, generation: number): Ended => {
  const slot = pastOf(generation)
  for (;;) {
    const found = memory.load(slot)
    if (isAfter(generationOf(found), generation)) return { is: "passed", index: memory.load(PARTIES) - 1 }
    const past = generationOf(found) === generation ? found : wordOf(generation)
    if (memory.compareExchange(slot, found, past + 1) === found)
      return { is: "passed", index: past & ARRIVED }
  }
}

/**
 * Arrives where nobody runs an action, or looks whether the generation in which it arrived has ended. `acts` tells that it
 * has an action to run where it arrives last.
 *
 * @category transitions
 * @since 0.3.0
 */
export const look = (self: Barrier, me: number, acts: boolean, since: number | undefined): Look => {
  const state = repaired(self)
  if (since === undefined) return arrive(self, me, acts)
  if (generationOf(state) === since) return state & BROKEN ? IS_BROKEN : { is: "waits", since, word: state }
  return wasBroken(self, state, since) ? IS_BROKEN : pass(self, since)
}

/** Whether a generation that `state` has left was left by a reset. */
const wasBroken = ({ memory }: Barrier, state: number, generation: number): boolean => {
  if (generationOf(following(wordOf(generation))) === generationOf(state)) return (state & WAS_BROKEN) !== 0
  const past = memory.load(pastOf(generation))
  return generationOf(past) === generation && (past & WAS_BROKEN) !== 0
}

const arrive = (self: Barrier, me: number, acts: boolean): Look => {
  const { memory } = self
  const slot = countedOf(self, me)
  const before = memory.load(slot)
  for (;;) {
    const state = memory.load(STATE)
    if (state & (BROKEN | RUNNING)) {
      memory.store(slot, before)
      return state & BROKEN ? IS_BROKEN : { is: "waits", since: undefined, word: state }
    }
    const since = generationOf(state)
    // Before it counts: where this agent dies in between, it has died at the barrier all the same.
    memory.store(slot, (generationOf(before) === since ? before : wordOf(since)) + 1)
    const isLast = (state & ARRIVED) + 1 === memory.load(PARTIES)
    const next = isLast ? (acts ? (state + 1) | RUNNING : following(state)) : state + 1
    if (!swap(self, state, next)) continue
    if (!isLast) return { is: "waits", since, word: next }
    return acts ? { is: "acts", since } : pass(self, since)
  }
}

/** The slot of an agent's own `COUNTED`. */
const countedOf = (self: Barrier, me: number): number => {
  const { memory } = self
  const slot = WHO + 2 * Agents.placeOf(me)
  if (memory.load(slot) !== me) {
    // What a dead agent has left in this place is judged before another takes it for its own.
    sweep(self)
    memory.store(slot + 1, 0)
    memory.store(slot, me)
  }
  return slot + 1
}

/**
 * Waits, blocking the agent by `sleep`; breaks the barrier where `sleep` gives up.
 *
 * @category transitions
 * @since 0.3.0
 */
export const wait = (self: Barrier, me: number, acts: boolean, sleep: Sleep): Ended => {
  for (let since: number | undefined; ; ) {
    const seen = look(self, me, acts, since)
    if (seen.is !== "waits") return seen
    since = seen.since
    if (!sleep(self.memory, STATE, seen.word)) breakUp(self, since)
  }
}

/**
 * What one who waits without blocking waits on by `Memory.waitAsync`.
 *
 * @category getters
 * @since 0.3.0
 */
export const wakeUp = (word: number): { readonly slot: number; readonly value: number } => ({
  slot: STATE,
  value: word,
})

/**
 * Undoes an arrival in generation `since`, as long as others have to arrive; `false` where it is too late, since all have met,
 * or it is broken.
 *
 * @category transitions
 * @since 0.3.0
 */
export const withdraw = (self: Barrier, me: number, since: number): boolean => {
  const { memory } = self
  for (;;) {
    const state = memory.load(STATE)
    if (generationOf(state) !== since || state & (BROKEN | RUNNING)) return false
    if (swap(self, state, state - 1)) break
  }
  const slot = countedOf(self, me)
  memory.store(slot, memory.load(slot) - 1)
  return true
}

/**
 * Lets all pass after the action of generation `since` has run, unless the barrier was broken meanwhile.
 *
 * @category transitions
 * @since 0.3.0
 */
export const complete = (self: Barrier, since: number): Ended => {
  for (;;) {
    const state = self.memory.load(STATE)
    if (generationOf(state) !== since || !(state & RUNNING)) return IS_BROKEN
    if (swap(self, state, following(state))) return pass(self, since)
  }
}

/**
 * Breaks it, with all who wait; where `since` is given, only as long as that generation has not ended.
 *
 * @category transitions
 * @since 0.3.0
 */
export const breakUp = (self: Barrier, since?: number): void => {
  for (;;) {
    const state = self.memory.load(STATE)
    if (state & BROKEN || (since !== undefined && generationOf(state) !== since)) return
    if (swap(self, state, broken(state))) return
  }
}

/**
 * Mends it, and breaks it for those that wait; nothing where it is whole and nobody waits.
 *
 * @category transitions
 * @since 0.3.0
 */
export const reset = (self: Barrier): void => {
  for (;;) {
    const state = self.memory.load(STATE)
    if (!(state & (ARRIVED | BROKEN))) return
    if (swap(self, state, following(state) | WAS_BROKEN)) return
  }
}

/**
 * Breaks it where a dead agent is among those that wait. Any agent may do it at any time, several at once, and one that dies
 * in it has done no harm.
 *
 * @category transitions
 * @since 0.3.0
 */
export const sweep = (self: Barrier): void => {
  const { agents, memory } = self
  const seenDeaths = Agents.deaths(agents)
  for (;;) {
    const state = memory.load(STATE)
    if (state & BROKEN || !countsDead(self, generationOf(state)) || swap(self, state, broken(state))) break
  }
  memory.store(SWEPT, seenDeaths)
}

const countsDead = ({ agents, memory }: Barrier, generation: number): boolean => {
  for (let place = 0; place < Agents.PLACES; place++) {
    const slot = WHO + 2 * place
    const who = memory.load(slot)
    if (who === 0 || Agents.isAlive(agents, who)) continue
    // Its last word, as it is dead, unless a new agent has taken the place: then `WHO` was written first.
    const counted = memory.load(slot + 1)
    if (generationOf(counted) !== generation || (counted & WAITERS) === 0) continue
    if (memory.load(slot) === who) return true
  }
  return false
}
