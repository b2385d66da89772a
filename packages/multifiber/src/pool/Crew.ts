/**
 * The workers of a pool: starts them, replaces those that died or have served their time, and lets those go that rest for long.
 * What they are to do is the dispatcher's matter.
 */
import * as Agent from "../Agent.ts"
import { AgentLink, type LinkExit } from "../agent/AgentLink.ts"
import type { Job } from "../agent/Job.ts"
import type { Logs } from "../agent/Logs.ts"
import { InitializerFailed, StartFailed, type TaskError } from "../Errors.ts"
import type { PlatformService } from "../Platform.ts"
import type { Memory } from "../wire/Protocol.ts"
import type { Recorder } from "./Recorder.ts"
import { type Limits, Worker } from "./Worker.ts"

/** Milliseconds after which a reserve that was taken is replaced: what waits for a worker goes first. */
const REFILL_AFTER = 20

export interface CrewOptions {
  /** The most workers. */
  readonly size: number
  /** So many are kept. */
  readonly minSize: number
  /** Milliseconds after which one beyond them ends that has nothing to do. */
  readonly idleTimeout: number
  readonly startMethod: Agent.StartMethod
  readonly logs: Logs | undefined
  /** Makes the first job of a worker. */
  readonly initializer: (() => Job) | undefined
  readonly limits: Limits
  /** Milliseconds that an asked worker may take to end. */
  readonly grace: number
  /** Who wants to know when each job waits and runs. */
  readonly recorder: Recorder | undefined
}

export interface CrewListener {
  /** Workers are needed. */
  readonly isNeeded: () => boolean
  /** Jobs wait for the worker of this place. */
  readonly isAwaited: (place: number) => boolean
  /** A worker became ready, or ended. */
  readonly onChange: () => void
  /** It has done some jobs. */
  readonly onReport: (worker: Worker, ran: number, busy: number, memory: Memory | undefined) => void
  /** It begins a job that is timed. */
  readonly onBegun: (worker: Worker, job: Job) => void
  /** The job that it runs hears from now on when it is dropped. */
  readonly onHears: (worker: Worker, job: Job) => void
  /** It ended: `lost` jobs had begun, `unbegun` ones had not. */
  readonly onEnd: (
    worker: Worker,
    exit: LinkExit,
    lost: ReadonlyArray<Job>,
    unbegun: ReadonlyArray<Job>,
  ) => void
  /** A worker does not start. */
  readonly onFailure: (error: TaskError) => void
}

export class Crew {
  readonly workers: Array<Worker> = []
  readonly counts = {
    /** Workers that took the place of one that was lost. */
    respawned: 0,
    /** Workers that took the place of one that had served its time. */
    recycled: 0,
  }
  private readonly platform: PlatformService
  private readonly options: CrewOptions
  private readonly listener: CrewListener
  /** OS processes take long to start: once one was lost, another waits for the place of the next. */
  private keepsReserve = false
  private reserve: Worker | undefined = undefined
  /** Workers that were ended and run on, as far as the runtime tells. */
  private readonly unstopped = new Set<Worker>()

  constructor(platform: PlatformService, options: CrewOptions, listener: CrewListener) {
    this.platform = platform
    this.options = options
    this.listener = listener
  }

  get isReady(): boolean {
    return (
      this.workers.length >= this.options.minSize && this.workers.every(({ link }) => link.state === "ready")
    )
  }

  /** No worker is left. */
  get isGone(): boolean {
    return this.everyWorker.length === 0
  }

  private get everyWorker(): Array<Worker> {
    return this.reserve ? [...this.workers, this.reserve] : [...this.workers]
  }

  /** All of them share memory with this agent. */
  get sharesMemory(): boolean {
    return this.workers.length > 0 && this.workers.every(({ link }) => link.sharesMemory)
  }

  /** Workers that were ended and run on. */
  get abandoned(): number {
    return this.unstopped.size
  }

  /** Starts the workers that a pool of this kind keeps. */
  replenish(): void {
    while (this.listener.isNeeded() && this.workers.length < this.options.minSize) this.tryStart()
  }

  get canGrow(): boolean {
    const { listener, options, workers } = this
    return (
      listener.isNeeded() && workers.length < options.size && !workers.some((worker) => worker.isStarting)
    )
  }

  /** Starts another worker for what finds no place, one at a time. */
  grow(): void {
    if (this.canGrow) this.tryStart()
  }

  /** Sends a worker away that has done its part. */
  recycle(worker: Worker): void {
    if (!worker.isDue || !worker.isIdle || worker.isLeaving) return
    this.counts.recycled++
    worker.leave(this.options.grace)
  }

  /** It ends where it has nothing to do for long, and is not one of those that are kept. */
  letRest(worker: Worker): void {
    const { grace, idleTimeout, minSize } = this.options
    const isSpare = () =>
      worker.isIdle &&
      worker.isAvailable &&
      worker !== this.reserve &&
      this.workers.filter(({ isLeaving }) => !isLeaving).length > minSize
    if (!isSpare()) return
    worker.restLater(idleTimeout, () => {
      if (isSpare()) worker.leave(grace)
    })
  }

  /** Ends them: those that can hear it are asked. */
  stop(): void {
    for (const { link } of this.everyWorker) {
      if (link.listens) link.stop()
      else link.end(-15)
    }
  }

  /** Ends those that are left at once. On Deno a worker is reported as ended inside of `end`. */
  kill(): void {
    for (const { link } of this.everyWorker) link.end(-9)
  }

  private tryStart(): void {
    try {
      this.start(this.freePlace())
    } catch (error) {
      this.listener.onFailure(error as StartFailed)
    }
  }

  /** One that jobs wait for, if there is such a one. */
  private freePlace(): number {
    const taken = new Set(this.workers.map(({ place }) => place))
    const free = Array.from({ length: this.options.size }, (_, place) => place).filter(
      (place) => !taken.has(place),
    )
    return free.find(this.listener.isAwaited) ?? (free[0] as number)
  }

  private start(place: number): void {
    const worker = this.reserve ?? this.newWorker()
    this.reserve = undefined
    worker.enlist(place)
    this.workers.push(worker)
    if (this.keepsReserve) setTimeout(() => this.refill(), REFILL_AFTER).unref?.()
  }

  private refill(): void {
    if (!this.listener.isNeeded() || this.reserve) return
    try {
      this.reserve = this.newWorker()
    } catch {
      // The pool has all that it needs. Where it does not any more, it learns why no worker starts.
    }
  }

  private newWorker(): Worker {
    const { listener, platform } = this
    const { initializer, limits, logs, recorder, startMethod } = this.options
    const path = Agent.nextPath()
    const name = Agent.defaultName("PoolWorker", path)
    const first = initializer?.()
    const watch = {
      times: recorder !== undefined,
      memory: Math.min(limits.heap, limits.rss) < Number.POSITIVE_INFINITY,
    }
    const options = { name, path, daemon: true, startMethod, logs, watch, lifetime: "worker" } as const
    const worker = new Worker(
      limits,
      (worker) =>
        new AgentLink(platform, options, first ? [first] : [], {
          onReady: () => {
            worker.ready()
            this.letRest(worker)
            listener.onChange()
          },
          onRan: (job, from, to) => recorder?.ran(worker, job, from, to),
          onSettled: (ran, busy, memory) => listener.onReport(worker, ran, busy, memory),
          onBegun: (job) => listener.onBegun(worker, job),
          onHears: (job) => listener.onHears(worker, job),
          onExit: (exit, lost, unbegun) => this.bury(worker, exit, lost, unbegun),
          onGone: () => this.unstopped.delete(worker),
        }),
    )
    first?.observe(({ outcome, status }) => {
      if (status === "failed") listener.onFailure(initializerFailed(first, outcome))
    })
    return worker
  }

  /** A worker ended, and another takes its place. */
  private bury(worker: Worker, exit: LinkExit, lost: ReadonlyArray<Job>, unbegun: ReadonlyArray<Job>): void {
    const { listener } = this
    worker.ended()
    this.unstopped.add(worker)
    if (this.platform.capabilities.stopsBusyThread !== true && worker.link.isEnding)
      worker.warnLater(() => this.warn(worker))
    if (worker === this.reserve) this.reserve = undefined
    else {
      this.workers.splice(this.workers.indexOf(worker), 1)
      listener.onEnd(worker, exit, lost, unbegun)
      if (listener.isNeeded()) this.replace(worker, exit)
    }
    listener.onChange()
  }

  private replace(worker: Worker, { code, error, wasReady }: LinkExit): void {
    if (!wasReady) {
      const cause = error ?? new Error(`it ended with exit code ${code}`)
      this.listener.onFailure(new StartFailed({ agent: worker.link.name, cause }))
      return
    }
    if (!worker.isLeaving) {
      this.counts.respawned++
      this.keepsReserve = !worker.link.sharesMemory
    }
    this.replenish()
  }

  /** Says that a worker runs on which was ended, where it does. */
  private warn(worker: Worker): void {
    if (!this.unstopped.has(worker)) return
    const { id, name } = worker.link
    const text = `"${name}" was ended and runs on: nothing stops a busy thread on this runtime. Call Task.checkpoint in long loops, or use the start method "spawn".`
    const messages = [{ kind: "value", value: text } as const]
    const record = { level: "Warning", messages, errors: [], annotations: [], spans: [] } as const
    this.options.logs?.write(record, { process: name, ident: id })
  }
}

const initializerFailed = ({ task }: Job, cause: unknown): InitializerFailed =>
  new InitializerFailed({ url: task.url, task: task.name, cause })
