/**
 * The wake-up that an agent has on order, one at a time: it can be withdrawn nowhere, so it is kept for whoever waits when it
 * comes.
 */
import type { Memory } from "@multifiber/kernel/Memory"

/** What an agent sleeps on: a slot, for as long as it holds a value. */
export interface Bed {
  readonly slot: number
  readonly value: number
}

export class WakeUp {
  private readonly memory: Memory
  private readonly onWake: () => void
  isOrdered = false

  constructor(memory: Memory, onWake: () => void) {
    this.memory = memory
    this.onWake = onWake
  }

  /** Orders it for when the slot no longer holds the value; `false` where that is so already. */
  order({ slot, value }: Bed): boolean {
    if (this.isOrdered) return true
    const woken = this.memory.waitAsync(slot, value)
    if (woken === undefined) return false
    this.isOrdered = true
    void woken.then(() => {
      this.isOrdered = false
      this.onWake()
    })
    return true
  }
}
