/** The Effects that all gates have in common. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Calls from "../agent/Calls.ts"
import { InvalidArgument, OverRelease, TimedOut } from "../Errors.ts"
import type { Acquired } from "../LockSync.ts"
import type { Actions } from "./acting.ts"
import type { LocalGate } from "./LocalGate.ts"
import { NOTHING, type Nothing } from "./LocalTurn.ts"
import { refusal } from "./permits.ts"
import type { FieldsOf } from "./plainErrors.ts"
import { RemoteSide } from "./RemoteSide.ts"
import { callRemote } from "./remote.ts"
import { orWithdraw, withdrawing } from "./withdrawing.ts"

type OverReleased = FieldsOf<"OverRelease">

/** Waits, and calls `giveUp` where that is interrupted: it undoes what has passed already. */
type Wait<E> = (waiting: Effect.Effect<Acquired>, giveUp: () => void) => Effect.Effect<Acquired, E>

interface Passing {
  /** With how many it passes: 1 where it is missing. */
  readonly wanted?: number
  /** Is called before anybody else can see that it has passed. */
  readonly onPass?: () => void
}

/** A gate as this agent has it. */
type Side = LocalGate | RemoteSide

/** Asks the starter; who is not waited for any more gives back what came. */
const passRemote = (
  gate: RemoteSide,
  method: "pass" | "tryPass",
  wanted: number,
  onPass: () => void,
): Effect.Effect<Acquired | Nothing> =>
  Effect.map(
    callRemote<Acquired, never>(gate, method, [wanted], [], {
      onLate: (taken) =>
        void Calls.call({ target: gate.id, method: "leaveAs", args: [taken, wanted] }, () => {}),
    }),
    (taken) => {
      if (taken !== NOTHING) onPass()
      return taken
    },
  )

/** Passes at once where it can, and waits in a way of its own. */
export const passWith = <E>(
  gateOf: () => Side,
  wait: Wait<E>,
  { onPass = () => {}, wanted = 1 }: Passing = {},
): Effect.Effect<Acquired, E> =>
  Effect.suspend(() => {
    const gate = gateOf()
    // It ends in no other way, and gives up by itself.
    if (gate instanceof RemoteSide)
      return wait(passRemote(gate, "pass", wanted, onPass) as Effect.Effect<Acquired>, () => {})
    const taken = gate.tryPass(wanted)
    if (taken !== undefined) {
      onPass()
      return Effect.succeed(taken)
    }
    let giveUp = () => {}
    const waiting = Effect.async<Acquired>((resume) => {
      giveUp = gate.wait((taken) => {
        onPass()
        resume(Effect.succeed(taken))
      }, wanted)
    })
    return wait(waiting, () => giveUp())
  })

/** As whoever calls may be interrupted. */
const waitFor: Wait<never> = (waiting, giveUp) =>
  Effect.withFiberRuntime((_, status) => withdrawing(waiting, status, giveUp))

/** The same within `Effect.uninterruptibleMask`. */
export const waitBy =
  (restore: <B>(waiting: Effect.Effect<B>) => Effect.Effect<B>): Wait<never> =>
  (waiting, giveUp) =>
    orWithdraw(restore(waiting), giveUp)

/** Waits until it has passed. */
export const pass = (gateOf: () => Side, passing?: Passing): Effect.Effect<Acquired> =>
  passWith(gateOf, waitFor, passing)

/** Tries once. */
export const tryPass = (
  gateOf: () => Side,
  { onPass = () => {}, wanted = 1 }: Passing = {},
): Effect.Effect<Acquired | false> =>
  Effect.suspend(() => {
    const gate = gateOf()
    if (gate instanceof RemoteSide) {
      return Effect.map(passRemote(gate, "tryPass", wanted, onPass), (taken) => taken !== NOTHING && taken)
    }
    const taken = gate.tryPass(wanted) ?? false
    if (taken !== false) onPass()
    return Effect.succeed(taken)
  })

/** Waits at most as long as `timeout`; tries once where that is nothing. */
export const passWithin = (
  gateOf: () => Side,
  timeout: Duration.DurationInput,
  operation: string,
  passing?: Passing,
): Effect.Effect<Acquired, TimedOut> => {
  const duration = Duration.decode(timeout)
  const onTimeout = () => new TimedOut({ operation })
  if (Duration.toMillis(duration) > 0) {
    return passWith(
      gateOf,
      (waiting, giveUp) => Effect.timeoutFail(waitFor(waiting, giveUp), { duration, onTimeout }),
      passing,
    )
  }
  return Effect.flatMap(tryPass(gateOf, passing), (taken) =>
    taken === false ? Effect.fail(onTimeout()) : Effect.succeed(taken),
  )
}

/** Undoes that it has passed; where that was undone before, goes on with `otherwise`. */
export const leave = <E>(
  gateOf: () => Side,
  otherwise: () => Effect.Effect<void, E>,
  wanted = 1,
): Effect.Effect<void, E> =>
  Effect.suspend(() => {
    const gate = gateOf()
    if (!(gate instanceof RemoteSide)) return gate.handOver(wanted) ? Effect.void : otherwise()
    const left = Effect.uninterruptible(callRemote<boolean, never>(gate, "leave", [wanted], []))
    return Effect.flatMap(left, (left) => (left === true ? Effect.void : otherwise()))
  })

/** What can be done to a gate at once, for another agent. */
export const gateActions = {
  leave: (gate, wanted: number) => gate.handOver(wanted),
  leaveAs: (gate, taken: Acquired, wanted: number) => gate.leaveAs(taken, wanted),
} satisfies Actions<LocalGate>

/** What else can be done for it. */
export const gateEffects = {
  pass: (gate: LocalGate, wanted: number) => pass(() => gate, { wanted }),
  tryPass: (gate: LocalGate, wanted: number) => Effect.sync(() => gate.tryPass(wanted) ?? NOTHING),
}

/**
 * Runs an effect after it has passed, and undoes that whatever becomes of the effect. Where the effect has undone it itself,
 * that is a defect, as `tooOften` says.
 */
export const passFor = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  gateOf: () => Side,
  tooOften: OverReleased,
  wanted = 1,
): Effect.Effect<A, E, R> =>
  holdFor(
    self,
    (restore) => passWith(gateOf, waitBy(restore), { wanted }),
    leave(gateOf, () => Effect.die(new OverRelease(tooOften)), wanted),
  )

/** Runs an effect between taking and giving back. */
export const holdFor = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  take: (restore: <B>(waiting: Effect.Effect<B>) => Effect.Effect<B>) => Effect.Effect<unknown>,
  giveBack: Effect.Effect<void>,
): Effect.Effect<A, E, R> =>
  // Only the waiting is interruptible: who has taken it must reach the finalizer.
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(take(restore), () =>
      Effect.matchCauseEffect(restore(self), {
        onFailure: (cause) => Effect.ensuring(Effect.failCause(cause), giveBack),
        onSuccess: (value) => Effect.as(giveBack, value),
      }),
    ),
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
