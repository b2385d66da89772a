/**
 * Time slices of those who wait on shared memory. Waiting by `Atomics.waitAsync` keeps no program alive, and a death wakes
 * nobody; so while anything of this agent waits, a timer does both: it holds the program, and lets each waiter look.
 */

/** Milliseconds after which whoever waits looks again. */
export const SLICE = 50

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
