/** A barrier as one agent has it: its fibers that wait, each of which is a party. */
import * as Kernel from "@multifiber/kernel/Barrier"
import { isTold, type User } from "../agent/Membership.ts"
import * as Slices from "./Slices.ts"
import { WakeUp } from "./WakeUp.ts"

/** A fiber that waits. */
export interface Waiter {
  /** It has an action to run where it arrives last. */
  readonly acts: boolean
  /** The generation in which it has arrived. */
  since: number | undefined
  ended: Kernel.Ended | undefined
  resume: (ended: Kernel.Ended) => void
}

export class LocalBarrier {
  private readonly barrier: Kernel.Barrier
  private readonly user: User
  private readonly waiters = new Set<Waiter>()
  private readonly wakeUp: WakeUp

  constructor(barrier: Kernel.Barrier, user: User) {
    this.barrier = barrier
    this.user = user
    this.wakeUp = new WakeUp(barrier.memory, () => this.look())
  }

  get parties(): number {
    return Kernel.parties(this.barrier)
  }

  get waiting(): number {
    return Kernel.waiting(this.barrier)
  }

  get waitingFibers(): number {
    return this.waiters.size
  }

  get isBroken(): boolean {
    return Kernel.isBroken(this.barrier)
  }

  abort(): void {
    Kernel.breakUp(this.barrier)
  }

  reset(): void {
    Kernel.reset(this.barrier)
  }

  /** Arrives, or will as soon as it can. How the waiter ends may be known at once; else it is told. */
  begin(acts: boolean): Waiter {
    const waiter: Waiter = { acts, since: undefined, ended: undefined, resume: () => {} }
    if (this.lookFor(waiter) !== undefined) {
      if (this.waiters.size === 0) this.wakeUp.begin()
      this.waiters.add(waiter)
    }
    // Else the wake-up on order is for it as well, and nothing has changed for the others.
    if (waiter.ended !== undefined || !this.wakeUp.isOrdered) this.look()
    return waiter
  }

  /** What a waiter has to sleep on; nothing where it has ended. */
  private lookFor(waiter: Waiter): number | undefined {
    const seen = Kernel.look(this.barrier, this.user.id, waiter.acts, waiter.since)
    if (seen.is === "waits") {
      waiter.since = seen.since
      return seen.word
    }
    waiter.ended = seen
    this.forget(waiter)
    waiter.resume(seen)
    return undefined
  }

  private forget(waiter: Waiter): void {
    if (this.waiters.delete(waiter) && this.waiters.size === 0) this.wakeUp.end()
  }

  readonly look = (): void => {
    for (;;) {
      let first: number | undefined
      for (const waiter of this.waiters) {
        const word = this.lookFor(waiter)
        first ??= word
      }
      // What the first has seen: where that has changed, those before the change have to look again.
      if (first === undefined || this.wakeUp.order(Kernel.wakeUp(first))) return
    }
  }

  /** Takes back that it has arrived. Where it should have run the action, nobody passes. */
  withdraw(waiter: Waiter): void {
    const { ended, since } = waiter
    if (ended?.is === "acts") this.fail(ended.since)
    if (ended !== undefined) return
    this.forget(waiter)
    if (since !== undefined) Kernel.withdraw(this.barrier, this.user.id, since)
  }

  /** Its time is over: breaks the barrier, unless it has just ended. */
  expire(waiter: Waiter): Kernel.Ended {
    while (waiter.ended === undefined) {
      Kernel.breakUp(this.barrier, waiter.since)
      this.look()
    }
    return waiter.ended
  }

  /** The action has run. */
  complete(since: number): Kernel.Ended {
    const ended = Kernel.complete(this.barrier, since)
    this.look()
    return ended
  }

  /** The action has failed. */
  fail(since: number): void {
    Kernel.breakUp(this.barrier, since)
  }

  /** Blocks the agent. Its fibers that have arrived count, though they cannot run meanwhile. */
  waitSync(milliseconds: number, action: (() => void) | undefined): Kernel.Ended {
    const sleep = Slices.sleepFor(milliseconds, this.user)
    const ended = Kernel.wait(this.barrier, this.user.id, action !== undefined, sleep)
    if (isTold(this.user)) {
      if (ended.is === "acts") this.fail(ended.since)
      throw Slices.toldToEnd()
    }
    return ended.is === "acts" ? this.actSync(ended.since, action as () => void) : ended
  }

  private actSync(since: number, action: () => void): Kernel.Ended {
    try {
      action()
    } catch (error) {
      this.fail(since)
      throw error
    }
    return this.complete(since)
  }
}
