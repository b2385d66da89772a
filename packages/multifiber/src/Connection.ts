/**
 * One end of a pipe between agents: Python's `multiprocessing.connection.Connection`.
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
import {
  bytesMessageOf,
  type Connection,
  closeSync,
  fill,
  isRemote,
  messageOf,
  partOf,
  reader,
  sideOf,
  TypeId,
} from "./ConnectionSync.ts"
import {
  type BadLength,
  type BrokenPipe,
  type BufferTooShort,
  type Closed,
  type EncodingFailed,
  type Eof,
  type InvalidArgument,
  TimedOut,
  type WrongDirection,
} from "./Errors.ts"
import { attempt, attemptThen } from "./sync/attempting.ts"
import { bytesBy, complete, type Reading, values, withLoan } from "./sync/borrowing.ts"
import type { RemoteConnection } from "./sync/connectionSides.ts"
import { NOTHING, type Nothing } from "./sync/LocalTurn.ts"
import { callRemote, pollRemote, takeRemote } from "./sync/remote.ts"
import { decoder, encoder } from "./sync/schemas.ts"
import { millisecondsOf, sleep } from "./sync/timing.ts"
import { takeTurn, tryTurn } from "./sync/turning.ts"
import { type Message, toBytes } from "./wire/Message.ts"

export type { Connection } from "./ConnectionSync.ts"

/** Any connection, whatever goes through. */
type Any = Connection<never, any>

/**
 * What sending fails with, besides what the value is to blame for.
 *
 * @category errors
 * @since 0.4.0
 */
export type SendError = BrokenPipe | Closed | WrongDirection

/**
 * What receiving fails with.
 *
 * @category errors
 * @since 0.4.0
 */
export type RecvError = Eof | Closed | WrongDirection

/**
 * Tells whether a value is the handle of a connection.
 *
 * @category guards
 * @since 0.4.0
 */
export const isConnection = (u: unknown): u is Connection<never, unknown> =>
  typeof u === "object" && u !== null && TypeId in u

const SENDING = ["BrokenPipe", "Closed", "WrongDirection"] as const

const RECEIVING = ["Eof", "Closed", "WrongDirection", "BadLength"] as const

/**
 * Sends a message. Where it does so for another agent, `check` is not whether this one may.
 *
 * @internal
 */
export const sendMessage = (
  self: Any,
  message: Message,
  check?: () => void,
): Effect.Effect<void, SendError> =>
  Effect.suspend(() => {
    const side = sideOf(self)
    const sent = isRemote(side)
      ? callRemote<true, SendError["_tag"]>(sending(side), "send", [message], SENDING)
      : withLoan(
          message,
          takeTurn({
            turn: () => side.writers,
            act: side.putOf(message),
            check: check ?? side.checkSending,
            tags: SENDING,
            giveUp: () => side.giveUp(),
          }),
        )
    return Effect.asVoid(sent)
  })

const sending = ({ checkSending, id, pending }: RemoteConnection) => ({
  id,
  pending,
  checkOpen: checkSending,
})

const receiving = ({ checkReceiving, id, kept, pending }: RemoteConnection) => ({
  id,
  kept,
  pending,
  checkOpen: checkReceiving,
})

/**
 * Receives a message, in time where `milliseconds` is given, and reads it.
 *
 * @internal
 */
export const recvMessage = <A, E = never>(
  self: Any,
  how: Reading<A>,
  milliseconds?: number,
  check?: () => void,
): Effect.Effect<A | Nothing, RecvError | E> =>
  Effect.suspend(() => {
    const side = sideOf(self)
    if (!isRemote(side)) {
      const turn = {
        turn: () => side.readers,
        act: side.takeOf(how.take),
        check: check ?? side.checkReceiving,
        tags: RECEIVING,
      }
      return complete(how, takeTurn(turn, sleep(milliseconds)))
    }
    const taken = takeRemote(receiving(side), "recv", milliseconds, RECEIVING)
    return Effect.flatMap(taken, (received) =>
      received === NOTHING
        ? Effect.succeed<A | Nothing>(NOTHING)
        : attempt((): A | Nothing => how.receive(received), "BadLength"),
    )
  }) as Effect.Effect<A | Nothing, RecvError | E>

/**
 * Sends a value, as it is now, and waits while the pipe is full: while it holds 64 KB, or one message that is longer.
 *
 * **Shape** – as for `Queue.put`: an `ArrayBuffer` is copied, never transferred. **Waiting** – suspends the fiber; the program stays
 * alive meanwhile. **Fairness** – messages arrive whole and in order, whichever fibers and agents send them: several may use one
 * end. **Interruption** – sends nothing. **Errors** – `EncodingFailed`, at once and with nothing sent; `BrokenPipe` where nobody
 * has the other end open; `Closed`; `WrongDirection`.
 *
 * **Source** – Python's `Connection.send(obj)`, where two senders need a lock.
 *
 * @category combinators
 * @since 0.4.0
 */
export const send: {
  <Out>(value: Out): (self: Connection<Out, any>) => Effect.Effect<void, EncodingFailed | SendError>
  <Out>(self: Connection<Out, any>, value: Out): Effect.Effect<void, EncodingFailed | SendError>
} = dual(2, <Out>(self: Connection<Out, any>, value: Out) =>
  attemptThen(
    () => messageOf(self, value),
    (message) => sendMessage(self, message),
    ["EncodingFailed"],
  ),
)

/**
 * Receives a value, and waits until there is one.
 *
 * **Waiting** – suspends the fiber; the program stays alive meanwhile. **Fairness** – first come, first served, as for
 * `Lock.acquire`. **Interruption** – takes nothing. **Errors** – `Eof` once nobody has the other end open and everything
 * was received, again and again; `Closed`; `WrongDirection`. A sender that is killed has sent a message whole or not at all.
 *
 * **Source** – Python's `Connection.recv()`.
 *
 * @category combinators
 * @since 0.4.0
 */
export const recv = <In>(self: Connection<never, In>): Effect.Effect<In, RecvError> =>
  recvMessage(self, values) as Effect.Effect<In, RecvError>

/**
 * Receives a value, and waits for it at most as long as `timeout`.
 *
 * **Units** – a `Duration`; zero tries once. **Errors** – `TimedOut`, after which nothing was taken; else as `recv`.
 *
 * **Source** – Python has `poll(timeout)` and then `recv()`, between which another may take the message.
 *
 * @category combinators
 * @since 0.4.0
 */
export const recvWithin: {
  (
    timeout: Duration.DurationInput,
  ): <In>(self: Connection<never, In>) => Effect.Effect<In, RecvError | TimedOut>
  <In>(self: Connection<never, In>, timeout: Duration.DurationInput): Effect.Effect<In, RecvError | TimedOut>
} = dual(2, <In>(self: Connection<never, In>, timeout: Duration.DurationInput) =>
  Effect.flatMap(recvMessage(self, values, millisecondsOf(timeout)), (result) =>
    result === NOTHING
      ? Effect.fail(new TimedOut({ operation: "Connection.recvWithin" }))
      : Effect.succeed(result as In),
  ),
)

/**
 * Sends bytes as one message: all of a typed array or a `DataView`, or `size` of them from `offset` on.
 *
 * **Units** – bytes. **Errors** – `InvalidArgument` for what is not within them; else as `send`. Without bytes it is an empty
 * message.
 *
 * **Source** – Python's `Connection.send_bytes(buf, offset, size)`.
 *
 * @category combinators
 * @since 0.4.0
 */
export const sendBytes = (
  self: Any,
  bytes: ArrayBufferView,
  { offset = 0, size }: { readonly offset?: number; readonly size?: number } = {},
): Effect.Effect<void, EncodingFailed | InvalidArgument | SendError> =>
  Effect.flatMap(
    attempt(() => bytesMessageOf(self, partOf(bytes, offset, size)), "EncodingFailed", "InvalidArgument"),
    (message) => sendMessage(self, message),
  )

/**
 * Receives the bytes of a message, at most `maxLength`.
 *
 * **Shape** – of a value that was sent by `send` the bytes that msgpackr makes of it. **Errors** – `BadLength` for a longer
 * message: that is lost, and this end receives nothing any more, as in Python; one that only receives is closed.
 * `InvalidArgument` for a length that is none; else as `recv`.
 *
 * **Source** – Python's `Connection.recv_bytes(maxlength)`.
 *
 * @category combinators
 * @since 0.4.0
 */
export const recvBytes = (
  self: Any,
  { maxLength = Number.POSITIVE_INFINITY }: { readonly maxLength?: number } = {},
): Effect.Effect<Uint8Array, RecvError | BadLength | InvalidArgument> =>
  Effect.flatMap(
    attempt(() => reader(self, maxLength), "InvalidArgument"),
    (read) => recvMessage(self, bytesBy(read)) as Effect.Effect<Uint8Array, RecvError | BadLength>,
  )

/**
 * Receives the bytes of a message into a typed array or a `DataView`, from byte `offset` on, and returns how many they are.
 *
 * **Errors** – `BufferTooShort` where there is too little room: the message was received, and the error has its bytes.
 * `InvalidArgument` for an offset beyond the buffer; else as `recv`.
 *
 * **Source** – Python's `Connection.recv_bytes_into(buf, offset)`.
 *
 * @category combinators
 * @since 0.4.0
 */
export const recvBytesInto = (
  self: Any,
  buffer: ArrayBufferView,
  { offset = 0 }: { readonly offset?: number } = {},
): Effect.Effect<number, RecvError | BufferTooShort | InvalidArgument> =>
  Effect.flatMap(
    attempt(() => partOf(buffer, offset), "InvalidArgument"),
    (part) =>
      Effect.flatMap(recvMessage(self, bytesBy(toBytes)) as Effect.Effect<Uint8Array, RecvError>, (bytes) =>
        attempt(() => fill(part, bytes), "BufferTooShort"),
      ),
  )

/**
 * Tells whether there is a message, or the connection has ended; waits for that at most as long as `timeout`. Takes nothing.
 *
 * **Units** – a `Duration`; zero, which is the default, asks once. **Errors** – `Closed`; `WrongDirection`.
 *
 * **Source** – Python's `Connection.poll(timeout)`.
 *
 * @category combinators
 * @since 0.4.0
 */
export const poll = (
  self: Any,
  timeout: Duration.DurationInput = 0,
): Effect.Effect<boolean, Closed | WrongDirection> =>
  Effect.map(pollMessage(self, millisecondsOf(timeout)), (result) => result !== NOTHING)

/**
 * The same with a time-out that may travel.
 *
 * @internal
 */
export const pollMessage = (
  self: Any,
  milliseconds?: number,
  check?: () => void,
): Effect.Effect<true | Nothing, Closed | WrongDirection> =>
  Effect.suspend((): Effect.Effect<true | Nothing, Closed | WrongDirection> => {
    const side = sideOf(self)
    if (!isRemote(side)) {
      const turn = {
        turn: () => side.readers,
        act: side.poll,
        check: check ?? side.checkReceiving,
        tags: POLLING,
      }
      return milliseconds === 0 ? tryTurn(turn) : takeTurn(turn, sleep(milliseconds))
    }
    return pollRemote(receiving(side), milliseconds, POLLING)
  })

const POLLING = ["Closed", "WrongDirection"] as const

/**
 * Closes this end for this agent, and who waits here fails with `Closed`. Others that have it are not touched. Nothing where it
 * is closed.
 *
 * **Source** – Python's `Connection.close()`.
 *
 * @category combinators
 * @since 0.4.0
 */
export const close = (self: Any): Effect.Effect<void> => Effect.sync(() => closeSync(self))

/**
 * Tells whether this agent has closed this end.
 *
 * **Source** – Python's `Connection.closed`.
 *
 * @category getters
 * @since 0.4.0
 */
export const isClosed = (self: Any): Effect.Effect<boolean> => Effect.sync(() => sideOf(self).closed)

/**
 * Tells whether this end receives.
 *
 * **Source** – Python's `Connection.readable`.
 *
 * @category getters
 * @since 0.4.0
 */
export const isReadable = (self: Any): Effect.Effect<boolean> => Effect.sync(() => sideOf(self).readable)

/**
 * Tells whether this end sends.
 *
 * **Source** – Python's `Connection.writable`.
 *
 * @category getters
 * @since 0.4.0
 */
export const isWritable = (self: Any): Effect.Effect<boolean> => Effect.sync(() => sideOf(self).sends)

/**
 * What is received, as a stream, which ends with the connection. It receives a value only when one is wanted.
 *
 * @category destructors
 * @since 0.4.0
 */
export const toStream = <In>(self: Connection<never, In>): Stream.Stream<In, Closed | WrongDirection> =>
  Stream.repeatEffectOption(
    Effect.mapError(recv(self), (error) => (error._tag === "Eof" ? Option.none() : Option.some(error))),
  )

/**
 * A sink that sends whatever it gets, and waits while the pipe is full.
 *
 * @category destructors
 * @since 0.4.0
 */
export const toSink = <Out>(
  self: Connection<Out, any>,
): Sink.Sink<void, Out, never, EncodingFailed | SendError> => {
  const sendOne = (value: Out) => send(self, value)
  return Sink.forEach(sendOne)
}

/**
 * The schemas of a connection, where its directions differ.
 *
 * @category models
 * @since 0.4.0
 */
export interface Schemas<Out, OutI, In, InI> {
  readonly send: Schema.Schema<Out, OutI>
  readonly receive: Schema.Schema<In, InI>
}

/**
 * A connection as one agent sees it by schemas. Its methods are those of `Connection` of the same names; they fail with
 * `EncodingFailed` besides.
 *
 * @category models
 * @since 0.4.0
 */
export interface SchemaConnection<in Out, out In> {
  readonly send: (value: Out) => Effect.Effect<void, EncodingFailed | SendError>
  readonly recv: Effect.Effect<In, EncodingFailed | RecvError>
  readonly recvWithin: (
    timeout: Duration.DurationInput,
  ) => Effect.Effect<In, EncodingFailed | RecvError | TimedOut>
}

/**
 * Sends and receives by a schema, or by one for each direction: what is sent is encoded, what is received is decoded, and so
 * checked. An object of a class arrives as one.
 *
 * **Shape** – a view for this agent, as that of `Queue.forSchema`; plain code has none. **Errors** – `EncodingFailed` for what
 * the schema refuses: where it was to be sent, nothing is; where it was received, it is gone, and the next one comes next.
 *
 * @example
 * import { Effect, Schema } from "effect"
 * import { Connection, Pipe } from "multifiber"
 *
 * const program = Effect.scoped(
 *   Effect.gen(function* () {
 *     const [left, right] = yield* Pipe.make<string, number>()
 *     const asking = Connection.forSchema(left, { send: Schema.Date, receive: Schema.Int })
 *     const answering = Connection.forSchema(right, { send: Schema.Int, receive: Schema.Date })
 *     yield* asking.send(new Date("2030-06-01"))
 *     yield* answering.send((yield* answering.recv).getUTCFullYear())
 *     return yield* asking.recv
 *   }),
 * )
 * console.log(await Effect.runPromise(program)) // => 2030
 *
 * @category combinators
 * @since 0.4.0
 */
export const forSchema: {
  <A, I>(schema: Schema.Schema<A, I>): (self: Connection<I, I>) => SchemaConnection<A, A>
  <Out, OutI, In, InI>(
    schemas: Schemas<Out, OutI, In, InI>,
  ): (self: Connection<OutI, InI>) => SchemaConnection<Out, In>
  <A, I>(self: Connection<I, I>, schema: Schema.Schema<A, I>): SchemaConnection<A, A>
  <Out, OutI, In, InI>(
    self: Connection<OutI, InI>,
    schemas: Schemas<Out, OutI, In, InI>,
  ): SchemaConnection<Out, In>
} = dual(
  2,
  <A, I>(
    self: Connection<I, I>,
    schemas: Schema.Schema<A, I> | Schemas<A, I, A, I>,
  ): SchemaConnection<A, A> => {
    const { receive, send: sent } = "ast" in schemas ? { receive: schemas, send: schemas } : schemas
    const encoded = encoder(sent)
    const decoded = decoder(receive)
    return {
      send: (value) => Effect.flatMap(encoded(value), (message) => send(self, message)),
      recv: Effect.flatMap(recv(self), decoded),
      recvWithin: (timeout) => Effect.flatMap(recvWithin(self, timeout), decoded),
    }
  },
)
