import * as Task from "multifiber/Task"

/** The milliseconds that a loop takes; `seen` keeps the engine from leaving it out. */
export interface Took {
  readonly ms: number
  readonly seen: number
}

export const { series, work } = Task.module(import.meta.url, {
  work: (iterations: number): Took => take(iterations),
  /** The same work one after the other. */
  series: (iterations: ReadonlyArray<number>): number =>
    iterations.reduce((total, each) => total + take(each).ms, 0),
})

function take(iterations: number): Took {
  const begin = performance.now()
  let hash = 0
  for (let i = 0; i < iterations; i++) hash = (Math.imul(hash, 31) + i) | 0
  return { ms: performance.now() - begin, seen: hash }
}
