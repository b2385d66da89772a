/** Pools that a manager has: their workers are agents of its own, and run registered tasks for whoever has the pool. */
import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import * as Agent from "../Agent.ts"
import { awaitPending } from "../AsyncResult.ts"
import { ORDINARY, type Terms } from "../agent/Call.ts"
import { Job } from "../agent/Job.ts"
import { StartFailed, Unsupported } from "../Errors.ts"
import type { Platform } from "../Platform.ts"
import * as Pool from "../Pool.ts"
import type { Reply } from "../pool/AwayEngine.ts"
import type { Engine } from "../pool/Engine.ts"
import { engineOf, refusalBy } from "../pool/submitting.ts"
import { StartMethod } from "../StartMethod.ts"
import { Entry, type Handle } from "../sync/managed.ts"
import { plainError } from "../sync/plainErrors.ts"
import { EACH, EACH_LIST, type Failure, type SpanId } from "../wire/Protocol.ts"
import { type Sendable, type SentError, sendError } from "../wire/SentError.ts"
import { type Defined, importModule } from "../worker/Loader.ts"
import * as registered from "./registered.ts"
import { ofObject } from "./sharing.ts"

/** What a pool is asked to be: options of `Pool.make` that can be sent. */
export interface Asked {
  readonly options: Omit<Pool.Options, "initializer" | "initargs">
  readonly startMethod: Agent.StartMethod
  readonly initializer: { readonly task: string; readonly args: ReadonlyArray<unknown> } | undefined
}

export type Made = { readonly proxy: Handle; readonly size: number } | { readonly error: SentError }

/** A job whose result and failure go to another agent as they have come. */
class Relay extends Job {
  override receive(value: unknown): void {
    this.succeed(value)
  }

  override receiveFailure(failure: Failure): void {
    this.fail(new Unread(failure))
  }
}

class Unread {
  readonly failure: Failure
  constructor(failure: Failure) {
    this.failure = failure
  }
}

const check = (argument: string, value: unknown, isRight: boolean, expected: string): void => {
  if (!isRight) throw plainError("InvalidArgument", { argument, value, expected })
}

const isMap = (arity: number): boolean => arity === EACH || arity === EACH_LIST

/** As many arguments as the arity says, or anything with items. */
const isPayload = (payload: unknown, arity: number): boolean => {
  if (arity === 1) return true
  const { length } = Object(payload) as { readonly length?: unknown }
  return isMap(arity) ? typeof length === "number" : Array.isArray(payload) && length === arity
}

const UNREGISTERED = "the manager has no task of this name: name it in `register` of `Manager.make`"

/** What others may do with a pool of this manager. */
class Hosted {
  private readonly engine: Engine

  constructor(engine: Engine) {
    this.engine = engine
  }

  run(
    name: string,
    arity: number,
    payload: unknown,
    priority: number,
    timeout?: number,
    place?: number,
    span?: SpanId,
  ): Effect.Effect<Reply> {
    check(
      "arity",
      arity,
      isMap(arity) || (Number.isSafeInteger(arity) && arity >= 0),
      "a number of arguments",
    )
    check("payload", payload, isPayload(payload, arity), "the arguments, or the items")
    check("priority", priority, Number.isFinite(priority), "a finite number")
    check("timeout", timeout, timeout === undefined || timeout > 0, "milliseconds above zero")
    check("place", place, place === undefined || Number.isSafeInteger(place), "the number of a worker")
    const task = registered.taskIfAny(name)
    if (task === undefined) return Effect.succeed({ failure: { kind: "notFound", reason: UNREGISTERED } })
    const terms: Terms = {
      ...ORDINARY,
      priority,
      ...(timeout === undefined ? {} : { timeout }),
      ...(place === undefined ? {} : { place }),
    }
    return this.relayed(task, arity, payload, span && Tracer.externalSpan(span), terms)
  }

  private relayed(
    task: Defined,
    arity: number,
    payload: unknown,
    span: Tracer.ExternalSpan | undefined,
    terms: Terms,
  ): Effect.Effect<Reply> {
    const { submitter } = this.engine
    const result = Effect.withFiberRuntime<unknown, Unread | Sendable>((_, status) => {
      const no = refusalBy(submitter.state)
      if (no) return no
      const job = new Relay(submitter.call(task, arity, undefined, span, terms), payload)
      submitter.submit(job)
      return awaitPending(job, status, () => job.abandon())
    })
    return Effect.match(submitter.room.whenOpen(result), {
      onSuccess: (value) => ({ value }),
      onFailure: (error) =>
        error instanceof Unread ? { failure: error.failure } : { error: sendError(error) },
    })
  }

  places() {
    return this.engine.places
  }

  statistics() {
    return this.engine.statistics
  }

  progress(): Stream.Stream<Pool.Statistics> {
    return this.engine.progress
  }

  trace() {
    return this.engine.trace
  }

  close() {
    return this.engine.close
  }

  terminate() {
    return this.engine.terminate
  }

  /** Whether it has ended: else it takes tasks. */
  join(): Effect.Effect<boolean> {
    return Effect.match(this.engine.join, { onSuccess: () => true, onFailure: () => false })
  }
}

const METHODS = ofObject(["run", "places", "statistics", "progress", "trace", "close", "terminate", "join"])

/** The platform that this agent was started by, for agents of its own. */
const platform: Effect.Effect<Layer.Layer<Platform>, Unsupported | StartFailed> = Effect.gen(function* () {
  const { platform, platforms } = Agent.state()
  if (platform !== undefined) {
    yield* Effect.tryPromise({
      try: () => importModule(platform),
      catch: (cause) => new StartFailed({ agent: "a pool in a manager", cause }),
    })
  }
  const layer = platform === undefined ? undefined : platforms.get(platform)
  if (layer !== undefined) return layer as Layer.Layer<Platform>
  return yield* new Unsupported({
    feature: "a pool in a manager",
    reason: "the platform of the program does not tell which module has it",
    instead: "the layer of @multifiber/platform",
  })
})

/** Makes the pools of a manager, which end with its scope at the latest. */
export const making = (scope: Scope.Scope): Effect.Effect<(asked: Asked) => Effect.Effect<Made>> =>
  Effect.gen(function* () {
    const runtime = yield* Effect.runtime<never>()
    const services = yield* registered.once(
      Effect.flatMap(platform, (layer) => Scope.extend(Layer.build(layer), scope)),
      scope,
    )
    return ({ initializer, options, startMethod }) =>
      Effect.gen(function* () {
        const own = yield* Scope.fork(scope, ExecutionStrategy.sequential)
        const end = Scope.close(own, Exit.void)
        const first = initializer && registered.taskBy(initializer.task)
        const pool = yield* Pool.make({
          ...options,
          initializer: first,
          initargs: first && registered.decoded(first, initializer.args),
        }).pipe(
          Scope.extend(own),
          Effect.provide(yield* services),
          Effect.provideService(StartMethod, startMethod),
          Effect.onError(() => end),
        )
        const { handle } = new Entry(new Hosted(engineOf(pool)), METHODS, () => Effect.runFork(end))
        return { proxy: handle, size: pool.size }
      }).pipe(
        Effect.provide(runtime),
        Effect.catchAll((error) => Effect.succeed({ error: sendError(error) })),
      )
  })
