/** Something that comes for all who wait for it, as one agent has it: its fibers that do. */
import type { Memory } from "@multifiber/kernel/Memory"
import { isTold, type User } from "../agent/Membership.ts"
import * as Slices from "./Slices.ts"
import { type Bed, WakeUp } from "./WakeUp.ts"

export interface Signal {
  readonly memory: Memory
  /** What one who begins to wait remembers, and sleeps on. */
  readonly begin: () => Bed
  /** It has come since `begin` returned this value. */
  readonly hasCome: (value: number) => boolean
}

interface Waiter {
  readonly bed: Bed
  readonly resume: () => void
}

export class LocalSignal {
  private readonly signal: Signal
  private readonly user: User
  private readonly waiters = new Set<Waiter>()
  private readonly wakeUp: WakeUp

  constructor(signal: Signal, user: User) {
    this.signal = signal
    this.user = user
    this.wakeUp = new WakeUp(signal.memory, () => this.look())
  }

  get waitingFibers(): number {
    return this.waiters.size
  }

  /** It has come for whoever begins to wait now. */
  hasCome(): boolean {
    return this.signal.hasCome(this.signal.begin().value)
  }

  /** Calls back once it has come; returns what gives up. */
  wait(resume: () => void): () => void {
    const waiter = { bed: this.signal.begin(), resume }
    if (this.waiters.size === 0) this.wakeUp.begin()
    this.waiters.add(waiter)
    this.look()
    return () => this.forget(waiter)
  }

  private forget(waiter: Waiter): void {
    if (this.waiters.delete(waiter) && this.waiters.size === 0) this.wakeUp.end()
  }

  readonly look = (): void => {
    const { signal, waiters } = this
    for (;;) {
      for (const waiter of waiters) {
        if (!signal.hasCome(waiter.bed.value)) continue
        this.forget(waiter)
        waiter.resume()
      }
      // Those that still wait have seen the same value.
      const [first] = waiters
      if (first === undefined || this.wakeUp.order(first.bed)) return
    }
  }

  /** Blocks the agent until it has come, at most for `milliseconds`. */
  waitSync(milliseconds: number): boolean {
    const sleep = Slices.sleepFor(milliseconds, this.user)
    const { slot, value } = this.signal.begin()
    while (!this.signal.hasCome(value)) {
      if (sleep(this.signal.memory, slot, value)) continue
      if (isTold(this.user)) throw Slices.toldToEnd()
      return false
    }
    return true
  }
}
