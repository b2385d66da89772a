/**
 * A condition as one agent has it: its fibers, and its plain code, queue here, first come first served; the shared words
 * count them.
 */
import * as Kernel from "@multifiber/kernel/Condition"
import type { Taken } from "@multifiber/kernel/Waiters"
import type { User } from "../agent/Membership.ts"
import type { LocalLock } from "./LocalLock.ts"
import * as Slices from "./Slices.ts"
import { WakeUp } from "./WakeUp.ts"

/** One that waits, from when it has left the lock until it has it again. */
export interface Waiter {
  notified: boolean
  /** Called once it is notified. */
  resume: () => void
  /** Makes the lock its own again, as deep as before. */
  readonly own: () => void
}

export class LocalCondition {
  readonly lock: LocalLock
  private readonly condition: Kernel.Condition
  private readonly user: User
  /** Those that are not notified. */
  private readonly waiters: Array<Waiter> = []
  /** How many were told that they are notified, and have not taken the notification. */
  private told = 0
  private readonly wakeUp: WakeUp

  constructor(condition: Kernel.Condition, user: User, lock: LocalLock) {
    this.condition = condition
    this.user = user
    this.lock = lock
    this.wakeUp = new WakeUp(condition.memory, () => this.look())
  }

  /** How many wait and are not notified. */
  get waiting(): number {
    return Kernel.waiting(this.condition)
  }

  get waitingFibers(): number {
    return this.waiters.length
  }

  /** Begins to wait: leaves the lock, which the owner holds. Throws where too many wait. */
  begin(owner: unknown): Waiter {
    if (!Kernel.enlist(this.condition, this.user.id)) {
      throw new Error(`${Kernel.MAX} fibers of this agent wait for the condition already`)
    }
    const waiter: Waiter = { notified: false, resume: () => {}, own: this.lock.leaveAll(owner) }
    if (this.waiters.push(waiter) === 1) this.wakeUp.begin()
    this.look()
    return waiter
  }

  /** Ends the waiting of one that has the lock again; tells whether it was notified. */
  end(waiter: Waiter): boolean {
    waiter.own()
    this.tell()
    if (waiter.notified) {
      this.told--
      Kernel.take(this.condition, this.user.id)
    } else {
      this.forget(waiter)
      Kernel.giveUp(this.condition, this.user.id)
    }
    return waiter.notified
  }

  /** The owner holds the lock. */
  notify(count: number): void {
    Kernel.notify(this.condition, count)
  }

  private forget(waiter: Waiter): void {
    this.waiters.splice(this.waiters.indexOf(waiter), 1)
    if (this.waiters.length === 0) this.wakeUp.end()
  }

  /** Tells those that were notified. */
  private tell(): void {
    const count = Kernel.notified(this.condition, this.user.id) - this.told
    for (const waiter of this.waiters.slice(0, Math.max(count, 0))) {
      this.forget(waiter)
      this.told++
      waiter.notified = true
      waiter.resume()
    }
  }

  readonly look = (): void => {
    for (;;) {
      const bell = Kernel.bell(this.condition, this.user.id)
      this.repair()
      this.tell()
      if (this.waiters.length === 0 || this.wakeUp.order(bell)) return
    }
  }

  /** A notification that a dead agent has not taken may be for one that sleeps. */
  private repair(): void {
    if (!Kernel.needsRepair(this.condition)) return
    const taken = this.lock.tryPass()
    if (taken === undefined) return
    Kernel.repair(this.condition)
    this.lock.leaveAs(taken)
  }

  /** Blocks the agent until plain code, which holds the lock, is notified; none where that took longer. */
  waitSync(owner: unknown, milliseconds: number): Taken | undefined {
    const sleep = Slices.sleepFor(milliseconds, this.user)
    const waiter = this.begin(owner)
    for (;;) {
      const { slot, value } = Kernel.bell(this.condition, this.user.id)
      this.repair()
      this.tell()
      if (waiter.notified || !sleep(this.condition.memory, slot, value)) break
    }
    const taken = this.lock.passSync(Number.POSITIVE_INFINITY) as Taken
    if (this.end(waiter)) return taken
    this.lock.keep(taken)
    return undefined
  }
}
