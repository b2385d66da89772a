/** Where a call comes from: the place in the program, made into text only when somebody asks, and the span. */
import type { AnySpan } from "effect/Tracer"

export interface CallSite {
  readonly stack?: string
}

export interface Origin {
  readonly site: CallSite | undefined
  readonly span: AnySpan | undefined
}

/** None where there is nothing to tell. */
export const originOf = (site: CallSite | undefined, span: AnySpan | undefined): Origin | undefined =>
  site === undefined && span === undefined ? undefined : { site, span }

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
