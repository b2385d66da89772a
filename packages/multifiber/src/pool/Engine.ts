/** What runs the jobs of a pool: the dispatcher of this agent with its workers, or a manager. */
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { AnySpan } from "effect/Tracer"
import type { Call, CallSite, Terms } from "../agent/Call.ts"
import type { Job } from "../agent/Job.ts"
import type { PoolStillRunning, TaskError } from "../Errors.ts"
import type { Statistics, Trace } from "../Pool.ts"
import type { Room } from "./Room.ts"

export type PoolState =
  | { readonly _tag: "running" }
  | { readonly _tag: "closed" }
  | { readonly _tag: "terminated" }
  | { readonly _tag: "failed"; readonly error: TaskError }

/** What takes jobs, and settles them. */
export interface Submitter {
  readonly state: PoolState
  /** Who submits may have to wait for room. */
  readonly isBounded: boolean
  readonly room: Pick<Room, "isOpen" | "whenOpen">
  /** All that it sends jobs to shares memory with this agent. */
  readonly sharesMemory: boolean
  /** What a job of this pool calls. */
  readonly call: (
    task: Call["task"],
    arity: number,
    site: CallSite | undefined,
    span: AnySpan | undefined,
    terms: Terms,
  ) => Call
  /** Queues a job of this pool, which must be running. */
  readonly submit: (job: Job) => void
}

export interface Engine {
  readonly submitter: Submitter
  /** Each call says where it comes from. */
  readonly callSites: boolean
  /** Of the workers that it has now. */
  readonly places: Effect.Effect<ReadonlyArray<number>>
  readonly statistics: Effect.Effect<Statistics>
  readonly progress: Stream.Stream<Statistics>
  readonly trace: Effect.Effect<Trace>
  readonly close: Effect.Effect<void>
  readonly terminate: Effect.Effect<void>
  readonly join: Effect.Effect<void, PoolStillRunning>
}
