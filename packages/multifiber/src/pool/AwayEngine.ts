/** Has the jobs of a pool run by a manager, which passes on what tasks take and give as it comes. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { AnySpan } from "effect/Tracer"
import { type Call, type CallSite, spanOf, type Terms } from "../agent/Call.ts"
import type { Job } from "../agent/Job.ts"
import {
  EncodingFailed,
  PoolNotRunning,
  PoolStillRunning,
  PoolTerminated,
  TaskInterrupted,
  WorkerLost,
} from "../Errors.ts"
import type { Statistics, Trace } from "../Pool.ts"
import { failureWith } from "../sync/attempting.ts"
import { ask, invokeAny, invoking, isGone } from "../sync/invoking.ts"
import { EACH_OF, iterate } from "../sync/iterating.ts"
import { type Handle, sideOf } from "../sync/managed.ts"
import { isTag } from "../sync/plainErrors.ts"
import { adopt } from "../sync/travelling.ts"
import { decodeFailure } from "../wire/Failure.ts"
import type { Failure, Outcome } from "../wire/Protocol.ts"
import { receiveError, type SentError } from "../wire/SentError.ts"
import type { Engine, PoolState, Submitter } from "./Engine.ts"
import { Room } from "./Room.ts"
import { traceOf } from "./trace.ts"

/** What a manager answers about a job. */
export type Reply =
  | { readonly value: unknown }
  | { readonly failure: Failure }
  /** The pool has failed it. */
  | { readonly error: SentError }

/** Where it says that the cause of a failure was. */
const SOURCE = "the manager of the pool"

const invoke = invoking()

class AwaySubmitter implements Submitter {
  state: PoolState = { _tag: "running" }
  /** Its room is in the manager. */
  readonly isBounded = false
  readonly room = new Room(
    () => Number.POSITIVE_INFINITY,
    () => false,
  )
  readonly sharesMemory = false
  private readonly handle: Handle
  /** What gives up the jobs that have no answer. */
  private readonly withdrawals = new Map<Job, () => void>()

  constructor(handle: Handle) {
    this.handle = handle
  }

  call(
    task: Call["task"],
    arity: number,
    site: CallSite | undefined,
    span: AnySpan | undefined,
    terms: Terms,
  ): Call {
    return { task, arity, site, span, terms, owner: this }
  }

  submit(job: Job): void {
    const { call, payload, task } = job
    const { place, priority, timeout } = call.terms
    const args = [task.name, call.arity, payload, priority, timeout, place, spanOf(call).span]
    const withdraw = ask(this.handle, "run", args, (outcome) => this.settle(job, outcome))
    if (job.status === "waiting") this.withdrawals.set(job, withdraw)
  }

  cancel(job: Job): void {
    if (job.status !== "waiting") return
    const withdraw = this.withdrawals.get(job)
    job.fail(new TaskInterrupted({ task: job.task.name }))
    withdraw?.()
  }

  settled(job: Job): void {
    this.withdrawals.delete(job)
  }

  private settle(job: Job, outcome: Outcome): void {
    if (outcome.is === "done") adopt(outcome.value)
    if (job.status !== "waiting") return
    switch (outcome.is) {
      case "done": {
        const reply = outcome.value as Reply
        if ("value" in reply) job.receive(reply.value)
        else if ("failure" in reply) job.receiveFailure(reply.failure)
        else this.fail(job, receiveError(reply.error, SOURCE))
        break
      }
      case "failed":
        job.fail(this.refusalOf(job, outcome))
        break
      case "raised":
        job.fail(decodeFailure(job.task, outcome.failure, ""))
        break
      default:
        job.fail(new TaskInterrupted({ task: job.task.name }))
    }
  }

  /** The message could not be sent, or nobody is there any more to take it. */
  private refusalOf({ task }: Job, { fields, tag }: Extract<Outcome, { is: "failed" }>): unknown {
    if (tag === "EncodingFailed")
      return new EncodingFailed({ ...(fields as EncodingFailed), task: task.name })
    const cause = isTag(tag) ? failureWith(tag, fields) : new Error(`there is no failure ${tag}`)
    if (!isGone(cause)) return cause
    this.end("terminated")
    return new PoolTerminated({ task: task.name, cause })
  }

  private fail(job: Job, error: unknown): void {
    const { retry } = job.call.terms
    if (error instanceof PoolNotRunning) {
      // Somebody else has ended it.
      this.end(error.state === "closed" ? "closed" : "terminated")
      job.fail(new PoolTerminated({ task: job.task.name }))
    } else if (error instanceof WorkerLost && retry !== undefined) {
      const decide = (again: boolean) => (again ? this.submit(job) : job.fail(error))
      this.withdrawals.set(job, retry(job, error, decide))
    } else job.fail(error)
  }

  /** It takes no more. */
  end(how: "closed" | "terminated"): void {
    if (this.state._tag !== "terminated") this.state = { _tag: how }
  }
}

/** Of a pool that cannot be asked any more. */
const NOTHING: Statistics = {
  status: "terminated",
  workers: [],
  queued: 0,
  submitted: 0,
  succeeded: 0,
  failed: 0,
  respawned: 0,
  recycled: 0,
  abandoned: 0,
}

const engines = new WeakMap<object, AwayEngine>()

export class AwayEngine implements Engine {
  /** The one of this agent for a pool. */
  static of(handle: Handle): AwayEngine {
    const side = sideOf(handle)
    const engine = engines.get(side) ?? new AwayEngine(handle)
    engines.set(side, engine)
    return engine
  }

  readonly submitter: AwaySubmitter
  /** Only those of maps, as for any pool that was not asked for more. */
  readonly callSites = false
  private readonly handle: Handle
  private last = NOTHING

  private constructor(handle: Handle) {
    this.handle = handle
    this.submitter = new AwaySubmitter(handle)
  }

  /** Asks the manager; where it has ended, so has the pool. */
  private ask<A>(method: string, orElse: () => A): Effect.Effect<A> {
    return invoke<A>(this.handle, method, []).pipe(
      Effect.catchIf(isGone, () => Effect.sync(orElse)),
      Effect.orDie,
    )
  }

  readonly places = Effect.suspend(() => this.ask<ReadonlyArray<number>>("places", () => []))

  readonly statistics = Effect.suspend(() =>
    Effect.map(
      this.ask("statistics", () => ({ ...this.last, status: NOTHING.status, workers: [], queued: 0 })),
      (statistics: Statistics) => {
        this.last = statistics
        return statistics
      },
    ),
  )

  readonly progress = Stream.suspend(() =>
    Stream.catchAll(
      iterate<Statistics, unknown>(invokeAny<Handle>(this.handle, `${EACH_OF}progress`, [])),
      (error) => (isGone(error) ? Stream.empty : Stream.die(error)),
    ),
  )

  readonly trace = Effect.suspend(() => this.ask<Trace>("trace", () => traceOf([], 0)))

  readonly close = Effect.suspend(() => {
    this.submitter.end("closed")
    return this.ask<void>("close", () => {})
  })

  readonly terminate = Effect.suspend(() => {
    this.submitter.end("terminated")
    return this.ask<void>("terminate", () => {})
  })

  readonly join = Effect.flatMap(
    Effect.suspend(() => this.ask("join", () => true)),
    (isOver) => (isOver ? Effect.void : Effect.fail(new PoolStillRunning())),
  )
}
