/**
 * A started agent from its starter's side: numbers what it sends, claims and revokes, matches results to jobs, and
 * accounts for every job when the agent ends. A small state machine with callbacks: it is on the hot path of the pool.
 */
import * as Claims from "@multifiber/kernel/Claims"
import * as Agent from "../Agent.ts"
import { IllegalState, MainGuardMissing, StartFailed } from "../Errors.ts"
import type {
  AgentExit,
  AgentHandle,
  AgentListener,
  PlatformService,
  StartAgent,
  StartOptions,
} from "../Platform.ts"
import { describe } from "../wire/EncodedError.ts"
import { decodeError, refusalOf } from "../wire/Failure.ts"
import {
  type Boot,
  type FromAgent,
  type Memory,
  Op,
  type Outcome,
  type Run,
  STOPPED,
  type ToAgent,
  type ToManager,
  VERSION,
} from "../wire/Protocol.ts"
import { Asking } from "./Asking.ts"
import { eachOutcome } from "./Batch.ts"
import { isBound } from "./Call.ts"
import * as Delivery from "./Delivery.ts"
import type { Job } from "./Job.ts"
import type { Logs } from "./Logs.ts"
import * as Membership from "./Membership.ts"
import * as Names from "./Names.ts"
import { Segments } from "./Segments.ts"
import { Serving } from "./Serving.ts"

/** The most tasks that an agent may be ahead of its reports: the size of its ring of claims. */
export const CAPACITY = 4096

/** A message with jobs, and what to do once it has left. */
interface Parcel {
  readonly message: Run
  readonly sent: () => void
}

/** How an agent ended, with the last error that escaped in it. */
export interface LinkExit extends AgentExit {
  /** The agent had said that it is ready. */
  readonly wasReady: boolean
}

export interface LinkListener {
  readonly onReady: () => void
  /** Jobs were settled: `ran` of them, which kept the agent busy for `busy` milliseconds. */
  readonly onSettled: (ran: number, busy: number, memory: Memory | undefined) => void
  /** A job ran, before it is settled: from when to when, in milliseconds since 1970. Comes where `watch` has `times`. */
  readonly onRan?: (job: Job, from: number, to: number) => void
  /** `lost` jobs had begun, `unbegun` ones had not. */
  readonly onExit: (exit: LinkExit, lost: ReadonlyArray<Job>, unbegun: ReadonlyArray<Job>) => void
  readonly onGone: () => void
  /** It begins a job that is timed. */
  readonly onBegun?: (job: Job) => void
  /** A job hears when it is dropped, or has just heard. */
  readonly onHears?: (job: Job) => void
}

export interface AgentOptions {
  readonly name: string
  readonly path: ReadonlyArray<number>
  readonly daemon: boolean
  readonly startMethod: Agent.StartMethod
  /** Who takes what it logs; none where it logs by itself. */
  readonly logs: Logs | undefined
  readonly stdio?: StartOptions["stdio"]
  readonly lifetime: Boot["lifetime"]
  readonly watch?: Boot["watch"]
}

const NOTHING_MORE: Boot["watch"] = { times: false, memory: false }

const startWith = (platform: PlatformService, method: Agent.StartMethod): StartAgent => {
  switch (method) {
    case "thread":
      return platform.startThread
    case "spawn":
      return platform.startProcess
    case "forkserver":
      return platform.startReserved
  }
}

type Block = Required<Names.Question>

const isLinked = ({ words }: Block): boolean => !Names.isUnlinked(words)

export class AgentLink {
  readonly name: string
  state: "starting" | "ready" | "ended" = "starting"
  /** It will not begin another job. */
  isEnding = false
  private readonly claims: Claims.Claims
  private readonly handle: AgentHandle
  private readonly logs: Logs | undefined
  private readonly listener: LinkListener
  private readonly ring = new Array<Job | undefined>(CAPACITY).fill(undefined)
  private readonly segments = new Segments()
  /** Sequence numbers: of the oldest job without a report, and of the next to send. */
  private head = 0
  private tail = 0
  /** Sequence number of the last job that said that it hears. */
  private hearing = -1
  private lastError: unknown = undefined
  private poisoned = false
  /** Of an agent that shares memory, while it may write there. */
  private membership: Agent.Membership | undefined = undefined
  /** What it uses through this agent, or those below it. */
  private readonly serving = new Serving((id, outcome) => {
    if (this.state !== "ended") this.answer(id, outcome)
  })
  /** What it is asked for, where it is a manager. */
  readonly asking = new Asking()
  private readonly path: string
  /** Named memory that it made, or an agent below it: where it could not unlink that itself, it is unlinked when it is gone. */
  private blocks: ReadonlyArray<Block> = []

  /**
   * Starts an agent with the jobs that it is to run first; those that cannot be encoded fail. Throws `MainGuardMissing`,
   * `IllegalState` or `StartFailed`.
   */
  constructor(
    platform: PlatformService,
    options: AgentOptions,
    jobs: ReadonlyArray<Job>,
    listener: LinkListener,
  ) {
    const self = Agent.state()
    if (self.importing) throw new MainGuardMissing({ agent: self.name })
    if (self.daemon) {
      throw new IllegalState({ operation: `start "${options.name}"`, state: `"${self.name}" is daemonic` })
    }
    const { logs, name, startMethod, stdio, watch = NOTHING_MORE, ...identity } = options
    this.name = name
    this.path = identity.path.join(":")
    this.logs = logs
    this.listener = listener
    const memory = Claims.allocate(CAPACITY)
    this.claims = Claims.attach(memory)
    const heard: AgentListener = {
      onMessage: (message) => this.receive(message as FromAgent),
      onMessageError: (error) => {
        this.lastError = error
        this.end(-9)
      },
      onExit: (exit) => this.exit(exit),
      onGone: () => {
        this.leave()
        this.listener.onGone()
      },
    }
    const boot = (sharesMemory: boolean): Boot => {
      this.membership = sharesMemory ? Membership.enter() : undefined
      Delivery.address(this.membership?.id)
      return {
        version: VERSION,
        name,
        startMethod,
        watch,
        ...identity,
        parent: { name: self.name, pid: platform.pid },
        inherited: Object.fromEntries(self.inherited),
        claims: sharesMemory ? memory : undefined,
        membership: this.membership,
        platform: platform.module,
        logLevel: logs?.level,
      }
    }
    const start = (run: Run | undefined): AgentHandle => {
      try {
        return Delivery.deliver(undefined, this.serving.leases, () =>
          startWith(platform, startMethod)(name, heard, {
            first: (sharesMemory): ToAgent => ({ op: Op.Boot, boot: boot(sharesMemory), run }),
            executable: self.executable,
            stdio,
          }),
        )
      } catch (cause) {
        this.leave()
        throw new StartFailed({ agent: name, cause })
      }
    }
    const parcel = jobs.length > 0 ? this.pack(jobs) : undefined
    try {
      this.handle = start(parcel?.message)
      parcel?.sent()
    } catch (error) {
      if (parcel === undefined) throw error
      // It may start without the jobs: then `send` finds out which of them to blame.
      this.handle = start(undefined)
      this.send(jobs)
    }
  }

  /** It is really gone, or was never there. */
  private leave(): void {
    this.serving.guests.leave(this.path)
    if (this.membership) Membership.leave(this.membership)
    this.membership = undefined
    for (const { name, words } of this.blocks) Names.unlink(name, words)
  }

  /** Its thread or OS process. */
  get id(): number {
    return this.handle.id
  }

  get pid(): number {
    return this.handle.pid
  }

  get sharesMemory(): boolean {
    return this.handle.sharesMemory
  }

  get output(): AgentHandle["output"] {
    return this.handle.output
  }

  /** Jobs that the agent has and that are not settled. */
  live = 0

  /** Places of the ring in use: the live jobs, and revoked ones that the agent has not passed. */
  get outstanding(): number {
    return this.tail - this.head
  }

  /**
   * The agent may hear a request to stop: it is idle, or runs what gives up the thread. Without shared memory nobody can
   * tell.
   */
  get listens(): boolean {
    if (this.state !== "ready") return false
    return this.live === 0 || !this.handle.sharesMemory || Claims.holds(this.claims)
  }

  /** Sends jobs in this order; those that cannot be encoded fail alone. */
  send(jobs: ReadonlyArray<Job>): void {
    if (this.post(jobs) === undefined) return
    for (const job of jobs) {
      const refused = this.post([job])
      if (refused !== undefined) refuse(job, refused.cause)
    }
  }

  /** Tells why the jobs cannot be sent, if so. */
  private post(jobs: ReadonlyArray<Job>): { readonly cause: unknown } | undefined {
    const { message, sent } = this.pack(jobs)
    try {
      this.deliver(message, transferOf(jobs))
    } catch (cause) {
      return { cause }
    }
    sent()
    return undefined
  }

  private deliver(message: ToAgent, transfer?: ReadonlyArray<ArrayBuffer>): void {
    Delivery.deliver(this.membership?.id, this.serving.leases, () => this.handle.post(message, transfer))
  }

  /**
   * Sends what is for a manager, unless it has ended; the ids of what it has itself begin with `home`. Throws where a value cannot
   * be sent.
   */
  tell(message: ToManager, home: string): void {
    if (this.state === "ended") return
    const send = () => this.handle.line.post(message)
    Delivery.deliver(this.membership?.id, this.serving.leases, send, home)
    // Once it is sent: what hears the answer must not look like a failure to send.
    if (message.op === Op.Calls) queueMicrotask(() => this.lookForAnswer())
  }

  /** Where others wait as well, they would be held up. */
  private lookForAnswer(): void {
    if (this.state !== "ended" && this.asking.size === 1) this.handle.line.look()
  }

  private pack(jobs: ReadonlyArray<Job>): Parcel {
    const { names, segments, told } = this.segments.of(jobs)
    for (let i = 0; i < jobs.length; i++) Claims.send(this.claims, this.tail + i)
    return {
      message: {
        op: Op.Run,
        segments,
        ...(names.length > 0 ? { names } : {}),
        get hasHandles() {
          return Delivery.current()?.hasHandles ?? false
        },
      },
      sent: () => {
        told()
        for (const job of jobs) {
          this.ring[this.tail % CAPACITY] = job
          job.link = this
          job.sequence = this.tail++
        }
        this.live += jobs.length
      },
    }
  }

  private receive(message: FromAgent): void {
    switch (message.op) {
      case Op.Ready:
        this.ready(message.version)
        break
      case Op.Settled:
        this.settle(message)
        break
      case Op.Log:
        this.logs?.write(message.record, { process: this.name, ident: this.id })
        break
      case Op.Ask:
        this.ask(message.question)
        break
      case Op.Call:
        this.serving.call(message.id, message.call)
        break
      case Op.Cancel:
        this.serving.cancel(message.id)
        break
      case Op.Release:
        this.serving.release(message.target, message.times)
        break
      case Op.Left:
        this.serving.guests.leave(message.agent)
        break
      case Op.Outcomes:
        eachOutcome(message, (id, outcome) => this.asking.settle(id, outcome))
        break
      case Op.Begun:
        this.toldOf(message.sequence, this.listener.onBegun)
        break
      case Op.Hears:
        this.hearing = message.sequence
        this.toldOf(message.sequence, this.listener.onHears)
        break
      case Op.Dying:
        this.lastError = decodeError(message.error, `worker "${this.name}"`)
        this.poisoned = message.poisoned
        this.isEnding = true
    }
  }

  private ask(question: Names.Question): void {
    Names.ask(question, (answer) => {
      const { name, words } = question
      if (answer === undefined && words !== undefined) {
        this.blocks = [...this.blocks.filter(isLinked), { name, words }]
      }
      if (this.state !== "ended") this.handle.post({ op: Op.Answer, answer } satisfies ToAgent)
    })
  }

  private answer(id: number, outcome: Outcome): void {
    const post = (outcome: Outcome) => this.deliver({ op: Op.Outcome, id, outcome })
    try {
      post(outcome)
    } catch (refused) {
      const fields = { operation: "receive a message in an OS process", state: describe(refused) }
      post({ is: "failed", tag: "IllegalState", fields })
    }
  }

  private ready(version: number): void {
    if (version === VERSION) {
      this.state = "ready"
      this.listener.onReady()
    } else {
      this.lastError = new Error(
        `its protocol version is ${version}, expected ${VERSION}: install one version of multifiber`,
      )
      this.end(-9)
    }
  }

  private settle(report: Extract<FromAgent, { op: typeof Op.Settled }>): void {
    const { busy, failures, memory, next, times, values } = report
    let index = 0
    let failed = 0
    for (; this.head < next; this.head++) {
      const job = this.take(this.head)
      if (job === undefined) continue
      if (times) this.listener.onRan?.(job, times[2 * index] as number, times[2 * index + 1] as number)
      const failure = failures[failed]
      if (failure !== undefined && failure[0] === index) {
        failed++
        job.receiveFailure(failure[1])
      } else {
        job.receive(values[index])
      }
      index++
    }
    this.listener.onSettled(index, busy, memory)
  }

  private take(sequence: number): Job | undefined {
    const job = this.ring[sequence % CAPACITY]
    this.ring[sequence % CAPACITY] = undefined
    if (job !== undefined) this.live--
    return job
  }

  /** The first that it has not reported. */
  get oldest(): Job | undefined {
    return this.ring[this.head % CAPACITY]
  }

  /** The live jobs. */
  jobs(): Array<Job> {
    return this.ring.filter((job) => job !== undefined)
  }

  /** Takes a job back that the agent has not begun. Without shared memory what was sent stays sent. */
  revoke(job: Job): boolean {
    if (job.link !== this || !this.handle.sharesMemory || !Claims.revoke(this.claims, job.sequence))
      return false
    this.take(job.sequence)
    job.link = undefined
    return true
  }

  /** The agent has it, and has not reported it. */
  has(job: Job): boolean {
    return job.link === this && this.ring[job.sequence % CAPACITY] === job
  }

  /** The agent runs it. Without shared memory that is the oldest that it has not reported, as far as one can tell. */
  runs(job: Job): boolean {
    if (!this.has(job)) return false
    if (!this.handle.sharesMemory) return job.sequence === this.head
    const state = Claims.state(this.claims, job.sequence)
    return state === "running" || state === "cancelled"
  }

  /** A job that the agent runs will notice that it is dropped: it has said so, has given up the thread, or comes to checkpoints. */
  hears({ sequence }: Job): boolean {
    if (this.hearing === sequence) return true
    return this.handle.sharesMemory && (Claims.holds(this.claims) || Claims.checks(this.claims, sequence))
  }

  /** Tells the agent that nobody wants a job any more that it may have begun. */
  drop(job: Job): void {
    Claims.cancel(this.claims, job.sequence)
    if (this.state !== "ended") this.handle.post({ op: Op.Drop, sequence: job.sequence } satisfies ToAgent)
  }

  private toldOf(sequence: number, listener: ((job: Job) => void) | undefined): void {
    const job = this.ring[sequence % CAPACITY]
    if (job !== undefined) listener?.(job)
  }

  /**
   * Takes back at most `count` jobs, the last ones that the agent would come to; they keep their order. Those that are for this
   * agent stay.
   */
  revokeLast(count: number): Array<Job> {
    const revoked: Array<Job> = []
    for (let sequence = this.tail - 1; sequence >= this.head && revoked.length < count; sequence--) {
      const job = this.ring[sequence % CAPACITY]
      if (job === undefined || isBound(job.call.terms)) continue
      if (!this.revoke(job)) break
      revoked.push(job)
    }
    return revoked.reverse()
  }

  /** Asks the agent to interrupt, release and end. */
  stop(): void {
    if (this.state !== "ended") this.handle.post({ op: Op.Stop } satisfies ToAgent)
  }

  /** Asks the agent to interrupt the effect that it runs. */
  interrupt(): void {
    if (this.state !== "ended") this.handle.post({ op: Op.Interrupt } satisfies ToAgent)
  }

  /** Ends the agent at once. */
  end(code: -15 | -9): void {
    if (this.state === "ended") return
    this.isEnding = true
    if (this.membership) Membership.tell(this.membership)
    this.handle.end(code)
  }

  private exit({ code, error }: AgentExit): void {
    const wasReady = this.state === "ready"
    this.state = "ended"
    this.serving.end()
    const lost: Array<Job> = []
    const unbegun: Array<Job> = []
    for (; this.head < this.tail; this.head++) {
      const job = this.ring[this.head % CAPACITY]
      if (job === undefined) continue
      // What was transferred is gone with the agent.
      if (!this.poisoned && job.call.terms.transfer === undefined && this.revoke(job)) unbegun.push(job)
      else lost.push(job)
    }
    this.listener.onExit(
      { code: code === STOPPED ? -15 : code, error: error ?? this.lastError, wasReady },
      lost,
      unbegun,
    )
  }
}

/** What moves with these jobs; throws where it has moved already. */
const transferOf = ([job, ...others]: ReadonlyArray<Job>): ReadonlyArray<ArrayBuffer> | undefined => {
  // Those that transfer something are sent alone.
  const transfer = others.length === 0 ? job?.call.terms.transfer : undefined
  // Node 20 would send an empty one.
  for (const buffer of transfer ?? []) new Uint8Array(buffer)
  return transfer
}

/** Fails a job that cannot be sent, with the reason. */
const refuse = (job: Job, cause: unknown): void => {
  const { call, payload } = job
  const value = describe(call.arity === 1 ? [payload] : payload)
  job.fail(refusalOf({ task: call.task.name, subject: "argument", value, cause }))
}
