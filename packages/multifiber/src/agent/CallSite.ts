/** Where a task was submitted: the stack of the call, made into text only when somebody asks. */

export interface CallSite {
  readonly stack?: string
}

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
