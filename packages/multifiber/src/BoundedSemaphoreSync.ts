/**
 * The synchronous form of `BoundedSemaphore`, for plain tasks: it blocks the agent and loads nothing of `effect`.
 *
 * @since 0.3.0
 */
import * as Kernel from "@multifiber/kernel/BoundedSemaphore"
import type { Memory } from "@multifiber/kernel/Memory"
import * as Waiters from "@multifiber/kernel/Waiters"
import * as Membership from "./agent/Membership.ts"
import { makeWordHandles, type WordHandles } from "./sync/Handles.ts"
import { LocalGate } from "./sync/LocalGate.ts"
import { check } from "./sync/permits.ts"
import { plainError } from "./sync/plainErrors.ts"

/**
 * @category type ids
 * @since 0.3.0
 */
export const TypeId = "~multifiber/BoundedSemaphore"

/**
 * A semaphore that never holds more permits than at first, which agents share: a handle that may be sent to any agent, as an
 * argument of a task or inside of one; in an OS process it is for Effects.
 *
 * @category models
 * @since 0.3.0
 */
export interface BoundedSemaphore {
  readonly [TypeId]: {
    readonly id: string
    /** None in an OS process, which uses it through its starter. */
    readonly words: SharedArrayBuffer | undefined
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

  tryPass(permits?: number): Waiters.Taken | undefined {
    return Waiters.tryPass(this.semaphore, this.me, permits)
  }

  protected passBy(sleep: Waiters.Sleep, permits: number): Waiters.Taken | undefined {
    return this.tryPass(permits) ?? Waiters.pass(this.semaphore, this.me, sleep, permits)
  }

  leave(permits?: number): boolean {
    return Kernel.release(this.semaphore, this.me, permits)
  }

  get total(): number {
    return this.semaphore.total
  }

  get permits(): number {
    return Kernel.permits(this.semaphore)
  }
}

/**
 * What an agent keeps of a semaphore.
 *
 * @internal
 */
export const localIn = (
  words: Memory,
  user: Membership.User,
  { [TypeId]: { total } }: BoundedSemaphore,
): LocalBoundedSemaphore => new LocalBoundedSemaphore(Kernel.fromMemory(words, user.table, total), user)

/**
 * What this agent keeps of a semaphore.
 *
 * @internal
 */
export const handles: WordHandles<BoundedSemaphore, LocalBoundedSemaphore> = makeWordHandles(TypeId, localIn)

const { announce, localOf } = handles

/**
 * Makes a semaphore of checked permits.
 *
 * @internal
 */
export const unsafeMake = (permits: number): BoundedSemaphore => {
  const words = new SharedArrayBuffer(Kernel.BYTES)
  new Int32Array(words)[Waiters.STATE] = permits
  return announce({ [TypeId]: { id: Membership.nextName(), words, total: permits } })
}

/** What this agent keeps of a semaphore, where so many permits may be had at once; 1 may always be asked for, if in vain. */
const localFor = (self: BoundedSemaphore, permits: number) => {
  const local = localOf(self)
  check(permits, Math.max(1, local.total))
  return local
}

/**
 * Takes a permit, or so many, where they are there; `false` where they are not. Never waits.
 *
 * **Errors** – throws `InvalidArgument` unless `permits` is a whole number of at least 1 and no more than there are in all.
 *
 * @category combinators
 * @since 0.3.0
 */
export const tryAcquireSync = (self: BoundedSemaphore, permits = 1): boolean =>
  localFor(self, permits).tryPass(permits) !== undefined

/**
 * Blocks the agent until it has a permit, or so many at once, or for `milliseconds`; `false` where that was too short.
 *
 * **Waiting** – blocks the thread: no fiber, timer or message of the agent runs meanwhile. **Fairness** – as
 * `Semaphore.acquire`; where fibers of the agent wait, it goes first. **Units** – zero or less tries once. **Errors** –
 * throws `InvalidArgument` unless `permits` is a whole number of at least 1 and no more than there are in all.
 *
 * @category combinators
 * @since 0.3.0
 */
export const acquireSync = (
  self: BoundedSemaphore,
  milliseconds = Number.POSITIVE_INFINITY,
  permits = 1,
): boolean => localFor(self, permits).passSync(milliseconds, permits) !== false

/**
 * Gives a permit, or so many.
 *
 * **Errors** – throws `OverRelease` where there would be more than at first, and `InvalidArgument` unless `permits` is a
 * whole number of at least 1 and no more than there are in all.
 *
 * @category combinators
 * @since 0.3.0
 */
export const releaseSync = (self: BoundedSemaphore, permits = 1): void => {
  if (!localFor(self, permits).leave(permits)) throw plainError("OverRelease", TOO_OFTEN)
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
export const withPermitSync = <A>(self: BoundedSemaphore, body: () => A): A => withPermitsSync(self, 1, body)

/**
 * Runs `body` with so many permits, and gives them back whatever becomes of it. Blocks the agent until it has them.
 *
 * **Errors** – throws `InvalidArgument` unless `permits` is a whole number of at least 1 and no more than there are in all.
 *
 * @category combinators
 * @since 0.3.0
 */
export const withPermitsSync = <A>(self: BoundedSemaphore, permits: number, body: () => A): A => {
  acquireSync(self, Number.POSITIVE_INFINITY, permits)
  try {
    return body()
  } finally {
    releaseSync(self, permits)
  }
}
