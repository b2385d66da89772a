/** The Effects that all gates have in common. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { OverRelease, TimedOut } from "../Errors.ts"
import type { Acquired } from "../LockSync.ts"
import type { LocalGate } from "./LocalGate.ts"
import type { FieldsOf } from "./plainErrors.ts"

type OverReleased = FieldsOf<"OverRelease">

type Wait<E> = (waiting: Effect.Effect<Acquired>) => Effect.Effect<Acquired, E>

/** Passes at once where it can, and waits in a way of its own; calls `onPass` before anybody else can see that it has. */
export const passWith = <E>(
  gateOf: () => LocalGate,
  wait: Wait<E>,
  onPass = () => {},
): Effect.Effect<Acquired, E> =>
  Effect.suspend(() => {
    const gate = gateOf()
    const taken = gate.tryPass()
    if (taken !== undefined) {
      onPass()
      return Effect.succeed(taken)
    }
    return wait(
      Effect.async((resume) => {
        const giveUp = gate.wait((taken) => {
          onPass()
          resume(Effect.succeed(taken))
        })
        return Effect.sync(giveUp)
      }),
    )
  })

/** Waits until it has passed. */
export const pass = (gateOf: () => LocalGate): Effect.Effect<Acquired> =>
  passWith(gateOf, (waiting) => waiting)

/** Tries once. */
export const tryPass = (gateOf: () => LocalGate): Effect.Effect<Acquired | false> =>
  Effect.sync(() => gateOf().tryPass() ?? false)

/** Waits at most as long as `timeout`; tries once where that is nothing. */
export const passWithin = (
  gateOf: () => LocalGate,
  timeout: Duration.DurationInput,
  operation: string,
  onPass?: () => void,
): Effect.Effect<Acquired, TimedOut> => {
  const duration = Duration.decode(timeout)
  const onTimeout = () => new TimedOut({ operation })
  return passWith(
    gateOf,
    (waiting) =>
      Duration.toMillis(duration) > 0
        ? Effect.timeoutFail(waiting, { duration, onTimeout })
        : Effect.fail(onTimeout()),
    onPass,
  )
}

/**
 * Runs an effect after it has passed, and undoes that whatever becomes of the effect. Where the effect has undone it itself,
 * that is a defect, as `tooOften` says.
 */
export const passFor = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  gateOf: () => LocalGate,
  tooOften: OverReleased,
): Effect.Effect<A, E, R> =>
  holdFor(
    self,
    (restore) => passWith(gateOf, restore),
    Effect.suspend(() => (gateOf().leave() ? Effect.void : Effect.die(new OverRelease(tooOften)))),
  )

/** Runs an effect between taking and giving back. */
export const holdFor = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  take: (restore: <B>(waiting: Effect.Effect<B>) => Effect.Effect<B>) => Effect.Effect<unknown>,
  giveBack: Effect.Effect<void>,
): Effect.Effect<A, E, R> =>
  // Only the waiting is interruptible: who has taken it must reach the finalizer.
  Effect.uninterruptibleMask((restore) =>
    Effect.zipRight(take(restore), Effect.ensuring(restore(self), giveBack)),
  )
