/** Keeps when the tasks of a pool waited and ran: for Effect's metrics, and for a trace. */
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"
import type { Job } from "../agent/Job.ts"
import type { Worker } from "./Worker.ts"

/** A task that a worker ran, in milliseconds since 1970. */
export interface Ran {
  readonly task: string
  readonly place: number
  readonly worker: string
  readonly submitted: number
  readonly from: number
  readonly to: number
}

const seconds = MetricBoundaries.exponential({ start: 1e-5, factor: 4, count: 14 })

const submitted = Metric.counter("multifiber_pool_submitted", {
  description: "tasks that were submitted",
  incremental: true,
})
const succeeded = Metric.counter("multifiber_pool_succeeded", {
  description: "tasks that succeeded",
  incremental: true,
})
const failed = Metric.counter("multifiber_pool_failed", {
  description: "tasks that failed, by the tag of the failure",
  incremental: true,
})
const depth = Metric.gauge("multifiber_pool_depth", { description: "tasks that are not settled" })
const wait = Metric.histogram("multifiber_pool_wait_seconds", seconds, "from submission to begin")
const run = Metric.histogram("multifiber_pool_run_seconds", seconds, "from begin to end")

const tagOf = (error: unknown): string => {
  const { _tag } = Object(error) as { readonly _tag?: unknown }
  return typeof _tag === "string" ? _tag : "other"
}

export interface RecorderOptions {
  readonly metrics: boolean
  readonly trace: boolean
}

export class Recorder {
  /** Of a pool that is traced. */
  readonly trace: Array<Ran> = []
  private readonly submissions = new WeakMap<Job, number>()
  private readonly options: RecorderOptions
  private unsettled = 0

  constructor(options: RecorderOptions) {
    this.options = options
  }

  submitted(job: Job): void {
    this.submissions.set(job, performance.timeOrigin + performance.now())
    this.unsettled++
    if (!this.options.metrics) return
    submitted.unsafeUpdate(1, [])
    depth.unsafeUpdate(this.unsettled, [])
  }

  ran({ link, place }: Worker, job: Job, from: number, to: number): void {
    const submitted = this.submissions.get(job) ?? from
    if (this.options.trace) {
      this.trace.push({
        task: job.task.name,
        place,
        worker: link.name,
        submitted,
        from,
        to,
      })
    }
    if (!this.options.metrics) return
    wait.unsafeUpdate(Math.max(0, from - submitted) / 1000, [])
    run.unsafeUpdate((to - from) / 1000, [])
  }

  settled(job: Job): void {
    this.unsettled--
    if (!this.options.metrics) return
    depth.unsafeUpdate(this.unsettled, [])
    if (job.status === "succeeded") succeeded.unsafeUpdate(1, [])
    else Metric.tagged(failed, "error", tagOf(job.outcome)).unsafeUpdate(1, [])
  }
}
