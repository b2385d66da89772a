/** Waits that can be withdrawn, at half the cost of a canceler of `Effect.async`: its finalizer runs after a success, too. */
import * as Effect from "effect/Effect"
import type * as FiberStatus from "effect/FiberStatus"
import * as RuntimeFlags from "effect/RuntimeFlags"

/** What waits, in a fiber of this status; `withdraw` runs where it has not ended with a success, such as where it is interrupted. */
export const withdrawing = <A, E>(
  waiting: Effect.Effect<A, E>,
  { runtimeFlags }: FiberStatus.Running,
  withdraw: () => void,
): Effect.Effect<A, E> => {
  if (!RuntimeFlags.interruption(runtimeFlags)) return waiting
  return Effect.uninterruptible(orWithdraw(Effect.interruptible(waiting), withdraw))
}

/** The same in an uninterruptible region, of what may be interrupted itself. */
export const orWithdraw = <A, E>(waiting: Effect.Effect<A, E>, withdraw: () => void): Effect.Effect<A, E> =>
  Effect.catchAllCause(waiting, (cause) => {
    withdraw()
    return Effect.failCause(cause)
  })
