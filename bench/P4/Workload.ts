import type { Effect } from "effect"
import type { Pool } from "multifiber"

/** The same work for the three sides of a comparison, which must come to the same answer. */
export interface Workload<Answer> {
  /** As the part of the scenario is called. */
  readonly name: string
  /** On this thread, in the code that the tasks run. */
  readonly serial: () => Answer
  readonly pooled: (pool: Pool.Pool) => Effect.Effect<Answer, unknown>
  /** By the same number of workers without a library. */
  readonly bare: BareWorkers<Answer>
  /** Throws where the answer cannot be right, whoever gave it. */
  readonly check: (answer: Answer) => void
}

/** Starts the workers, and returns what has them do the work once. */
export type BareWorkers<Answer> = (count: number) => Promise<() => Promise<Answer>>
