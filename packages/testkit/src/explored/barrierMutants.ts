import type { Mutant } from "./primitive.ts"

const mutant = (name: string, find: string, replace: string, more: Partial<Mutant> = {}): Mutant => ({
  name,
  file: "Barrier",
  find,
  replace,
  ...more,
})

export const barrierMutants: ReadonlyArray<Mutant> = [
  mutant("nobody is woken", "  if (leaves || next & BROKEN) memory.notify(STATE)\n", ""),
  mutant("a break wakes nobody", "if (leaves || next & BROKEN) memory", "if (leaves) memory"),
  mutant("how a generation ended is not noted", "  if (leaves) keepPast(memory, state)\n", ""),
  mutant("a reset counts as passing", "return (state & WAS_BROKEN) !== 0", "return false"),
  mutant(
    "a waiter that is late passes what was reset",
    "return generationOf(past) === generation && (past & WAS_BROKEN) !== 0",
    "return false",
  ),
  mutant(
    "an index is stored, not swapped",
    "if (memory.compareExchange(slot, found, past + 1) === found)",
    "memory.store(slot, past + 1)\n    if (slot > 0)",
  ),
  mutant(
    "what is noted of a generation forgets who has passed it",
    "memory.compareExchange(pastOf(before), found, wordOf",
    "memory.store(pastOf(before), wordOf",
  ),
  mutant(
    "an index is taken of a generation that is long past",
    "if (isAfter(generationOf(found), generation)) return",
    "if (found < 0 && found > 0) return",
    { equivalent: "takes 128 generations, which are too many to run through; a test of the kernel does" },
  ),
  mutant("a sweep is not noted", "  memory.store(SWEPT, seenDeaths)\n", "", {
    equivalent: "it is only done again",
  }),
  mutant(
    "an agent says that it is counted after it is",
    `    memory.store(slot, (generationOf(before) === since ? before : wordOf(since)) + 1)
    const isLast = (state & ARRIVED) + 1 === memory.load(PARTIES)
    const next = isLast ? (acts ? (state + 1) | RUNNING : following(state)) : state + 1
    if (!swap(self, state, next)) continue
`,
    `    const isLast = (state & ARRIVED) + 1 === memory.load(PARTIES)
    const next = isLast ? (acts ? (state + 1) | RUNNING : following(state)) : state + 1
    if (!swap(self, state, next)) continue
    memory.store(slot, (generationOf(before) === since ? before : wordOf(since)) + 1)
`,
  ),
  mutant(
    "one who comes while the action runs counts",
    "if (state & (BROKEN | RUNNING)) {",
    "if (state & BROKEN) {",
  ),
  mutant(
    "one who has not arrived after all stays counted in its agent",
    "      memory.store(slot, before)\n",
    "",
  ),
  mutant(
    "the action does not hold the others back",
    "acts ? (state + 1) | RUNNING : following(state)",
    "following(state)",
  ),
  mutant(
    "one leaves while the action runs",
    "!== since || state & (BROKEN | RUNNING)) return false",
    "!== since || state & BROKEN) return false",
  ),
  mutant(
    "one leaves another generation",
    "generationOf(state) !== since || state & (BROKEN | RUNNING)",
    "state & (BROKEN | RUNNING)",
  ),
  mutant(
    "one who has left stays counted in its agent",
    "  memory.store(slot, memory.load(slot) - 1)\n",
    "  memory.load(slot)\n",
  ),
  mutant(
    "an action lets pass what was broken or reset",
    "if (generationOf(state) !== since || !(state & RUNNING)) return IS_BROKEN",
    "if (since < 0) return IS_BROKEN",
  ),
  mutant(
    "who gives up breaks a later generation",
    " || (since !== undefined && generationOf(state) !== since)",
    "",
  ),
  mutant("a reset keeps the generation", "following(state) | WAS_BROKEN", "wordOf(generationOf(state))"),
  mutant(
    "nobody looks for the dead",
    "!== Agents.deaths(agents)) sweep(self)",
    "!== Agents.deaths(agents)) memory.load(STATE)",
  ),
  mutant(
    "a sweep counts a death that it has not seen",
    "memory.store(SWEPT, seenDeaths)",
    "memory.store(SWEPT, Agents.deaths(agents))",
  ),
  mutant(
    "the dead of earlier generations count",
    "generationOf(counted) !== generation || (counted & WAITERS) === 0",
    "(counted & WAITERS) === 0",
  ),
  mutant(
    "a new agent wipes out what a dead one has left",
    "    sweep(self)\n    memory.store(slot + 1, 0)\n",
    "    memory.store(slot + 1, 0)\n",
  ),
  mutant(
    "a new agent's waiter is taken for the dead one's",
    "if (memory.load(slot) === who) return true",
    "return true",
  ),
  mutant(
    "an agent dies after its count was read",
    `    if (who === 0 || Agents.isAlive(agents, who)) continue
    // Its last word, as it is dead, unless a new agent has taken the place: then \`WHO\` was written first.
    const counted = memory.load(slot + 1)
`,
    `    const counted = memory.load(slot + 1)
    if (who === 0 || Agents.isAlive(agents, who)) continue
`,
  ),
]
