/**
 * Time slices of those who wait on shared memory. Waiting by `Atomics.waitAsync` keeps no program alive, and a death wakes
 * nobody; so while anything of this agent waits, a timer does both: it holds the program, and lets each waiter look.
 */

import type { Sleep } from "@multifiber/kernel/Waiters"
import { isTold, type User } from "../agent/Membership.ts"

/** Milliseconds after which whoever waits looks again. */
const SLICE = 50

export interface Waiting {
  readonly look: () => void
}

const waiting = new Set<Waiting>()
let timer: ReturnType<typeof setInterval> | undefined

const lookAll = (): void => {
  for (const each of waiting) each.look()
}

export const begin = (waiter: Waiting): void => {
  waiting.add(waiter)
  timer ??= setInterval(lookAll, SLICE)
}

export const end = (waiter: Waiting): void => {
  waiting.delete(waiter)
  if (waiting.size > 0) return
  clearInterval(timer)
  timer = undefined
}

/**
 * Blocks the agent, slice by slice, for so many milliseconds at most. Gives up where the agent is told to end: on Deno
 * nothing else stops a thread that waits.
 */
export const sleepFor = (milliseconds: number, user: User): Sleep => {
  const deadline = performance.now() + milliseconds
  return (memory, slot, value) => {
    if (isTold(user)) return false
    const left = deadline - performance.now()
    if (left <= 0) return false
    memory.wait(slot, value, Math.min(left, SLICE))
    return true
  }
}

/** What it throws then. */
export const toldToEnd = (): Error => new Error("this agent is told to end")
