/**
 * The synchronous form of `JoinableQueue`, for plain tasks: it blocks the agent and loads nothing of `effect`. Putting and
 * getting are those of `QueueSync`.
 *
 * @since 0.4.0
 */
import * as QueueSync from "./QueueSync.ts"
import { plainError } from "./sync/plainErrors.ts"

/**
 * @category type ids
 * @since 0.4.0
 */
export const TypeId = "~multifiber/JoinableQueue"

/**
 * A queue that also counts what of it is not done: a handle, as that of a queue.
 *
 * @category models
 * @since 0.4.0
 */
export interface JoinableQueue<in out A> extends QueueSync.Queue<A> {
  readonly [TypeId]: true
}

/**
 * Makes a queue: see `QueueSync.makeSync`.
 *
 * @category constructors
 * @since 0.4.0
 */
export const makeSync = <A>(capacity?: number): JoinableQueue<A> => ({
  ...QueueSync.makeSync<A>(capacity),
  [TypeId]: true,
})

/**
 * One of the values that were put is done, whichever. Throws `IllegalState` where all are.
 *
 * @category combinators
 * @since 0.4.0
 */
export const taskDoneSync = (self: JoinableQueue<any>): void => {
  if (QueueSync.localOf(self).taskDone()) return
  throw plainError("IllegalState", { operation: "mark a task as done", state: "all done" })
}

/**
 * Blocks the agent until everything that was put is done, or for `milliseconds`; `false` where that was too short.
 *
 * **Waiting** – blocks the thread: no fiber, timer or message of the agent runs meanwhile. **Units** – zero or less looks
 * once.
 *
 * @category combinators
 * @since 0.4.0
 */
export const joinSync = (
  self: JoinableQueue<any>,
  milliseconds: number = Number.POSITIVE_INFINITY,
): boolean => QueueSync.localOf(self).joined.waitSync(milliseconds)

/**
 * How many values that were put are not done. Old when it returns.
 *
 * @category getters
 * @since 0.4.0
 */
export const unfinishedTasksSync = (self: JoinableQueue<any>): number =>
  QueueSync.localOf(self).unfinishedTasks
