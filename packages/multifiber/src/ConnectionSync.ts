/**
 * The synchronous form of `Connection`, for plain tasks: it blocks the agent and loads nothing of `effect`.
 *
 * @since 0.4.0
 */
import * as Holders from "@multifiber/kernel/Holders"
import * as Calls from "./agent/Calls.ts"
import * as Membership from "./agent/Membership.ts"
import { LocalConnection, RemoteConnection } from "./sync/connectionSides.ts"
import { type Lookup, makeHandles } from "./sync/Handles.ts"
import { allocate, type Shared } from "./sync/LocalRing.ts"
import { NOTHING } from "./sync/LocalTurn.ts"
import { plainError } from "./sync/plainErrors.ts"
import { onArrival, watch } from "./sync/travelling.ts"
import { bytesMessage, decodeSync, encode, type Message, toBytes } from "./wire/Message.ts"

/**
 * @category type ids
 * @since 0.4.0
 */
export const TypeId = "~multifiber/Connection"

/**
 * One end of a pipe, that sends values of type `Out` and receives values of type `In`: a handle that may be sent to any agent, as
 * an argument of a task or inside of one; in an OS process it is for Effects.
 *
 * @category models
 * @since 0.4.0
 */
export interface Connection<in Out, out In> {
  readonly [TypeId]: {
    readonly id: string
    readonly sends: boolean
    readonly receives: boolean
    /** Its messages leave the program, and have at most so many bytes each. */
    readonly maxMessage?: number
    /** None in an OS process, which uses it through its starter. */
    readonly shared: Ends | undefined
    readonly _Out?: (_: Out) => void
    readonly _In?: () => In
  }
}

/** The memory of one end. */
interface Ends {
  /** Who has one end open, and who has the other. */
  readonly words: SharedArrayBuffer
  readonly end: 0 | 1
  readonly input: Shared | undefined
  readonly output: Shared | undefined
}

/**
 * What this agent keeps of a connection.
 *
 * @internal
 */
export const sideOf: Lookup<Connection<never, any>, LocalConnection | RemoteConnection> = makeHandles(
  TypeId,
  (handle: Connection<never, any>, user) => {
    const inner = handle[TypeId]
    return inner.shared ? new LocalConnection(inner, inner.shared, user) : new RemoteConnection(inner)
  },
  (handle, side) => {
    const { id, shared } = handle[TypeId]
    side.touch()
    const share = isRemote(side) ? {} : { share: side.openFor, depart: side.depart }
    watch(handle[TypeId], "shared", { handle, id, shared, lease: side.lease, ...share })
  },
)

onArrival(TypeId, {
  adopt: (handle: Connection<never, any>) => sideOf(handle).receive(),
  arrive: (handle) => {
    const side = sideOf(handle)
    if (isRemote(side)) side.receive()
    else side.arrive()
  },
  pass: (handle) => {
    const isNew = !sideOf.isKnown(handle)
    return sideOf(handle).pass(isNew)
  },
})

/**
 * Tells whether this agent uses the connection through its starter.
 *
 * @internal
 */
export const isRemote = (side: LocalConnection | RemoteConnection): side is RemoteConnection =>
  side instanceof RemoteConnection

/**
 * What this agent keeps of a connection whose memory it shares. Throws `Unsupported`.
 *
 * @internal
 */
export const localOf = (self: Connection<never, any>): LocalConnection => {
  const side = sideOf(self)
  if (!isRemote(side)) return side
  throw Calls.cannotBlock("Connection")
}

/**
 * Makes a pipe: two ends, that each send what the other receives; or one that receives and one that sends, where it is not
 * `duplex`.
 *
 * @category constructors
 * @since 0.4.0
 */
export const makeSync = <A, B = A>({
  duplex = true,
}: {
  readonly duplex?: boolean
} = {}): readonly [Connection<A, B>, Connection<B, A>] => makeEnds(duplex)

/**
 * Makes a pipe whose messages leave the program where `maxMessage` is given, and have at most so many bytes each.
 *
 * @internal
 */
export const makeEnds = <A, B>(
  duplex: boolean,
  maxMessage?: number,
): readonly [Connection<A, B>, Connection<B, A>] => {
  const id = Membership.nextName()
  const words = new SharedArrayBuffer(4 * 2 * Holders.WORDS)
  const there = duplex ? allocate(0) : undefined
  const back = allocate(0)
  const endOf = (end: 0 | 1, output: Shared | undefined, input: Shared | undefined): Connection<any, any> => {
    const self = {
      [TypeId]: {
        id: `${id}:${end}`,
        sends: output !== undefined,
        receives: input !== undefined,
        ...(maxMessage === undefined ? {} : { maxMessage }),
        shared: { words, end, input, output },
      },
    }
    sideOf(self)
    return self
  }
  return [endOf(0, there, back), endOf(1, back, there)]
}

const put = (self: Connection<never, any>, message: Message, milliseconds: number): boolean => {
  const local = localOf(self)
  local.checkSending()
  return local.putSync(message, milliseconds)
}

const take = <A>(self: Connection<never, any>, read: (message: Message) => A, milliseconds: number): A => {
  const local = localOf(self)
  local.checkReceiving()
  const taken = local.readers.actSync(local.takeOf(read), milliseconds)
  if (taken === NOTHING) throw plainError("TimedOut", { operation: "receiving" })
  return taken
}

/**
 * Sends a value, as it is now. Blocks the agent while the pipe is full, at most for `milliseconds`; `false` where that was too
 * short.
 *
 * **Waiting** – blocks the thread: no fiber, timer or message of the agent runs meanwhile. **Units** – zero or less tries
 * once. **Errors** – throws `EncodingFailed`, `Closed`, `WrongDirection` or `BrokenPipe`.
 *
 * @example
 * import * as ConnectionSync from "multifiber/ConnectionSync"
 *
 * const [left, right] = ConnectionSync.makeSync<string>()
 * ConnectionSync.sendSync(left, "hello")
 * console.log(ConnectionSync.recvSync(right), ConnectionSync.pollSync(right)) // => hello false
 *
 * @category combinators
 * @since 0.4.0
 */
export const sendSync = <Out>(
  self: Connection<Out, any>,
  value: Out,
  milliseconds: number = Number.POSITIVE_INFINITY,
): boolean => put(self, messageOf(self, value), milliseconds)

/**
 * Receives a value. Blocks the agent until there is one, at most for `milliseconds`.
 *
 * **Waiting**, **Units** – as `sendSync`. **Errors** – throws `TimedOut`, `Eof`, `Closed` or `WrongDirection`.
 *
 * @category combinators
 * @since 0.4.0
 */
export const recvSync = <In>(
  self: Connection<never, In>,
  milliseconds: number = Number.POSITIVE_INFINITY,
): In => take(self, decodeSync, milliseconds) as In

/**
 * Sends bytes, or some of them: see `Connection.sendBytes`. Else as `sendSync`, without a time-out.
 *
 * @category combinators
 * @since 0.4.0
 */
export const sendBytesSync = (
  self: Connection<never, any>,
  bytes: ArrayBufferView,
  { offset = 0, size }: { readonly offset?: number; readonly size?: number } = {},
): void => {
  put(self, bytesMessageOf(self, partOf(bytes, offset, size)), Number.POSITIVE_INFINITY)
}

/**
 * Receives the bytes of a message, `maxLength` at most: see `Connection.recvBytes`. Else as `recvSync`, without a time-out.
 *
 * @category combinators
 * @since 0.4.0
 */
export const recvBytesSync = (
  self: Connection<never, any>,
  { maxLength = Number.POSITIVE_INFINITY }: { readonly maxLength?: number } = {},
): Uint8Array => take(self, reader(self, maxLength), Number.POSITIVE_INFINITY)

/**
 * Receives the bytes of a message into a buffer, and returns how many they are: see `Connection.recvBytesInto`. Else as
 * `recvSync`, without a time-out.
 *
 * @category combinators
 * @since 0.4.0
 */
export const recvBytesIntoSync = (
  self: Connection<never, any>,
  buffer: ArrayBufferView,
  { offset = 0 }: { readonly offset?: number } = {},
): number => fill(partOf(buffer, offset), recvBytesSync(self))

/**
 * Tells whether there is a message, or the connection has ended; blocks the agent until then, at most for `milliseconds`. Takes
 * nothing. **Errors** – throws `Closed` or `WrongDirection`.
 *
 * @category combinators
 * @since 0.4.0
 */
export const pollSync = (self: Connection<never, any>, milliseconds = 0): boolean => {
  const local = localOf(self)
  local.checkReceiving()
  return local.readers.actSync(local.poll, milliseconds) !== NOTHING
}

/**
 * Closes this end for this agent; others that have it are not touched. Nothing where it is closed.
 *
 * @category combinators
 * @since 0.4.0
 */
export const closeSync = (self: Connection<never, any>): void => sideOf(self).close()

/**
 * The message of a value for this connection. Throws `EncodingFailed`.
 *
 * @internal
 */
export const messageOf = (self: Connection<never, any>, value: unknown): Message => {
  const { maxMessage } = self[TypeId]
  return encode(value, maxMessage === undefined && !isRemote(sideOf(self)), maxMessage)
}

/**
 * The message of some bytes for this connection. Throws `EncodingFailed`.
 *
 * @internal
 */
export const bytesMessageOf = (self: Connection<never, any>, bytes: Uint8Array): Message =>
  bytesMessage(bytes, self[TypeId].maxMessage)

/**
 * Some bytes of a buffer. Throws `InvalidArgument` for what is not within it.
 *
 * @internal
 */
export const partOf = (view: ArrayBufferView, offset: number, size?: number): Uint8Array => {
  const expected = (what: string) => `a whole number, so that it lies within the ${what}`
  if (!ArrayBuffer.isView(view)) {
    throw plainError("InvalidArgument", {
      argument: "bytes",
      value: view,
      expected: "a typed array or a DataView",
    })
  }
  const { buffer, byteLength, byteOffset } = view
  if (!Number.isSafeInteger(offset) || offset < 0 || offset > byteLength) {
    throw plainError("InvalidArgument", {
      argument: "offset",
      value: offset,
      expected: expected(`${byteLength} bytes`),
    })
  }
  const length = size ?? byteLength - offset
  if (!Number.isSafeInteger(length) || length < 0 || offset + length > byteLength) {
    throw plainError("InvalidArgument", {
      argument: "size",
      value: size,
      expected: expected(`${byteLength} bytes`),
    })
  }
  return new Uint8Array(buffer, byteOffset + offset, length)
}

/**
 * Reads the bytes of a message. Throws `InvalidArgument` for a length that is none.
 *
 * @internal
 */
export const reader = (
  self: Connection<never, any>,
  maxLength: number,
): ((message: Message) => Uint8Array) => {
  if (!(maxLength >= 0)) {
    throw plainError("InvalidArgument", { argument: "maxLength", value: maxLength, expected: "0 or more" })
  }
  return (message) => {
    const bytes = toBytes(message)
    sideOf(self).checkLength(bytes, maxLength)
    return bytes
  }
}

/**
 * Copies bytes into a buffer. Throws `BufferTooShort`.
 *
 * @internal
 */
export const fill = (buffer: Uint8Array, bytes: Uint8Array): number => {
  if (bytes.length > buffer.length) throw plainError("BufferTooShort", { bytes, room: buffer.length })
  buffer.set(bytes)
  return bytes.length
}
