/** Bugs in the ring, and in how those who use it wait for their turns. */
import type { Mutant } from "./primitive.ts"

const inRing = (name: string, find: string, replace: string, more: Partial<Mutant> = {}): Mutant => ({
  name,
  file: "Ring",
  find,
  replace,
  ...more,
})

const inWaiters = (name: string, find: string, replace: string): Mutant => ({
  name,
  file: "Waiters",
  find,
  replace,
})

export const ringMutants: ReadonlyArray<Mutant> = [
  inRing(
    "a put is counted before its position",
    "  words.store(HEADS + (count & 1), position)\n  words.store(PUTS, count)",
    "  words.store(PUTS, count)\n  words.store(HEADS + (count & 1), position)",
  ),
  inRing(
    "a get is counted before its position",
    "  words.store(TAILS + (count & 1), position)\n  words.store(GETS, count)",
    "  words.store(GETS, count)\n  words.store(TAILS + (count & 1), position)",
  ),
  inRing(
    "the position of a put stands in one word",
    "words.store(HEADS + (count & 1), position)",
    "words.store(HEADS, position), words.store(HEADS + 1, position)",
  ),
  inRing(
    "the position of a get stands in one word",
    "words.store(TAILS + (count & 1), position)",
    "words.store(TAILS, position), words.store(TAILS + 1, position)",
  ),
  inRing("nobody knows what is needed", "    words.store(NEEDY, me)\n    words.store(NEED, cells)\n", ""),
  inRing(
    "what the dead needed counts",
    "need !== 0 && Agents.isAlive(writers.agents, words.load(NEEDY)) ? need : 1",
    "need !== 0 && writers.agents ? need : 1",
  ),
  inRing("a need is never forgotten", "  words.store(NEED, 0)\n", ""),
  inRing(
    "who forgets his need wakes nobody",
    "  words.store(NEED, 0)\n  wake(writers)\n",
    "  words.store(NEED, 0)\n",
  ),
  inRing("wake wakes nobody", "  if (gate.memory.load(STATE) & WAITERS) Waiters.poke(gate)\n", ""),
  inRing(
    "who ends his turn wakes nobody",
    "  Mutex.release(gate, me)\n",
    "  gate.memory.and(STATE, me & ~Waiters.VALUE)\n",
  ),
  inRing(
    "who gets waits though it is over",
    "!isEmpty(self, words.load(GETS)) || isOver()",
    "!isEmpty(self, words.load(GETS)) || (isOver(), false)",
  ),
  inRing(
    "who puts waits though it is shut",
    "hasRoom(self) || isShut()",
    "hasRoom(self) || (isShut(), false)",
  ),
  inRing("two have their turn", "holder === 0 && isOpen()", "holder >= 0 && isOpen()"),
  inRing("who has nothing to do takes his turn", "holder === 0 && isOpen()", "holder === 0"),
  inRing(
    "who looks spins though it is closed",
    "    if (!meaning.isOpen(0, 1)) continue\n",
    "    meaning.isOpen(0, 1)\n",
  ),
  inRing(
    "it is empty for ever",
    "  if (gets !== seen.atGet || gets === seen.puts) {",
    "  if (gets !== seen.atGet) {",
  ),
  inRing(
    "it is not empty though another got all",
    "  if (gets !== seen.atGet || gets === seen.puts) {",
    "  if (gets === seen.puts) {",
    { deep: true },
  ),
  inRing(
    "who looks for room sees what was there",
    "  lookAtReaders(self)\n  const puts = words.load(PUTS)",
    "  const puts = words.load(PUTS)",
  ),
  inRing(
    "the readers are looked at once",
    "    if (words.load(GETS) === seen.gets) return\n",
    "    return\n",
  ),
  inRing(
    "the size is looked at once",
    "    if (words.load(GETS) === gets) return (puts - gets) | 0",
    "    return (puts - gets) | 0",
  ),
  inRing("it holds one more than it may", ">= most) return undefined", "> most) return undefined", {
    deep: true,
  }),
  inRing(
    "nothing larger than the limit fits",
    "if (used > 0 && used + cells > limit)",
    "if (used + cells > limit)",
  ),
  inRing(
    "no cell is kept for what says where to go on",
    "used + cells < capacity : cells",
    "used + cells <= capacity : cells",
  ),
  inRing("nor where it begins anew", "used + toEnd + cells < capacity", "used + toEnd + cells <= capacity"),
  inRing(
    "nor in a larger ring",
    "used + cells < capacity : cells < toEnd",
    "used + cells < capacity : cells <= toEnd",
  ),
  inRing("nor behind a message that fills it", "while (cells >= grown / 2)", "while (cells > grown / 2)"),
  inRing(
    "the rings are taken for one",
    "const sameRing = capacity === capacityAt(seen.tail)",
    "const sameRing = capacity >= capacityAt(seen.tail)",
  ),
  inRing("nobody says that it goes on at the beginning", "    self.cells.store(2 * at, SKIP)\n", ""),
  inRing("nobody says that it has grown", "    self.cells.store(2 * at, GROWN)\n", ""),
  inRing("nobody says how far it has grown", "    self.cells.store(2 * at + 1, grown)\n", ""),
  inRing("nobody says how large a message is", "  self.cells.store(2 * found.at, cells)\n", ""),
  inRing(
    "who puts knows only his own cells",
    "  self.cells.reach(grown)\n  if (grown !== capacity) {\n",
    "  if (grown !== capacity) {\n    self.cells.reach(grown)\n",
  ),
  inRing("who gets knows only his own cells", "    cells.reach(capacity)\n", ""),
  inRing(
    "who gets goes on at the next cell",
    "position = positionOf(position + capacity - at, capacity)",
    "position = positionOf(position + 1, capacity)",
  ),
  inRing(
    "who gets goes on where he is in a larger ring",
    "position = positionOf(grown / 2, grown)",
    "position = positionOf(position, grown)",
  ),
  inWaiters(
    "who only looks at the gate leaves the queue",
    '      if (!passes) return "open"\n',
    '      if (!passes) {\n        leave(self, slot, ticket)\n        return "open"\n      }\n',
  ),
  inWaiters("who only looks at the gate passes", '      if (!passes) return "open"\n', ""),
  inWaiters(
    "who was told and gives up wakes nobody",
    "  leave(self, slotOf(me), ticket)\n  poke(self)\n",
    "  leave(self, slotOf(me), ticket)\n",
  ),
  inWaiters(
    "who was told and gives up is said to be awake",
    "  memory.store(slot, IDLE)\n  memory.and(STATE, ~POKED)\n}",
    "  memory.store(slot, IDLE)\n}",
  ),
  inRing(
    "who forgets his need forgets that of another",
    "words.load(NEED) === 0 || words.load(NEEDY) !== me",
    "words.load(NEED) === 0",
    {
      equivalent: "who needs room is woken in vain then, and says so again",
    },
  ),
  inRing(
    "what was seen counts after others have put",
    "  if (puts !== seen.atPut) lookAtReaders(self)\n",
    "",
    {
      equivalent: "it takes 2^27 cells: Ring.test.ts finds it",
    },
  ),
  inRing("an empty ring never begins anew", "used === 0 && at >= RESTART", "used < 0", {
    equivalent: "it is slower only: Ring.test.ts finds it",
  }),
]
