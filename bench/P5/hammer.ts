import * as LockSync from "multifiber/LockSync"
import * as Task from "multifiber/Task"

/** How many operations between two looks at the clock. */
const BATCH = 100

/** Acquires and releases so often; an operation is both. */
export const operate = (lock: LockSync.Lock, operations: number): void => {
  for (let i = 0; i < operations; i++) {
    LockSync.acquireSync(lock)
    LockSync.releaseSync(lock)
  }
}

const now = (): number => performance.timeOrigin + performance.now()

export interface Hammered {
  readonly operations: number
  /** Milliseconds since the epoch. */
  readonly begin: number
  readonly end: number
}

export const { hammer } = Task.module(import.meta.url, {
  /** Waits until every worker is at the gate, then operates for so many milliseconds. */
  hammer: (lock: LockSync.Lock, gate: Int32Array, workers: number, milliseconds: number): Hammered => {
    operate(lock, 20_000)
    Atomics.add(gate, 0, 1)
    while (Atomics.load(gate, 0) < workers);
    const begin = now()
    let operations = 0
    let end = begin
    for (; end - begin < milliseconds; end = now()) {
      operate(lock, BATCH)
      operations += BATCH
    }
    return { operations, begin, end }
  },
})
