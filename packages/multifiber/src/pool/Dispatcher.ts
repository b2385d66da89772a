/**
 * The pool's engine: hands queued jobs to workers in batches, moves them when a worker idles, and replaces workers that
 * died. Plain callbacks, no fiber per job: `Pool` wraps it in Effects.
 *
 * Everything submitted in one turn of the event loop travels together. A worker gets half a window at a time; a message
 * below 50 µs of work is held back while any worker is busy, since small batches would perpetuate themselves. What
 * is held back, and jobs that wait behind a long one while a worker idles, move after a millisecond at the latest.
 */
import * as Effect from "effect/Effect"
import type { AnySpan } from "effect/Tracer"
import * as Agent from "../Agent.ts"
import { AgentLink, type LinkExit } from "../agent/AgentLink.ts"
import type { Call, CallSite } from "../agent/Call.ts"
import type { Job } from "../agent/Job.ts"
import type { Logs } from "../agent/Logs.ts"
import { Watched } from "../agent/Watched.ts"
import {
  InitializerFailed,
  PoolTerminated,
  StartFailed,
  type TaskError,
  TaskInterrupted,
  WorkerLost,
} from "../Errors.ts"
import type { PlatformService } from "../Platform.ts"
import type { Task } from "../Task.ts"
import { JobQueue } from "./JobQueue.ts"
import * as Window from "./Window.ts"

/** Milliseconds after which small or badly placed work moves all the same. */
const PATIENCE = 1

export type PoolState =
  | { readonly _tag: "running" }
  | { readonly _tag: "closed" }
  | { readonly _tag: "terminated" }
  | { readonly _tag: "failed"; readonly error: TaskError }

export interface DispatcherOptions {
  readonly size: number
  readonly startMethod: Agent.StartMethod
  readonly logs: Logs | undefined
}

interface Worker {
  readonly link: AgentLink
  window: Window.Window
}

export class Dispatcher extends Watched {
  state: PoolState = { _tag: "running" }
  readonly workers: Array<Worker> = []
  private readonly queue = new JobQueue()
  private readonly platform: PlatformService
  private readonly options: DispatcherOptions
  private lastCall: Call | undefined = undefined
  private unsettled = 0
  private pumpScheduled = false
  private timer: ReturnType<typeof setTimeout> | undefined = undefined

  /** Starts `size` workers; where one does not start, the others are ended and the pool has failed. */
  constructor(platform: PlatformService, options: DispatcherOptions) {
    super()
    this.platform = platform
    this.options = options
    while (this.state._tag === "running" && this.workers.length < options.size) this.tryStartWorker()
  }

  get isReady(): boolean {
    return (
      this.workers.length === this.options.size && this.workers.every(({ link }) => link.state === "ready")
    )
  }

  /** Every job is settled. */
  get isDrained(): boolean {
    return this.unsettled === 0
  }

  /** No worker is left. */
  get isGone(): boolean {
    return this.workers.length === 0
  }

  /** Waits until a condition holds that starts and ends of workers, or the last job, bring about. */
  until(condition: () => boolean): Effect.Effect<void> {
    return this.when(this.platform, () => (condition() ? Effect.void : undefined))
  }

  /** What a job of this pool calls. Jobs that come one after the other and call the same share it. */
  call(task: Task.Any, arity: number, site?: CallSite, span?: AnySpan): Call {
    const { lastCall } = this
    if (
      lastCall?.task === task &&
      lastCall.arity === arity &&
      lastCall.site === site &&
      lastCall.span === span
    ) {
      return lastCall
    }
    this.lastCall = { task, arity, site, span, owner: this }
    return this.lastCall
  }

  /** Queues a job of this pool, which must be running. */
  submit(job: Job): void {
    if (this.unsettled++ === 0) this.platform.hold()
    this.queue.push(job)
    this.schedulePump()
  }

  /** Gives a job up: it does not run where it has not begun, else its result is dropped. */
  cancel(job: Job): void {
    if (job.status !== "waiting") return
    job.link?.revoke(job)
    job.fail(new TaskInterrupted({ task: job.task.name }))
  }

  /** A job of this pool was settled. */
  settled(job: Job): void {
    if (job.status === "failed" && job.outcome instanceof InitializerFailed) this.fail(job.outcome)
    if (--this.unsettled > 0) return
    this.platform.release()
    if (this.state._tag === "closed") this.stopWorkers()
    this.changed()
  }

  /** Takes no more jobs; the workers end after the last one. */
  close(): void {
    if (this.state._tag !== "running") return
    this.state = { _tag: "closed" }
    if (this.unsettled === 0) this.stopWorkers()
  }

  /** Settles every job as terminated and ends the workers: those that can hear it are asked. */
  terminate(): void {
    if (this.state._tag === "running" || this.state._tag === "closed") this.state = { _tag: "terminated" }
    this.settleAll((job) => new PoolTerminated({ task: job.task.name }))
    this.stopWorkers()
  }

  /** Ends the workers that are left at once. On Deno a worker is reported as ended inside of `end`. */
  kill(): void {
    for (const { link } of [...this.workers]) link.end(-9)
  }

  private fail(error: TaskError): void {
    if (this.state._tag === "failed" || this.state._tag === "terminated") return
    this.state = { _tag: "failed", error }
    this.settleAll(() => error)
    this.stopWorkers()
    this.changed()
  }

  private settleAll(errorOf: (job: Job) => TaskError): void {
    const sent = this.workers.flatMap(({ link }) => link.jobs())
    for (const job of [...sent, ...this.queue.take(Number.POSITIVE_INFINITY)]) job.fail(errorOf(job))
  }

  private stopWorkers(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    for (const { link } of [...this.workers]) {
      if (link.listens) link.stop()
      else link.end(-15)
    }
  }

  private startWorker(): void {
    const { platform } = this
    const { logs, startMethod } = this.options
    const path = Agent.nextPath()
    const name = Agent.defaultName("PoolWorker", path)
    const worker: Worker = {
      link: new AgentLink(platform, { name, path, daemon: true, startMethod, logs, lifetime: "worker" }, [], {
        onReady: () => {
          this.schedulePump()
          this.changed()
        },
        onSettled: (ran, busy) => {
          worker.window = Window.observe(worker.window, ran, busy)
          this.schedulePump()
        },
        onExit: (exit, lost, unbegun) => this.bury(worker, exit, lost, unbegun),
        onGone: () => {},
      }),
      window: Window.initial,
    }
    this.workers.push(worker)
  }

  /** A worker ended: its running job is lost, what it had not begun goes to others, and another takes its place. */
  private bury(worker: Worker, exit: LinkExit, lost: ReadonlyArray<Job>, unbegun: ReadonlyArray<Job>): void {
    const { name } = worker.link
    this.workers.splice(this.workers.indexOf(worker), 1)
    this.queue.unshift(unbegun)
    const cause = exit.error === undefined ? {} : { cause: exit.error }
    for (const job of lost)
      job.fail(new WorkerLost({ task: job.task.name, worker: name, exitCode: exit.code, ...cause }))
    if (this.state._tag === "running" || (this.state._tag === "closed" && this.unsettled > 0)) {
      if (exit.wasReady) this.tryStartWorker()
      else
        this.fail(
          new StartFailed({
            agent: name,
            cause: exit.error ?? new Error(`it ended with exit code ${exit.code}`),
          }),
        )
    }
    this.changed()
  }

  private tryStartWorker(): void {
    try {
      this.startWorker()
    } catch (error) {
      this.fail(error as StartFailed)
    }
  }

  private schedulePump(): void {
    if (this.pumpScheduled) return
    this.pumpScheduled = true
    queueMicrotask(() => {
      this.pumpScheduled = false
      this.pump(true)
    })
  }

  /** Sends what is worth sending; an impatient pump (`patient` false) sends everything that has a place. */
  private pump(patient: boolean): void {
    if (this.unsettled === 0) return
    const ready = this.workers.filter(({ link }) => link.state === "ready")
    ready.sort((left, right) => left.link.live - right.link.live)
    const busy = ready.some(({ link }) => link.live > 0)
    let heldBack = false
    ready.forEach((worker, index) => {
      const share = Math.ceil(this.queue.size / (ready.length - index))
      const count = allotment(worker, share, this.queue.size)
      if (count === 0) return
      if (patient && (busy || index > 0) && count < Window.worthwhile(worker.window)) heldBack = true
      else worker.link.send(this.queue.take(count))
    })
    if (this.queue.size === 0) heldBack = this.level(ready, patient) || heldBack
    if (heldBack) this.timer = this.timer ?? setTimeout(() => this.losePatience(), PATIENCE)
  }

  private losePatience(): void {
    this.timer = undefined
    this.pump(false)
  }

  /** Moves jobs from the fullest worker to idle ones; returns whether that waits for more patience. */
  private level(ready: ReadonlyArray<Worker>, patient: boolean): boolean {
    let waits = false
    for (const idle of ready) {
      if (idle.link.live > 0) continue
      const fullest = ready.reduce((left, right) => (right.link.live > left.link.live ? right : left))
      const waiting = fullest.link.live - 1
      if (waiting < 1) return false
      const half = Math.ceil(waiting / 2)
      if (patient && Window.workOf(fullest.window, waiting) < PATIENCE) {
        waits = true
      } else {
        const jobs = fullest.link.revokeLast(allotment(idle, half, half))
        if (jobs.length > 0) idle.link.send(jobs)
      }
    }
    return waits
  }
}

/** How many jobs a worker may get now: its share, half a window at least, as far as there is room. */
const allotment = ({ link, window }: Worker, share: number, queued: number): number => {
  const room = window.size - link.outstanding
  if (queued === 0 || room < window.size / 2) return 0
  return Math.min(room, Math.max(share, Window.worthwhile(window)), queued)
}
