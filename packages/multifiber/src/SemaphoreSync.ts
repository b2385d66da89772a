/**
 * The synchronous form of `Semaphore`, for plain tasks: it blocks the agent and loads nothing of `effect`.
 *
 * @since 0.3.0
 */
import * as Kernel from "@multifiber/kernel/Semaphore"
import * as Waiters from "@multifiber/kernel/Waiters"
import * as Membership from "./agent/Membership.ts"
import { makeWordHandles } from "./sync/Handles.ts"
import { LocalGate, SPINS } from "./sync/LocalGate.ts"
import { plainError } from "./sync/plainErrors.ts"

/**
 * @category type ids
 * @since 0.3.0
 */
export const TypeId = "~multifiber/Semaphore"

/**
 * A counting semaphore that agents share: a handle that may be sent to any agent that shares memory, as an argument of a
 * task or inside of one.
 *
 * @category models
 * @since 0.3.0
 */
export interface Semaphore {
  readonly [TypeId]: {
    readonly id: string
    readonly words: SharedArrayBuffer
  }
}

/**
 * The most permits that a semaphore can hold: 2^28 − 1.
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
export const TOO_OFTEN = { primitive: "Semaphore", reason: `it holds ${MAX} permits at most` }

class LocalSemaphore extends LocalGate {
  tryPass(): Waiters.Taken | undefined {
    return Kernel.tryAcquire(this.gate, this.me)
  }

  protected passBy(sleep: Waiters.Sleep): Waiters.Taken | undefined {
    return Kernel.acquire(this.gate, this.me, sleep, SPINS)
  }

  leave(): boolean {
    return this.release(1)
  }

  release(permits: number): boolean {
    return Kernel.release(this.gate, permits, MAX)
  }

  get permits(): number {
    return Kernel.permits(this.gate)
  }
}

/**
 * What this agent keeps of a semaphore.
 *
 * @internal
 */
export const localOf: (self: Semaphore) => LocalSemaphore = makeWordHandles(
  TypeId,
  (words, user) => new LocalSemaphore(Kernel.fromMemory(words, user.table), user),
)

/**
 * Makes a semaphore of checked permits.
 *
 * @internal
 */
export const unsafeMake = (permits: number): Semaphore => {
  const words = new SharedArrayBuffer(Waiters.BYTES)
  new Int32Array(words)[Waiters.STATE] = permits
  return { [TypeId]: { id: Membership.nextName(), words } }
}

/**
 * Takes a permit where there is one; `false` where there is none. Never waits.
 *
 * @category combinators
 * @since 0.3.0
 */
export const tryAcquireSync = (self: Semaphore): boolean => localOf(self).tryPass() !== undefined

/**
 * Blocks the agent until it has a permit, or for `milliseconds`; `false` where that was too short.
 *
 * **Waiting** – blocks the thread: no fiber, timer or message of the agent runs meanwhile. **Fairness** – as
 * `Semaphore.acquire`; where fibers of the agent wait, it goes first. **Units** – zero or less tries once.
 *
 * @category combinators
 * @since 0.3.0
 */
export const acquireSync = (self: Semaphore, milliseconds = Number.POSITIVE_INFINITY): boolean =>
  localOf(self).passSync(milliseconds) !== false

/**
 * Gives permits, whoever took them. Throws `OverRelease` beyond `MAX`, and a `RangeError` unless `permits` is a whole number
 * of at least 1.
 *
 * @category combinators
 * @since 0.3.0
 */
export const releaseSync = (self: Semaphore, permits = 1): void => {
  if (!isCount(permits, 1))
    throw new RangeError(`Cannot release ${permits} permits: expected a whole number of at least 1`)
  if (!localOf(self).release(permits)) throw plainError("OverRelease", TOO_OFTEN)
}

/**
 * How many permits are left. Old when it returns.
 *
 * @category getters
 * @since 0.3.0
 */
export const permitsSync = (self: Semaphore): number => localOf(self).permits

/**
 * Runs `body` with a permit, and gives it back whatever becomes of it. Blocks the agent until it has one.
 *
 * @category combinators
 * @since 0.3.0
 */
export const withPermitSync = <A>(self: Semaphore, body: () => A): A => {
  acquireSync(self)
  try {
    return body()
  } finally {
    releaseSync(self)
  }
}

/**
 * Whether a number counts permits: whole, `least` at least, and not beyond `MAX`.
 *
 * @internal
 */
export const isCount = (permits: number, least: 0 | 1): boolean =>
  Number.isSafeInteger(permits) && permits >= least && permits <= MAX
