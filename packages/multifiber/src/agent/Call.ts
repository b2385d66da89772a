/**
 * What jobs have in common that call the same task from the same place. It is kept apart from them, since a pool may hold
 * a million of them.
 */
import type { AnySpan } from "effect/Tracer"
import type { WorkerLost } from "../Errors.ts"
import type { Task } from "../Task.ts"
import type { SpanId } from "../wire/Protocol.ts"
import type { Job } from "./Job.ts"

/** How the calls are to be run. */
export interface Terms {
  /** The higher come first. */
  readonly priority: number
  /** Milliseconds that a call may take once it has begun: the agent has nothing else meanwhile. */
  readonly timeout?: number
  /** The worker that it is for, by its place in the pool. */
  readonly place?: number
  /** It comes before all others in its worker, and is for no other. */
  readonly isInitial?: true
  /** Decides about a job that was lost with its agent, some time later; returns what withdraws the question. */
  readonly retry?: (job: Job, error: WorkerLost, decide: (again: boolean) => void) => () => void
  /** What moves to the agent instead of being copied. */
  readonly transfer?: ReadonlyArray<ArrayBuffer>
}

export const ORDINARY: Terms = { priority: 0 }

/** A job of which the agent has no other meanwhile: its time is taken, or it cannot be sent again. */
export const isAlone = ({ timeout, transfer }: Terms): boolean =>
  timeout !== undefined || transfer !== undefined

/** It is for one worker only. */
export const isBound = ({ isInitial, place }: Terms): boolean => isInitial === true || place !== undefined

interface Owner {
  readonly settled: (job: Job) => void
  readonly cancel: (job: Job) => void
}

export interface Call {
  readonly task: Task.Any
  /** How many arguments, `EACH` or `EACH_LIST`. */
  readonly arity: number
  readonly terms: Terms
  /** Where it comes from, as far as that is known. */
  readonly site: CallSite | undefined
  readonly span: AnySpan | undefined
  /** Who counts the jobs. */
  readonly owner: Owner | undefined
}

/** The place in the program, made into text only when somebody asks. */
export interface CallSite {
  readonly stack?: string
}

/** The span that it belongs to, as it travels. */
export const spanOf = ({ span }: Call): { readonly span?: SpanId } => {
  if (span === undefined) return {}
  const { sampled, spanId, traceId } = span
  return { span: { sampled, spanId, traceId } }
}

/** A call that nobody counts, from anywhere. */
export const callOf = (task: Task.Any, arity: number, terms = ORDINARY): Call => ({
  task,
  arity,
  terms,
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
