/**
 * A fixed number of workers that run tasks: Python's `multiprocessing.Pool`.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import type * as Scope from "effect/Scope"
import type { AnySpan } from "effect/Tracer"
import * as AsyncResult from "./AsyncResult.ts"
import { type CallSite, record } from "./agent/Call.ts"
import { Job } from "./agent/Job.ts"
import { logsOfCaller } from "./agent/Logs.ts"
import { orElseAfter } from "./agent/Watched.ts"
import {
  EncodingFailed,
  type IllegalState,
  InvalidArgument,
  type MainGuardMissing,
  PoolNotRunning,
  PoolStillRunning,
  type StartFailed,
  type TaskError,
} from "./Errors.ts"
import { Platform } from "./Platform.ts"
import { Dispatcher } from "./pool/Dispatcher.ts"
import { chunksOf, defaultChunkSize, Gathered, sliceable } from "./pool/Gathered.ts"
import { startMethodOf } from "./StartMethod.ts"
import type { Task } from "./Task.ts"
import { EACH } from "./wire/Protocol.ts"

/**
 * @category type ids
 * @since 0.1.0
 */
export const TypeId = "~multifiber/Pool"

/**
 * A pool of workers. Lives in the agent that made it and cannot be sent to others.
 *
 * @category models
 * @since 0.1.0
 */
export interface Pool {
  readonly [TypeId]: typeof TypeId
  /** How many workers the pool keeps. */
  readonly size: number
}

interface PoolInternal extends Pool {
  readonly dispatcher: Dispatcher
  readonly settings: Settings
}

interface Settings {
  readonly grace: Duration.Duration
  readonly callSites: boolean
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Number of workers, at least 1. Default: the cores that this process may use. */
  readonly size?: number | undefined
  /** How long a worker that was asked to end may take to interrupt its fiber and release its layers. Default: 1 second. */
  readonly grace?: Duration.DurationInput | undefined
  /**
   * Records where `apply` and `applyAsync` are called, for the stack of a `RemoteFailure`: some 10 µs a task. `map` and
   * `mapAsync` always do. Default: `false`.
   */
  readonly callSites?: boolean | undefined
  /**
   * Hands what the workers log, by Effect or by `console`, to the loggers of the fiber that makes the pool, with `process`
   * and `ident` as annotations. Otherwise each worker logs by itself. Default: `true`.
   */
  readonly logging?: boolean | undefined
}

/**
 * @category models
 * @since 0.1.0
 */
export interface MapOptions {
  /** Items of a chunk, at least 1. Default: a quarter of each worker's share. */
  readonly chunkSize?: number | undefined
}

/** How long an ended worker may take to be reported, before its pool gives up on it. */
const LAST_WAIT = Duration.seconds(5)

/**
 * Tells whether a value is a pool.
 *
 * @category guards
 * @since 0.1.0
 */
export const isPool = (u: unknown): u is Pool => typeof u === "object" && u !== null && TypeId in u

const internal = (self: Pool): PoolInternal => self as PoolInternal

/**
 * Starts a pool and waits until its workers are ready.
 *
 * **Shape** – each worker is a thread of the runtime with its own heap. The pool ends with its scope, as Python's `with`
 * block does: tasks that are not done fail with `PoolTerminated`. Call `close` and `join` first to let them finish.
 * **Waiting** – suspends the fiber for the start of the workers; an idle pool does not keep the program alive.
 * **Interruption** – ends the workers. **Errors** – `InvalidArgument`; `StartFailed` where the runtime starts no worker;
 * `MainGuardMissing` in a module that a worker imports; `IllegalState` inside a pool's worker, which is daemonic.
 *
 * **Source** – Python's `Pool(processes)`. There a worker that dies takes its task's result with it and the caller waits
 * for ever; here the task fails with `WorkerLost`, nothing else does, and another worker takes its place.
 *
 * @example
 * import { Effect } from "effect"
 * import { Pool } from "multifiber"
 * import * as Task from "multifiber/Task"
 * import { Main } from "@multifiber/platform"
 *
 * export const { square } = Task.module(import.meta.url, { square: (n: number) => n * n })
 *
 * Main.run(import.meta, Effect.gen(function* () {
 *   const pool = yield* Pool.make({ size: 2 })
 *   console.log(yield* Pool.map(pool, square, [1, 2, 3])) // => [ 1, 4, 9 ]
 * }))
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  options: Options = {},
): Effect.Effect<
  Pool,
  InvalidArgument | StartFailed | MainGuardMissing | IllegalState,
  Platform | Scope.Scope
> =>
  Effect.flatMap(Effect.all([Platform, startMethodOf, logsOfCaller]), ([platform, startMethod, logs]) =>
    Effect.acquireRelease(
      Effect.map(
        count("size", options.size ?? platform.cores),
        (size): PoolInternal => ({
          [TypeId]: TypeId,
          size,
          dispatcher: new Dispatcher(platform, {
            size,
            startMethod,
            logs: options.logging === false ? undefined : logs,
          }),
          settings: {
            grace: Duration.decode(options.grace ?? Duration.seconds(1)),
            callSites: options.callSites ?? false,
          },
        }),
      ),
      (pool) => Effect.zipRight(terminate(pool), ended(pool)),
    ).pipe(Effect.tap(started)),
  )

/** Waits until every worker is ready; where one does not start, until the others have ended. */
const started = (pool: PoolInternal): Effect.Effect<void, StartFailed | MainGuardMissing | IllegalState> => {
  const { dispatcher } = pool
  return Effect.flatMap(
    dispatcher.until(() => dispatcher.isReady || dispatcher.state._tag === "failed"),
    () =>
      dispatcher.state._tag === "failed"
        ? Effect.zipRight(ended(pool), Effect.fail(dispatcher.state.error as StartFailed))
        : Effect.void,
  )
}

const count = (argument: string, value: number): Effect.Effect<number, InvalidArgument> =>
  Number.isSafeInteger(value) && value >= 1
    ? Effect.succeed(value)
    : Effect.fail(new InvalidArgument({ argument, value, expected: "a whole number of at least 1" }))

/** Waits for the end of the workers that were told to end: within the grace period, then by force. */
const ended = (self: Pool): Effect.Effect<void> => {
  const { dispatcher, settings } = internal(self)
  const gone = dispatcher.until(() => dispatcher.isGone)
  return Effect.zipRight(
    orElseAfter(gone, settings.grace, () => dispatcher.kill()),
    orElseAfter(gone, LAST_WAIT, () => {}),
  )
}

type Submitted<E> = E | TaskError | PoolNotRunning

/** Why the pool takes no task, if so. */
const refusal = (self: Pool): Effect.Effect<never, Submitted<never>> | undefined => {
  const { state } = internal(self).dispatcher
  if (state._tag === "running") return undefined
  return Effect.fail(state._tag === "failed" ? state.error : new PoolNotRunning({ state: state._tag }))
}

/** What making a job threw: the schema's refusal, or a defect of the caller. */
const refused = (error: unknown): Effect.Effect<never, EncodingFailed> =>
  error instanceof EncodingFailed ? Effect.fail(error) : Effect.die(error)

/** Makes and queues one call, or tells why not. Plain, not an Effect: it is the hot path. */
const submitCall = (
  self: Pool,
  task: Task.Any,
  args: ReadonlyArray<unknown>,
  site: CallSite | undefined,
  span: AnySpan | undefined,
): Job | Effect.Effect<never, Submitted<never>> => {
  const no = refusal(self)
  if (no) return no
  try {
    const { dispatcher } = internal(self)
    const job = Job.one(dispatcher.call(task, args.length, site, span), args)
    dispatcher.submit(job)
    return job
  } catch (error) {
    return refused(error)
  }
}

const callSiteOf = (self: Pool, caller: (...args: any) => unknown): CallSite | undefined =>
  internal(self).settings.callSites ? record(caller) : undefined

/**
 * Runs a task in a worker and waits for its result.
 *
 * **Waiting** – suspends the fiber. **Fairness** – tasks begin in the order of submission, several at a time.
 * **Interruption** – a task that has not begun will not run; the result of a running one is dropped. **Errors** – the
 * typed errors of the task, every `TaskError`, and `PoolNotRunning` after `close` or `terminate`.
 *
 * **Source** – Python's `Pool.apply`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const apply: {
  <Args extends ReadonlyArray<any>, A, E>(
    task: Task<Args, A, E>,
    args: Args,
  ): (self: Pool) => Effect.Effect<A, Submitted<E>>
  <Args extends ReadonlyArray<any>, A, E>(
    self: Pool,
    task: Task<Args, A, E>,
    args: Args,
  ): Effect.Effect<A, Submitted<E>>
} = dual(
  3,
  <Args extends ReadonlyArray<any>, A, E>(
    self: Pool,
    task: Task<Args, A, E>,
    args: Args,
  ): Effect.Effect<A, Submitted<E>> => {
    const callSite = callSiteOf(self, apply)
    return Effect.withFiberRuntime(({ currentSpan }, status) => {
      const job = submitCall(self, task, args, callSite, currentSpan)
      if (!(job instanceof Job)) return job
      return AsyncResult.awaitPending(job, status, () => internal(self).dispatcher.cancel(job))
    })
  },
)

/**
 * Submits a task and returns its pending result at once.
 *
 * **Waiting** – never waits. Arguments are copied when they are sent, at the end of this turn of the event loop or later:
 * do not change them before the result is there. **Errors** – `PoolNotRunning`, and `EncodingFailed` where the task's
 * schema refuses the arguments; everything else is in the result.
 *
 * **Source** – Python's `Pool.apply_async`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const applyAsync: {
  <Args extends ReadonlyArray<any>, A, E>(
    task: Task<Args, A, E>,
    args: Args,
  ): (self: Pool) => Effect.Effect<AsyncResult.AsyncResult<A, E>, Submitted<never>>
  <Args extends ReadonlyArray<any>, A, E>(
    self: Pool,
    task: Task<Args, A, E>,
    args: Args,
  ): Effect.Effect<AsyncResult.AsyncResult<A, E>, Submitted<never>>
} = dual(
  3,
  <Args extends ReadonlyArray<any>, A, E>(
    self: Pool,
    task: Task<Args, A, E>,
    args: Args,
  ): Effect.Effect<AsyncResult.AsyncResult<A, E>, Submitted<never>> => {
    const callSite = callSiteOf(self, applyAsync)
    return Effect.withFiberRuntime(({ currentSpan }) => {
      const job = submitCall(self, task, args, callSite, currentSpan)
      return job instanceof Job ? Effect.succeed(AsyncResult.fromPending<A, E>(job)) : job
    })
  },
)

/** Queues the chunks of a map; nothing is queued where one of them cannot be made. */
const submitMap = (
  self: Pool,
  task: Task.Any,
  items: Iterable<unknown>,
  { chunkSize }: MapOptions = {},
  callSite: CallSite,
): Effect.Effect<
  { readonly jobs: ReadonlyArray<Job>; readonly gathered: Gathered },
  Submitted<never> | InvalidArgument
> =>
  Effect.flatMap(chunkSize === undefined ? Effect.void : count("chunkSize", chunkSize), () =>
    Effect.withFiberRuntime(({ currentSpan }) => {
      const no = refusal(self)
      if (no) return no
      const { dispatcher } = internal(self)
      try {
        const cut = sliceable(items)
        const size = chunkSize ?? defaultChunkSize(cut.length, self.size)
        const call = dispatcher.call(task, EACH, callSite, currentSpan)
        const jobs = chunksOf(cut, size).map((chunk) => Job.each(call, chunk))
        for (const job of jobs) dispatcher.submit(job)
        return Effect.succeed({ jobs, gathered: new Gathered(jobs) })
      } catch (error) {
        return refused(error)
      }
    }),
  )

const takesPool = (args: IArguments): boolean => isPool(args[0])

/**
 * Runs a task of one argument for each item and waits for all results, in the order of the items.
 *
 * **Shape** – items travel in chunks of `chunkSize`; a typed array is cut into typed arrays. **Waiting** – suspends the
 * fiber. **Interruption** – chunks that have not begun will not run. **Errors** – waits for every chunk, then fails with
 * the failure that came first; inside a chunk the first failure ends the chunk. `InvalidArgument` for a chunk size below
 * 1; an iterable that throws is a defect of the caller and submits nothing.
 *
 * **Source** – Python's `Pool.map`, whose chunk size below 1 gives a list of `None`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const map: {
  <In, A, E>(
    task: Task<[item: In], A, E>,
    items: Iterable<In>,
    options?: MapOptions,
  ): (self: Pool) => Effect.Effect<Array<A>, Submitted<E> | InvalidArgument>
  <In, A, E>(
    self: Pool,
    task: Task<[item: In], A, E>,
    items: Iterable<In>,
    options?: MapOptions,
  ): Effect.Effect<Array<A>, Submitted<E> | InvalidArgument>
} = dual(
  takesPool,
  <In, A, E>(
    self: Pool,
    task: Task<[item: In], A, E>,
    items: Iterable<In>,
    options?: MapOptions,
  ): Effect.Effect<Array<A>, Submitted<E> | InvalidArgument> =>
    Effect.flatMap(submitMap(self, task, items, options, record(map)), ({ gathered, jobs }) =>
      Effect.withFiberRuntime((_, status) =>
        AsyncResult.awaitPending(gathered, status, () => {
          for (const job of jobs) internal(self).dispatcher.cancel(job)
        }),
      ),
    ),
)

/**
 * Submits a `map` and returns its pending result at once.
 *
 * **Waiting** – never waits. **Errors** – as `applyAsync`, and `InvalidArgument` for a chunk size below 1.
 *
 * **Source** – Python's `Pool.map_async`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const mapAsync: {
  <In, A, E>(
    task: Task<[item: In], A, E>,
    items: Iterable<In>,
    options?: MapOptions,
  ): (self: Pool) => Effect.Effect<AsyncResult.AsyncResult<Array<A>, E>, Submitted<never> | InvalidArgument>
  <In, A, E>(
    self: Pool,
    task: Task<[item: In], A, E>,
    items: Iterable<In>,
    options?: MapOptions,
  ): Effect.Effect<AsyncResult.AsyncResult<Array<A>, E>, Submitted<never> | InvalidArgument>
} = dual(
  takesPool,
  <In, A, E>(
    self: Pool,
    task: Task<[item: In], A, E>,
    items: Iterable<In>,
    options?: MapOptions,
  ): Effect.Effect<AsyncResult.AsyncResult<Array<A>, E>, Submitted<never> | InvalidArgument> =>
    Effect.map(submitMap(self, task, items, options, record(mapAsync)), ({ gathered }) =>
      AsyncResult.fromPending<Array<A>, E>(gathered),
    ),
)

/**
 * Takes no more tasks; those submitted will be done, then the workers end. Never waits, may be repeated.
 *
 * **Source** – Python's `Pool.close`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const close = (self: Pool): Effect.Effect<void> => Effect.sync(() => internal(self).dispatcher.close())

/**
 * Ends the pool now: every task that is not done fails with `PoolTerminated`. Never waits, may be repeated; `join` waits
 * for the workers.
 *
 * **Source** – Python's `Pool.terminate`, which leaves the results pending for ever.
 *
 * @category combinators
 * @since 0.1.0
 */
export const terminate = (self: Pool): Effect.Effect<void> =>
  Effect.sync(() => internal(self).dispatcher.terminate())

/**
 * Waits until every task is done and every worker has ended. May be repeated.
 *
 * **Waiting** – suspends the fiber: after `close` as long as the tasks take, after `terminate` at most the grace period
 * and 5 seconds. **Errors** – `PoolStillRunning` before `close` or `terminate`.
 *
 * **Source** – Python's `Pool.join`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const join = (self: Pool): Effect.Effect<void, PoolStillRunning> =>
  Effect.suspend(() => {
    const { dispatcher } = internal(self)
    if (dispatcher.state._tag === "running") return Effect.fail(new PoolStillRunning())
    return Effect.zipRight(
      dispatcher.until(() => dispatcher.isDrained),
      ended(self),
    )
  })
