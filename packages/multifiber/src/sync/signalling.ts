/** Signals as Effects. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { TimedOut } from "../Errors.ts"
import type { LocalSignal } from "./LocalSignal.ts"
import { RemoteSide } from "./RemoteSide.ts"
import { askRemote, callRemote } from "./remote.ts"

/** A signal as this agent has it. */
type Side = LocalSignal | RemoteSide

/** Waits until it has come. */
export const waitForSignal = (signalOf: () => Side): Effect.Effect<void> =>
  Effect.suspend(() => {
    const signal = signalOf()
    return signal instanceof RemoteSide
      ? Effect.asVoid(callRemote(signal, "wait", [], []))
      : Effect.async((resume) => {
          const giveUp = signal.wait(() => resume(Effect.void))
          return Effect.sync(giveUp)
        })
  })

/** Whether it has come for whoever begins to wait now. */
const hasCome = (signal: Side): Effect.Effect<boolean> =>
  signal instanceof RemoteSide ? askRemote(signal, "hasCome") : Effect.succeed(signal.hasCome())

/** Waits at most as long as `timeout`; looks once where that is nothing. */
export const waitForSignalWithin = (
  signalOf: () => Side,
  timeout: Duration.DurationInput,
  operation: string,
): Effect.Effect<void, TimedOut> => {
  const onTimeout = () => new TimedOut({ operation })
  const duration = Duration.decode(timeout)
  if (Duration.toMillis(duration) > 0) {
    return Effect.timeoutFail(waitForSignal(signalOf), { duration, onTimeout })
  }
  return Effect.flatMap(
    Effect.suspend(() => hasCome(signalOf())),
    (hasCome) => (hasCome ? Effect.void : Effect.fail(onTimeout())),
  )
}
