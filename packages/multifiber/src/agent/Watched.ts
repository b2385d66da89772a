/** Something with a state that fibers wait for. */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { PlatformService } from "../Platform.ts"

export class Watched {
  private readonly watchers = new Set<() => void>()

  /** Grows with each change. */
  version = 0

  /** Tells the waiting fibers that the state has changed. */
  protected changed(): void {
    this.version++
    for (const watcher of this.watchers) watcher()
  }

  /**
   * Waits until `answer` has one: looks now, when it begins to watch, since a fiber may be made to yield in between, and after each
   * change. The program stays alive meanwhile.
   *
   * @internal
   */
  when<A, E>(platform: PlatformService, answer: () => Effect.Effect<A, E> | undefined): Effect.Effect<A, E> {
    return Effect.suspend(
      () =>
        answer() ??
        Effect.async<A, E>((resume) => {
          const stop = () => {
            if (this.watchers.delete(watcher)) platform.release()
          }
          const watcher = () => {
            const now = answer()
            if (now === undefined) return
            stop()
            resume(now)
          }
          platform.hold()
          this.watchers.add(watcher)
          watcher()
          return Effect.sync(stop)
        }),
    )
  }
}

/**
 * Runs `force` where `wanted` has not come about within `grace`. For finalizers, too: there a time-out alone would wait
 * for ever, since nothing in it may be interrupted.
 */
export const orElseAfter = (
  wanted: Effect.Effect<void>,
  grace: Duration.Duration,
  force: () => void,
): Effect.Effect<void> =>
  Effect.flatMap(Effect.timeoutOption(Effect.interruptible(wanted), grace), (came) =>
    Option.isSome(came) ? Effect.void : Effect.sync(force),
  )
