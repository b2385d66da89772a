/** A mutex as one agent has it. */
import * as Mutex from "@multifiber/kernel/Mutex"
import type * as Waiters from "@multifiber/kernel/Waiters"
import { LocalGate, SPINS } from "./LocalGate.ts"

export class LocalLock extends LocalGate {
  tryPass(): Waiters.Taken | undefined {
    return Mutex.tryAcquire(this.gate, this.me)
  }

  protected passBy(sleep: Waiters.Sleep): Waiters.Taken | undefined {
    return Mutex.acquire(this.gate, this.me, sleep, SPINS)
  }

  takeFree(): boolean {
    return Mutex.takeFree(this.gate, this.me)
  }

  leave(): boolean {
    return Mutex.release(this.gate, this.me)
  }

  get isLocked(): boolean {
    return Mutex.holder(this.gate) !== 0
  }
}
