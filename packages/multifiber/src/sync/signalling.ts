/** Signals as Effects. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { TimedOut } from "../Errors.ts"
import type { LocalSignal } from "./LocalSignal.ts"

/** Waits until it has come. */
export const waitForSignal = (signalOf: () => LocalSignal): Effect.Effect<void> =>
  Effect.async((resume) => {
    const giveUp = signalOf().wait(() => resume(Effect.void))
    return Effect.sync(giveUp)
  })

/** Waits at most as long as `timeout`; looks once where that is nothing. */
export const waitForSignalWithin = (
  signalOf: () => LocalSignal,
  timeout: Duration.DurationInput,
  operation: string,
): Effect.Effect<void, TimedOut> =>
  Effect.suspend((): Effect.Effect<void, TimedOut> => {
    if (signalOf().hasCome()) return Effect.void
    const onTimeout = () => new TimedOut({ operation })
    const duration = Duration.decode(timeout)
    return Duration.toMillis(duration) > 0
      ? Effect.timeoutFail(waitForSignal(signalOf), { duration, onTimeout })
      : Effect.fail(onTimeout())
  })
