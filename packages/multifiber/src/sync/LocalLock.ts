/** A mutex as one agent has it. */
import * as Mutex from "@multifiber/kernel/Mutex"
import * as Waiters from "@multifiber/kernel/Waiters"
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

  /** Who has taken it does not tell that it was abandoned: who comes next learns of it. */
  keep(found: Waiters.Taken): void {
    if (found === "abandoned") Waiters.passOn(this.gate)
  }

  override leaveAs(found: Waiters.Taken): boolean {
    this.keep(found)
    return this.leave()
  }

  leave(): boolean {
    return Mutex.release(this.gate, this.me)
  }

  /** Whether an owner holds it. A plain lock has none: somebody does. */
  isHeldBy(_owner: unknown): boolean {
    return this.isLocked
  }

  /** Frees it whatever its depth; returns what gives that depth back to the owner, who has passed anew. */
  leaveAll(_owner: unknown): () => void {
    this.leave()
    return () => {}
  }

  get isLocked(): boolean {
    return Mutex.holder(this.gate) !== 0
  }
}
