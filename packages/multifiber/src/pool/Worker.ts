/** A worker of a pool, as its dispatcher knows it. */
import type { AgentLink } from "../agent/AgentLink.ts"
import { isAlone } from "../agent/Call.ts"
import type { Job } from "../agent/Job.ts"
import type { Memory } from "../wire/Protocol.ts"
import * as Window from "./Window.ts"

/** How long a worker serves. */
export interface Limits {
  readonly tasks: number
  /** Milliseconds. */
  readonly age: number
  /** Bytes. */
  readonly heap: number
  readonly rss: number
}

/** Milliseconds after which one that has ended should be gone. */
const GONE_AFTER = 500

type Timer = ReturnType<typeof setTimeout>

export class Worker {
  readonly link: AgentLink
  /** Its number among the places of the pool; who takes its place has the same. */
  place = -1
  window: Window.Window
  /** How many more tasks it may get. */
  private tasksLeft: number
  private readonly limits: Limits
  /** Since when it is ready: a start may take longer than it may serve. */
  private since = Number.POSITIVE_INFINITY
  private memory: Memory = { heap: 0, rss: 0 }
  /** It is to end, and gets no more. */
  isLeaving = false
  /** While it has this job it gets no other. */
  private only: Job | undefined = undefined
  private timer: Timer | undefined = undefined
  private rest: Timer | undefined = undefined

  constructor(limits: Limits, start: (worker: Worker) => AgentLink) {
    this.limits = limits
    this.tasksLeft = limits.tasks
    this.link = start(this)
    this.window = this.link.sharesMemory ? Window.initial : Window.unshared
  }

  get isStarting(): boolean {
    return this.link.state === "starting"
  }

  get statistics() {
    const { id, live, name, pid } = this.link
    const working = live === 0 ? "idle" : "busy"
    const status: "starting" | "idle" | "busy" | "leaving" = this.isStarting
      ? "starting"
      : this.isLeaving
        ? "leaving"
        : working
    return { name, ident: id, pid, status, tasks: live }
  }

  get isIdle(): boolean {
    return this.link.live === 0
  }

  /** It has jobs to share, or can take some. */
  get isAvailable(): boolean {
    const { link, only } = this
    if (link.state !== "ready" || link.isEnding || this.isLeaving) return false
    return only === undefined || !link.has(only)
  }

  /** It has done its part: another is to take its place. */
  get isDue(): boolean {
    const { age, heap, rss } = this.limits
    return (
      this.tasksLeft <= 0 ||
      performance.now() - this.since > age ||
      this.memory.heap > heap ||
      this.memory.rss > rss
    )
  }

  /** How many jobs it may get now: its share, half a window at least, as far as there is room. */
  allotment(share: number, queued: number): number {
    if (this.isDue) return 0
    const { link, tasksLeft, window } = this
    const room = Math.min(window.size - link.outstanding, tasksLeft)
    if (queued === 0 || room < Math.min(window.size / 2, tasksLeft) || room === 0) return 0
    return Math.min(room, Math.max(share, Window.worthwhile(window)), queued)
  }

  send(jobs: ReadonlyArray<Job>): void {
    const [first] = jobs
    if (first === undefined) return
    clearTimeout(this.rest)
    const { link } = this
    const { live } = link
    link.send(jobs)
    if (isAlone(first.call.terms)) this.reserveFor(first)
    // Those that cannot be sent have failed.
    this.tasksLeft -= link.live - live
  }

  /** Takes a job back that it has not begun. */
  takeBack(job: Job): boolean {
    const isBack = this.link.revoke(job)
    if (isBack) this.tasksLeft++
    return isBack
  }

  /** Takes back the last that it would come to, but for those that are for it alone. */
  takeBackLast(count: number): Array<Job> {
    const jobs = this.link.revokeLast(count)
    this.tasksLeft += jobs.length
    return jobs
  }

  /** It gets nothing else while it has this job, or one after it for which that was said. */
  reserveFor(job: Job): void {
    const { link, only } = this
    if (only === undefined || !link.has(only) || only.sequence < job.sequence) this.only = job
  }

  /** It gets nothing else while it has this job; calls back where it still runs it after so many milliseconds. */
  watch(job: Job, milliseconds: number, late: () => void): void {
    this.reserveFor(job)
    const look = () => {
      if (this.link.runs(job)) late()
    }
    clearTimeout(this.timer)
    // What came while this agent was busy is read before the second look.
    this.timer = setTimeout(() => {
      this.timer = setTimeout(look)
    }, milliseconds)
  }

  ready(): void {
    this.since = performance.now()
  }

  /** It takes a place. What it has waited for that is no service. */
  enlist(place: number): void {
    this.place = place
    if (!this.isStarting) this.ready()
  }

  /** It has reported jobs. */
  observe(ran: number, busy: number, memory: Memory | undefined): void {
    if (memory) this.memory = memory
    this.window = Window.observe(this.window, ran, busy)
    if (this.only === undefined || this.link.has(this.only)) return
    clearTimeout(this.timer)
    this.only = undefined
  }

  /** Calls back where it has nothing to do for so many milliseconds. That keeps no program alive. */
  restLater(milliseconds: number, rested: () => void): void {
    clearTimeout(this.rest)
    this.rest = setTimeout(rested, milliseconds)
    this.rest.unref?.()
  }

  /** Asks it to release what it has and to end, by force after so many milliseconds. */
  leave(grace: number): void {
    this.isLeaving = true
    this.link.stop()
    this.timer = setTimeout(() => this.link.end(-15), grace)
  }

  /** Calls back after a while, in which one that has ended is gone. That keeps no program alive. */
  warnLater(warn: () => void): void {
    setTimeout(warn, GONE_AFTER).unref?.()
  }

  /** It has ended. */
  ended(): void {
    clearTimeout(this.timer)
    clearTimeout(this.rest)
  }
}
