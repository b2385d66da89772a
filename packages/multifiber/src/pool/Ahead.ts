/** Jobs of a lazy map, which are submitted ahead of their reader, so many at most. */
import * as Effect from "effect/Effect"
import type { Job } from "../agent/Job.ts"

export class Ahead {
  private readonly most: number
  private readonly ordered: boolean
  /** Jobs whose outcomes nobody has taken yet: in the order of their items, or of their ends. */
  private readonly ready: Array<Job> = []
  private readonly pending = new Set<Job>()
  private listeners: ReadonlyArray<() => void> = []

  constructor(most: number, ordered: boolean) {
    this.most = most
    this.ordered = ordered
  }

  /** How many more may be submitted. */
  get room(): number {
    return this.most - this.size
  }

  /** How many are on their way, or not taken. */
  get size(): number {
    return this.ordered ? this.ready.length : this.ready.length + this.pending.size
  }

  add(job: Job): void {
    this.pending.add(job)
    if (this.ordered) this.ready.push(job)
    job.observe(() => {
      this.pending.delete(job)
      if (!this.ordered) this.ready.push(job)
      this.changed()
    })
  }

  /** Takes what is settled: all successes before a failure, or one failure. */
  take(): ReadonlyArray<Job> {
    const failure = this.ready.findIndex(({ status }) => status !== "succeeded")
    const count = failure === -1 ? this.ready.length : failure
    const taken = this.ready.splice(0, count === 0 && this.ready[0]?.status === "failed" ? 1 : count)
    if (taken.length > 0) this.changed()
    return taken
  }

  changed(): void {
    const { listeners } = this
    this.listeners = []
    for (const listener of listeners) listener()
  }

  /** Waits until something has changed. */
  readonly change: Effect.Effect<void> = Effect.async<void>((resume) => {
    const listener = () => resume(Effect.void)
    this.listeners = [...this.listeners, listener]
    return Effect.sync(() => {
      this.listeners = this.listeners.filter((other) => other !== listener)
    })
  })

  /** Nobody wants the rest. */
  abandon(): void {
    for (const job of this.pending) job.abandon()
  }
}
