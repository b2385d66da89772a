/** Locks of shared values, as Effects. */
import type * as Effect from "effect/Effect"
import * as Lock from "../Lock.ts"
import * as RLock from "../RLock.ts"
import { type AnyLock, isRLock } from "./guardSync.ts"

/** Runs an effect with the lock, where there is one. */
export const guard = <A, E, R>(
  lock: AnyLock | undefined,
  effect: Effect.Effect<A, E, R>,
): Effect.Effect<A, E, R> => {
  if (lock === undefined) return effect
  return isRLock(lock) ? RLock.withLock(effect, lock) : Lock.withLock(effect, lock)
}
