/** Jobs of a lazy map, which are submitted ahead of their reader, so many at most. */
import * as Effect from "effect/Effect"
import type { Pending } from "../agent/Pending.ts"

export class Ahead {
  private readonly most: number
  private readonly ordered: boolean
  /** Jobs whose outcomes nobody has taken yet: in the order of their items, or of their ends. */
  private readonly ready: Array<Pending> = []
  private readonly pending = new Set<Pending>()
  /** Of those that were taken last, how many the reader has not come to. */
  private inHand = 0
  private readonly listeners = new Set<() => void>()

  constructor(most: number, ordered: boolean) {
    this.most = most
    this.ordered = ordered
  }

  /** How many more may be submitted. */
  get room(): number {
    return this.most - this.size
  }

  /** How many are on their way, or the reader has not come to. */
  private get size(): number {
    return this.inHand + this.ready.length + (this.ordered ? 0 : this.pending.size)
  }

  /** Everything that was added is taken. */
  get isEmpty(): boolean {
    return this.ready.length + this.pending.size === 0
  }

  /** There is something to take. */
  get hasReady(): boolean {
    const [first] = this.ready
    return first !== undefined && first.status !== "waiting"
  }

  add(job: Pending): void {
    this.pending.add(job)
    if (this.ordered) this.ready.push(job)
    job.observe(() => {
      this.pending.delete(job)
      if (!this.ordered) this.ready.push(job)
      this.changed()
    })
  }

  /**
   * Takes what is settled: all successes before a failure, or one failure. The reader has come to all that was taken before. He gets
   * no more than half at a time, so that the rest goes on while he is at it.
   */
  take(): ReadonlyArray<Pending> {
    const failure = this.ready.findIndex(({ status }) => status !== "succeeded")
    const count = failure === -1 ? this.ready.length : failure
    const isFailed = count === 0 && this.ready[0]?.status === "failed"
    const taken = this.ready.splice(0, isFailed ? 1 : Math.min(count, Math.ceil(this.most / 2)))
    const { inHand } = this
    this.inHand = Math.max(0, taken.length - 1)
    if (taken.length > 0 || inHand > 0) this.changed()
    return taken
  }

  changed(): void {
    for (const listener of [...this.listeners]) listener()
  }

  /** Waits until something is so. It looks when it begins to listen: a fiber that has looked before may be made to yield. */
  until(isSo: () => boolean): Effect.Effect<void> {
    return Effect.async((resume) => {
      const listener = () => {
        if (isSo() && this.listeners.delete(listener)) resume(Effect.void)
      }
      this.listeners.add(listener)
      listener()
      return Effect.sync(() => this.listeners.delete(listener))
    })
  }

  /** Nobody wants the rest. The last first: an OS process that hears of one at a time would go on to the next. */
  abandon(): void {
    for (const job of [...this.pending].reverse()) job.abandon()
  }
}
