/** Time-outs as they travel: in milliseconds, none for ever. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

export const millisecondsOf = (timeout: Duration.DurationInput): number | undefined => {
  const milliseconds = Duration.toMillis(timeout)
  return Number.isFinite(milliseconds) ? milliseconds : undefined
}

export const sleep = (milliseconds: number | undefined): Effect.Effect<void> | undefined =>
  milliseconds === undefined ? undefined : Effect.sleep(milliseconds)
