/** Locks of shared values, in plain code. */
import type { Lock } from "../LockSync.ts"
import * as LockSync from "../LockSync.ts"
import type { RLock } from "../RLockSync.ts"
import * as RLockSync from "../RLockSync.ts"
import { plainError } from "./plainErrors.ts"

export type AnyLock = Lock | RLock

export const isRLock = (lock: AnyLock): lock is RLock => RLockSync.TypeId in lock

/** Runs `body` with the lock, where there is one. */
export const guardSync = <A>(lock: AnyLock | undefined, body: () => A): A => {
  if (lock === undefined) return body()
  return isRLock(lock) ? RLockSync.withLockSync(lock, body) : LockSync.withLockSync(lock, body)
}

/** Throws `InvalidArgument` for what is no lock. */
export const checkLock = (lock: AnyLock, expected: string): AnyLock => {
  if (typeof lock === "object" && lock !== null && (RLockSync.TypeId in lock || LockSync.TypeId in lock)) {
    return lock
  }
  throw plainError("InvalidArgument", { argument: "lock", value: lock, expected })
}

/** The lock of a new value: one of its own where none is asked for. */
export const chooseLock = (lock: AnyLock | false | undefined): AnyLock | undefined => {
  if (lock === undefined) return RLockSync.makeSync()
  if (lock === false) return undefined
  return checkLock(lock, "a Lock, an RLock or false")
}

/** The lock for memory that has none. */
export const addLock = <L extends AnyLock>(
  present: AnyLock | undefined,
  lock: L | undefined,
  to: string,
): L => {
  if (present === undefined) return chooseLock(lock) as L
  throw plainError("IllegalState", { operation: `give the ${to} a lock`, state: "locked" })
}
