/**
 * The synchronous form of `Connection`, for plain tasks: it blocks the agent and loads nothing of `effect`.
 *
 * @since 0.4.0
 */
import * as Holders from "@multifiber/kernel/Holders"
import { attach } from "@multifiber/kernel/Memory"
import * as Delivery from "./agent/Delivery.ts"
import * as Membership from "./agent/Membership.ts"
import { makeHandles } from "./sync/Handles.ts"
import { allocate, LocalRing, type Shared } from "./sync/LocalRing.ts"
import { type Act, type LocalTurn, NOTHING } from "./sync/LocalTurn.ts"
import { plainError } from "./sync/plainErrors.ts"
import { bytesMessage, decode, encode, type Message, toBytes } from "./wire/Message.ts"

/**
 * @category type ids
 * @since 0.4.0
 */
export const TypeId = "~multifiber/Connection"

/**
 * One end of a pipe, that sends values of type `Out` and receives values of type `In`: a handle that may be sent to any agent
 * that shares memory, as an argument of a task or inside of one.
 *
 * @category models
 * @since 0.4.0
 */
export interface Connection<in Out, out In> {
  readonly [TypeId]: {
    readonly id: string
    /** Who has this end open, then who has the other. */
    readonly words: SharedArrayBuffer
    readonly end: 0 | 1
    readonly input: Shared | undefined
    readonly output: Shared | undefined
    readonly _Out?: (_: Out) => void
    readonly _In?: () => In
  }
}

/** How many bytes a pipe holds, as far as they are not of a single message: as many as one of Linux. */
const PIPE_BYTES = 2 ** 16

const MOST_MESSAGES = 2 ** 31 - 1

/** What an agent keeps of one end. */
class LocalConnection {
  private readonly me: number
  private readonly own: Holders.Holders
  private readonly other: Holders.Holders
  private readonly input: LocalRing | undefined
  private readonly output: LocalRing | undefined
  private isClosed = false
  /** A message was too long: nobody knows where the next one begins, Python would say. */
  private isDeaf = false

  constructor(handle: Connection<never, any>, user: Membership.User) {
    const { end, input, output, words } = handle[TypeId]
    const holders = (which: number): Holders.Holders => ({
      memory: attach(new Int32Array(words, 4 * Holders.WORDS * which, Holders.WORDS)),
      agents: user.table,
    })
    const isBroken = () => !Holders.isHeld(this.other)
    const ringOf = (shared: Shared | undefined): LocalRing | undefined =>
      shared &&
      new LocalRing(shared, user, {
        most: MOST_MESSAGES,
        limit: PIPE_BYTES,
        isShut: isBroken,
        isOver: isBroken,
      })
    this.me = user.id
    this.own = holders(end)
    this.other = holders(1 - end)
    this.input = ringOf(input)
    this.output = ringOf(output)
    // Who has sent it holds it open still, or has opened it for this agent.
    if (!Holders.isHolder(this.own, this.me)) Holders.open(this.own, this.me)
  }

  get closed(): boolean {
    return this.isClosed
  }

  get readable(): boolean {
    return this.input !== undefined && !this.isDeaf
  }

  get writable(): boolean {
    return this.output !== undefined
  }

  /** An agent is being sent this end. */
  openFor(receiver: number): (() => void) | undefined {
    this.checkOpen()
    if (Holders.isHolder(this.own, receiver)) return undefined
    Holders.open(this.own, receiver)
    return () => Holders.close(this.own, receiver)
  }

  /** Throws `Closed`: nobody here waits any more. */
  readonly checkOpen = (): void => {
    if (this.isClosed) throw plainError("Closed", { what: "connection" })
  }

  private get isBroken(): boolean {
    return !Holders.isHeld(this.other)
  }

  /** Those who send. Throws `WrongDirection`. */
  get writers(): LocalTurn {
    if (this.output === undefined) throw plainError("WrongDirection", { operation: "send" })
    return this.output.writers
  }

  /** Those who receive. Throws `WrongDirection`. */
  get readers(): LocalTurn {
    if (this.input === undefined || this.isDeaf) throw plainError("WrongDirection", { operation: "receive" })
    return this.input.readers
  }

  /** Sends a message. Throws `BrokenPipe`. */
  putOf(message: Message): Act<true> {
    return () => {
      if (this.isBroken) throw plainError("BrokenPipe", {})
      return this.output?.put(message) ?? NOTHING
    }
  }

  /** Receives the oldest message. Throws `Eof`, and what `read` throws of a message that it has received. */
  takeOf<A>(read: (message: Message) => A): Act<A> {
    return () => {
      // In this order: whatever was sent was there before its sender closed its end.
      const isBroken = this.isBroken
      const taken = this.input?.take(read) ?? NOTHING
      if (taken === NOTHING && isBroken) throw plainError("Eof", {})
      return taken
    }
  }

  /** There is a message, or there will be none. Throws `Closed` or `WrongDirection`. */
  readonly isReady = (): boolean => {
    this.checkOpen()
    return this.readers !== undefined && (this.isBroken || (this.input?.size ?? 0) > 0)
  }

  /** The same as something to do in a turn. */
  readonly poll: Act<true> = () => this.isReady() || NOTHING

  giveUp(): void {
    this.output?.forgetNeed()
  }

  /** No more of this agent, which has nothing more of it. The other side learns of it where it was the last. */
  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    Holders.close(this.own, this.me)
    for (const ring of [this.input, this.output]) {
      ring?.readers.callAll()
      ring?.writers.callAll()
      ring?.wakeAll()
    }
  }

  /** Checks the length of a message; one that is too long is the last. */
  checkLength(bytes: Uint8Array, maxLength: number): void {
    if (bytes.length <= maxLength) return
    this.isDeaf = true
    if (!this.writable) this.close()
    throw plainError("BadLength", { length: bytes.length, maxLength })
  }
}

/**
 * What this agent keeps of a connection.
 *
 * @internal
 */
export const localOf: (self: Connection<never, any>) => LocalConnection = makeHandles(
  TypeId,
  (_, user, handle) => {
    watch(handle)
    return new LocalConnection(handle, user)
  },
)

/** From now on the handle tells of each agent that it is sent to: cloning it calls the getter. */
const watch = (handle: Connection<never, any>): void => {
  Object.defineProperty(handle[TypeId], "sent", {
    enumerable: true,
    configurable: true,
    get: () => {
      const delivery = Delivery.current()
      if (delivery?.receiver === undefined) return true
      const undo = localOf(handle).openFor(delivery.receiver)
      if (undo !== undefined) delivery.undo.push(undo)
      return true
    },
  })
}

/**
 * Makes a pipe: two ends, that each send what the other receives; or one that receives and one that sends, where it is not
 * `duplex`.
 *
 * @category constructors
 * @since 0.4.0
 */
export const makeSync = <A, B = A>({ duplex = true } = {}): readonly [Connection<A, B>, Connection<B, A>] => {
  const id = Membership.nextName()
  const words = new SharedArrayBuffer(4 * 2 * Holders.WORDS)
  const there = duplex ? allocate(0) : undefined
  const back = allocate(0)
  const endOf = (end: 0 | 1, output: Shared | undefined, input: Shared | undefined): Connection<any, any> => {
    const self = { [TypeId]: { id: `${id}:${end}`, words, end, input, output } }
    localOf(self)
    return self
  }
  return [endOf(0, there, back), endOf(1, back, there)]
}

const put = (self: Connection<never, any>, message: Message, milliseconds: number): boolean => {
  const local = localOf(self)
  local.checkOpen()
  if (local.writers.actSync(local.putOf(message), milliseconds) !== NOTHING) return true
  local.giveUp()
  return false
}

const take = <A>(self: Connection<never, any>, read: (message: Message) => A, milliseconds: number): A => {
  const local = localOf(self)
  local.checkOpen()
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
): boolean => put(self, encode(value), milliseconds)

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
): In => take(self, decode, milliseconds) as In

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
  put(self, bytesMessage(partOf(bytes, offset, size)), Number.POSITIVE_INFINITY)
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
  local.checkOpen()
  return local.readers.actSync(local.poll, milliseconds) !== NOTHING
}

/**
 * Closes this end for this agent; others that have it are not touched. Nothing where it is closed.
 *
 * @category combinators
 * @since 0.4.0
 */
export const closeSync = (self: Connection<never, any>): void => localOf(self).close()

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
    localOf(self).checkLength(bytes, maxLength)
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
