/** How calls of a pool get to its dispatcher, and their results back. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Stream from "effect/Stream"
import type { AnySpan } from "effect/Tracer"
import * as AsyncResult from "../AsyncResult.ts"
import { type CallSite, ORDINARY, record, type Terms } from "../agent/Call.ts"
import { Job } from "../agent/Job.ts"
import { Pending } from "../agent/Pending.ts"
import { EncodingFailed, type InvalidArgument, PoolNotRunning, type TaskError } from "../Errors.ts"
import type { Callbacks, CallOptions, ImapOptions, MapOptions, Pool } from "../Pool.ts"
import type { Handle } from "../sync/managed.ts"
import type { Task } from "../Task.ts"
import type { EACH, EACH_LIST, RANGE } from "../wire/Protocol.ts"
import { Answered } from "./Answered.ts"
import { AwayEngine } from "./AwayEngine.ts"
import type { Engine, PoolState } from "./Engine.ts"
import { chunksOf, defaultChunkSize, Gathered, sliceable } from "./Gathered.ts"
import { type Lazy, lazily } from "./lazily.ts"
import { count, termsOf } from "./options.ts"

type Arity = typeof EACH | typeof EACH_LIST | typeof RANGE

/** What a pool is inside: one of this agent, or one that a manager has, which may be sent like the proxy. */
export type PoolInside = Pick<Pool, "size"> & ({ readonly engine: Engine } | { readonly proxy: Handle })

/** What runs the jobs of a pool. */
export const engineOf = (self: Pool): Engine => {
  const inside: PoolInside = self as Pool & PoolInside
  return "engine" in inside ? inside.engine : AwayEngine.of(inside.proxy)
}

export type Submitted<E> = E | TaskError | PoolNotRunning

/** Why the pool takes no task, if so. */
export const refusal = (self: Pool): Effect.Effect<never, Submitted<never>> | undefined =>
  refusalBy(engineOf(self).submitter.state)

export const refusalBy = (state: PoolState): Effect.Effect<never, Submitted<never>> | undefined => {
  if (state._tag === "running") return undefined
  return Effect.fail(state._tag === "failed" ? state.error : new PoolNotRunning({ state: state._tag }))
}

/** What making a job threw: the schema's refusal, or a defect of the caller. */
const refused = (error: unknown): Effect.Effect<never, EncodingFailed> =>
  error instanceof EncodingFailed ? Effect.fail(error) : Effect.die(error)

/** Makes and queues one call, or tells why not. Plain, not an Effect: it is the hot path. */
export const submitCall = (
  self: Pool,
  task: Task.Any,
  args: ReadonlyArray<unknown>,
  site: CallSite | undefined,
  span: AnySpan | undefined,
  terms: Terms,
): Job | Effect.Effect<never, Submitted<never>> => {
  const { submitter } = engineOf(self)
  const no = refusalBy(submitter.state)
  if (no) return no
  try {
    const job = Job.one(submitter.call(task, args.length, site, span, terms), args)
    submitter.submit(job)
    return job
  } catch (error) {
    return refused(error)
  }
}

export const callSiteOf = (self: Pool, caller: (...args: any) => unknown): CallSite | undefined =>
  engineOf(self).callSites ? record(caller) : undefined

/** Runs `submit` with the terms of a call, once there is room. */
export const withTerms = <A, E>(
  self: Pool,
  options: CallOptions | undefined,
  submit: (terms: Terms) => Effect.Effect<A, E>,
): Effect.Effect<A, E | InvalidArgument> => {
  const { isBounded, room } = engineOf(self).submitter
  if (options === undefined && !isBounded) return submit(ORDINARY)
  return Effect.flatMap(termsOf(options ?? {}, self.size), (terms) => room.whenOpen(submit(terms)))
}

/** Submits one call, and waits for its result. */
export const callAndWait = (
  self: Pool,
  task: Task.Any,
  args: ReadonlyArray<unknown>,
  site: CallSite | undefined,
  terms: Terms,
): Effect.Effect<any, Submitted<any>> =>
  Effect.withFiberRuntime(({ currentSpan }, status) => {
    const job = submitCall(self, task, args, site, currentSpan, terms)
    return job instanceof Job ? AsyncResult.awaitPending(job, status, () => job.abandon()) : job
  })

/** A pending result that its callbacks hear of first. */
export const answered = <A, E>(
  pending: Pending,
  { callback, errorCallback }: Callbacks<A, E>,
): Effect.Effect<AsyncResult.AsyncResult<A, E>> =>
  callback === undefined && errorCallback === undefined
    ? Effect.succeed(AsyncResult.fromPending<A, E>(pending))
    : Effect.map(Effect.runtime<never>(), (runtime) =>
        AsyncResult.fromPending<A, E>(new Answered(pending, { callback, errorCallback }, runtime)),
      )

/** Queues the chunks of a map; nothing is queued where one of them cannot be made. */
const submitMap = (
  self: Pool,
  arity: Arity,
  task: Task.Any,
  items: Iterable<unknown>,
  { chunkSize, failFast = false, ...options }: MapOptions = {},
  site: CallSite,
): Effect.Effect<Gathered, Submitted<never> | InvalidArgument> =>
  Effect.flatMap(
    Effect.all([
      chunkSize === undefined ? Effect.succeed(undefined) : count("chunkSize", chunkSize),
      termsOf(options, self.size),
    ]),
    ([chunkSize, terms]) =>
      Effect.withFiberRuntime(({ currentSpan }) => {
        const no = refusal(self)
        if (no) return no
        try {
          const cut = sliceable(items)
          const size = chunkSize ?? defaultChunkSize(cut.length, self.size)
          const call = engineOf(self).submitter.call(task, arity, site, currentSpan, terms)
          const jobs = chunksOf(cut, size).map((chunk) => Job.each(call, chunk))
          const gathered = new Gathered(jobs, failFast)
          return Effect.as(submitAll(self, gathered), gathered)
        } catch (error) {
          return refused(error)
        }
      }),
  )

/** Those that were submitted are given up where the rest is not; a map that has failed already wants no more. */
const submitAll = (self: Pool, gathered: Gathered): Effect.Effect<void, Submitted<never>> => {
  const { submitter } = engineOf(self)
  const submitNext = () => {
    const job = gathered.next()
    if (job) submitter.submit(job)
  }
  const submitOne: Effect.Effect<void, Submitted<never>> = Effect.suspend(
    () => refusal(self) ?? Effect.sync(submitNext),
  )
  return Effect.suspend(() => {
    while (gathered.wantsMore && submitter.room.isOpen) submitNext()
    return Effect.whileLoop({
      while: () => gathered.wantsMore,
      body: () => submitter.room.whenOpen(submitOne),
      step: () => {},
    })
  }).pipe(Effect.onError(() => Effect.sync(() => gathered.abandon())))
}

/** Submits a map, and waits for its results. */
export const mapAndWait = (
  self: Pool,
  arity: Arity,
  task: Task.Any,
  items: Iterable<unknown>,
  options: MapOptions | undefined,
  site: CallSite,
): Effect.Effect<Array<any>, Submitted<any> | InvalidArgument> =>
  Effect.flatMap(submitMap(self, arity, task, items, options, site), (gathered) =>
    Effect.withFiberRuntime((_, status) =>
      AsyncResult.awaitPending(gathered, status, () => gathered.abandon()),
    ),
  )

/** Submits a map, and returns its pending result. */
export const mapAndReturn = <A, E>(
  self: Pool,
  arity: Arity,
  task: Task.Any,
  items: Iterable<unknown>,
  { callback, errorCallback, ...options }: MapOptions & Callbacks<Array<A>, E> = {},
  site: CallSite,
): Effect.Effect<AsyncResult.AsyncResult<Array<A>, E>, Submitted<never> | InvalidArgument> =>
  Effect.flatMap(submitMap(self, arity, task, items, options, site), (gathered) =>
    answered(gathered, { callback, errorCallback }),
  )

/** A lazy map of any kind. */
export const mapLazily = <A, E, E2>(
  self: Pool,
  task: Task.Any,
  items: Iterable<unknown> | Stream.Stream<unknown, E2>,
  { buffer, chunkSize = 1, ...options }: ImapOptions = {},
  site: CallSite,
  how: How & { readonly ordered: boolean },
): Stream.Stream<A, E | E2 | Submitted<never> | InvalidArgument> =>
  Stream.unwrap(
    Effect.gen(function* () {
      yield* count("chunkSize", chunkSize)
      const terms = yield* termsOf(options, self.size)
      const submit = (item: unknown, submitted: (job: Pending) => void) =>
        Effect.withFiberRuntime<void, Submitted<never>>(({ currentSpan }) => {
          const job = submitCall(self, task, [item], site, currentSpan, terms)
          if (!(job instanceof Job)) return job
          submitted(job)
          return Effect.void
        })
      return lazily(items, {
        ...how,
        chunkSize,
        buffer: yield* count("buffer", buffer ?? Math.max(64 * self.size, chunkSize), chunkSize),
        submit: (item, submitted) =>
          Effect.catchTag(
            engineOf(self).submitter.room.whenOpen(submit(item, submitted)),
            "EncodingFailed",
            (error) => Effect.sync(() => submitted(Pending.failed(error))),
          ),
      })
    }),
  )

type How = Pick<Lazy<any, any, unknown>, "onSuccess" | "onFailure">

/** A failure ends the stream. */
export const plainly: How = {
  onSuccess: (value) => value,
  onFailure: Effect.fail,
}

/** A failure is one of the results. */
export const eitherOf: How = {
  onSuccess: Either.right,
  onFailure: (error) => Effect.succeed(Either.left(error)),
}
