/**
 * Messages between OS processes: structured clone in frames of our own. The runtimes' own channels would do, but they
 * copy shared memory in silence (Bun), break on a value that cannot be cloned (Deno), and throw late.
 *
 * A frame is three bytes, "mf" and the version, and the value as `node:v8` serialises it.
 */
import { Buffer } from "node:buffer"
import { deserialize, serialize } from "node:v8"

/** Raised whenever frames change. */
const VERSION = 1

const HEADER = Buffer.from([0x6d, 0x66, VERSION])

/** What the library fails a task with as `NotTransferable`. */
class NotTransferable extends Error {
  override readonly name = "NotTransferable"
}

const isShared = (value: object): boolean =>
  value instanceof SharedArrayBuffer ||
  (ArrayBuffer.isView(value) && (value.buffer as ArrayBufferLike) instanceof SharedArrayBuffer)

const childrenOf = (value: object): Iterable<unknown> => {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return []
  if (Array.isArray(value) || value instanceof Set) return value
  if (value instanceof Map) return [...value.keys(), ...value.values()]
  return Object.values(value)
}

/** Throws where a value holds shared memory at any depth. */
const refuseShared = (root: unknown): void => {
  const left: Array<unknown> = [root]
  const seen = new Set<unknown>()
  while (left.length > 0) {
    const value = left.pop()
    if (typeof value !== "object" || value === null || seen.has(value)) continue
    if (isShared(value)) {
      throw new NotTransferable(
        'shared memory does not reach an OS process: use the start method "thread", or send a copy',
      )
    }
    seen.add(value)
    for (const child of childrenOf(value)) if (typeof child === "object") left.push(child)
  }
}

/** Throws where the value cannot be cloned, or holds shared memory. */
export const encode = (value: unknown): Uint8Array => {
  refuseShared(value)
  return Buffer.concat([HEADER, serialize(value)])
}

/** Throws where the bytes are no frame of this version. */
export const decode = (frame: unknown): unknown => {
  if (!(frame instanceof Uint8Array) || frame[0] !== HEADER[0] || frame[1] !== HEADER[1]) {
    throw new Error("a message is no frame of multifiber")
  }
  if (frame[2] !== VERSION) {
    throw new Error(`a frame has version ${frame[2]}, expected ${VERSION}: install one version of multifiber`)
  }
  return deserialize(frame.subarray(HEADER.length))
}
