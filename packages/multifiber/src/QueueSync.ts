/**
 * The synchronous form of `Queue`, for plain tasks: it blocks the agent and loads nothing of `effect`.
 *
 * @since 0.4.0
 */
import { cannotBlock } from "./agent/Calls.ts"
import * as Membership from "./agent/Membership.ts"
import { makeHandles } from "./sync/Handles.ts"
import { allocate, type Shared } from "./sync/LocalRing.ts"
import { NOTHING } from "./sync/LocalTurn.ts"
import { plainError } from "./sync/plainErrors.ts"
import { LocalQueue, RemoteQueue, WORDS } from "./sync/queueSides.ts"
import { onArrival, watch } from "./sync/travelling.ts"
import { encode } from "./wire/Message.ts"

/**
 * @category type ids
 * @since 0.4.0
 */
export const TypeId = "~multifiber/Queue"

/**
 * A queue of messages of type `A` between agents: a handle that may be sent to any agent, as an argument of a task or inside of
 * one; in an OS process it is for Effects.
 *
 * @category models
 * @since 0.4.0
 */
export interface Queue<in out A> {
  readonly [TypeId]: {
    readonly id: string
    /** How many messages it holds at most. */
    readonly capacity: number
    /** None in an OS process, which uses it through its starter. */
    readonly shared: Shared | undefined
    readonly _A?: (_: A) => A
  }
}

/**
 * How many messages a queue without a capacity holds: 2^31 − 1.
 *
 * @category models
 * @since 0.4.0
 */
export const UNBOUNDED = 2 ** 31 - 1

/**
 * What this agent keeps of a queue.
 *
 * @internal
 */
export const sideOf: (self: Queue<any>) => LocalQueue | RemoteQueue = makeHandles(
  TypeId,
  (handle: Queue<any>, user) => {
    const { capacity, id, shared } = handle[TypeId]
    return shared ? new LocalQueue(capacity, shared, user) : new RemoteQueue(id)
  },
  (handle) => {
    const { id, shared } = handle[TypeId]
    watch(handle[TypeId], "shared", { handle, id, shared, lease: () => () => {} })
  },
)

onArrival(TypeId, {
  adopt: sideOf,
  arrive: sideOf,
  pass: (handle: Queue<any>) => {
    sideOf(handle)
    return () => {}
  },
})

/**
 * Tells whether this agent uses the queue through its starter.
 *
 * @internal
 */
export const isRemote = (side: LocalQueue | RemoteQueue): side is RemoteQueue => side instanceof RemoteQueue

/**
 * What this agent keeps of a queue whose memory it shares. Throws `Unsupported`.
 *
 * @internal
 */
export const localOf = (self: Queue<any>): LocalQueue => {
  const side = sideOf(self)
  if (!isRemote(side)) return side
  throw cannotBlock("Queue")
}

/**
 * Makes a queue of so many messages; of `UNBOUNDED` where there is no number, or none above zero. Throws `InvalidArgument` for
 * what is not a whole number.
 *
 * **Shape** – some 140 KB of shared memory at first; it grows with what the queue holds, up to 1 GiB, and is freed with the last
 * handle.
 *
 * @category constructors
 * @since 0.4.0
 */
export const makeSync = <A>(capacity = 0): Queue<A> => {
  if (!Number.isSafeInteger(capacity)) {
    throw plainError("InvalidArgument", { argument: "capacity", value: capacity, expected: "a whole number" })
  }
  const self: Queue<A> = {
    [TypeId]: {
      id: Membership.nextName(),
      capacity: capacity > 0 ? Math.min(capacity, UNBOUNDED) : UNBOUNDED,
      shared: allocate(WORDS),
    },
  }
  sideOf(self)
  return self
}

/**
 * Puts a value, as it is now. Blocks the agent while the queue is full, at most for `milliseconds`; `false` where that was
 * too short.
 *
 * **Waiting** – blocks the thread: no fiber, timer or message of the agent runs meanwhile. **Fairness** – as `Queue.put`;
 * where fibers of the agent wait, it goes first. **Units** – zero or less tries once. **Errors** – throws `EncodingFailed`,
 * `Closed` or `ShutDown`.
 *
 * @example
 * import * as QueueSync from "multifiber/QueueSync"
 *
 * const queue = QueueSync.makeSync<string>(1)
 * console.log(QueueSync.putSync(queue, "first"), QueueSync.putSync(queue, "second", 10)) // => true false
 * console.log(QueueSync.getSync(queue)) // => first
 *
 * @category combinators
 * @since 0.4.0
 */
export const putSync = <A>(
  self: Queue<A>,
  value: A,
  milliseconds: number = Number.POSITIVE_INFINITY,
): boolean => {
  const local = localOf(self)
  local.checkOpen()
  return local.putSync(encode(value), milliseconds)
}

/**
 * Puts a value where there is room, without waiting but for another agent that is at it; `false` where there is none. Else as
 * `putSync`.
 *
 * @category combinators
 * @since 0.4.0
 */
export const tryPutSync = <A>(self: Queue<A>, value: A): boolean => putSync(self, value, 0)

/**
 * Takes the oldest value. Blocks the agent while the queue is empty, at most for `milliseconds`.
 *
 * **Waiting**, **Units** – as `putSync`. **Fairness** – as `Queue.get`. **Errors** – throws `Empty` where that was too short;
 * `Closed` or `ShutDown`.
 *
 * @category combinators
 * @since 0.4.0
 */
export const getSync = <A>(self: Queue<A>, milliseconds: number = Number.POSITIVE_INFINITY): A => {
  const local = localOf(self)
  local.checkOpen()
  const taken = local.readers.actSync(local.take, milliseconds)
  if (taken === NOTHING) throw plainError("Empty", {})
  return taken as A
}

/**
 * Takes the oldest value where there is one, without waiting but for another agent that is at it. **Errors** – throws `Closed` or `ShutDown`.
 *
 * @category combinators
 * @since 0.4.0
 */
export const tryGetSync = <A>(self: Queue<A>): { readonly value: A } | undefined => {
  const local = localOf(self)
  local.checkOpen()
  const value = local.readers.actSync(local.take, 0)
  return value === NOTHING ? undefined : { value: value as A }
}

/**
 * How many values it holds. Exact, and old when it returns.
 *
 * @category getters
 * @since 0.4.0
 */
export const sizeSync = (self: Queue<any>): number => localOf(self).size

/**
 * Closes the queue for this agent: it neither puts nor gets any more. Others are not touched. Nothing where it is closed.
 *
 * @category combinators
 * @since 0.4.0
 */
export const closeSync = (self: Queue<any>): void => sideOf(self).close()

/**
 * Shuts the queue down for all agents: nothing more is put; what it holds may be got still, unless `immediate`.
 *
 * @category combinators
 * @since 0.4.0
 */
export const shutdownSync = (self: Queue<any>, { immediate = false } = {}): void =>
  localOf(self).shutDown(immediate)
