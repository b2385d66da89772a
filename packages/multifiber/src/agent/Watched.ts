/** Something with a state that fibers wait for. */
import * as Effect from "effect/Effect"
import type { PlatformService } from "../Platform.ts"

export class Watched {
  private readonly watchers = new Set<() => void>()

  /** Tells the waiting fibers that the state has changed. */
  protected changed(): void {
    for (const watcher of this.watchers) watcher()
  }

  /**
   * Waits until `answer` has one: looks now and after each change. The program stays alive meanwhile.
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
          return Effect.sync(stop)
        }),
    )
  }
}
