/**
 * The synchronous form of `BoundedSemaphore`, for plain tasks: it blocks the agent and loads nothing of `effect`.
 *
 * @since 0.3.0
 */
import * as Kernel from "@multifiber/kernel/BoundedSemaphore"
import * as Waiters from "@multifiber/kernel/Waiters"
import * as Membership from "./agent/Membership.ts"
import { makeWordHandles } from "./sync/Handles.ts"
import { LocalGate } from "./sync/LocalGate.ts"
import { plainError } from "./sync/plainErrors.ts"

/**
 * @category type ids
 * @since 0.3.0
 */
export const TypeId = "~multifiber/BoundedSemaphore"

/**
 * A semaphore that never holds more permits than at first, which agents share: a handle that may be sent to any agent that
 * shares memory, as an argument of a task or inside of one.
 *
 * @category models
 * @since 0.3.0
 */
export interface BoundedSemaphore {
  readonly [TypeId]: {
    readonly id: string
    readonly words: SharedArrayBuffer
    readonly total: number
  }
}

/**
 * The most permits that a bounded semaphore can have: 2^20 − 1.
 *
 * @category models
 * @since 0.3.0
 */
export const MAX = Kernel.MAX

/**
 * Why a release fails.
 *
 * @internal
 */
export const TOO_OFTEN = { primitive: "BoundedSemaphore", reason: "all of its permits are there" }

class LocalBoundedSemaphore extends LocalGate {
  private readonly semaphore: Kernel.BoundedSemaphore

  constructor(semaphore: Kernel.BoundedSemaphore, user: Membership.User) {
    super(semaphore, user)
    this.semaphore = semaphore
    Kernel.enter(semaphore, user.id)
  }

  tryPass(): Waiters.Taken | undefined {
    return Waiters.tryPass(this.semaphore, this.me)
  }

  protected passBy(sleep: Waiters.Sleep): Waiters.Taken | undefined {
    return this.tryPass() ?? Waiters.pass(this.semaphore, this.me, sleep)
  }

  leave(): boolean {
    return Kernel.release(this.semaphore, this.me)
  }

  get permits(): number {
    return Kernel.permits(this.semaphore)
  }
}

/**
 * What this agent keeps of a semaphore.
 *
 * @internal
 */
export const localOf = makeWordHandles(
  TypeId,
  (words, user, { [TypeId]: { total } }: BoundedSemaphore) =>
    new LocalBoundedSemaphore(Kernel.fromMemory(words, user.table, total), user),
)

/**
 * Makes a semaphore of checked permits.
 *
 * @internal
 */
export const unsafeMake = (permits: number): BoundedSemaphore => {
  const words = new SharedArrayBuffer(Kernel.BYTES)
  new Int32Array(words)[Waiters.STATE] = permits
  return { [TypeId]: { id: Membership.nextName(), words, total: permits } }
}

/**
 * Takes a permit where there is one; `false` where there is none. Never waits.
 *
 * @category combinators
 * @since 0.3.0
 */
export const tryAcquireSync = (self: BoundedSemaphore): boolean => localOf(self).tryPass() !== undefined

/**
 * Blocks the agent until it has a permit, or for `milliseconds`; `false` where that was too short.
 *
 * **Waiting** – blocks the thread: no fiber, timer or message of the agent runs meanwhile. **Fairness** – as
 * `Semaphore.acquire`; where fibers of the agent wait, it goes first. **Units** – zero or less tries once.
 *
 * @category combinators
 * @since 0.3.0
 */
export const acquireSync = (self: BoundedSemaphore, milliseconds = Number.POSITIVE_INFINITY): boolean =>
  localOf(self).passSync(milliseconds) !== false

/**
 * Gives a permit. Throws `OverRelease` where all are there.
 *
 * @category combinators
 * @since 0.3.0
 */
export const releaseSync = (self: BoundedSemaphore): void => {
  if (!localOf(self).leave()) throw plainError("OverRelease", TOO_OFTEN)
}

/**
 * How many permits are left. Old when it returns.
 *
 * @category getters
 * @since 0.3.0
 */
export const permitsSync = (self: BoundedSemaphore): number => localOf(self).permits

/**
 * Runs `body` with a permit, and gives it back whatever becomes of it. Blocks the agent until it has one.
 *
 * @category combinators
 * @since 0.3.0
 */
export const withPermitSync = <A>(self: BoundedSemaphore, body: () => A): A => {
  acquireSync(self)
  try {
    return body()
  } finally {
    releaseSync(self)
  }
}
