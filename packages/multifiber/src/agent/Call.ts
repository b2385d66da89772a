/**
 * What jobs have in common that call the same task from the same place. It is kept apart from them, since a pool may hold
 * a million of them.
 */
import type { AnySpan } from "effect/Tracer"
import type { Task } from "../Task.ts"
import type { Job } from "./Job.ts"

export interface Call {
  readonly task: Task.Any
  /** How many arguments, or `EACH`. */
  readonly arity: number
  /** Where it comes from, as far as that is known. */
  readonly site: CallSite | undefined
  readonly span: AnySpan | undefined
  /** Who counts the jobs. */
  readonly owner: { readonly settled: (job: Job) => void } | undefined
}

/** The place in the program, made into text only when somebody asks. */
export interface CallSite {
  readonly stack?: string
}

/** A call that nobody counts, from anywhere. */
export const callOf = (task: Task.Any, arity: number): Call => ({
  task,
  arity,
  site: undefined,
  span: undefined,
  owner: undefined,
})

/** Records the callers of `below`: some 10 µs on V8. */
export const record = (below: (...args: any) => unknown): CallSite => {
  const site: CallSite = {}
  Error.captureStackTrace(site, below)
  // On Bun a tail call has taken the frame of `below` away, and all frames with it.
  if (!site.stack?.includes("\n")) Error.captureStackTrace(site)
  return site
}

/** The frames as lines of a stack, each after a line break. */
export const framesOf = (site: CallSite | undefined): string => {
  const lines = site?.stack?.split("\n") ?? []
  return lines
    .filter((line) => /^\s+at /.test(line) && !line.includes("/node_modules/effect/"))
    .map((line) => `\n${line}`)
    .join("")
}
