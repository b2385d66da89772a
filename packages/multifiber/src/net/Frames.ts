/**
 * Messages on a stream of bytes: each is the length of what follows as four bytes, the highest first, its kind, and its bytes. A
 * number is eight bytes, the highest first.
 */
import { decode, isReadable, Kind, type Message } from "../wire/Message.ts"

const HEAD = 4

/** The parts as one. */
export const joined = (parts: ReadonlyArray<Uint8Array>): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** The frame of some bytes, which stand in one or more parts. */
export const frame = (...parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  const bytes = joined([new Uint8Array(HEAD), ...parts])
  new DataView(bytes.buffer).setUint32(0, bytes.length - HEAD)
  return bytes
}

/** Why the other side is not to be heard any more. */
export class Violation extends Error {
  override readonly name = "Violation"
}

/** Finds the frames in what arrives, in whatever pieces. */
export class FrameReader {
  /** What a frame may hold at most, in bytes. */
  limit: number
  /** How many bytes have arrived that are not taken. */
  size = 0
  private readonly pieces: Array<Uint8Array> = []

  constructor(limit: number) {
    this.limit = limit
  }

  push(bytes: Uint8Array): void {
    this.pieces.push(bytes)
    this.size += bytes.length
  }

  /** How long the next frame is, as far as that is known. */
  private get length(): number | undefined {
    return this.size < HEAD ? undefined : new DataView(this.first(HEAD).buffer).getUint32(0)
  }

  /** There is a frame, or one that is too long begins. */
  get hasNext(): boolean {
    const { length } = this
    return length !== undefined && (length > this.limit || this.size >= HEAD + length)
  }

  /** The next frame, once it is there. Throws `Violation` for one that is too long. */
  next(): Uint8Array | undefined {
    const { length } = this
    if (length === undefined || !this.hasNext) return undefined
    if (length > this.limit) throw new Violation(`a message of ${length} bytes, more than ${this.limit}`)
    this.take(HEAD)
    return this.take(length)
  }

  /** A copy of the first bytes, which are there. */
  private first(length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    let at = 0
    for (const piece of this.pieces) {
      bytes.set(piece.subarray(0, length - at), at)
      at += piece.length
      if (at >= length) break
    }
    return bytes
  }

  private take(length: number): Uint8Array {
    const bytes = this.first(length)
    this.size -= length
    for (let left = length; left > 0; ) {
      const piece = this.pieces[0] as Uint8Array
      if (piece.length > left) this.pieces[0] = piece.subarray(left)
      else this.pieces.shift()
      left -= piece.length
    }
    return bytes
  }
}

/** A message as a frame. */
export const frameOf = (message: Message): Uint8Array => {
  if (typeof message !== "number") return frame(Uint8Array.of(message.kind), message.bytes)
  const bytes = new Uint8Array(9)
  new DataView(bytes.buffer).setFloat64(1, message)
  return frame(bytes)
}

/** The message of a frame. Throws `Violation` for what is none, or has a value that cannot be read. */
export const messageOf = (content: Uint8Array): Message => {
  const [kind] = content
  const bytes = content.subarray(1)
  if (kind === Kind.Number && bytes.length === 8) {
    return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0)
  }
  const message = { kind: kind as Kind, bytes }
  if (!isReadable(message)) throw new Violation(`a message of the unknown kind ${kind}`)
  try {
    if (kind !== Kind.Bytes) decode(message)
  } catch (error) {
    throw new Violation("a message that cannot be read", { cause: error })
  }
  return message
}

/** How many bytes of a message are its frame's, besides its own. */
export const OVERHEAD = 1
