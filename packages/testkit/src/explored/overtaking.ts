/**
 * The law on overtaking at a gate, for one that looks on; README.md of the kernel says why it holds.
 *
 * Since it is the oldest in the queue, a waiter loses at most `RACES` races, where nobody gives up or dies: it is woken,
 * and finds that another has passed. And while it waits, each other agent wakes at most one that is younger.
 */
import type { Memory } from "@multifiber/kernel/Memory"
import { slotOf } from "./gate.ts"

const RACES = 4

const PHASE = 3
const IS_POKED = 2

interface Waiter {
  /** Its ticket, and whether it was woken; 0 while it does not wait. */
  slot: number
  lost: number
  /** How often a younger one was woken. */
  younger: number
}

const isWaiting = ({ slot }: Waiter): boolean => slot !== 0

const isWoken = ({ slot }: Waiter): boolean => (slot & PHASE) === IS_POKED

const isOlder = (slot: number, than: number): boolean => slot >>> 2 < than >>> 2

export const boundsOvertaking = (agents: number) => (memory: Memory) => {
  const waiters = Array.from({ length: agents }, (): Waiter => ({ slot: 0, lost: 0, younger: 0 }))
  const others = (waiter: Waiter) => waiters.filter((other) => other !== waiter && isWaiting(other))

  const leaves = (waiter: Waiter, was: number): void => {
    for (const other of others(waiter)) if (isOlder(was, other.slot)) other.lost = 0
  }

  const isOvertaken = (waiter: Waiter): void => {
    if (others(waiter).some(({ slot }) => isOlder(slot, waiter.slot))) return
    if (++waiter.lost > RACES) throw new Error(`the oldest waiter has lost ${waiter.lost} races`)
  }

  const isFirst = (waiter: Waiter): void => {
    for (const other of others(waiter)) {
      if (isOlder(waiter.slot, other.slot)) continue
      if (++other.younger >= agents) throw new Error(`${other.younger} younger ones were woken first`)
    }
  }

  return () => {
    for (const [place, waiter] of waiters.entries()) {
      const was = { ...waiter }
      waiter.slot = memory.load(slotOf(place))
      if (waiter.slot === was.slot) continue
      if (!isWaiting(waiter)) leaves(waiter, was.slot)
      else if (isWoken(waiter)) isFirst(waiter)
      else if (isWoken(was)) isOvertaken(waiter)
      else Object.assign(waiter, { lost: 0, younger: 0 })
    }
  }
}
