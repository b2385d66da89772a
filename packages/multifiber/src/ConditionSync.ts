/**
 * The synchronous form of `Condition`, for plain tasks: it blocks the agent and loads nothing of `effect`.
 *
 * @since 0.3.0
 */
import * as Kernel from "@multifiber/kernel/Condition"
import type { Memory } from "@multifiber/kernel/Memory"
import * as Membership from "./agent/Membership.ts"
import * as LockSync from "./LockSync.ts"
import * as RLockSync from "./RLockSync.ts"
import { type AnyLock, checkLock, isRLock } from "./sync/guardSync.ts"
import { makeWordHandles, type WordHandles } from "./sync/Handles.ts"
import { LocalCondition } from "./sync/LocalCondition.ts"
import type { LocalLock } from "./sync/LocalLock.ts"
import { plainError } from "./sync/plainErrors.ts"

/**
 * @category type ids
 * @since 0.3.0
 */
export const TypeId = "~multifiber/Condition"

/**
 * A condition that agents share: a handle that may be sent to any agent, as an argument of a task or inside
 * of one; in an OS process it is for Effects.
 *
 * @category models
 * @since 0.3.0
 */
export interface Condition {
  readonly [TypeId]: {
    readonly id: string
    /** None in an OS process, which uses it through its starter. */
    readonly words: SharedArrayBuffer | undefined
  }
  /** What guards it. */
  readonly lock: AnyLock
}

const lockOf = (lock: AnyLock) =>
  isRLock(lock) ? RLockSync.handles.localOf(lock) : LockSync.handles.localOf(lock)

/**
 * What an agent keeps of a condition, and of its lock.
 *
 * @internal
 */
export const localIn = (
  memory: Memory,
  user: Membership.User,
  { lock }: Condition,
  lockOf: (lock: AnyLock) => LocalLock,
): LocalCondition => new LocalCondition({ memory, agents: user.table }, user, lockOf(lock))

/**
 * What this agent keeps of a condition.
 *
 * @internal
 */
export const handles: WordHandles<Condition, LocalCondition> = makeWordHandles(
  TypeId,
  (words, user, handle: Condition) => localIn(words, user, handle, lockOf),
)

const { announce, localOf } = handles

/**
 * Makes a condition over a lock; over a recursive lock of its own where none is given. Throws `InvalidArgument` for what is no
 * lock.
 *
 * **Shape** – some 4 KB of shared memory, which is freed with the last handle.
 *
 * @category constructors
 * @since 0.3.0
 */
export const makeSync = (lock: AnyLock = RLockSync.makeSync()): Condition =>
  announce({
    [TypeId]: { id: Membership.nextName(), words: new SharedArrayBuffer(Kernel.BYTES) },
    lock: checkLock(lock, "a Lock or an RLock"),
  })

/** What this agent keeps of a condition that plain code holds. Throws `NotOwner`. */
const held = (self: Condition): LocalCondition => {
  const local = localOf(self)
  if (!local.lock.isHeldBy(RLockSync.PLAIN_CODE)) throw plainError("NotOwner", { primitive: "Condition" })
  return local
}

/**
 * Blocks the agent until it has the lock of the condition, or for `milliseconds`; `false` where that was too short.
 *
 * @category combinators
 * @since 0.3.0
 */
export const acquireSync = ({ lock }: Condition, milliseconds?: number): LockSync.Acquired | false =>
  isRLock(lock) ? RLockSync.acquireSync(lock, milliseconds) : LockSync.acquireSync(lock, milliseconds)

/**
 * Gives the lock of the condition back. Throws what `releaseSync` of the lock throws.
 *
 * @category combinators
 * @since 0.3.0
 */
export const releaseSync = ({ lock }: Condition): void =>
  isRLock(lock) ? RLockSync.releaseSync(lock) : LockSync.releaseSync(lock)

/**
 * Runs `body` with the lock of the condition, and gives it back whatever becomes of it.
 *
 * @category combinators
 * @since 0.3.0
 */
export const withLockSync = <A>({ lock }: Condition, body: (acquired: LockSync.Acquired) => A): A =>
  isRLock(lock) ? RLockSync.withLockSync(lock, body) : LockSync.withLockSync(lock, body)

/**
 * Leaves the lock, blocks the agent until it is notified, or for `milliseconds`, and takes the lock again, as deep as before;
 * `false` where nobody notified it in time. Throws `NotOwner` where plain code of this agent does not hold the lock.
 *
 * **Waiting** – blocks the thread: no fiber, timer or message of the agent runs meanwhile. The time for taking the lock
 * again comes on top. **Units** – with zero or less it only lets others have the lock.
 *
 * @example
 * import * as ConditionSync from "multifiber/ConditionSync"
 *
 * const condition = ConditionSync.makeSync()
 * console.log(ConditionSync.withLockSync(condition, () => ConditionSync.waitSync(condition, 10))) // => false
 *
 * @category combinators
 * @since 0.3.0
 */
export const waitSync = (
  self: Condition,
  milliseconds = Number.POSITIVE_INFINITY,
): LockSync.Acquired | false => held(self).waitSync(RLockSync.PLAIN_CODE, milliseconds) ?? false

/**
 * Waits until `predicate` returns something true, and returns that; after `milliseconds` in all, what it returned last. It is
 * asked with the lock, at first and after each notification. Where it is true at first nothing is waited for, and the lock
 * is not needed.
 *
 * @category combinators
 * @since 0.3.0
 */
export const waitForSync = <A>(
  self: Condition,
  predicate: () => A,
  milliseconds = Number.POSITIVE_INFINITY,
): A => {
  const deadline = performance.now() + milliseconds
  for (;;) {
    const value = predicate()
    if (value) return value
    const left = deadline - performance.now()
    if (left <= 0) return value
    waitSync(self, left)
  }
}

/**
 * How many to notify, as far as it is a number of waiters; throws `InvalidArgument` where it is none.
 *
 * @internal
 */
export const checkCount = (count: number): number => {
  if (count === Number.POSITIVE_INFINITY || (Number.isSafeInteger(count) && count >= 0)) return count
  const expected = "a whole number of at least 0, or Infinity"
  throw plainError("InvalidArgument", { argument: "count", value: count, expected })
}

/**
 * Notifies so many waiters, or all where there are fewer; they go on once the lock is free. Throws `NotOwner` where plain
 * code of this agent does not hold the lock, and `InvalidArgument` for what is no number of waiters.
 *
 * @category combinators
 * @since 0.3.0
 */
export const notifySync = (self: Condition, count = 1): void => held(self).notify(checkCount(count))

/**
 * Notifies all waiters.
 *
 * @category combinators
 * @since 0.3.0
 */
export const notifyAllSync = (self: Condition): void => notifySync(self, Number.POSITIVE_INFINITY)
