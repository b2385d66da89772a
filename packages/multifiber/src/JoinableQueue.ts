/**
 * A queue whose producers can wait until everything that they put is done: Python's `multiprocessing.JoinableQueue`. It is a
 * `Queue` besides: that module puts and gets.
 *
 * @since 0.4.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import type { IllegalState, InvalidArgument, TimedOut } from "./Errors.ts"
import { type JoinableQueue, makeSync, TypeId, taskDoneSync } from "./JoinableQueueSync.ts"
import { isRemote, sideOf } from "./QueueSync.ts"
import { attempt } from "./sync/attempting.ts"
import { askRemote, callRemote, unclosed } from "./sync/remote.ts"
import { waitForSignal, waitForSignalWithin } from "./sync/signalling.ts"

export type { JoinableQueue } from "./JoinableQueueSync.ts"

/**
 * Tells whether a value is the handle of a joinable queue.
 *
 * @category guards
 * @since 0.4.0
 */
export const isJoinableQueue = (u: unknown): u is JoinableQueue<unknown> =>
  typeof u === "object" && u !== null && TypeId in u

/**
 * Makes a queue: see `Queue.make`.
 *
 * **Source** – Python's `JoinableQueue(maxsize)`.
 *
 * @example
 * import { Effect } from "effect"
 * import { JoinableQueue, Queue } from "multifiber"
 *
 * const program = Effect.gen(function* () {
 *   const queue = yield* JoinableQueue.make<string>()
 *   yield* Queue.put(queue, "work")
 *   const worker = Effect.zipRight(Queue.get(queue), JoinableQueue.taskDone(queue))
 *   yield* Effect.fork(worker)
 *   yield* JoinableQueue.join(queue)
 *   return yield* JoinableQueue.unfinishedTasks(queue)
 * })
 * console.log(await Effect.runPromise(program)) // => 0
 *
 * @category constructors
 * @since 0.4.0
 */
export const make = <A>({
  capacity,
}: {
  readonly capacity?: number | undefined
} = {}): Effect.Effect<JoinableQueue<A>, InvalidArgument> =>
  attempt(() => makeSync<A>(capacity), "InvalidArgument")

/**
 * One of the values that were put is done, whichever; it need not have been got.
 *
 * **Errors** – `IllegalState` where all are. **Source** – Python's `JoinableQueue.task_done()`.
 *
 * @category combinators
 * @since 0.4.0
 */
export const taskDone = (self: JoinableQueue<any>): Effect.Effect<void, IllegalState> =>
  Effect.suspend(() => {
    const side = sideOf(self)
    return isRemote(side)
      ? Effect.asVoid(callRemote<void, "IllegalState">(unclosed(side), "taskDone", [], ["IllegalState"]))
      : attempt(() => taskDoneSync(self), "IllegalState")
  })

/**
 * Waits until everything that was put is done; what is put meanwhile counts as well. Where the queue is shut down at once, it
 * waits no more.
 *
 * **Waiting** – suspends the fiber; the program stays alive meanwhile. **Fairness** – everybody who waits passes, also where
 * something is put at once. **Interruption** – ends the waiting. What a consumer had got when it died is never done: put it
 * again, or mark it.
 *
 * **Source** – Python's `JoinableQueue.join()`.
 *
 * @category combinators
 * @since 0.4.0
 */
export const join = (self: JoinableQueue<any>): Effect.Effect<void> =>
  Effect.suspend(() => {
    const side = sideOf(self)
    return isRemote(side) ? askRemote<void>(side, "join") : waitForSignal(() => side.joined)
  })

/**
 * Waits until everything that was put is done, at most as long as `timeout`.
 *
 * **Units** – a `Duration`; zero looks once. **Errors** – `TimedOut`; else as `join`.
 *
 * @category combinators
 * @since 0.4.0
 */
export const joinWithin: {
  (timeout: Duration.DurationInput): (self: JoinableQueue<any>) => Effect.Effect<void, TimedOut>
  (self: JoinableQueue<any>, timeout: Duration.DurationInput): Effect.Effect<void, TimedOut>
} = dual(2, (self: JoinableQueue<any>, timeout: Duration.DurationInput) =>
  Effect.suspend(() => {
    const side = sideOf(self)
    return isRemote(side)
      ? Effect.asVoid(
          callRemote<void, "TimedOut">(
            unclosed(side),
            "joinWithin",
            [Duration.toMillis(timeout)],
            ["TimedOut"],
          ),
        )
      : waitForSignalWithin(() => side.joined, timeout, "JoinableQueue.joinWithin")
  }),
)

/**
 * How many values that were put are not done. Old when it returns.
 *
 * @category getters
 * @since 0.4.0
 */
export const unfinishedTasks = (self: JoinableQueue<any>): Effect.Effect<number> =>
  Effect.suspend(() => {
    const side = sideOf(self)
    return isRemote(side) ? askRemote<number>(side, "unfinishedTasks") : Effect.succeed(side.unfinishedTasks)
  })
