/**
 * What lets the waiting fibers of an agent look again: a wake-up on order, one at a time, and the time slices of whoever waits.
 */
import type { Memory } from "@multifiber/kernel/Memory"
import * as Slices from "./Slices.ts"

/** What an agent sleeps on: a slot, for as long as it holds a value. */
export interface Bed {
  readonly slot: number
  readonly value: number
}

export class WakeUp implements Slices.Waiting {
  readonly look: () => void
  private readonly memory: Memory
  /** Of the wake-up that is on order. */
  private bed: Bed | undefined = undefined

  constructor(memory: Memory, look: () => void) {
    this.memory = memory
    this.look = look
  }

  get isOrdered(): boolean {
    return this.bed !== undefined
  }

  /** Somebody waits from now on. */
  begin(): void {
    Slices.begin(this)
  }

  /**
   * Nobody waits any more. A wake-up on order can be withdrawn nowhere, and the runtime keeps it until it comes, with all that it is
   * for: so it comes now. Others that sleep on the same slot look once more.
   */
  end(): void {
    Slices.end(this)
    if (this.bed !== undefined) this.memory.notify(this.bed.slot)
  }

  /** Orders it for when the slot no longer holds the value; `false` where that is so already. */
  order(bed: Bed): boolean {
    if (this.isOrdered) return true
    const woken = this.memory.waitAsync(bed.slot, bed.value)
    if (woken === undefined) return false
    this.bed = bed
    void woken.then(() => {
      this.bed = undefined
      this.look()
    })
    return true
  }
}
