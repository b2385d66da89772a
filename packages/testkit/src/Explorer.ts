/**
 * Runs every interleaving of a few threads: each thread is a generator that yields before each of its steps, and every
 * order of their steps is replayed from a fresh start.
 */

/** The body of a simulated thread: what stands between a `yield` and the next is one step. */
export type Thread = Generator<void, void, void>

export interface Run {
  readonly threads: ReadonlyArray<Thread>
  /** Looks at the state after each step; throws where it is wrong. */
  readonly afterStep?: () => void
  /** Looks at the state when every thread is done; throws where it is wrong. */
  readonly atEnd: () => void
}

/** Explores; returns the number of interleavings. A failure tells its schedule: the thread of each step. */
export const explore = (start: () => Run): number => {
  let explored = 0
  const schedule: Array<number> = []
  for (;;) {
    const alternatives = replay(start(), schedule)
    explored++
    let last = alternatives.length - 1
    while (last >= 0 && alternatives[last] === undefined) last--
    if (last < 0) return explored
    schedule.length = last
    schedule.push(alternatives[last] as number)
  }
}

/** Follows the schedule, then always takes the first thread that can go on; returns the next choice for each step. */
const replay = (run: Run, schedule: Array<number>): Array<number | undefined> => {
  const alternatives: Array<number | undefined> = []
  const live = run.threads.flatMap((thread, index) => (thread.next().done ? [] : [index]))
  try {
    for (let step = 0; live.length > 0; step++) {
      const chosen = schedule[step] ?? (live[0] as number)
      schedule[step] = chosen
      alternatives.push(live.find((thread) => thread > chosen))
      if ((run.threads[chosen] as Thread).next().done) live.splice(live.indexOf(chosen), 1)
      run.afterStep?.()
    }
    run.atEnd()
  } catch (error) {
    throw new Error(`schedule ${schedule.join(" ")}: ${error}`, { cause: error })
  }
  return alternatives
}
