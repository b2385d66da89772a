/**
 * The pool's engine: hands queued jobs to the workers of its crew in batches, moves them when a worker idles or has died, and stops
 * those that nobody wants any more. Plain callbacks, no fiber per job: `Pool` wraps it in Effects.
 *
 * Everything submitted in one turn of the event loop travels together. A worker gets half a window at a time; a message
 * below 50 µs of work is held back while any worker is busy, since small batches would perpetuate themselves. What
 * is held back, and jobs that wait behind a long one while a worker idles, move after a millisecond at the latest.
 */
import * as Effect from "effect/Effect"
import type { AnySpan } from "effect/Tracer"
import type { AgentLink, LinkExit } from "../agent/AgentLink.ts"
import { type Call, type CallSite, ORDINARY, type Terms } from "../agent/Call.ts"
import type { Job } from "../agent/Job.ts"
import { Watched } from "../agent/Watched.ts"
import {
  InitializerFailed,
  PoolTerminated,
  type TaskError,
  TaskInterrupted,
  TaskTimedOut,
  WorkerLost,
} from "../Errors.ts"
import type { PlatformService } from "../Platform.ts"
import type { Task } from "../Task.ts"
import type { Memory } from "../wire/Protocol.ts"
import { Crew, type CrewOptions } from "./Crew.ts"
import type { PoolState, Submitter } from "./Engine.ts"
import { JobQueue } from "./JobQueue.ts"
import { Room } from "./Room.ts"
import * as Window from "./Window.ts"
import type { Worker } from "./Worker.ts"

/** Milliseconds after which small or badly placed work moves all the same. */
const PATIENCE = 1

/** Milliseconds in which dropped plain code may end by itself that comes to no checkpoints: less than a new thread costs. */
const LAST_CHANCE = 10

/** Milliseconds in which an OS process may say that a dropped task has heard: nobody sees what it is at. */
const ANSWER_WITHIN = 60

export interface DispatcherOptions extends CrewOptions {
  /** The most jobs that are not settled, before those who submit wait. */
  readonly capacity: number
}

export class Dispatcher extends Watched implements Submitter {
  state: PoolState = { _tag: "running" }
  /** What became of the jobs. */
  readonly counts = { submitted: 0, succeeded: 0, failed: 0 }
  readonly crew: Crew
  private readonly queue = new JobQueue()
  /** Jobs that are for one worker, by its place. */
  private readonly pinned: ReadonlyArray<JobQueue>
  private readonly platform: PlatformService
  private readonly options: DispatcherOptions
  /** Jobs that were lost, and may be tried again: how to give that up. */
  private readonly undecided = new Map<Job, () => void>()
  private lastCall: Call | undefined = undefined
  private unsettled = 0
  /** The lowest priority that a job ever had, and the highest above it that has come since the last pump. */
  private lowest = Number.POSITIVE_INFINITY
  private urgent = Number.NEGATIVE_INFINITY
  readonly room = new Room(
    () => this.options.capacity - this.unsettled,
    () => this.state._tag !== "running",
  )
  private pumpScheduled = false
  private timer: ReturnType<typeof setTimeout> | undefined = undefined

  /** Starts its workers; where one does not start, the others are ended and the pool has failed. */
  constructor(platform: PlatformService, options: DispatcherOptions) {
    super()
    this.platform = platform
    this.options = options
    this.pinned = Array.from({ length: options.size }, () => new JobQueue())
    this.crew = new Crew(platform, options, {
      isNeeded: () => this.needsWorkers,
      isAwaited: (place) => (this.pinned[place]?.size ?? 0) > 0,
      onChange: () => {
        this.schedulePump()
        this.changed()
      },
      onReport: (worker, ran, busy, memory) => this.report(worker, ran, busy, memory),
      onBegun: (worker, job) => {
        // Who has given it up in the meantime bounds its end.
        if (job.status === "waiting") this.time(worker, job)
      },
      onHears: (worker, job) => {
        if (job.status !== "waiting") worker.watch(job, this.options.grace, () => worker.link.end(-9))
      },
      onEnd: (worker, exit, lost, unbegun) => this.salvage(worker, exit, lost, unbegun),
      onFailure: (error) => this.fail(error),
    })
    this.crew.replenish()
  }

  /** Every job is settled. */
  get isDrained(): boolean {
    return this.unsettled === 0
  }

  /** It takes so many jobs at a time, and no more. */
  get isBounded(): boolean {
    return this.options.capacity < Number.POSITIVE_INFINITY
  }

  /** All its workers share memory with this agent. */
  get sharesMemory(): boolean {
    return this.crew.sharesMemory
  }

  /** Jobs that no worker has, cancelled ones among them. */
  private get queued(): number {
    return this.pinned.reduce((sum, { size }) => sum + size, this.queue.size)
  }

  /** Jobs that are not settled, and no worker has. */
  get unsent(): number {
    const sent = this.crew.workers.flatMap(({ link }) => link.jobs())
    const isOpen = ({ call, status }: Job) => status === "waiting" && call.owner === this
    return this.unsettled - sent.filter(isOpen).length
  }

  /** Waits until a condition holds that starts and ends of workers, or the last job, bring about. */
  until(condition: () => boolean): Effect.Effect<void> {
    return this.when(this.platform, () => (condition() ? Effect.void : undefined))
  }

  /** What a job of this pool calls. Jobs that come one after the other and call the same share it. */
  call(task: Task.Any, arity: number, site?: CallSite, span?: AnySpan, terms = ORDINARY): Call {
    const { lastCall } = this
    if (
      lastCall?.task === task &&
      lastCall.arity === arity &&
      lastCall.site === site &&
      lastCall.span === span &&
      lastCall.terms === terms
    ) {
      return lastCall
    }
    this.lastCall = { task, arity, site, span, terms, owner: this }
    return this.lastCall
  }

  /** Queues a job of this pool, which must be running. */
  submit(job: Job): void {
    this.counts.submitted++
    this.options.recorder?.submitted(job)
    if (this.unsettled++ === 0) this.platform.hold()
    this.queueOf(job.call.terms).push(job)
    const { priority } = job.call.terms
    if (priority > this.lowest) this.urgent = Math.max(this.urgent, priority)
    else this.lowest = priority
    this.schedulePump()
  }

  /** What was sent and is not begun comes after the jobs that are more urgent. */
  private giveWay(): void {
    const { urgent } = this
    this.urgent = Number.NEGATIVE_INFINITY
    for (const worker of this.crew.workers) {
      if (worker.link.jobs().some(({ call }) => call.terms.priority < urgent))
        this.putBack(worker.takeBackLast(Number.POSITIVE_INFINITY))
    }
  }

  private queueOf({ place }: Terms): JobQueue {
    return (place === undefined ? undefined : this.pinned[place]) ?? this.queue
  }

  /** Puts jobs back that were sent and not begun. */
  private putBack(jobs: ReadonlyArray<Job>): void {
    this.queue.unshift(jobs.filter(({ call }) => call.terms.place === undefined))
    for (const job of jobs) {
      if (job.call.terms.place !== undefined) this.queueOf(job.call.terms).unshift([job])
    }
  }

  /**
   * Settles a job that nobody waits for any more: it does not run where it has not begun, else its worker is stopped, or has to
   * give it up.
   */
  cancel(job: Job, error: TaskError = new TaskInterrupted({ task: job.task.name })): void {
    if (job.status !== "waiting") return
    const worker = this.crew.workers.find(({ link }) => link === job.link)
    const runs = worker !== undefined && !worker.takeBack(job)
    job.fail(error)
    if (runs) this.drop(worker, job)
  }

  /**
   * Has a worker give up a job that it has begun: its effect is interrupted, or its plain code comes to a checkpoint, or the worker
   * is ended. What waits behind it goes to others.
   */
  private drop(worker: Worker, job: Job): void {
    const { link } = worker
    link.drop(job)
    // An OS process that will pass it may begin it before it hears of that: what comes behind it may be lost.
    worker.reserveFor(job)
    // It has just ended, or the OS process will pass it.
    if (!link.runs(job)) return
    this.putBack(worker.takeBackLast(Number.POSITIVE_INFINITY))
    worker.watch(job, this.patienceWith(job, link), () => link.end(-9))
    this.schedulePump()
  }

  /** An OS process may have begun a dropped job before it could hear of that. */
  private bound(worker: Worker): void {
    const { link } = worker
    const next = link.sharesMemory ? undefined : link.oldest
    if (next !== undefined && next.status !== "waiting") worker.watch(next, ANSWER_WITHIN, () => link.end(-9))
  }

  private patienceWith(job: Job, link: AgentLink): number {
    if (link.hears(job)) return this.options.grace
    if (!link.sharesMemory) return ANSWER_WITHIN
    return this.platform.capabilities.stopsBusyThread === true ? LAST_CHANCE : this.options.grace
  }

  /** A job of this pool was settled. */
  settled(job: Job): void {
    if (job.status === "succeeded") this.counts.succeeded++
    else {
      this.counts.failed++
      if (job.outcome instanceof InitializerFailed) this.fail(job.outcome)
    }
    this.options.recorder?.settled(job)
    if (this.undecided.size > 0) this.undecided.get(job)?.()
    this.unsettled--
    this.room.admit()
    // One that could not be sent leaves its place to another, and no worker will report it.
    if (job.link === undefined) this.schedulePump()
    if (this.unsettled > 0) return
    this.platform.release()
    if (this.state._tag === "closed") this.stopWorkers()
    this.changed()
  }

  /** Takes no more jobs; the workers end after the last one. */
  close(): void {
    if (this.state._tag !== "running") return
    this.state = { _tag: "closed" }
    this.room.admit()
    if (this.unsettled === 0) this.stopWorkers()
  }

  /** Settles every job as terminated and ends the workers: those that can hear it are asked. */
  terminate(): void {
    if (this.state._tag === "running" || this.state._tag === "closed") this.state = { _tag: "terminated" }
    this.settleAll((job) => new PoolTerminated({ task: job.task.name }))
    this.stopWorkers()
  }

  private fail(error: TaskError): void {
    if (this.state._tag === "failed" || this.state._tag === "terminated") return
    this.state = { _tag: "failed", error }
    this.settleAll(() => error)
    this.stopWorkers()
    this.changed()
  }

  private settleAll(errorOf: (job: Job) => TaskError): void {
    const sent = this.crew.workers.flatMap(({ link }) => link.jobs())
    const queued = [this.queue, ...this.pinned].flatMap((queue) => queue.drain())
    for (const job of [...sent, ...queued, ...this.undecided.keys()]) job.fail(errorOf(job))
    this.room.admit()
  }

  private stopWorkers(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    this.crew.stop()
  }

  private get needsWorkers(): boolean {
    return this.state._tag === "running" || (this.state._tag === "closed" && this.unsettled > 0)
  }

  /** A worker has done some jobs. */
  private report(worker: Worker, ran: number, busy: number, memory: Memory | undefined): void {
    worker.observe(ran, busy, memory)
    this.bound(worker)
    this.crew.recycle(worker)
    this.crew.letRest(worker)
    this.schedulePump()
    this.changed()
  }

  /** A worker begins a job that may take so long. */
  private time(worker: Worker, job: Job): void {
    const { timeout = Number.POSITIVE_INFINITY } = job.call.terms
    worker.watch(job, timeout, () => this.cancel(job, new TaskTimedOut({ task: job.task.name, timeout })))
  }

  /** A worker ended: its running job is lost, and what it had not begun goes to others. */
  private salvage(
    { link }: Worker,
    exit: LinkExit,
    lost: ReadonlyArray<Job>,
    unbegun: ReadonlyArray<Job>,
  ): void {
    this.putBack(unbegun.filter(({ call }) => !call.terms.isInitial))
    const cause = exit.error === undefined ? {} : { cause: exit.error }
    for (const job of lost)
      this.lose(
        job,
        new WorkerLost({ task: job.task.name, worker: link.name, exitCode: exit.code, ...cause }),
      )
  }

  private lose(job: Job, error: WorkerLost): void {
    const { retry } = job.call.terms
    if (retry === undefined || job.status !== "waiting" || !this.needsWorkers) {
      job.fail(error)
      return
    }
    // The decision may come at once.
    this.undecided.set(job, () => {})
    const withdraw = retry(job, error, (again) => {
      this.undecided.delete(job)
      if (job.status !== "waiting") return
      if (!again) job.fail(error)
      else {
        this.putBack([job])
        this.schedulePump()
      }
    })
    if (this.undecided.has(job)) this.undecided.set(job, withdraw)
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
    for (const worker of this.crew.workers) if (worker.isAvailable) this.crew.recycle(worker)
    if (this.urgent > this.lowest) this.giveWay()
    const ready = this.crew.workers.filter((worker) => worker.isAvailable)
    ready.sort((left, right) => left.link.live - right.link.live)
    const busy = ready.some((worker) => !worker.isIdle)
    let heldBack = false
    ready.forEach((worker, index) => {
      const own = this.pinned[worker.place] as JobQueue
      if (own.size > 0) worker.send(own.take(worker.allotment(own.size, own.size), worker.isIdle))
      const { queue } = this
      if (queue.size === 0 || !worker.isAvailable) return
      const share = Math.ceil(queue.size / (ready.length - index))
      const count = worker.allotment(share, queue.size)
      if (count === 0) return
      if (patient && (busy || index > 0) && count < Window.worthwhile(worker.window)) heldBack = true
      else worker.send(queue.take(count, worker.isIdle))
    })
    if (this.queued > 0) this.crew.grow()
    if (this.queue.size === 0) heldBack = this.level(ready, patient) || heldBack
    if (this.crew.canGrow && ready.some(({ link }) => link.live > 1)) {
      // They may be behind a long one.
      if (patient) heldBack = true
      else this.crew.grow()
    }
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
      if (!idle.isIdle || idle.isDue) continue
      const fullest = ready.reduce((left, right) => (right.link.live > left.link.live ? right : left))
      const waiting = fullest.link.live - 1
      if (waiting < 1) return waits
      const half = Math.ceil(waiting / 2)
      if (patient && Window.workOf(fullest.window, waiting) < PATIENCE) waits = true
      else idle.send(fullest.takeBackLast(idle.allotment(half, half)))
    }
    return waits
  }
}
