/**
 * The synchronous form of `Semaphore`, for plain tasks: it blocks the agent and loads nothing of `effect`.
 *
 * @since 0.3.0
 */
import type { Memory } from "@multifiber/kernel/Memory"
import * as Kernel from "@multifiber/kernel/Semaphore"
import { type Sleep, STATE, type Taken } from "@multifiber/kernel/Waiters"
import * as Membership from "./agent/Membership.ts"
import { makeWordHandles, type WordHandles } from "./sync/Handles.ts"
import { LocalGate, SPINS } from "./sync/LocalGate.ts"
import { check } from "./sync/permits.ts"
import { plainError } from "./sync/plainErrors.ts"

/**
 * @category type ids
 * @since 0.3.0
 */
export const TypeId = "~multifiber/Semaphore"

/**
 * A counting semaphore that agents share: a handle that may be sent to any agent, as an argument of a task or inside
 * of one; in an OS process it is for Effects.
 *
 * @category models
 * @since 0.3.0
 */
export interface Semaphore {
  readonly [TypeId]: {
    readonly id: string
    /** None in an OS process, which uses it through its starter. */
    readonly words: SharedArrayBuffer | undefined
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
  tryPass(permits?: number): Taken | undefined {
    return Kernel.tryAcquire(this.gate, this.me, permits)
  }

  protected passBy(sleep: Sleep, permits: number): Taken | undefined {
    return Kernel.acquire(this.gate, this.me, sleep, SPINS, permits)
  }

  leave(permits = 1): boolean {
    return Kernel.release(this.gate, permits, MAX)
  }

  get permits(): number {
    return Kernel.permits(this.gate)
  }
}

/**
 * What an agent keeps of a semaphore.
 *
 * @internal
 */
export const localIn = (words: Memory, user: Membership.User): LocalSemaphore =>
  new LocalSemaphore(Kernel.fromMemory(words, user.table), user)

/**
 * What this agent keeps of a semaphore.
 *
 * @internal
 */
export const handles: WordHandles<Semaphore, LocalSemaphore> = makeWordHandles(TypeId, localIn)

const { announce, localOf } = handles

/**
 * Makes a semaphore of checked permits.
 *
 * @internal
 */
export const unsafeMake = (permits: number): Semaphore => {
  const words = new SharedArrayBuffer(Kernel.BYTES)
  new Int32Array(words)[STATE] = permits
  return announce({ [TypeId]: { id: Membership.nextName(), words } })
}

/**
 * Takes a permit, or so many, where they are there; `false` where they are not. Never waits.
 *
 * **Errors** – throws `InvalidArgument` unless `permits` is a whole number from 1 to `MAX`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const tryAcquireSync = (self: Semaphore, permits = 1): boolean => {
  check(permits, MAX)
  return localOf(self).tryPass(permits) !== undefined
}

/**
 * Blocks the agent until it has a permit, or so many at once, or for `milliseconds`; `false` where that was too short.
 *
 * **Waiting** – blocks the thread: no fiber, timer or message of the agent runs meanwhile. **Fairness** – as
 * `Semaphore.acquire`; where fibers of the agent wait, it goes first. **Units** – zero or less tries once. **Errors** –
 * throws `InvalidArgument` unless `permits` is a whole number from 1 to `MAX`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const acquireSync = (
  self: Semaphore,
  milliseconds = Number.POSITIVE_INFINITY,
  permits = 1,
): boolean => {
  check(permits, MAX)
  return localOf(self).passSync(milliseconds, permits) !== false
}

/**
 * Gives permits, whoever took them.
 *
 * **Errors** – throws `OverRelease` beyond `MAX` in all, and `InvalidArgument` unless `permits` is a whole number from 1 to
 * `MAX`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const releaseSync = (self: Semaphore, permits = 1): void => {
  check(permits, MAX)
  if (!localOf(self).leave(permits)) throw plainError("OverRelease", TOO_OFTEN)
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
export const withPermitSync = <A>(self: Semaphore, body: () => A): A => withPermitsSync(self, 1, body)

/**
 * Runs `body` with so many permits, and gives them back whatever becomes of it. Blocks the agent until it has them.
 *
 * **Errors** – throws `InvalidArgument` unless `permits` is a whole number from 1 to `MAX`.
 *
 * @example
 * import * as SemaphoreSync from "multifiber/SemaphoreSync"
 * import { Semaphore } from "multifiber"
 * import { Effect } from "effect"
 *
 * const seats = Effect.runSync(Semaphore.make(5))
 * const left = SemaphoreSync.withPermitsSync(seats, 3, () => SemaphoreSync.permitsSync(seats))
 * console.log(left, SemaphoreSync.permitsSync(seats)) // => 2 5
 *
 * @category combinators
 * @since 0.3.0
 */
export const withPermitsSync = <A>(self: Semaphore, permits: number, body: () => A): A => {
  acquireSync(self, Number.POSITIVE_INFINITY, permits)
  try {
    return body()
  } finally {
    releaseSync(self, permits)
  }
}
