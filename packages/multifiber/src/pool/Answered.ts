/** A result that is there once a callback has heard of it. */
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import { Pending } from "../agent/Pending.ts"

/** Who hears of a result: plain code, or an effect. */
export interface Callbacks {
  readonly callback: ((value: any) => unknown) | undefined
  readonly errorCallback: ((error: any) => unknown) | undefined
}

export class Answered extends Pending {
  private readonly inner: Pending

  /** What a callback throws or fails with is logged, and changes nothing else. */
  constructor(inner: Pending, { callback, errorCallback }: Callbacks, runtime: Runtime.Runtime<never>) {
    super()
    this.inner = inner
    inner.observe(({ outcome, status }) => {
      const hear = status === "succeeded" ? callback : errorCallback
      const settle = () => (status === "succeeded" ? this.succeed(outcome) : this.fail(outcome))
      if (hear === undefined) settle()
      else
        Runtime.runFork(runtime)(
          Effect.ensuring(
            heard(() => hear(outcome)),
            Effect.sync(settle),
          ),
        )
    })
  }

  override abandon(): void {
    this.inner.abandon()
  }
}

const heard = (hear: () => unknown): Effect.Effect<void> =>
  Effect.suspend((): Effect.Effect<unknown, unknown> => {
    const returned = hear()
    return Effect.isEffect(returned)
      ? (returned as Effect.Effect<unknown, unknown>)
      : Effect.tryPromise({ try: async () => returned, catch: (thrown) => thrown })
  }).pipe(
    Effect.catchAllCause((cause) => Effect.logError("A callback of a task has failed", cause)),
    Effect.asVoid,
  )
