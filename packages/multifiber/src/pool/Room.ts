/** The room of a pool for jobs, and those who wait for it: first come, first served. */
import * as Effect from "effect/Effect"

export class Room {
  /** How many more jobs the pool takes. */
  private readonly left: () => number
  /** It takes none any more: who waits learns of that. */
  private readonly isShut: () => boolean
  /** Calls those who wait, the first first. They stay until they have come in. */
  private readonly waiting = new Set<{ call: () => void }>()

  constructor(left: () => number, isShut: () => boolean) {
    this.left = left
    this.isShut = isShut
  }

  /** Another job may be submitted, and nobody waits for that. */
  get isOpen(): boolean {
    return this.left() > 0 && this.waiting.size === 0
  }

  /** Does what submits a job, or is refused, once there is room. */
  whenOpen<A, E, R>(submit: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.suspend(() => {
      if (this.isOpen || this.isShut()) return submit
      const one = { call: () => {} }
      this.waiting.add(one)
      const turn = Effect.async<void>((resume) => {
        one.call = () => resume(Effect.void)
        this.admit()
      })
      const come = Effect.suspend(() => {
        this.waiting.delete(one)
        // It may turn out that there is nothing to submit.
        queueMicrotask(() => this.admit())
        return submit
      })
      return Effect.onInterrupt(Effect.zipRight(turn, come), () =>
        Effect.sync(() => {
          this.waiting.delete(one)
          this.admit()
        }),
      )
    })
  }

  /** Calls as many of those who wait as there is room for. */
  admit(): void {
    if (this.waiting.size === 0) return
    let left = this.isShut() ? Number.POSITIVE_INFINITY : this.left()
    for (const { call } of this.waiting) {
      if (left-- <= 0) break
      call()
    }
  }
}
