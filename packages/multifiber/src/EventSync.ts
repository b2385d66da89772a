/**
 * The synchronous form of `Event`, for plain tasks: it blocks the agent and loads nothing of `effect`.
 *
 * @since 0.3.0
 */
import * as Kernel from "@multifiber/kernel/Event"
import type { Memory } from "@multifiber/kernel/Memory"
import * as Membership from "./agent/Membership.ts"
import { makeWordHandles, type WordHandles } from "./sync/Handles.ts"
import { LocalSignal } from "./sync/LocalSignal.ts"

/**
 * @category type ids
 * @since 0.3.0
 */
export const TypeId = "~multifiber/Event"

/**
 * A flag that agents share: a handle that may be sent to any agent, as an argument of a task or inside
 * of one; in an OS process it is for Effects.
 *
 * @category models
 * @since 0.3.0
 */
export interface Event {
  readonly [TypeId]: {
    readonly id: string
    /** None in an OS process, which uses it through its starter. */
    readonly words: SharedArrayBuffer | undefined
  }
}

/** What an agent keeps of an event. */
class LocalEvent extends LocalSignal {
  readonly memory: Memory

  constructor(memory: Memory, user: Membership.User) {
    super(
      { memory, begin: () => Kernel.begin(memory), hasCome: (value) => Kernel.hasCome(memory, value) },
      user,
    )
    this.memory = memory
  }
}

/**
 * What an agent keeps of an event.
 *
 * @internal
 */
export const localIn = (words: Memory, user: Membership.User): LocalEvent => new LocalEvent(words, user)

/**
 * What this agent keeps of an event.
 *
 * @internal
 */
export const handles: WordHandles<Event, LocalEvent> = makeWordHandles(TypeId, localIn)

const { announce, localOf } = handles

/**
 * Makes an event that is not set.
 *
 * **Shape** – a few bytes of shared memory, which are freed with the last handle.
 *
 * @category constructors
 * @since 0.3.0
 */
export const makeSync = (): Event =>
  announce({ [TypeId]: { id: Membership.nextName(), words: new SharedArrayBuffer(Kernel.BYTES) } })

/**
 * Sets the event and wakes everybody who waits; nothing where it is set.
 *
 * @category combinators
 * @since 0.3.0
 */
export const setSync = (self: Event): void => Kernel.set(localOf(self).memory)

/**
 * Clears the event: from now on, who waits waits.
 *
 * @category combinators
 * @since 0.3.0
 */
export const clearSync = (self: Event): void => Kernel.clear(localOf(self).memory)

/**
 * Tells whether the event is set. Old when it returns.
 *
 * @category getters
 * @since 0.3.0
 */
export const isSetSync = (self: Event): boolean => Kernel.isSet(localOf(self).memory)

/**
 * Blocks the agent until the event is set, or for `milliseconds`; `false` where that was too short.
 *
 * **Waiting** – blocks the thread: no fiber, timer or message of the agent runs meanwhile. **Units** – zero or less looks
 * once.
 *
 * @category combinators
 * @since 0.3.0
 */
export const waitSync = (self: Event, milliseconds = Number.POSITIVE_INFINITY): boolean =>
  localOf(self).waitSync(milliseconds)
