/**
 * Which agents hold something open: one end of a pipe, for one. Whoever dies holds nothing any more, and what is on its way to
 * an agent in a message is held too.
 *
 * Layout, in Int32 slots:
 *
 * | slot | name | values | who writes |
 * | --- | --- | --- | --- |
 * | 0 | TRAVELLING | how many are on their way | who sends one, who receives it |
 * | 1 | CHANGES | counts how often one more held it, or departed; wraps | who opens or sends it |
 * | 2–9 | SEEN | a bit for each place whose agent ever held it | who opens it for that agent |
 * | 16 + p | HOLDER | the id of the agent in place p that holds it, 0 for none | that agent; who opens it for it |
 *
 * Invariant: whoever makes it held, or sends it, holds it until that is written, or it is on its way until then. So where nobody
 * is seen holding it while `CHANGES` stays the same, nobody holds it, and nobody ever will.
 *
 * @since 0.4.0
 */
import * as Agents from "./Agents.ts"
import type { Memory } from "./Memory.ts"

const TRAVELLING = 0
const CHANGES = 1
const SEEN = 2
const SEEN_WORDS = Agents.PLACES / 32
const HOLDER = 16

/**
 * How many Int32 words it takes.
 *
 * @category models
 * @since 0.4.0
 */
export const WORDS = HOLDER + Agents.PLACES

/**
 * The holders, as one agent sees them.
 *
 * @category models
 * @since 0.4.0
 */
export interface Holders {
  readonly memory: Memory
  readonly agents: Memory
}

const slotOf = (id: number): number => HOLDER + Agents.placeOf(id)

/**
 * An agent holds it from now on: itself, or one that it is being sent to.
 *
 * @category transitions
 * @since 0.4.0
 */
export const open = ({ memory }: Holders, id: number): void => {
  const place = Agents.placeOf(id)
  memory.add(CHANGES, 1)
  memory.store(slotOf(id), id)
  memory.or(SEEN + (place >>> 5), 1 << (place & 31))
}

/**
 * An agent does not hold it any more; nothing where it does not.
 *
 * @category transitions
 * @since 0.4.0
 */
export const close = ({ memory }: Holders, id: number): void => {
  memory.compareExchange(slotOf(id), id, 0)
}

/**
 * Tells whether an agent holds it.
 *
 * @category getters
 * @since 0.4.0
 */
export const isHolder = ({ memory }: Holders, id: number): boolean => memory.load(slotOf(id)) === id

/**
 * It is sent in a message: its sender may close it then.
 *
 * @category transitions
 * @since 0.4.0
 */
export const depart = ({ memory }: Holders): void => {
  memory.add(TRAVELLING, 1)
  memory.add(CHANGES, 1)
}

/**
 * The message was received: the agent that has received it holds it already.
 *
 * @category transitions
 * @since 0.4.0
 */
export const arrive = ({ memory }: Holders): void => {
  memory.add(TRAVELLING, -1)
}

/**
 * Tells whether any agent that lives holds it, or it is on its way. Once it is `false`, it stays so.
 *
 * @category getters
 * @since 0.4.0
 */
export const isHeld = (self: Holders): boolean => {
  const { memory } = self
  for (;;) {
    const changes = memory.load(CHANGES)
    if (memory.load(TRAVELLING) > 0 || hasHolder(self)) return true
    if (memory.load(CHANGES) === changes) return false
  }
}

const hasHolder = ({ agents, memory }: Holders): boolean => {
  for (let word = 0; word < SEEN_WORDS; word++) {
    for (let seen = memory.load(SEEN + word); seen !== 0; seen &= seen - 1) {
      const id = memory.load(HOLDER + word * 32 + 31 - Math.clz32(seen & -seen))
      if (id !== 0 && Agents.isAlive(agents, id)) return true
    }
  }
  return false
}
