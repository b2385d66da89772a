/**
 * Who is alive: the agents that share memory, and the count of those that died. A primitive that finds the id of a dead
 * agent in its words repairs itself.
 *
 * Layout, in Int32 slots:
 *
 * | slot | name | values | who writes |
 * | --- | --- | --- | --- |
 * | 0 | DEATHS | how many agents have died | whoever marks a death |
 * | 1–15 | – | unused: a cache line for `DEATHS`, which every slow path reads | – |
 * | 16 + s | AGENT | bits 2–21 generation of the agent in place s; 1 TOLD to end; 0 ALIVE | its starter |
 * | 272 + s | STARTER | id of the agent that started it | its starter |
 *
 * An id is the place of an agent (8 bits) and its generation (20 bits, from 1), so that no id comes twice in a million
 * starts of the same place, and none is 0.
 *
 * Invariant: `AGENT` of a place changes only from dead to alive by the one compare-and-swap that takes it, with the next
 * generation, and from alive to dead by the one that tells of the death.
 *
 * @since 0.3.0
 */
import type { Memory } from "./Memory.ts"

/**
 * How many agents may live at the same time.
 *
 * @category models
 * @since 0.3.0
 */
export const PLACES = 256

const DEATHS = 0
const AGENT = 16
const STARTER = AGENT + PLACES
const ALIVE = 1
const TOLD = 2
const GENERATION = 2
const PLACE_BITS = 8
const LAST_GENERATION = 2 ** 20 - 1

/**
 * How many Int32 words the table takes.
 *
 * @category models
 * @since 0.3.0
 */
export const WORDS = STARTER + PLACES

/**
 * The place of an agent: an index below `PLACES`.
 *
 * @category getters
 * @since 0.3.0
 */
export const placeOf = (id: number): number => id & (PLACES - 1)

const generationOf = (id: number): number => id >>> PLACE_BITS

/**
 * Takes a place for a new agent and returns its id, or 0 where `PLACES` agents live already.
 *
 * @category transitions
 * @since 0.3.0
 */
export const enter = (table: Memory, starter: number): number => {
  for (let place = 0; place < PLACES; place++) {
    const found = table.load(AGENT + place)
    if (found & ALIVE) continue
    const generation = ((found >>> GENERATION) % LAST_GENERATION) + 1
    if (table.compareExchange(AGENT + place, found, (generation << GENERATION) | ALIVE) !== found) continue
    table.store(STARTER + place, starter)
    return (generation << PLACE_BITS) | place
  }
  return 0
}

/**
 * Tells whether an agent lives. One that is really gone may count as alive for a moment.
 *
 * @category getters
 * @since 0.3.0
 */
export const isAlive = (table: Memory, id: number): boolean => lives(table.load(AGENT + placeOf(id)), id)

const lives = (agent: number, id: number): boolean =>
  (agent & ALIVE) !== 0 && agent >>> GENERATION === generationOf(id)

/**
 * Notes that an agent was told to end. It lives until it is really gone, which may take long where it is busy.
 *
 * @category transitions
 * @since 0.3.0
 */
export const tell = (table: Memory, id: number): void => {
  if (isAlive(table, id)) table.or(AGENT + placeOf(id), TOLD)
}

/**
 * Tells a living agent whether it was told to end.
 *
 * @category getters
 * @since 0.3.0
 */
export const isTold = (table: Memory, id: number): boolean => (table.load(AGENT + placeOf(id)) & TOLD) !== 0

/**
 * Marks an agent that is really gone as dead, and with it those that it started. Marking it again does nothing.
 *
 * @category transitions
 * @since 0.3.0
 */
export const leave = (table: Memory, id: number): void => {
  for (;;) {
    const agent = table.load(AGENT + placeOf(id))
    if (!lives(agent, id)) return
    if (table.compareExchange(AGENT + placeOf(id), agent, agent & ~(ALIVE | TOLD)) === agent) break
  }
  table.add(DEATHS, 1)
  for (let place = 0; place < PLACES; place++) {
    const found = table.load(AGENT + place)
    if (found & ALIVE && table.load(STARTER + place) === id) {
      leave(table, ((found >>> GENERATION) << PLACE_BITS) | place)
    }
  }
}

/**
 * The id of the agent that started this one, 0 for none.
 *
 * @category getters
 * @since 0.4.0
 */
export const starterOf = (table: Memory, id: number): number => table.load(STARTER + placeOf(id))

/**
 * How many agents have died: where it has not moved, nobody has to look who it was.
 *
 * @category getters
 * @since 0.3.0
 */
export const deaths = (table: Memory): number => table.load(DEATHS)
