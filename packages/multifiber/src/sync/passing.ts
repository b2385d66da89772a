/** The Effects that all gates have in common. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { InvalidArgument, OverRelease, TimedOut } from "../Errors.ts"
import type { Acquired } from "../LockSync.ts"
import type { LocalGate } from "./LocalGate.ts"
import { refusal } from "./permits.ts"
import type { FieldsOf } from "./plainErrors.ts"

type OverReleased = FieldsOf<"OverRelease">

type Wait<E> = (waiting: Effect.Effect<Acquired>) => Effect.Effect<Acquired, E>

interface Passing {
  /** With how many it passes: 1 where it is missing. */
  readonly wanted?: number
  /** Is called before anybody else can see that it has passed. */
  readonly onPass?: () => void
}

/** Passes at once where it can, and waits in a way of its own. */
export const passWith = <E>(
  gateOf: () => LocalGate,
  wait: Wait<E>,
  { onPass = () => {}, wanted = 1 }: Passing = {},
): Effect.Effect<Acquired, E> =>
  Effect.suspend(() => {
    const gate = gateOf()
    const taken = gate.tryPass(wanted)
    if (taken !== undefined) {
      onPass()
      return Effect.succeed(taken)
    }
    return wait(
      Effect.async((resume) => {
        const giveUp = gate.wait((taken) => {
          onPass()
          resume(Effect.succeed(taken))
        }, wanted)
        return Effect.sync(giveUp)
      }),
    )
  })

/** Waits until it has passed. */
export const pass = (gateOf: () => LocalGate, passing?: Passing): Effect.Effect<Acquired> =>
  passWith(gateOf, (waiting) => waiting, passing)

/** Tries once. */
export const tryPass = (gateOf: () => LocalGate, wanted = 1): Effect.Effect<Acquired | false> =>
  Effect.sync(() => gateOf().tryPass(wanted) ?? false)

/** Waits at most as long as `timeout`; tries once where that is nothing. */
export const passWithin = (
  gateOf: () => LocalGate,
  timeout: Duration.DurationInput,
  operation: string,
  passing?: Passing,
): Effect.Effect<Acquired, TimedOut> => {
  const duration = Duration.decode(timeout)
  const onTimeout = () => new TimedOut({ operation })
  return passWith(
    gateOf,
    (waiting) =>
      Duration.toMillis(duration) > 0
        ? Effect.timeoutFail(waiting, { duration, onTimeout })
        : Effect.fail(onTimeout()),
    passing,
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
  wanted = 1,
): Effect.Effect<A, E, R> =>
  holdFor(
    self,
    (restore) => passWith(gateOf, restore, { wanted }),
    Effect.suspend(() => (gateOf().leave(wanted) ? Effect.void : Effect.die(new OverRelease(tooOften)))),
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

/** An effect with a number of permits, which must be whole, and from `least` to `most`. */
export const withCounted = <A, E, R>(
  permits: number,
  [least, most]: readonly [least: 0 | 1, most: number],
  use: (permits: number) => Effect.Effect<A, E, R>,
): Effect.Effect<A, E | InvalidArgument, R> => {
  const refused = refusal(permits, least, most)
  return refused ? Effect.fail(new InvalidArgument(refused)) : use(permits)
}
