/** The trace of a pool in the Chrome trace event format, which Perfetto opens: one row for each place, tasks as slices. */
import type { Ran } from "./Recorder.ts"

/**
 * An event of a trace.
 *
 * @category models
 * @since 0.5.0
 */
export type TraceEvent =
  | {
      /** A task that ran. */
      readonly ph: "X"
      readonly name: string
      readonly cat: "task"
      /** When it began, and how long it took, in microseconds. */
      readonly ts: number
      readonly dur: number
      readonly pid: number
      readonly tid: number
      /** Milliseconds from its submission until it began, and who ran it. */
      readonly args: { readonly waited: number; readonly worker: string }
    }
  | {
      /** The name of a row. */
      readonly ph: "M"
      readonly name: "thread_name"
      readonly pid: number
      readonly tid: number
      readonly args: { readonly name: string }
    }

/**
 * The file that Perfetto opens, once it is JSON.
 *
 * @category models
 * @since 0.5.0
 */
export interface Trace {
  readonly traceEvents: ReadonlyArray<TraceEvent>
  readonly displayTimeUnit: "ms"
}

export const traceOf = (tasks: ReadonlyArray<Ran>, pid: number): Trace => {
  const places = [...new Set(tasks.map(({ place }) => place))].sort((left, right) => left - right)
  const rows = places.map(
    (place): TraceEvent => ({
      ph: "M",
      name: "thread_name",
      pid,
      tid: place,
      args: { name: `worker ${place + 1}` },
    }),
  )
  const slices = tasks.map(
    ({ from, place, submitted, task, to, worker }): TraceEvent => ({
      ph: "X",
      name: task,
      cat: "task",
      ts: from * 1000,
      dur: (to - from) * 1000,
      pid,
      tid: place,
      args: { waited: from - submitted, worker },
    }),
  )
  return { traceEvents: [...rows, ...slices], displayTimeUnit: "ms" }
}
