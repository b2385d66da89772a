/**
 * The synchronous form of `Connection`, for plain tasks: it blocks the agent and loads nothing of `effect`.
 *
 * @since 0.4.0
 */
import * as Holders from "@multifiber/kernel/Holders"
import { attach } from "@multifiber/kernel/Memory"
import * as Calls from "./agent/Calls.ts"
import * as Membership from "./agent/Membership.ts"
import type { Received } from "./sync/borrowing.ts"
import { makeHandles } from "./sync/Handles.ts"
import { allocate, LocalRing, type Shared } from "./sync/LocalRing.ts"
import { type Act, type LocalTurn, NOTHING } from "./sync/LocalTurn.ts"
import { plainError } from "./sync/plainErrors.ts"
import type { Remote } from "./sync/remote.ts"
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

/** How many bytes a pipe holds, as far as they are not of a single message: as many as one of Linux. */
const PIPE_BYTES = 2 ** 16

const MOST_MESSAGES = 2 ** 31 - 1

/** What an agent keeps of one end, and of those that use it through this agent. */
abstract class Side {
  readonly sends: boolean
  readonly receives: boolean
  private isClosed = false
  /** A message was too long: where the next one begins, Python would say, nobody knows. */
  private isDeaf = false
  /** How many other agents use it through this one, or get it now. */
  private proxies = 0
  /** How many get it now. */
  private passing = 0

  constructor({ receives, sends }: Connection<never, any>[typeof TypeId]) {
    this.sends = sends
    this.receives = receives
  }

  /** Neither this agent has it open any more, nor who uses it through this one. */
  protected abstract letGo(): void

  /** Another agent uses it through this one; returns what happens when it does not any more. */
  readonly lease = (): (() => void) => {
    if (this.passing === 0) this.checkOpen()
    this.proxies++
    return () => {
      this.proxies--
      this.letGoIfUnused()
    }
  }

  /** Another agent gets what this one may have closed; returns what is to be done once it has. */
  protected passOn(): () => void {
    this.passing++
    this.proxies++
    return () => {
      this.passing--
      this.proxies--
      this.letGoIfUnused()
    }
  }

  private letGoIfUnused(): void {
    if (this.isClosed && this.proxies === 0) this.letGo()
  }

  /** This agent has it anew. */
  protected reopen(): void {
    this.isClosed = false
  }

  /** A handle has come that was not here before: where this agent had closed the end, it may have it anew. */
  abstract receive(): void

  /** No more of this agent, which has nothing more of it. The other side learns of it where it was the last. */
  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.letGoIfUnused()
  }

  get closed(): boolean {
    return this.isClosed
  }

  get readable(): boolean {
    return this.receives && !this.isDeaf
  }

  /** Throws `Closed`: nobody here waits any more. */
  readonly checkOpen = (): void => {
    if (this.isClosed) throw plainError("Closed", { what: "connection" })
  }

  /** Throws `Closed` or `WrongDirection`. */
  readonly checkSending = (): void => {
    this.checkOpen()
    if (!this.sends) throw plainError("WrongDirection", { operation: "send" })
  }

  /** Throws `Closed` or `WrongDirection`. */
  readonly checkReceiving = (): void => {
    this.checkOpen()
    if (!this.readable) throw plainError("WrongDirection", { operation: "receive" })
  }

  /** Checks the length of a message; one that is too long is the last. */
  checkLength(bytes: Uint8Array, maxLength: number): void {
    if (bytes.length <= maxLength) return
    this.isDeaf = true
    if (!this.sends) this.close()
    throw plainError("BadLength", { length: bytes.length, maxLength })
  }
}

/** Of an end that this agent uses through its starter. */
class RemoteConnection extends Side implements Remote {
  readonly id: string
  readonly pending = new Set<() => void>()
  /** The starter has it open for this agent. */
  private isOpenAtStarter = true
  /** Messages that came when who had asked for them did not want them any more. */
  readonly kept: Array<Received> = []

  constructor(inner: Connection<never, any>[typeof TypeId]) {
    super(inner)
    this.id = inner.id
  }

  receive(): void {
    if (!this.isOpenAtStarter) this.reopen()
    this.isOpenAtStarter = true
  }

  readonly keep = (received: Received): void => {
    this.kept.push(received)
  }

  override close(): void {
    super.close()
    for (const withdraw of this.pending) withdraw()
  }

  protected letGo(): void {
    this.isOpenAtStarter = false
    Calls.release(this.id)
  }
}

/** Of an end whose memory this agent shares. */
class LocalConnection extends Side {
  private readonly me: number
  private readonly own: Holders.Holders
  private readonly other: Holders.Holders
  private readonly input: LocalRing | undefined
  private readonly output: LocalRing | undefined

  constructor(
    inner: Connection<never, any>[typeof TypeId],
    { end, input, output, words }: Ends,
    user: Membership.User,
  ) {
    super(inner)
    const holders = (which: number): Holders.Holders => ({
      memory: attach(new Int32Array(words, 4 * Holders.WORDS * which, Holders.WORDS)),
      agents: user.table,
    })
    const isBroken = () => this.isBroken
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

  /** An agent is being sent this end. */
  readonly openFor = (receiver: number): (() => void) | undefined => {
    this.checkOpen()
    if (Holders.isHolder(this.own, receiver)) return undefined
    Holders.open(this.own, receiver)
    return () => Holders.close(this.own, receiver)
  }

  private get isBroken(): boolean {
    return !Holders.isHeld(this.other)
  }

  receive(): void {
    if (Holders.isHolder(this.own, this.me)) this.reopen()
  }

  /** It is in a message that nobody has received yet. */
  readonly depart = (): (() => void) => {
    this.checkOpen()
    Holders.depart(this.own)
    return () => Holders.arrive(this.own)
  }

  /** This agent has received it in a message. */
  arrive(): void {
    Holders.open(this.own, this.me)
    this.reopen()
    Holders.arrive(this.own)
  }

  /** Another agent gets it that this one has received it for. */
  pass(): () => void {
    Holders.open(this.own, this.me)
    Holders.arrive(this.own)
    return this.passOn()
  }

  /** Those who send, after `checkSending`. */
  get writers(): LocalTurn {
    return (this.output as LocalRing).writers
  }

  /** Those who receive, after `checkReceiving`. */
  get readers(): LocalTurn {
    return (this.input as LocalRing).readers
  }

  /** Sends a message. Throws `BrokenPipe`. */
  putOf(message: Message): Act<true> {
    return () => {
      if (this.isBroken) throw plainError("BrokenPipe", {})
      return (this.output as LocalRing).put(message)
    }
  }

  putSync(message: Message, milliseconds: number): boolean {
    return (this.output as LocalRing).putSync(message, this.putOf(message), milliseconds)
  }

  /** Receives the oldest message. Throws `Eof`, and what `read` throws of a message that it has received. */
  takeOf<A>(read: (message: Message) => A): Act<A> {
    return () => {
      // In this order: whatever was sent was there before its sender closed its end.
      const isBroken = this.isBroken
      const taken = (this.input as LocalRing).take(read)
      if (taken === NOTHING && isBroken) throw plainError("Eof", {})
      return taken
    }
  }

  /** There is a message, or there will be none, as something to do in a turn. */
  readonly poll: Act<true> = () => this.isBroken || (this.input as LocalRing).size > 0 || NOTHING

  giveUp(): void {
    this.output?.forgetNeed()
  }

  override close(): void {
    super.close()
    for (const ring of [this.input, this.output]) {
      ring?.readers.callAll()
      ring?.writers.callAll()
    }
  }

  protected letGo(): void {
    Holders.close(this.own, this.me)
    this.input?.wakeAll()
    this.output?.wakeAll()
  }
}

export type { LocalConnection, RemoteConnection }

/**
 * What this agent keeps of a connection.
 *
 * @internal
 */
export const sideOf: (self: Connection<never, any>) => LocalConnection | RemoteConnection = makeHandles(
  TypeId,
  (handle: Connection<never, any>, user) => {
    const inner = handle[TypeId]
    return inner.shared ? new LocalConnection(inner, inner.shared, user) : new RemoteConnection(inner)
  },
  (handle, side) => {
    const { id, shared } = handle[TypeId]
    side.receive()
    const share = isRemote(side) ? {} : { share: side.openFor, depart: side.depart }
    watch(handle[TypeId], { handle, id, shared, lease: side.lease, ...share })
  },
)

onArrival(TypeId, {
  adopt: sideOf,
  arrive: (handle: Connection<never, any>) => {
    const side = sideOf(handle)
    if (!isRemote(side)) side.arrive()
  },
  pass: (handle) => {
    const side = sideOf(handle)
    return isRemote(side) ? () => {} : side.pass()
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
export const makeSync = <A, B = A>({ duplex = true } = {}): readonly [Connection<A, B>, Connection<B, A>] => {
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
