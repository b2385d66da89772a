/**
 * Values as messages of a ring: a number as it is, bytes as they are, anything else by msgpackr, which knows most of what
 * structured clone does. Loads nothing of `effect`: plain tasks use it.
 */
import { MAX_MESSAGE } from "@multifiber/kernel/Ring"
import { Packr } from "msgpackr/pack"
import * as Delivery from "../agent/Delivery.ts"
import * as Loans from "../agent/Loans.ts"
import { plainError } from "../sync/plainErrors.ts"
import { describe } from "./EncodedError.ts"

/** How a message is to be read. */
export const Kind = { Number: 0, Bytes: 1, Packed: 2, PackedMaps: 3, Lent: 4 } as const

export type Kind = (typeof Kind)[keyof typeof Kind]

/** A message: its kind, and its number or bytes; of what is lent by its name, the loan. */
export type Message = number | { readonly kind: Kind; readonly bytes: Uint8Array; readonly loan?: Loan }

/** A value that is lent where its message is sent, and only then. */
interface Loan {
  readonly give: () => void
  /** It is not sent, unless it was given. */
  readonly drop: () => void
}

const COMMON = { structuredClone: true, useBigIntExtension: true, copyBuffers: true }

/** Objects are what msgpack calls maps; twice as fast as the other. */
const packr = new Packr({ ...COMMON, useRecords: false, mapsAsObjects: true })

/** Objects are records, so that maps are maps, and an object may be met in itself. */
const mapPackr = new Packr(COMMON)

/**
 * The message of a value, as it is now, of so many bytes at most. Shared memory in it is lent to whoever receives it, where that
 * can be. Throws `EncodingFailed` for what cannot be sent.
 */
export const encode = (value: unknown, canLend = true, most?: number): Message => {
  if (typeof value === "number") return value
  if (value instanceof Uint8Array && value.constructor === Uint8Array && !isShared(value.buffer)) {
    return bytesMessage(value, most)
  }
  try {
    const checker = new Checker()
    checker.check(value)
    if (!checker.hasHandle && !checker.hasMemory) return pack(value, checker, most)
    return canLend
      ? lent(value)
      : refuse(value, "has a handle or shared memory in it, which does not leave this process")
  } catch (cause) {
    throw plainError("EncodingFailed", { subject: "message", value: describe(value), cause })
  }
}

/**
 * The same for another program, which uses what has a handle through this one, as `leases` note; without them it can have no handles
 * but those that came from there.
 */
export const encodeForProgram = (
  value: unknown,
  leases: Delivery.Leases | undefined,
  most: number,
  home?: string,
): Message => {
  try {
    const checker = new Checker()
    checker.check(value)
    if (!checker.hasHandle && !checker.hasMemory) return pack(value, checker, most)
    const clone = Delivery.deliver(undefined, leases, () => structuredClone(value), home)
    const ofClone = new Checker()
    ofClone.check(clone)
    if (ofClone.hasMemory) refuse(value, "has shared memory in it, which does not leave this program")
    return pack(clone, ofClone, most)
  } catch (cause) {
    throw plainError("EncodingFailed", { subject: "message", value: describe(value), cause })
  }
}

const pack = (value: unknown, { needsRecords }: Checker, most: number | undefined): Message => {
  const bytes = needsRecords ? mapPackr.pack(value) : packr.pack(value)
  checkSize(bytes, most)
  return { kind: needsRecords ? Kind.PackedMaps : Kind.Packed, bytes }
}

const isShared = (buffer: object): boolean => buffer instanceof SharedArrayBuffer

/** The message of a value with shared memory in it: how to ask for it. */
const lent = (value: unknown): Message => {
  const name = Loans.nextName()
  const { clone, undo } = Delivery.cloneForAnybody(value)
  let isOver = false
  const once = (end: () => void) => () => {
    if (!isOver) end()
    isOver = true
  }
  return {
    kind: Kind.Lent,
    bytes: packr.pack(name),
    loan: { give: once(() => Loans.lend(name, clone)), drop: once(undo) },
  }
}

/** The loan of a message that has one. */
export const loanIn = (message: Message): Loan | undefined =>
  typeof message === "number" ? undefined : message.loan

/** Under which name to ask for the value of a message, where it is not in there. */
export const loanOf = (message: Message): string | undefined =>
  typeof message !== "number" && message.kind === Kind.Lent
    ? (unpack(packr, message.bytes) as string)
    : undefined

/** The message of some bytes, as they are now, so many at most. Throws `EncodingFailed`. */
export const bytesMessage = (bytes: Uint8Array, most?: number): Message => {
  checkSize(bytes, most)
  return { kind: Kind.Bytes, bytes: bytes.slice() }
}

/** How many bytes a message of a ring may have. */
export const MOST_BYTES = 8 * (MAX_MESSAGE - 1)

const checkSize = ({ length }: Uint8Array, most = MOST_BYTES): void => {
  if (length <= most) return
  const cause = new RangeError(`${length} bytes are more than the ${most} that a message holds`)
  throw plainError("EncodingFailed", { subject: "message", value: `of ${length} bytes`, cause })
}

/** What msgpackr reads small messages from: for each array that it sees first, it makes a view, which takes as long as the rest. */
const scratch = new Uint8Array(2 ** 13)

const unpack = (packr: Packr, bytes: Uint8Array): unknown => {
  if (bytes.length > scratch.length) return packr.unpack(bytes.slice())
  scratch.set(bytes)
  return packr.unpack(scratch, bytes.length)
}

const READABLE: ReadonlySet<unknown> = new Set([Kind.Bytes, Kind.Packed, Kind.PackedMaps])

/** It is of a kind that another agent may send, whatever is in it. */
export const isReadable = (u: unknown): u is Message => {
  const { bytes, kind, loan } = Object(u)
  return (
    typeof u === "number" ||
    (READABLE.has(kind) && bytes instanceof Uint8Array && !isShared(bytes.buffer) && loan === undefined)
  )
}

/** A message that plain code cannot read: it stays where it is. */
export class Left {
  readonly error: Error
  constructor(error: Error) {
    this.error = error
  }
}

/** The same for plain code, which cannot ask for a value that is not in there. */
export const decodeSync = (message: Message): unknown => {
  if (loanOf(message) === undefined) return decode(message)
  throw new Left(notInThere("plain code for a message with handles in it"))
}

const notInThere = (feature: string): Error =>
  plainError("Unsupported", {
    feature,
    reason: "shared memory does not travel as bytes",
    instead: "Queue.get or Connection.recv in an Effect, or send it in the arguments of a task",
  })

/**
 * The value of a message, whose bytes may lie in memory that others write to later. Throws what msgpackr throws where the bytes
 * are not its own.
 */
export const decode = (message: Message): unknown => {
  if (typeof message === "number") return message
  const { bytes, kind } = message
  switch (kind) {
    case Kind.Packed:
      return unpack(packr, bytes)
    case Kind.PackedMaps:
      return unpack(mapPackr, bytes)
    default:
      return bytes.slice()
  }
}

/** The message with bytes of its own. */
export const copy = (message: Message): Message =>
  typeof message === "number" ? message : { ...message, bytes: message.bytes.slice() }

/** The bytes of a message, of their own: of a value those that msgpackr makes of it. */
export const toBytes = (message: Message): Uint8Array => {
  if (loanOf(message) !== undefined) throw new Left(notInThere("the bytes of a message with handles in it"))
  return typeof message === "number" ? packr.pack(message) : message.bytes.slice()
}

const LOST: ReadonlySet<string> = new Set(
  [
    "Promise",
    "WeakMap",
    "WeakSet",
    "WeakRef",
    "Number",
    "String",
    "Boolean",
    "BigInt",
    "Symbol",
    "Generator",
    "AsyncGenerator",
  ].map((name) => `[object ${name}]`),
)

const refuse = (value: unknown, why: string): never => {
  throw new TypeError(`${describe(value)} ${why}`)
}

/** What begins the key of a handle. */
const HANDLE = "~multifiber/"

const checkText = (text: string): void => {
  if (!isWellFormed(text)) refuse(text, "has half of a character, which UTF-8 cannot hold")
}

/** Throws for what msgpackr would lose without a word. */
class Checker {
  /** A `Map` was met, or an object again, which may be in itself. */
  needsRecords = false
  /** Shared memory was met. */
  hasMemory = false
  /** A handle was met, which may have left its memory behind. */
  hasHandle = false
  private readonly seen = new Set<object>()
  /** Errors whose causes are being looked at. */
  private open: ReadonlyArray<Error> = []

  check(value: unknown): void {
    switch (typeof value) {
      case "string":
        checkText(value)
        break
      case "function":
      case "symbol":
        refuse(value, "cannot be cloned")
        break
      case "object":
        if (value !== null) this.checkObject(value)
    }
  }

  private checkObject(value: object): void {
    if (this.seen.has(value)) {
      if (this.open.includes(value as Error)) refuse(value, "is a cause of its own")
      this.needsRecords = true
      return
    }
    this.seen.add(value)
    if (isShared(ArrayBuffer.isView(value) ? value.buffer : value)) this.hasMemory = true
    if (ArrayBuffer.isView(value)) return
    const prototype = Object.getPrototypeOf(value)
    if (Array.isArray(value) || value instanceof Set) this.checkEach(value)
    else if (prototype === Object.prototype || prototype === null) this.checkFields(value)
    else if (value instanceof Map) {
      this.needsRecords = true
      this.checkEach(value.keys())
      this.checkEach(value.values())
    } else if (value instanceof Error) this.checkError(value)
    else if (LOST.has(Object.prototype.toString.call(value))) refuse(value, "cannot be cloned")
    else if (!(value instanceof Date || value instanceof RegExp || value instanceof ArrayBuffer)) {
      // Msgpackr would send what that returns.
      if ("toJSON" in value) refuse(value, "has a toJSON: send what it returns, or a plain object")
      this.checkFields(value)
    }
  }

  private checkEach(values: Iterable<unknown>): void {
    for (const each of values) this.check(each)
  }

  private checkFields(fields: object): void {
    for (const key of Object.keys(fields)) {
      checkText(key)
      if (key === "__proto__") refuse(key, "cannot be the key of a field")
      if (key.startsWith(HANDLE)) this.hasHandle = true
      this.check((fields as Record<string, unknown>)[key])
    }
  }

  private checkError(error: Error): void {
    const { open } = this
    this.check(error.name)
    this.check(error.message)
    this.open = [...open, error]
    this.check(error.cause)
    this.open = open
  }
}

const isWellFormed = (text: string): boolean =>
  (text as string & { readonly isWellFormed: () => boolean }).isWellFormed()
