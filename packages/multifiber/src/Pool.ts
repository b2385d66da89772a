/**
 * A fixed number of workers that run tasks: Python's `multiprocessing.Pool`.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import { dual } from "effect/Function"
import type * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import * as AsyncResult from "./AsyncResult.ts"
import { ORDINARY, record } from "./agent/Call.ts"
import { Job } from "./agent/Job.ts"
import { logsOfCaller } from "./agent/Logs.ts"
import type {
  IllegalState,
  InvalidArgument,
  MainGuardMissing,
  PoolStillRunning,
  StartFailed,
  TaskError,
  WorkerLost,
} from "./Errors.ts"
import { Platform } from "./Platform.ts"
import { LocalEngine } from "./pool/LocalEngine.ts"
import { loop } from "./pool/loop.ts"
import { settingsOf } from "./pool/options.ts"
import {
  answered,
  callAndWait,
  callSiteOf,
  eitherOf,
  engineOf,
  mapAndReturn,
  mapAndWait,
  mapLazily,
  type PoolInside,
  plainly,
  refusal,
  type Submitted,
  submitCall,
  withTerms,
} from "./pool/submitting.ts"
import type { Trace } from "./pool/trace.ts"
import { startMethodOf } from "./StartMethod.ts"
import type { Task } from "./Task.ts"
import { EACH, EACH_LIST } from "./wire/Protocol.ts"

/**
 * @category type ids
 * @since 0.1.0
 */
export const TypeId = "~multifiber/Pool"

/**
 * A pool of workers. Lives in the agent that made it and cannot be sent to others, but for those of `Manager.pool`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Pool {
  readonly [TypeId]: typeof TypeId
  /** How many workers the pool has at most. */
  readonly size: number
}

export type { Trace, TraceEvent } from "./pool/trace.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The most workers, at least 1. Default: the cores that this process may use. */
  readonly size?: number | undefined
  /** So many workers the pool keeps, at least 0; others come when tasks find no place. Default: `size`. */
  readonly minSize?: number | undefined
  /** A worker beyond `minSize` ends when it has nothing to do for so long. Default: 10 seconds. */
  readonly idleTimeout?: Duration.DurationInput | undefined
  /** A task that each worker runs first, the new ones too. Where it fails, the pool fails with `InitializerFailed`. */
  readonly initializer?: Task.Any | undefined
  /** Its arguments. Default: none. */
  readonly initargs?: ReadonlyArray<unknown> | undefined
  /** After so many tasks, of which a chunk of a map is one, a new worker takes the place of one. Default: no bound. */
  readonly maxTasksPerChild?: number | undefined
  /** The same after so long, once it has nothing to do. Default: no bound. */
  readonly maxAge?: Duration.DurationInput | undefined
  /** The same where it uses more bytes of heap. Default: no bound. */
  readonly maxHeap?: number | undefined
  /** The same where its OS process uses more bytes of memory; not for threads, which share one. Default: no bound. */
  readonly maxRss?: number | undefined
  /** So many tasks may wait or run: who submits more waits. Default: no bound. */
  readonly capacity?: number | undefined
  /**
   * How long a worker that was asked to end may take to interrupt its fiber and release its layers, and a task that was cancelled to
   * end. Default: 1 second.
   */
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
  /**
   * Keeps Effect's metrics `multifiber_pool_submitted`, `_succeeded`, `_failed`, `_depth`, `_wait_seconds` and `_run_seconds`, which
   * costs time for each task. Default: `false`.
   */
  readonly metrics?: boolean | undefined
  /** Keeps when each task ran, for `trace`, as long as the pool lives. Default: `false`. */
  readonly tracing?: boolean | undefined
}

/**
 * How a task is to be run.
 *
 * @category models
 * @since 0.5.0
 */
export interface CallOptions {
  /** Tasks with a higher number begin before others that wait. Default: 0. */
  readonly priority?: number | undefined
  /**
   * How long the task may take once it has begun, a chunk of a map the same: then it fails with `TaskTimedOut` and is stopped. Its
   * worker has no other task meanwhile, so this is for long tasks.
   */
  readonly timeout?: Duration.DurationInput | undefined
  /** Tasks with the same key go to the same worker, and to the one that takes its place. */
  readonly key?: string | number | undefined
  /**
   * Says that the task may run more than once, and when to run it again where its worker was lost. When the schedule is over, it fails
   * with the last `WorkerLost`.
   */
  readonly retry?: Schedule.Schedule<unknown, WorkerLost> | undefined
  /** Buffers among the arguments that move to the worker instead of being copied: they are empty here afterwards. */
  readonly transfer?: ReadonlyArray<ArrayBuffer> | undefined
}

/**
 * How a task is to be run for each item.
 *
 * @category models
 * @since 0.1.0
 */
export interface MapOptions extends Omit<CallOptions, "transfer"> {
  /** Items of a chunk, at least 1. Default: a quarter of each worker's share. */
  readonly chunkSize?: number | undefined
  /** Whether the first failure ends the whole map: what runs is interrupted or stopped. Default: `false`, all chunks run. */
  readonly failFast?: boolean | undefined
}

/**
 * Who hears of a result before it is ready: plain code, or an Effect, which is waited for. What they throw or fail with is logged, and
 * changes nothing.
 *
 * @category models
 * @since 0.5.0
 */
export interface Callbacks<in A, in E> {
  readonly callback?: ((value: A) => unknown) | undefined
  readonly errorCallback?: ((error: E | TaskError) => unknown) | undefined
}

/**
 * How far a lazy map goes ahead of its reader.
 *
 * @category models
 * @since 0.5.0
 */
export interface ImapOptions extends Omit<CallOptions, "transfer"> {
  /** Items that are read and submitted together, at least 1. Default: 1. */
  readonly chunkSize?: number | undefined
  /** So many items are read at most that the reader has no result of. Default: 64 for each worker. */
  readonly buffer?: number | undefined
}

/**
 * Tells whether a value is a pool.
 *
 * @category guards
 * @since 0.1.0
 */
export const isPool = (u: unknown): u is Pool => typeof u === "object" && u !== null && TypeId in u

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
  Effect.gen(function* () {
    const platform = yield* Platform
    const startMethod = yield* startMethodOf
    const logs = yield* logsOfCaller
    const settings = yield* settingsOf(options, platform, startMethod, logs)
    const engine = yield* Effect.acquireRelease(
      Effect.sync(() => new LocalEngine(platform, settings, options.callSites ?? false)),
      ({ ended, terminate }) => Effect.zipRight(terminate, ended),
    )
    yield* engine.started
    return poolOf({ size: settings.size, engine })
  })

/**
 * @internal
 */
export const poolOf = (inside: PoolInside): Pool => ({ [TypeId]: TypeId, ...inside })

const takesPool = (args: IArguments): boolean => isPool(args[0])

/**
 * Runs a task in a worker and waits for its result.
 *
 * **Waiting** – suspends the fiber, also until there is room where the pool has a `capacity`. **Fairness** – tasks of the same
 * priority begin in the order of submission, several at a time. **Interruption** – returns at once. A task that has not begun will
 * not run; the Effect of a running one is interrupted, and where that takes longer than the pool's `grace`, or the task is plain
 * code that does not end within 10 ms, its worker is ended and another takes its place. `Task.checkpoint` lets plain code end, and
 * gives it the grace, too. On Deno 2.9, where nothing ends a busy thread, that runs on by itself. **Errors** – the typed errors of the
 * task, every `TaskError`, and `PoolNotRunning` after `close` or `terminate`; `InvalidArgument` for wrong options.
 *
 * **Source** – Python's `Pool.apply`, which can be neither interrupted nor timed.
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
    task: Task<Args, A, E>,
    args: Args,
    options: CallOptions,
  ): (self: Pool) => Effect.Effect<A, Submitted<E> | InvalidArgument>
  <Args extends ReadonlyArray<any>, A, E>(
    self: Pool,
    task: Task<Args, A, E>,
    args: Args,
  ): Effect.Effect<A, Submitted<E>>
  <Args extends ReadonlyArray<any>, A, E>(
    self: Pool,
    task: Task<Args, A, E>,
    args: Args,
    options: CallOptions,
  ): Effect.Effect<A, Submitted<E> | InvalidArgument>
} = dual(
  takesPool,
  <Args extends ReadonlyArray<any>, A, E>(
    self: Pool,
    task: Task<Args, A, E>,
    args: Args,
    options?: CallOptions,
  ): Effect.Effect<A, Submitted<E> | InvalidArgument> => {
    const site = callSiteOf(self, apply)
    return withTerms(self, options, (terms) => callAndWait(self, task, args, site, terms))
  },
)

/**
 * Submits a task and returns its pending result at once.
 *
 * **Waiting** – never waits, but for room where the pool has a `capacity`. Arguments are copied when they are sent, at the end of
 * this turn of the event loop or later: do not change them before the result is there. **Errors** – `PoolNotRunning`, and
 * `EncodingFailed` where the task's schema refuses the arguments; `InvalidArgument` for wrong options; everything else is in the
 * result.
 *
 * **Source** – Python's `Pool.apply_async`. There a callback that raises ends the thread that handles results, and the pool hangs.
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
    task: Task<Args, A, E>,
    args: Args,
    options: CallOptions & Callbacks<A, E>,
  ): (self: Pool) => Effect.Effect<AsyncResult.AsyncResult<A, E>, Submitted<never> | InvalidArgument>
  <Args extends ReadonlyArray<any>, A, E>(
    self: Pool,
    task: Task<Args, A, E>,
    args: Args,
  ): Effect.Effect<AsyncResult.AsyncResult<A, E>, Submitted<never>>
  <Args extends ReadonlyArray<any>, A, E>(
    self: Pool,
    task: Task<Args, A, E>,
    args: Args,
    options: CallOptions & Callbacks<A, E>,
  ): Effect.Effect<AsyncResult.AsyncResult<A, E>, Submitted<never> | InvalidArgument>
} = dual(
  takesPool,
  <Args extends ReadonlyArray<any>, A, E>(
    self: Pool,
    task: Task<Args, A, E>,
    args: Args,
    options?: CallOptions & Callbacks<A, E>,
  ): Effect.Effect<AsyncResult.AsyncResult<A, E>, Submitted<never> | InvalidArgument> => {
    const site = callSiteOf(self, applyAsync)
    return withTerms(self, options, (terms) =>
      Effect.withFiberRuntime(({ currentSpan }) => {
        const job = submitCall(self, task, args, site, currentSpan, terms)
        if (!(job instanceof Job)) return job
        return options === undefined
          ? Effect.succeed(AsyncResult.fromPending<A, E>(job))
          : answered<A, E>(job, options)
      }),
    )
  },
)

/**
 * Runs a task of one argument for each item and waits for all results, in the order of the items.
 *
 * **Shape** – items travel in chunks of `chunkSize`; a typed array is cut into typed arrays. An object that is there twice arrives
 * as two. **Waiting** – suspends the fiber. **Interruption** – chunks that have not begun will not run, the others are stopped as for
 * `apply`. **Errors** – waits for every chunk, then fails with the failure that came first, or with `failFast` at once; inside a chunk the first failure ends the
 * chunk. `InvalidArgument` for a chunk size below 1; an iterable that throws is a defect of the caller and submits nothing.
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
    mapAndWait(self, EACH, task, items, options, record(map)),
)

/**
 * Runs a task for each list of arguments: `map` for tasks of several arguments.
 *
 * **Source** – Python's `Pool.starmap`.
 *
 * @example
 * import { Effect } from "effect"
 * import { Pool } from "multifiber"
 * import * as Task from "multifiber/Task"
 * import { Main } from "@multifiber/platform"
 *
 * export const { power } = Task.module(import.meta.url, { power: (base: number, exponent: number) => base ** exponent })
 *
 * Main.run(import.meta, Effect.gen(function* () {
 *   const pool = yield* Pool.make({ size: 2 })
 *   console.log(yield* Pool.starmap(pool, power, [[2, 3], [3, 2]])) // => [ 8, 9 ]
 * }))
 *
 * @category combinators
 * @since 0.5.0
 */
export const starmap: {
  <Args extends ReadonlyArray<any>, A, E>(
    task: Task<Args, A, E>,
    lists: Iterable<Args>,
    options?: MapOptions,
  ): (self: Pool) => Effect.Effect<Array<A>, Submitted<E> | InvalidArgument>
  <Args extends ReadonlyArray<any>, A, E>(
    self: Pool,
    task: Task<Args, A, E>,
    lists: Iterable<Args>,
    options?: MapOptions,
  ): Effect.Effect<Array<A>, Submitted<E> | InvalidArgument>
} = dual(
  takesPool,
  <Args extends ReadonlyArray<any>, A, E>(
    self: Pool,
    task: Task<Args, A, E>,
    lists: Iterable<Args>,
    options?: MapOptions,
  ): Effect.Effect<Array<A>, Submitted<E> | InvalidArgument> =>
    mapAndWait(self, EACH_LIST, task, lists, options, record(starmap)),
)

/**
 * Submits a `map` and returns its pending result at once.
 *
 * **Waiting** – never waits, but for room where the pool has a `capacity`. **Errors** – as `applyAsync`, and `InvalidArgument` for
 * a chunk size below 1.
 *
 * **Source** – Python's `Pool.map_async`. The callback hears of an empty result, too.
 *
 * @category combinators
 * @since 0.1.0
 */
export const mapAsync: {
  <In, A, E>(
    task: Task<[item: In], A, E>,
    items: Iterable<In>,
    options?: MapOptions & Callbacks<Array<A>, E>,
  ): (self: Pool) => Effect.Effect<AsyncResult.AsyncResult<Array<A>, E>, Submitted<never> | InvalidArgument>
  <In, A, E>(
    self: Pool,
    task: Task<[item: In], A, E>,
    items: Iterable<In>,
    options?: MapOptions & Callbacks<Array<A>, E>,
  ): Effect.Effect<AsyncResult.AsyncResult<Array<A>, E>, Submitted<never> | InvalidArgument>
} = dual(
  takesPool,
  <In, A, E>(
    self: Pool,
    task: Task<[item: In], A, E>,
    items: Iterable<In>,
    options?: MapOptions & Callbacks<Array<A>, E>,
  ): Effect.Effect<AsyncResult.AsyncResult<Array<A>, E>, Submitted<never> | InvalidArgument> =>
    mapAndReturn(self, EACH, task, items, options, record(mapAsync)),
)

/**
 * Submits a `starmap` and returns its pending result at once, as `mapAsync`.
 *
 * **Source** – Python's `Pool.starmap_async`.
 *
 * @category combinators
 * @since 0.5.0
 */
export const starmapAsync: {
  <Args extends ReadonlyArray<any>, A, E>(
    task: Task<Args, A, E>,
    lists: Iterable<Args>,
    options?: MapOptions & Callbacks<Array<A>, E>,
  ): (self: Pool) => Effect.Effect<AsyncResult.AsyncResult<Array<A>, E>, Submitted<never> | InvalidArgument>
  <Args extends ReadonlyArray<any>, A, E>(
    self: Pool,
    task: Task<Args, A, E>,
    lists: Iterable<Args>,
    options?: MapOptions & Callbacks<Array<A>, E>,
  ): Effect.Effect<AsyncResult.AsyncResult<Array<A>, E>, Submitted<never> | InvalidArgument>
} = dual(
  takesPool,
  <Args extends ReadonlyArray<any>, A, E>(
    self: Pool,
    task: Task<Args, A, E>,
    lists: Iterable<Args>,
    options?: MapOptions & Callbacks<Array<A>, E>,
  ): Effect.Effect<AsyncResult.AsyncResult<Array<A>, E>, Submitted<never> | InvalidArgument> =>
    mapAndReturn(self, EACH_LIST, task, lists, options, record(starmapAsync)),
)

interface Imap {
  <In, A, E, E2 = never>(
    task: Task<[item: In], A, E>,
    items: Iterable<In> | Stream.Stream<In, E2>,
    options?: ImapOptions,
  ): (self: Pool) => Stream.Stream<A, Submitted<E> | E2 | InvalidArgument>
  <In, A, E, E2 = never>(
    self: Pool,
    task: Task<[item: In], A, E>,
    items: Iterable<In> | Stream.Stream<In, E2>,
    options?: ImapOptions,
  ): Stream.Stream<A, Submitted<E> | E2 | InvalidArgument>
}

interface ImapEither {
  <In, A, E, E2 = never>(
    task: Task<[item: In], A, E>,
    items: Iterable<In> | Stream.Stream<In, E2>,
    options?: ImapOptions,
  ): (self: Pool) => Stream.Stream<Either.Either<A, E | TaskError>, Submitted<never> | E2 | InvalidArgument>
  <In, A, E, E2 = never>(
    self: Pool,
    task: Task<[item: In], A, E>,
    items: Iterable<In> | Stream.Stream<In, E2>,
    options?: ImapOptions,
  ): Stream.Stream<Either.Either<A, E | TaskError>, Submitted<never> | E2 | InvalidArgument>
}

const lazyMap = <Signature extends Imap | ImapEither>(
  ordered: boolean,
  how: typeof plainly,
  caller: () => Signature,
): Signature =>
  dual(takesPool, (self: Pool, task: Task.Any, items: Iterable<unknown>, options?: ImapOptions) =>
    mapLazily(self, task, items, options, record(caller()), { ordered, ...how }),
  ) as Signature

/**
 * Maps items over the pool as a Stream, in their order: it reads only so far ahead of its reader as `buffer` says, and works on
 * that in the meantime. The input may be endless, or a Stream itself.
 *
 * **Shape** – each item is a task of its own, whatever `chunkSize` says; that is only how many are read at once. **Waiting** – the
 * reader of the stream suspends until the next result is there. **Interruption**, and an early end – what has not begun will not
 * run, the rest is stopped as for `apply`. **Errors** – the stream fails at the place of the first task that failed, after all
 * results before it; `imapEither` goes on. It fails with the failure of an input that is a Stream; an iterable that throws is a
 * defect, and what was read for the same chunk does not run. `InvalidArgument` for wrong options.
 *
 * **Source** – Python's `Pool.imap`, which reads all of its input at once, and loses the good results of a chunk with a failure.
 *
 * @example
 * import { Effect, Stream } from "effect"
 * import { Pool } from "multifiber"
 * import * as Task from "multifiber/Task"
 * import { Main } from "@multifiber/platform"
 *
 * export const { square } = Task.module(import.meta.url, { square: (n: number) => n * n })
 *
 * Main.run(import.meta, Effect.gen(function* () {
 *   const pool = yield* Pool.make({ size: 2 })
 *   const squares = Pool.imap(pool, square, Stream.iterate(1, (n) => n + 1))
 *   console.log([...(yield* Stream.runCollect(Stream.take(squares, 4)))]) // => [ 1, 4, 9, 16 ]
 * }))
 *
 * @category combinators
 * @since 0.5.0
 */
export const imap: Imap = lazyMap(true, plainly, () => imap)

/**
 * The same with each result as soon as it is there.
 *
 * **Source** – Python's `Pool.imap_unordered`.
 *
 * @category combinators
 * @since 0.5.0
 */
export const imapUnordered: Imap = lazyMap(false, plainly, () => imapUnordered)

/**
 * `imap` with failures among the results: one failed task does not end the stream.
 *
 * **Source** – Python's iterator of `imap` goes on after a failure where `chunksize` is 1.
 *
 * @category combinators
 * @since 0.5.0
 */
export const imapEither: ImapEither = lazyMap(true, eitherOf, () => imapEither)

/**
 * `imapUnordered` with failures among the results.
 *
 * @category combinators
 * @since 0.5.0
 */
export const imapUnorderedEither: ImapEither = lazyMap(false, eitherOf, () => imapUnorderedEither)

/**
 * Runs a task once in each worker that the pool has now, and waits for all results.
 *
 * **Waiting** – suspends the fiber: a worker runs it after what it was sent before. **Interruption**, and **Errors** – as `apply`; where
 * several fail, with one of the failures, once all are done.
 *
 * **Source** – not in Python, where only the initializer reaches every worker.
 *
 * @category combinators
 * @since 0.5.0
 */
export const broadcast: {
  <Args extends ReadonlyArray<any>, A, E>(
    task: Task<Args, A, E>,
    args: Args,
  ): (self: Pool) => Effect.Effect<Array<A>, Submitted<E>>
  <Args extends ReadonlyArray<any>, A, E>(
    self: Pool,
    task: Task<Args, A, E>,
    args: Args,
  ): Effect.Effect<Array<A>, Submitted<E>>
} = dual(
  takesPool,
  <Args extends ReadonlyArray<any>, A, E>(
    self: Pool,
    task: Task<Args, A, E>,
    args: Args,
  ): Effect.Effect<Array<A>, Submitted<E>> => {
    const site = callSiteOf(self, broadcast)
    const runAt = (place: number): Effect.Effect<A, Submitted<E>> =>
      callAndWait(self, task, args, site, { ...ORDINARY, place })
    return Effect.suspend(
      () =>
        refusal(self) ??
        Effect.flatMap(engineOf(self).places, (places) =>
          Effect.forEach(places, (place) => Effect.exit(runAt(place)), { concurrency: "unbounded" }),
        ),
    ).pipe(Effect.flatMap((exits) => Effect.forEach(exits, (exit) => exit)))
  },
)

/**
 * A range of whole numbers, from `from` on and below `to`, and how many of them a slice has.
 *
 * @category models
 * @since 0.5.0
 */
export interface Range {
  /** Default: 0. */
  readonly from?: number | undefined
  readonly to: number
  /** Default: a sixteenth of each worker's share. */
  readonly grain?: number | undefined
}

/**
 * A loop over a range in parallel: runs a task for slices of it, and returns their results in the order of the slices.
 *
 * The task gets where its slice begins and ends, and `args`: shared arrays to work on, so that no data moves. Workers claim slices
 * from one shared counter, and who is quick takes more; between OS processes each slice is a message.
 *
 * **Waiting** – suspends the fiber. **Interruption** – as `apply`. **Errors** – the failure that came first, which ends the loop: what
 * the other slices have written stays. `WorkerLost` where a worker dies, whose slice may be half done. `InvalidArgument` for a range
 * that is none.
 *
 * **Source** – not in Python; OpenMP's `parallel for` with a dynamic schedule.
 *
 * @example
 * import { Effect } from "effect"
 * import { Pool } from "multifiber"
 * import * as Task from "multifiber/Task"
 * import { Main } from "@multifiber/platform"
 *
 * export const { sumOf } = Task.module(import.meta.url, {
 *   sumOf: (from: number, to: number, numbers: Float64Array) => {
 *     let sum = 0
 *     for (const n of numbers.subarray(from, to)) sum += n
 *     return sum
 *   }
 * })
 *
 * Main.run(import.meta, Effect.gen(function* () {
 *   const pool = yield* Pool.make({ size: 2 })
 *   const numbers = new Float64Array(new SharedArrayBuffer(8 * 1000)).fill(2)
 *   const sums = yield* Pool.forRange(pool, sumOf, { to: numbers.length }, [numbers])
 *   console.log(sums.reduce((left, right) => left + right)) // => 2000
 * }))
 *
 * @category combinators
 * @since 0.5.0
 */
export const forRange: {
  <Args extends ReadonlyArray<any>, A, E>(
    task: Task<[from: number, to: number, ...args: Args], A, E>,
    range: Range,
    args: Args,
  ): (self: Pool) => Effect.Effect<Array<A>, Submitted<E> | InvalidArgument>
  <Args extends ReadonlyArray<any>, A, E>(
    self: Pool,
    task: Task<[from: number, to: number, ...args: Args], A, E>,
    range: Range,
    args: Args,
  ): Effect.Effect<Array<A>, Submitted<E> | InvalidArgument>
} = dual(
  takesPool,
  <Args extends ReadonlyArray<any>, A, E>(
    self: Pool,
    task: Task<[from: number, to: number, ...args: Args], A, E>,
    range: Range,
    args: Args,
  ): Effect.Effect<Array<A>, Submitted<E> | InvalidArgument> =>
    loop(self, task, range, args, record(forRange)),
)

/**
 * What a worker of a pool does.
 *
 * @category models
 * @since 0.5.0
 */
export interface WorkerStatistics {
  readonly name: string
  /** As `Process.ident`. */
  readonly ident: number
  readonly pid: number
  /** `leaving` where another will take its place, or nobody. */
  readonly status: "starting" | "idle" | "busy" | "leaving"
  /** Tasks that it has, the one that it runs among them. */
  readonly tasks: number
}

/**
 * What is known of a pool.
 *
 * @category models
 * @since 0.5.0
 */
export interface Statistics {
  readonly status: "running" | "closed" | "terminated" | "failed"
  readonly workers: ReadonlyArray<WorkerStatistics>
  /** Tasks that no worker has yet, and what became of the others. A chunk of a map is one. */
  readonly queued: number
  readonly submitted: number
  readonly succeeded: number
  readonly failed: number
  /** Workers that took the place of a lost one. */
  readonly respawned: number
  /** Workers that had served: so many tasks, so long, or with so much memory. */
  readonly recycled: number
  /** Workers that were ended and run on, which only happens on Deno 2.9: see `Task.checkpoint`. A warning tells of each, too. */
  readonly abandoned: number
}

/**
 * What is known of a pool. Never waits, never fails.
 *
 * @category getters
 * @since 0.5.0
 */
export const statistics = (self: Pool): Effect.Effect<Statistics> => engineOf(self).statistics

/**
 * The statistics of a pool as it goes on: now, and whenever tasks were done or workers came or went, until the pool has ended. Who reads
 * slowly gets the newest.
 *
 * @example
 * import { Effect, Stream } from "effect"
 * import { Pool } from "multifiber"
 * import * as Task from "multifiber/Task"
 * import { Main } from "@multifiber/platform"
 *
 * export const { square } = Task.module(import.meta.url, { square: (n: number) => n * n })
 *
 * Main.run(import.meta, Effect.gen(function* () {
 *   const pool = yield* Pool.make({ size: 2 })
 *   const done = Pool.progress(pool).pipe(Stream.map(({ succeeded }) => succeeded), Stream.takeUntil((n) => n === 10))
 *   yield* Effect.all([Pool.map(pool, square, Array(10).keys(), { chunkSize: 1 }), Stream.runDrain(done)], { concurrency: 2 })
 *   console.log("done") // => done
 * }))
 *
 * @category getters
 * @since 0.5.0
 */
export const progress = (self: Pool): Stream.Stream<Statistics> => engineOf(self).progress

/**
 * What the workers did so far, in the Chrome trace event format: as JSON in a file it is what Perfetto opens, with one row for each
 * place of a worker and tasks as slices. Empty where the pool was made without `tracing`.
 *
 * **Units** – microseconds since 1970 for begins, and for how long tasks took.
 *
 * @category getters
 * @since 0.5.0
 */
export const trace = (self: Pool): Effect.Effect<Trace> => engineOf(self).trace

/**
 * Takes no more tasks; those submitted will be done, then the workers end. Never waits, may be repeated.
 *
 * **Source** – Python's `Pool.close`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const close = (self: Pool): Effect.Effect<void> => engineOf(self).close

/**
 * Ends the pool now: every task that is not done fails with `PoolTerminated`. Never waits, may be repeated; `join` waits
 * for the workers.
 *
 * **Source** – Python's `Pool.terminate`, which leaves the results pending for ever.
 *
 * @category combinators
 * @since 0.1.0
 */
export const terminate = (self: Pool): Effect.Effect<void> => engineOf(self).terminate

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
export const join = (self: Pool): Effect.Effect<void, PoolStillRunning> => engineOf(self).join
