/**
 * Values as messages of a ring: a number as it is, bytes as they are, anything else by msgpackr, which knows most of what
 * structured clone does. Loads nothing of `effect`: plain tasks use it.
 */
import { MAX_MESSAGE } from "@multifiber/kernel/Ring"
import { Packr } from "msgpackr/pack"
import { plainError } from "../sync/plainErrors.ts"
import { describe } from "./EncodedError.ts"

/** How a message is to be read. */
export const Kind = { Number: 0, Bytes: 1, Packed: 2 } as const

export type Kind = (typeof Kind)[keyof typeof Kind]

/** A message: its kind, and its number or bytes. */
export type Message = number | { readonly kind: Kind; readonly bytes: Uint8Array }

const packr = new Packr({ structuredClone: true, useBigIntExtension: true, mapsAsObjects: true })

/** The message of a value, as it is now. Throws `EncodingFailed` for what cannot be sent. */
export const encode = (value: unknown): Message => {
  if (typeof value === "number") return value
  if (value instanceof Uint8Array && value.constructor === Uint8Array) return bytesMessage(value)
  try {
    check(value, new Set())
    return sized({ kind: Kind.Packed, bytes: packr.pack(value) })
  } catch (cause) {
    throw plainError("EncodingFailed", { subject: "message", value: describe(value), cause })
  }
}

/** The message of some bytes, as they are now. */
export const bytesMessage = (bytes: Uint8Array): Message => sized({ kind: Kind.Bytes, bytes: bytes.slice() })

const MOST_BYTES = 8 * (MAX_MESSAGE - 1)

const sized = (message: Exclude<Message, number>): Message => {
  const { length } = message.bytes
  if (length <= MOST_BYTES) return message
  const cause = new RangeError(`${length} bytes are more than the ${MOST_BYTES} that a message holds`)
  throw plainError("EncodingFailed", { subject: "message", value: `of ${length} bytes`, cause })
}

/** The value of a message. Throws what msgpackr throws where the bytes are not its own. */
export const decode = (message: Message): unknown => {
  if (typeof message === "number") return message
  return message.kind === Kind.Bytes ? message.bytes : packr.unpack(message.bytes)
}

const LOST: ReadonlySet<string> = new Set(
  ["Promise", "WeakMap", "WeakSet", "WeakRef", "Number", "String", "Boolean", "BigInt", "Symbol"].map(
    (name) => `[object ${name}]`,
  ),
)

const refuse = (value: unknown, why: string): never => {
  throw new TypeError(`${describe(value)} ${why}`)
}

/** Throws for what msgpackr would lose without a word. */
const check = (value: unknown, seen: Set<object>): void => {
  switch (typeof value) {
    case "string":
      if (!isWellFormed(value)) refuse(value, "has half of a character, which UTF-8 cannot hold")
      break
    case "function":
    case "symbol":
      refuse(value, "cannot be cloned")
      break
    case "object":
      if (value !== null && !seen.has(value)) checkObject(value, seen.add(value))
  }
}

const checkObject = (value: object, seen: Set<object>): void => {
  const checkEach = (values: Iterable<unknown>): void => {
    for (const each of values) check(each, seen)
  }
  const buffer = ArrayBuffer.isView(value) ? value.buffer : value
  if (buffer instanceof SharedArrayBuffer) refuse(value, SHARED)
  if (ArrayBuffer.isView(value)) return
  const prototype = Object.getPrototypeOf(value)
  if (Array.isArray(value) || value instanceof Set) checkEach(value)
  else if (prototype === Object.prototype || prototype === null) checkEach(Object.values(value))
  else if (value instanceof Map) {
    checkEach(value.keys())
    checkEach(value.values())
  } else if (value instanceof Error) check(value.cause, seen)
  else if (LOST.has(Object.prototype.toString.call(value))) refuse(value, "cannot be cloned")
  else if (!(value instanceof Date || value instanceof RegExp || value instanceof ArrayBuffer))
    checkEach(Object.values(value))
}

const SHARED = "is shared memory, which no message holds: send it as the argument of a task"

const isWellFormed = (text: string): boolean =>
  (text as string & { readonly isWellFormed: () => boolean }).isWellFormed()
