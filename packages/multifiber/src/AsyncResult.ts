/**
 * The result of a task that was submitted and not waited for.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as FiberStatus from "effect/FiberStatus"
import { dual } from "effect/Function"
import type { Pending } from "./agent/Pending.ts"
import { NotReady, type TaskError, TimedOut } from "./Errors.ts"
import { withdrawing } from "./sync/withdrawing.ts"

/**
 * @category type ids
 * @since 0.1.0
 */
export const TypeId = "~multifiber/AsyncResult"

/**
 * What `Pool.applyAsync` and `Pool.mapAsync` return at once.
 *
 * **Shape** – lives in the agent that submitted the task; may be read by any number of fibers, any number of times.
 *
 * **Source** – Python's `AsyncResult`.
 *
 * @category models
 * @since 0.1.0
 */
export interface AsyncResult<out A, out E = never> {
  readonly [TypeId]: { readonly _A: () => A; readonly _E: () => E }
}

const pendingOf = (self: AsyncResult<unknown, unknown>): Pending => self as unknown as Pending

/**
 * The result of a settled pending.
 *
 * @internal
 */
export const outcome = (pending: Pending): Effect.Effect<any, any> =>
  pending.status === "succeeded" ? Effect.succeed(pending.outcome) : Effect.fail(pending.outcome)

/**
 * Waits for a pending result, in a fiber of this status; `abandon` runs where the fiber is interrupted.
 *
 * @internal
 */
export const awaitPending = (
  pending: Pending,
  status: FiberStatus.Running,
  abandon: () => void,
): Effect.Effect<any, any> => {
  if (pending.status !== "waiting") return outcome(pending)
  let observer = () => {}
  const settled = Effect.async<any, any>((resume) => {
    observer = () => resume(outcome(pending))
    pending.observe(observer)
  })
  return withdrawing(settled, status, () => {
    if (pending.status !== "waiting") return
    pending.unobserve(observer)
    abandon()
  })
}

/**
 * @internal
 */
export const fromPending = <A, E>(pending: Pending): AsyncResult<A, E> =>
  pending as unknown as AsyncResult<A, E>

/**
 * Waits for the value.
 *
 * **Waiting** – suspends the fiber until the task is done; the program stays alive meanwhile. **Interruption** – ends the
 * waiting, not the task. **Errors** – those of the task and every `TaskError`, again at each call.
 *
 * @example
 * import { Effect } from "effect"
 * import { AsyncResult, Pool } from "multifiber"
 * import * as Task from "multifiber/Task"
 * import { Main } from "@multifiber/platform"
 *
 * export const { square } = Task.module(import.meta.url, { square: (n: number) => n * n })
 *
 * Main.run(import.meta, Effect.gen(function* () {
 *   const pool = yield* Pool.make({ size: 1 })
 *   const result = yield* Pool.applyAsync(pool, square, [7])
 *   console.log(yield* AsyncResult.get(result)) // => 49
 * }))
 *
 * @category getters
 * @since 0.1.0
 */
export const get = <A, E>(self: AsyncResult<A, E>): Effect.Effect<A, E | TaskError> => {
  const pending = pendingOf(self)
  return pending.status === "waiting"
    ? Effect.withFiberRuntime((_, status) => awaitPending(pending, status, () => {}))
    : outcome(pending)
}

/**
 * Waits for the value at most as long as `timeout`.
 *
 * **Units** – a `Duration`; zero or less asks once. **Errors** – `TimedOut`, after which the value may still come; else
 * as `get`.
 *
 * **Source** – Python's `get(timeout)`.
 *
 * @category getters
 * @since 0.1.0
 */
export const getWithin: {
  (
    timeout: Duration.DurationInput,
  ): <A, E>(self: AsyncResult<A, E>) => Effect.Effect<A, E | TaskError | TimedOut>
  <A, E>(self: AsyncResult<A, E>, timeout: Duration.DurationInput): Effect.Effect<A, E | TaskError | TimedOut>
} = dual(
  2,
  <A, E>(
    self: AsyncResult<A, E>,
    timeout: Duration.DurationInput,
  ): Effect.Effect<A, E | TaskError | TimedOut> =>
    Effect.suspend((): Effect.Effect<A, E | TaskError | TimedOut> => {
      const timedOut = () => new TimedOut({ operation: "AsyncResult.getWithin" })
      if (pendingOf(self).status !== "waiting") return get(self)
      const duration = Duration.decode(timeout)
      return Duration.toMillis(duration) > 0
        ? Effect.timeoutFail(get(self), { duration, onTimeout: timedOut })
        : Effect.fail(timedOut())
    }),
)

/**
 * Waits until the task is done, well or not.
 *
 * **Waiting** – suspends the fiber. **Interruption** – ends the waiting, not the task.
 *
 * @category combinators
 * @since 0.1.0
 */
export const wait = (self: AsyncResult<unknown, unknown>): Effect.Effect<void> =>
  Effect.asVoid(Effect.exit(get(self)))

/**
 * Waits until the task is done, at most as long as `timeout`; ask `ready` which of the two it was.
 *
 * **Source** – Python's `wait(timeout)`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const waitWithin: {
  (timeout: Duration.DurationInput): (self: AsyncResult<unknown, unknown>) => Effect.Effect<void>
  (self: AsyncResult<unknown, unknown>, timeout: Duration.DurationInput): Effect.Effect<void>
} = dual(
  2,
  (self: AsyncResult<unknown, unknown>, timeout: Duration.DurationInput): Effect.Effect<void> =>
    Effect.asVoid(Effect.exit(getWithin(self, timeout))),
)

/**
 * Gives the task up: a result that is not there yet fails with `TaskInterrupted`. The task is stopped as by an interruption of
 * `Pool.apply`. Never waits.
 *
 * **Source** – not in Python's `AsyncResult`; its `Future.cancel` cannot stop what runs.
 *
 * @category combinators
 * @since 0.5.0
 */
export const cancel = (self: AsyncResult<unknown, unknown>): Effect.Effect<void> =>
  Effect.sync(() => pendingOf(self).abandon())

/**
 * Tells whether the task is done. Never waits.
 *
 * @category getters
 * @since 0.1.0
 */
export const ready = (self: AsyncResult<unknown, unknown>): Effect.Effect<boolean> =>
  Effect.sync(() => pendingOf(self).status !== "waiting")

/**
 * Tells whether the task is done without a failure. Never waits.
 *
 * **Errors** – `NotReady` while the task is not done.
 *
 * @category getters
 * @since 0.1.0
 */
export const successful = (self: AsyncResult<unknown, unknown>): Effect.Effect<boolean, NotReady> =>
  Effect.suspend(() => {
    const { status } = pendingOf(self)
    return status === "waiting" ? Effect.fail(new NotReady()) : Effect.succeed(status === "succeeded")
  })
