/** Bugs in what all gates have in common. */
import type { Mutant } from "./primitive.ts"

const mutant = (name: string, find: string, replace: string, more: Partial<Mutant> = {}): Mutant => ({
  name,
  file: "Waiters",
  find,
  replace,
  ...more,
})

export const gateMutants: ReadonlyArray<Mutant> = [
  mutant("poke notifies nobody", "      memory.notify(slot)\n", ""),
  mutant(
    "look: does not say that it waits",
    "    if (!(state & WAITERS)) {\n      memory.compareExchange(STATE, state, state | WAITERS)\n    } else if",
    "    if",
  ),
  mutant("look: sleeps after it has handed the wake-up back", 'return "lost"', 'return "waits"'),
  mutant(
    "look: wakes nobody where it is reserved for another",
    "      if (isOpen(self, state, 1)) poke(self)\n      return",
    "      return",
  ),
  mutant(
    "look: passes what is closed",
    "if (isOpen(self, state, wanted) && (!(state & RESERVED) || oldest(self) === slot)) {",
    "if (!(state & RESERVED) || oldest(self) === slot) {",
  ),
  mutant("look: keeps the wake-up of its own", "| (woken ? POKED : 0)", ""),
  mutant(
    "withdraw passes no wake-up on",
    "  leave(self, slotOf(me), ticket)\n  poke(self)\n",
    "  leave(self, slotOf(me), ticket)\n",
  ),
  mutant(
    "leave keeps the wake-up",
    "  memory.store(slot, IDLE)\n  memory.and(STATE, ~POKED)\n}",
    "  memory.store(slot, IDLE)\n}",
  ),
  mutant(
    "poke: no second scan",
    "      if (oldest(self) === 0) return\n      memory.or(STATE, WAITERS)\n      continue",
    "      return",
  ),
  mutant(
    "poke: POKED kept where the waiter has left",
    "    memory.and(STATE, ~POKED)\n  }\n}\n\n/** The slot",
    "  }\n}\n\n/** The slot",
  ),
  mutant("sweep: slots of the dead stay", " empty(memory, slot, value)\n    else if", " {}\n    else if"),
  mutant(
    "sweep: a dead agent's slot that is poked meanwhile stays",
    "if (memory.compareExchange(slot, value, IDLE) !== value) memory.compareExchange(slot, poked(value), IDLE)",
    "memory.compareExchange(slot, value, IDLE)",
    { deep: true },
  ),
  mutant("sweep: POKED stays", "  if (!awake) memory.and(STATE, ~POKED)\n", ""),
  mutant(
    "sweep: what was reserved for the dead stays reserved",
    "  memory.store(SWEPT, seenDeaths)\n  // Where nobody is left in the queue, the gate is no longer reserved; else the next one may pass.\n  poke(self)\n",
    "  memory.store(SWEPT, seenDeaths)\n",
  ),
  mutant(
    "nobody sweeps",
    "!== Agents.deaths(self.agents)) sweep(self)",
    "!== Agents.deaths(self.agents)) return",
  ),
]

/** Those that matter only where some want several at once. */
export const severalMutants: ReadonlyArray<Mutant> = [
  mutant(
    "look: passes with less than it wants",
    "if (isOpen(self, state, wanted) && (!(",
    "if (isOpen(self, state, 1) && (!(",
  ),
  mutant(
    "look: keeps nothing where there is too little for it",
    "if (isOpen(self, state, 1)) poke(self)",
    "if (isOpen(self, state, wanted)) poke(self)",
  ),
  mutant(
    "poke: wakes the oldest where there is too little for it",
    "if (wanted > 1 && !isOpen(self, state, wanted)) {",
    "if (wanted < 1 && !isOpen(self, state, wanted)) {",
  ),
  mutant(
    "poke: keeps nothing for the oldest",
    "if (state & RESERVED || memory.compareExchange(STATE, state, state | RESERVED) === state) return\n      continue",
    "return",
  ),
  mutant(
    "poke: reserves the gate though the word has changed",
    "if (state & RESERVED || memory.compareExchange(STATE, state, state | RESERVED) === state) return\n      continue",
    "memory.or(STATE, RESERVED)\n      return",
  ),
  mutant(
    "who tries takes less than it wants",
    "!isOpen(self, state, wanted) ||",
    "!isOpen(self, state, 1) ||",
  ),
  mutant(
    "withdraw leaves the gate reserved",
    "  leave(self, slotOf(me), ticket)\n  poke(self)\n",
    "  leave(self, slotOf(me), ticket)\n",
  ),
  mutant(
    "a waiter does not say what it wants from now on",
    "  if (meaning.counts) memory.store(WANT",
    "  if (meaning.counts && memory.load(WANT + Agents.placeOf(me)) === 0) memory.store(WANT",
  ),
]

/** Those that break the bound on overtaking only. */
export const overtakingMutants: ReadonlyArray<Mutant> = [
  mutant("nobody reserves it", "      if (lost >= PATIENCE) memory.or(STATE, RESERVED)\n", ""),
  mutant("a waiter is more patient by one race", "const PATIENCE = 3", "const PATIENCE = 4"),
  mutant("lost races are not counted", 'if (seen === "lost") lost++', 'if (seen === "lost") lost += 0'),
  mutant("the youngest is woken first", "!isBefore(ticket, bestTicket)", "isBefore(ticket, bestTicket)"),
  mutant(
    "who tries takes what is reserved",
    "!isOpen(self, state, wanted) || state & RESERVED",
    "!isOpen(self, state, wanted)",
  ),
  mutant(
    "a waiter that is not the oldest takes what is reserved",
    "(!(state & RESERVED) || oldest(self) === slot)",
    "(!(state & RESERVED) || slot !== 0)",
  ),
].map((each) => ({ ...each, deep: true }))
