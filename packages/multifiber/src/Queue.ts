/**
 * A queue of messages between agents, first in, first out, with any number of producers and consumers: Python's
 * `multiprocessing.Queue`.
 *
 * @since 0.4.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import type * as Schema from "effect/Schema"
import * as Sink from "effect/Sink"
import * as Stream from "effect/Stream"
import * as Calls from "./agent/Calls.ts"
import {
  type Closed,
  Empty,
  type EncodingFailed,
  Full,
  type InvalidArgument,
  type ShutDown,
} from "./Errors.ts"
import {
  closeSync,
  isRemote,
  localOf,
  makeSync,
  type Queue,
  shutdownSync,
  sideOf,
  TypeId,
  UNBOUNDED,
} from "./QueueSync.ts"
import { attempt, attemptThen } from "./sync/attempting.ts"
import { complete, isBorrowed, type Reading, type Received, values, withLoan } from "./sync/borrowing.ts"
import { NOTHING, type Nothing } from "./sync/LocalTurn.ts"
import type { LocalQueue } from "./sync/queueSides.ts"
import { askRemote, callRemote, pollRemote, takeRemote } from "./sync/remote.ts"
import { decoder, encoder } from "./sync/schemas.ts"
import { millisecondsOf, sleep } from "./sync/timing.ts"
import { takeTurn, tryTurn } from "./sync/turning.ts"
import { encode, type Message } from "./wire/Message.ts"

export type { Queue } from "./QueueSync.ts"

/**
 * What is known of a queue.
 *
 * @category models
 * @since 0.4.0
 */
export interface Statistics {
  readonly size: number
  /** How many values it may hold; none where there is no bound. */
  readonly capacity: Option.Option<number>
  readonly isShutDown: boolean
  /** Fibers of this agent that wait to put, and to get. */
  readonly waitingWriters: number
  readonly waitingReaders: number
}

/**
 * Tells whether a value is the handle of a queue.
 *
 * @category guards
 * @since 0.4.0
 */
export const isQueue = (u: unknown): u is Queue<unknown> => typeof u === "object" && u !== null && TypeId in u

/**
 * Makes a queue. With a capacity it holds so many values, and who puts more waits; without one, or with one that is not
 * above zero, it holds what fits into 1 GiB.
 *
 * **Shape** – a handle to some 140 KB of shared memory, which grows with what the queue holds and is freed with the last
 * handle. It may be sent to any agent, at any depth of an argument or a result, and in a message of another queue. An OS process
 * uses it through the agent that has sent it: each operation is a message there and back, plain code cannot use it there, and
 * what an OS process has made does not reach its starter. **Errors** – `InvalidArgument` for a capacity that is not a whole
 * number.
 *
 * **Source** – Python's `Queue(maxsize)`. There a thread of the producer sends what was put, some time later; here it is in
 * the queue when `put` returns. So `size` is exact, `join_thread` and `cancel_join_thread` are not needed, and what a
 * producer has put stays when it dies.
 *
 * @example
 * import { Effect } from "effect"
 * import { Queue } from "multifiber"
 *
 * const program = Effect.gen(function* () {
 *   const queue = yield* Queue.make<{ id: number }>({ capacity: 10 })
 *   yield* Queue.put(queue, { id: 1 })
 *   yield* Queue.put(queue, { id: 2 })
 *   return [yield* Queue.get(queue), yield* Queue.size(queue)]
 * })
 * console.log(await Effect.runPromise(program)) // => [ { id: 1 }, 1 ]
 *
 * @category constructors
 * @since 0.4.0
 */
export const make = <A>({
  capacity,
}: {
  readonly capacity?: number | undefined
} = {}): Effect.Effect<Queue<A>, InvalidArgument> => attempt(() => makeSync<A>(capacity), "InvalidArgument")

/** Encodes a value, and goes on with the message. */
const encodeThen = <A, B, E>(
  self: Queue<A>,
  value: A,
  next: (message: Message) => Effect.Effect<B, E>,
): Effect.Effect<B, E | EncodingFailed> =>
  attemptThen(() => encode(value, !isRemote(sideOf(self))), next, ["EncodingFailed"])

const ENDED = ["Closed", "ShutDown"] as const

type Ended = Closed | ShutDown

type Check = () => void

const writing = (local: LocalQueue, message: Message, check: Check = local.checkOpen) => ({
  turn: () => local.writers,
  act: local.putOf(message),
  check,
  tags: ENDED,
  giveUp: () => local.giveUp(),
})

const reading = <A>(local: LocalQueue, read: (message: Message) => A, check: Check = local.checkOpen) => ({
  turn: () => local.readers,
  act: local.takeOf(read),
  check,
  tags: ENDED,
})

/**
 * Puts a message: at once where `milliseconds` is 0; in time, where it is given. Where it does so for another agent, `check` is
 * not whether this one may.
 *
 * @internal
 */
export const putMessage = (
  self: Queue<any>,
  message: Message,
  milliseconds?: number,
  check?: Check,
): Effect.Effect<true | Nothing, Ended> =>
  Effect.suspend(() => {
    const side = sideOf(self)
    if (isRemote(side)) return callRemote<true, Ended["_tag"]>(side, "put", [message, milliseconds], ENDED)
    const turn = writing(side, message, check)
    const putting = milliseconds === 0 ? tryTurn(turn) : takeTurn(turn, sleep(milliseconds))
    return withLoan(message, putting)
  })

/**
 * Puts a message back that was taken for an agent below, where nobody wants it any more.
 *
 * @internal
 */
export const putBackMessage = (self: Queue<any>, message: Message): Effect.Effect<true | Nothing, Ended> =>
  Effect.suspend(() => {
    const local = localOf(self)
    return takeTurn({ ...writing(local, message, () => {}), act: local.putBackOf(message) })
  })

/**
 * Takes a message, and reads it. Else as `putMessage`.
 *
 * @internal
 */
export const takeMessage = <A>(
  self: Queue<any>,
  how: Reading<A>,
  milliseconds?: number,
  check?: Check,
): Effect.Effect<A | Nothing, Ended> =>
  Effect.suspend(() => {
    const side = sideOf(self)
    if (isRemote(side)) {
      const putBack = (received: Received): void => {
        const keepUnless = (isBack: boolean) => isBack || side.kept.keep(received)
        if (isBorrowed(received)) keepUnless(false)
        else {
          const call = { target: side.id, method: "putBack", args: [received] }
          Calls.call(call, ({ is }) => keepUnless(is === "done"))
        }
      }
      return Effect.map(takeRemote(side, "get", milliseconds, ENDED, putBack), (received) =>
        received === NOTHING ? NOTHING : how.receive(received),
      )
    }
    const turn = reading(side, how.take, check)
    const taking = milliseconds === 0 ? tryTurn(turn) : takeTurn(turn, sleep(milliseconds))
    return complete(how, taking)
  })

/**
 * Looks whether there is something to get, or never will be. Else as `putMessage`.
 *
 * @internal
 */
export const pollMessage = (
  self: Queue<any>,
  milliseconds?: number,
  check?: Check,
): Effect.Effect<true | Nothing, Closed> =>
  Effect.suspend(() => {
    const side = sideOf(self)
    if (isRemote(side)) return pollRemote(side, milliseconds, ["Closed"])
    const turn = {
      turn: () => side.readers,
      act: side.poll,
      check: check ?? side.checkOpen,
      tags: ["Closed"] as const,
    }
    return milliseconds === 0 ? tryTurn(turn) : takeTurn(turn, sleep(milliseconds))
  })

/**
 * Puts a value, as it is now, and waits while the queue is full.
 *
 * **Shape** – what structured clone carries: numbers and bytes travel as they are, the rest by msgpackr. An object of a class
 * arrives as a plain one; an error with its name, message and cause; −0 inside of an array or an object as 0. An `ArrayBuffer` is
 * copied, never transferred, as arguments (`transfer` of `Pool.apply`) and results (`Task.transfer`) of tasks may be; threads are
 * spared the copy by a `SharedArrayBuffer`, or the handle of an `Array` or a `SharedMemory`.
 * A value with shared memory in it, which handles are, is cloned and kept by the main agent until a fiber has got it; plain code
 * leaves it where it is. **Waiting** – suspends the fiber; the program stays alive meanwhile. **Fairness** – first come, first
 * served, as for `Lock.acquire`; what one fiber puts stays in its order. **Interruption** – leaves the queue as it was.
 * **Errors** – `EncodingFailed`, at once, for what no message can hold; `Closed` or `ShutDown`.
 *
 * **Source** – Python's `Queue.put(obj)`.
 *
 * @category combinators
 * @since 0.4.0
 */
export const put: {
  <A>(value: A): (self: Queue<A>) => Effect.Effect<void, EncodingFailed | Closed | ShutDown>
  <A>(self: Queue<A>, value: A): Effect.Effect<void, EncodingFailed | Closed | ShutDown>
} = dual(2, <A>(self: Queue<A>, value: A) =>
  encodeThen(self, value, (message) => Effect.asVoid(putMessage(self, message))),
)

/**
 * Puts a value where there is room, without waiting but for another agent that is at it; `false` where there is none. Else as
 * `put`.
 *
 * **Source** – Python's `Queue.put_nowait(obj)`, which raises `Full`.
 *
 * @category combinators
 * @since 0.4.0
 */
export const tryPut: {
  <A>(value: A): (self: Queue<A>) => Effect.Effect<boolean, EncodingFailed | Closed | ShutDown>
  <A>(self: Queue<A>, value: A): Effect.Effect<boolean, EncodingFailed | Closed | ShutDown>
} = dual(2, <A>(self: Queue<A>, value: A) =>
  encodeThen(self, value, (message) =>
    Effect.map(putMessage(self, message, 0), (result) => result !== NOTHING),
  ),
)

/**
 * Puts a value, and waits for room at most as long as `timeout`.
 *
 * **Units** – a `Duration`; zero tries once. **Errors** – `Full`, after which nothing of it is left; else as `put`.
 *
 * **Source** – Python's `Queue.put(obj, timeout=…)`.
 *
 * @category combinators
 * @since 0.4.0
 */
export const putWithin: {
  <A>(
    value: A,
    timeout: Duration.DurationInput,
  ): (self: Queue<A>) => Effect.Effect<void, EncodingFailed | Full | Closed | ShutDown>
  <A>(
    self: Queue<A>,
    value: A,
    timeout: Duration.DurationInput,
  ): Effect.Effect<void, EncodingFailed | Full | Closed | ShutDown>
} = dual(3, <A>(self: Queue<A>, value: A, timeout: Duration.DurationInput) =>
  encodeThen(self, value, (message) =>
    Effect.flatMap(putMessage(self, message, millisecondsOf(timeout)), (result) =>
      result === NOTHING ? Effect.fail(new Full()) : Effect.void,
    ),
  ),
)

/**
 * Takes the oldest value, and waits while the queue is empty.
 *
 * **Waiting** – suspends the fiber; the program stays alive meanwhile. **Fairness** – first come, first served, as for
 * `Lock.acquire`. **Interruption** – takes nothing; what an OS process is sent too late goes back to the end of the queue.
 * **Errors** – `Closed`; `ShutDown` once the queue is shut down and has nothing left.
 *
 * **Source** – Python's `Queue.get()`. There a consumer that is killed while it waits leaves the queue locked for all others.
 *
 * @category combinators
 * @since 0.4.0
 */
export const get = <A>(self: Queue<A>): Effect.Effect<A, Closed | ShutDown> =>
  takeMessage(self, values) as Effect.Effect<A, Closed | ShutDown>

/**
 * Takes the oldest value where there is one, without waiting but for another agent that is at it.
 *
 * **Source** – Python's `Queue.get_nowait()`, which raises `Empty`.
 *
 * @category combinators
 * @since 0.4.0
 */
export const tryGet = <A>(self: Queue<A>): Effect.Effect<Option.Option<A>, Closed | ShutDown> =>
  Effect.map(takeMessage(self, values, 0), (result) =>
    result === NOTHING ? Option.none() : Option.some(result as A),
  )

/**
 * Takes the oldest value, and waits for one at most as long as `timeout`.
 *
 * **Units** – a `Duration`; zero tries once. **Errors** – `Empty`, after which nothing was taken; else as `get`.
 *
 * **Source** – Python's `Queue.get(timeout=…)`.
 *
 * @category combinators
 * @since 0.4.0
 */
export const getWithin: {
  (timeout: Duration.DurationInput): <A>(self: Queue<A>) => Effect.Effect<A, Empty | Closed | ShutDown>
  <A>(self: Queue<A>, timeout: Duration.DurationInput): Effect.Effect<A, Empty | Closed | ShutDown>
} = dual(2, <A>(self: Queue<A>, timeout: Duration.DurationInput) =>
  Effect.flatMap(takeMessage(self, values, millisecondsOf(timeout)), (result) =>
    result === NOTHING ? Effect.fail(new Empty()) : Effect.succeed(result as A),
  ),
)

/**
 * How many values the queue holds. Exact, and old when it returns; also of a queue that is closed.
 *
 * **Source** – Python's `Queue.qsize()`, which is not exact.
 *
 * @category getters
 * @since 0.4.0
 */
export const size = (self: Queue<any>): Effect.Effect<number> => Effect.map(seen(self), ({ size }) => size)

/**
 * Tells whether the queue holds nothing. As exact as `size`.
 *
 * **Source** – Python's `Queue.empty()`.
 *
 * @category getters
 * @since 0.4.0
 */
export const isEmpty = (self: Queue<any>): Effect.Effect<boolean> =>
  Effect.map(size(self), (size) => size === 0)

/**
 * Tells whether the queue holds as many values as it may. As exact as `size`.
 *
 * **Source** – Python's `Queue.full()`.
 *
 * @category getters
 * @since 0.4.0
 */
export const isFull = (self: Queue<any>): Effect.Effect<boolean> =>
  Effect.map(size(self), (size) => size >= self[TypeId].capacity)

/**
 * Closes the queue for this agent: it neither puts nor gets any more, and who waits here fails with `Closed`. Others are not
 * touched. Nothing where it is closed.
 *
 * **Source** – Python's `Queue.close()`.
 *
 * @category combinators
 * @since 0.4.0
 */
export const close = (self: Queue<any>): Effect.Effect<void> => Effect.sync(() => closeSync(self))

/**
 * Shuts the queue down for all agents. Nothing more is put: who waits to do so fails with `ShutDown`. What it holds may be got
 * still, and then who gets fails with `ShutDown`; with `immediate` it does so at once, and what it holds is lost.
 *
 * **Source** – Python's `queue.Queue.shutdown(immediate)`, which `multiprocessing` does not have yet.
 *
 * @category combinators
 * @since 0.4.0
 */
export const shutdown = (self: Queue<any>, options?: { readonly immediate?: boolean }): Effect.Effect<void> =>
  Effect.suspend(() => {
    const side = sideOf(self)
    if (!isRemote(side)) return Effect.sync(() => shutdownSync(self, options))
    return askRemote<void>(side, "shutdown", [options])
  })

/**
 * What is known of the queue. Old when it returns.
 *
 * @category getters
 * @since 0.4.0
 */
export const statistics = (self: Queue<any>): Effect.Effect<Statistics> =>
  Effect.map(seen(self), ({ capacity, ...others }) => ({
    ...others,
    capacity: capacity === UNBOUNDED ? Option.none() : Option.some(capacity),
  }))

type Seen = Omit<Statistics, "capacity"> & { readonly capacity: number }

/**
 * The statistics as plain data.
 *
 * @internal
 */
export const seen = (self: Queue<any>): Effect.Effect<Seen> =>
  Effect.suspend(() => {
    const side = sideOf(self)
    if (isRemote(side)) return askRemote<Seen>(side, "seen")
    const { capacity, isShutDown, readers, size, writers } = side
    return Effect.succeed({
      size,
      capacity,
      isShutDown,
      waitingWriters: writers.waitingFibers,
      waitingReaders: readers.waitingFibers,
    })
  })

/**
 * The values of the queue as a stream, which ends when the queue is shut down and empty. It takes a value only when one is
 * wanted.
 *
 * @example
 * import { Effect, Stream } from "effect"
 * import { Queue } from "multifiber"
 *
 * const program = Effect.gen(function* () {
 *   const queue = yield* Queue.make<number>()
 *   yield* Stream.run(Stream.range(1, 4), Queue.toSink(queue))
 *   yield* Queue.shutdown(queue)
 *   return yield* Stream.runSum(Queue.toStream(queue))
 * })
 * console.log(await Effect.runPromise(program)) // => 10
 *
 * @category destructors
 * @since 0.4.0
 */
export const toStream = <A>(self: Queue<A>): Stream.Stream<A, Closed> =>
  Stream.repeatEffectOption(
    Effect.mapError(get(self), (error) => (error._tag === "ShutDown" ? Option.none() : Option.some(error))),
  )

/**
 * A sink that puts whatever it gets, and waits while the queue is full.
 *
 * @category destructors
 * @since 0.4.0
 */
export const toSink = <A>(self: Queue<A>): Sink.Sink<void, A, never, EncodingFailed | Closed | ShutDown> => {
  const putOne = (value: A) => put(self, value)
  return Sink.forEach(putOne)
}

/**
 * A queue as one agent sees it by a schema. Its methods are those of `Queue` of the same names, for values of type `A`; they fail
 * with `EncodingFailed` besides.
 *
 * @category models
 * @since 0.4.0
 */
export interface SchemaQueue<in out A> {
  readonly put: (value: A) => Effect.Effect<void, EncodingFailed | Closed | ShutDown>
  readonly tryPut: (value: A) => Effect.Effect<boolean, EncodingFailed | Closed | ShutDown>
  readonly putWithin: (
    value: A,
    timeout: Duration.DurationInput,
  ) => Effect.Effect<void, EncodingFailed | Full | Closed | ShutDown>
  readonly get: Effect.Effect<A, EncodingFailed | Closed | ShutDown>
  readonly tryGet: Effect.Effect<Option.Option<A>, EncodingFailed | Closed | ShutDown>
  readonly getWithin: (
    timeout: Duration.DurationInput,
  ) => Effect.Effect<A, EncodingFailed | Empty | Closed | ShutDown>
}

/**
 * Puts and gets by a schema: what is put is encoded, what is got is decoded, and so checked. An object of a class arrives as one.
 *
 * **Shape** – a view of the queue for this agent. It is not a handle: send the queue, and let the other agent make a view of its
 * own. The schema needs no services and is not asynchronous. Plain code has none, since schemas are of `effect`.
 * **Errors** – `EncodingFailed` for what the schema refuses: where it was to be put, nothing is; where it was got, it is gone, and
 * the next get has the next one.
 *
 * @example
 * import { Effect, Schema } from "effect"
 * import { Queue } from "multifiber"
 *
 * class Order extends Schema.Class<Order>("Order")({ id: Schema.Number, due: Schema.Date }) {
 *   get year() {
 *     return this.due.getUTCFullYear()
 *   }
 * }
 *
 * const program = Effect.gen(function* () {
 *   const queue = yield* Queue.make<typeof Order.Encoded>()
 *   const orders = Queue.forSchema(queue, Order)
 *   yield* orders.put(new Order({ id: 1, due: new Date("2030-01-01") }))
 *   return (yield* orders.get).year
 * })
 * console.log(await Effect.runPromise(program)) // => 2030
 *
 * @category combinators
 * @since 0.4.0
 */
export const forSchema: {
  <A, I>(schema: Schema.Schema<A, I>): (self: Queue<I>) => SchemaQueue<A>
  <A, I>(self: Queue<I>, schema: Schema.Schema<A, I>): SchemaQueue<A>
} = dual(2, <A, I>(self: Queue<I>, schema: Schema.Schema<A, I>): SchemaQueue<A> => {
  const encoded = encoder(schema)
  const decoded = decoder(schema)
  return {
    put: (value) => Effect.flatMap(encoded(value), (message) => put(self, message)),
    tryPut: (value) => Effect.flatMap(encoded(value), (message) => tryPut(self, message)),
    putWithin: (value, timeout) =>
      Effect.flatMap(encoded(value), (message) => putWithin(self, message, timeout)),
    get: Effect.flatMap(get(self), decoded),
    tryGet: Effect.flatMap(tryGet(self), Effect.transposeMapOption(decoded)),
    getWithin: (timeout) => Effect.flatMap(getWithin(self, timeout), decoded),
  }
})
