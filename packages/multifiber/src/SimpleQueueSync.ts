/**
 * The synchronous form of `SimpleQueue`, for plain tasks: it blocks the agent and loads nothing of `effect`.
 *
 * @since 0.4.0
 */
import * as QueueSync from "./QueueSync.ts"

/**
 * @category type ids
 * @since 0.4.0
 */
export const TypeId = "~multifiber/SimpleQueue"

/**
 * A queue without a capacity, and with the least of an interface: a handle, as that of a queue.
 *
 * @category models
 * @since 0.4.0
 */
export interface SimpleQueue<in out A> {
  readonly [TypeId]: QueueSync.Queue<A>
}

/**
 * Makes a queue: see `QueueSync.makeSync`.
 *
 * @category constructors
 * @since 0.4.0
 */
export const makeSync = <A>(): SimpleQueue<A> => ({ [TypeId]: QueueSync.makeSync<A>() })

/**
 * Puts a value, as it is now: see `QueueSync.putSync`.
 *
 * @category combinators
 * @since 0.4.0
 */
export const putSync = <A>(self: SimpleQueue<A>, value: A): void => {
  QueueSync.putSync(self[TypeId], value)
}

/**
 * Takes the oldest value, and blocks the agent while there is none: see `QueueSync.getSync`.
 *
 * @category combinators
 * @since 0.4.0
 */
export const getSync = <A>(self: SimpleQueue<A>): A => QueueSync.getSync(self[TypeId])

/**
 * Tells whether it holds nothing. Old when it returns. Throws `Closed`.
 *
 * @category getters
 * @since 0.4.0
 */
export const isEmptySync = (self: SimpleQueue<any>): boolean => {
  QueueSync.localOf(self[TypeId]).checkOpen()
  return QueueSync.sizeSync(self[TypeId]) === 0
}

/**
 * Closes the queue for this agent: see `QueueSync.closeSync`.
 *
 * @category combinators
 * @since 0.4.0
 */
export const closeSync = (self: SimpleQueue<any>): void => QueueSync.closeSync(self[TypeId])
