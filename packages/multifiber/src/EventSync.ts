/**
 * The synchronous form of `Event`, for plain tasks: it blocks the agent and loads nothing of `effect`.
 *
 * @since 0.3.0
 */
import * as Kernel from "@multifiber/kernel/Event"
import type { Memory } from "@multifiber/kernel/Memory"
import * as Membership from "./agent/Membership.ts"
import { makeHandles } from "./sync/Handles.ts"
import * as Slices from "./sync/Slices.ts"
import { type Bed, WakeUp } from "./sync/WakeUp.ts"

/**
 * @category type ids
 * @since 0.3.0
 */
export const TypeId = "~multifiber/Event"

/**
 * A flag that agents share: a handle that may be sent to any agent that shares memory, as an argument of a task or inside of
 * one.
 *
 * @category models
 * @since 0.3.0
 */
export interface Event {
  readonly [TypeId]: {
    readonly id: string
    readonly words: SharedArrayBuffer
  }
}

/** A fiber that waits, with what the event was when it began. */
interface Waiter {
  readonly bed: Bed
  readonly resume: () => void
}

/** What an agent keeps of an event: its fibers that wait for it. */
class LocalEvent implements Slices.Waiting {
  readonly memory: Memory
  private readonly user: Membership.User
  private readonly waiters = new Set<Waiter>()
  private readonly wakeUp: WakeUp

  constructor(memory: Memory, user: Membership.User) {
    this.memory = memory
    this.user = user
    this.wakeUp = new WakeUp(memory, () => this.look())
  }

  get waitingFibers(): number {
    return this.waiters.size
  }

  /** Calls back once it is set; returns what gives up. */
  wait(resume: () => void): () => void {
    const waiter = { bed: Kernel.begin(this.memory), resume }
    if (this.waiters.size === 0) Slices.begin(this)
    this.waiters.add(waiter)
    this.look()
    return () => this.forget(waiter)
  }

  private forget(waiter: Waiter): void {
    if (this.waiters.delete(waiter) && this.waiters.size === 0) Slices.end(this)
  }

  readonly look = (): void => {
    const { memory, waiters } = this
    for (;;) {
      for (const waiter of waiters) {
        if (!Kernel.hasCome(memory, waiter.bed.value)) continue
        this.forget(waiter)
        waiter.resume()
      }
      // Those that still wait have seen the same value.
      const [first] = waiters
      if (first === undefined || this.wakeUp.order(first.bed)) return
    }
  }

  waitSync(milliseconds: number): boolean {
    const sleep = Slices.sleepFor(milliseconds, this.user)
    const { value } = Kernel.begin(this.memory)
    const come = Kernel.wait(this.memory, value, sleep)
    if (Membership.isTold(this.user)) throw Slices.toldToEnd()
    return come
  }
}

/**
 * What this agent keeps of an event.
 *
 * @internal
 */
export const localOf: (self: Event) => LocalEvent = makeHandles(
  TypeId,
  (words, user) => new LocalEvent(words, user),
)

/**
 * Makes an event that is not set.
 *
 * **Shape** – a few bytes of shared memory, which are freed with the last handle.
 *
 * @category constructors
 * @since 0.3.0
 */
export const makeSync = (): Event => ({
  [TypeId]: { id: Membership.nextName(), words: new SharedArrayBuffer(Kernel.BYTES) },
})

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
