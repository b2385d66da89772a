/**
 * The synchronous form of `Lock`, for plain tasks: it blocks the agent and loads nothing of `effect`.
 *
 * @since 0.3.0
 */
import type { Memory } from "@multifiber/kernel/Memory"
import * as Mutex from "@multifiber/kernel/Mutex"
import * as Waiters from "@multifiber/kernel/Waiters"
import * as Membership from "./agent/Membership.ts"
import { makeWordHandles, type WordHandles } from "./sync/Handles.ts"
import { LocalLock } from "./sync/LocalLock.ts"
import { plainError } from "./sync/plainErrors.ts"

/**
 * @category type ids
 * @since 0.3.0
 */
export const TypeId = "~multifiber/Lock"

/**
 * A lock that agents share: a handle that may be sent to any agent, as an argument of a task or inside
 * of one; in an OS process it is for Effects.
 *
 * @category models
 * @since 0.3.0
 */
export interface Lock {
  readonly [TypeId]: {
    readonly id: string
    /** None in an OS process, which uses it through its starter. */
    readonly words: SharedArrayBuffer | undefined
  }
}

/**
 * How a lock was got: `abandoned` where the agent that held it has died, so that what the lock guards may be half-written.
 * It is held in both cases.
 *
 * @category models
 * @since 0.3.0
 */
export type Acquired = Waiters.Taken

/**
 * Why a release fails.
 *
 * @internal
 */
export const TOO_OFTEN = { primitive: "Lock", reason: "nobody holds it" }

/**
 * What an agent keeps of a lock.
 *
 * @internal
 */
export const localIn = (words: Memory, user: Membership.User): LocalLock =>
  new LocalLock(Mutex.fromMemory(words, user.table), user)

/**
 * What this agent keeps of a lock.
 *
 * @internal
 */
export const handles: WordHandles<Lock, LocalLock> = makeWordHandles(TypeId, localIn)

const { announce, localOf } = handles

/**
 * Makes a lock. Nobody holds it.
 *
 * **Shape** – some 2 KB of shared memory, which is freed with the last handle.
 *
 * @category constructors
 * @since 0.3.0
 */
export const makeSync = (): Lock =>
  announce({ [TypeId]: { id: Membership.nextName(), words: new SharedArrayBuffer(Waiters.BYTES) } })

/**
 * Takes the lock where it is free; `false` where it is not. Never waits.
 *
 * @category combinators
 * @since 0.3.0
 */
export const tryAcquireSync = (self: Lock): Acquired | false => localOf(self).tryPass() ?? false

/**
 * Blocks the agent until it has the lock, or for `milliseconds`; `false` where that was too short.
 *
 * **Waiting** – blocks the thread: no fiber, timer or message of the agent runs meanwhile. **Fairness** – as `Lock.acquire`;
 * where fibers of the agent wait, it goes first. **Units** – zero or less tries once.
 *
 * @example
 * import * as LockSync from "multifiber/LockSync"
 *
 * const lock = LockSync.makeSync()
 * console.log(LockSync.acquireSync(lock), LockSync.acquireSync(lock, 10)) // => acquired false
 * LockSync.releaseSync(lock)
 *
 * @category combinators
 * @since 0.3.0
 */
export const acquireSync = (self: Lock, milliseconds = Number.POSITIVE_INFINITY): Acquired | false => {
  const local = localOf(self)
  // Before anything else: most locks are free.
  return local.takeFree() ? "acquired" : local.passSync(milliseconds)
}

/**
 * Frees the lock, whoever holds it. Throws `OverRelease` where nobody does.
 *
 * @category combinators
 * @since 0.3.0
 */
export const releaseSync = (self: Lock): void => {
  if (!localOf(self).leave()) throw plainError("OverRelease", TOO_OFTEN)
}

/**
 * Whether anybody holds the lock. Old when it returns.
 *
 * @category getters
 * @since 0.3.0
 */
export const isLockedSync = (self: Lock): boolean => localOf(self).isLocked

/**
 * Runs `body` with the lock, and frees it whatever becomes of it. Blocks the agent until it has the lock.
 *
 * @category combinators
 * @since 0.3.0
 */
export const withLockSync = <A>(self: Lock, body: (acquired: Acquired) => A): A => {
  const acquired = acquireSync(self) as Acquired
  try {
    return body(acquired)
  } finally {
    releaseSync(self)
  }
}
