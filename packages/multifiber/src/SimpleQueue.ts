/**
 * A queue that puts and gets, and nothing more: Python's `multiprocessing.SimpleQueue`.
 *
 * @since 0.4.0
 */
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import type { Closed, EncodingFailed, ShutDown } from "./Errors.ts"
import * as Queue from "./Queue.ts"
import { sideOf } from "./QueueSync.ts"
import { closeSync, makeSync, type SimpleQueue, TypeId } from "./SimpleQueueSync.ts"
import { attempt } from "./sync/attempting.ts"

export type { SimpleQueue } from "./SimpleQueueSync.ts"

/**
 * Tells whether a value is the handle of a simple queue.
 *
 * @category guards
 * @since 0.4.0
 */
export const isSimpleQueue = (u: unknown): u is SimpleQueue<unknown> =>
  typeof u === "object" && u !== null && TypeId in u

/**
 * Makes a queue that holds what fits into 1 GiB.
 *
 * **Shape** – as that of `Queue.make`. **Source** – Python's `SimpleQueue()`, which holds what fits into a pipe.
 *
 * @example
 * import { Effect } from "effect"
 * import { SimpleQueue } from "multifiber"
 *
 * const program = Effect.gen(function* () {
 *   const queue = yield* SimpleQueue.make<string>()
 *   yield* SimpleQueue.put(queue, "hello")
 *   return yield* SimpleQueue.get(queue)
 * })
 * console.log(await Effect.runPromise(program)) // => hello
 *
 * @category constructors
 * @since 0.4.0
 */
export const make = <A>(): Effect.Effect<SimpleQueue<A>> => Effect.sync(() => makeSync<A>())

/** Nobody can shut it down. */
const isNeverShutDown = <A, E>(effect: Effect.Effect<A, E | ShutDown>): Effect.Effect<A, E> =>
  effect as Effect.Effect<A, E>

/**
 * Puts a value, as it is now: see `Queue.put`.
 *
 * **Source** – Python's `SimpleQueue.put(obj)`.
 *
 * @category combinators
 * @since 0.4.0
 */
export const put: {
  <A>(value: A): (self: SimpleQueue<A>) => Effect.Effect<void, EncodingFailed | Closed>
  <A>(self: SimpleQueue<A>, value: A): Effect.Effect<void, EncodingFailed | Closed>
} = dual(2, <A>(self: SimpleQueue<A>, value: A) => isNeverShutDown(Queue.put(self[TypeId], value)))

/**
 * Takes the oldest value, and waits while there is none: see `Queue.get`.
 *
 * **Source** – Python's `SimpleQueue.get()`.
 *
 * @category combinators
 * @since 0.4.0
 */
export const get = <A>(self: SimpleQueue<A>): Effect.Effect<A, Closed> =>
  isNeverShutDown(Queue.get(self[TypeId]))

/**
 * Tells whether it holds nothing. Old when it returns. **Errors** – `Closed`.
 *
 * **Source** – Python's `SimpleQueue.empty()`.
 *
 * @category getters
 * @since 0.4.0
 */
export const isEmpty = (self: SimpleQueue<any>): Effect.Effect<boolean, Closed> =>
  Effect.zipRight(
    attempt(() => sideOf(self[TypeId]).checkOpen(), "Closed"),
    Queue.isEmpty(self[TypeId]),
  )

/**
 * Closes the queue for this agent: see `Queue.close`.
 *
 * **Source** – Python's `SimpleQueue.close()`.
 *
 * @category combinators
 * @since 0.4.0
 */
export const close = (self: SimpleQueue<any>): Effect.Effect<void> => Effect.sync(() => closeSync(self))
