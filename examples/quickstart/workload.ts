import type { Task } from "multifiber/Task"

/** The same work for both sides of the comparison: many calls of one task, and how their values become one result. */
export interface Workload<Args extends ReadonlyArray<unknown>, A, Result> {
  readonly name: string
  readonly task: Task<Args, A>
  readonly calls: ReadonlyArray<Args>
  readonly merge: (values: ReadonlyArray<A>) => Result
  /** The right result, where it is known from elsewhere. */
  readonly known?: Result
}
