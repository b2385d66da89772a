/**
 * What plain tasks do with a block of `SharedMemory` that they were given. Loads nothing of `effect`.
 *
 * @since 0.3.0
 */
import { HEADER, isUnlinked } from "./agent/Names.ts"
import { plainError } from "./sync/plainErrors.ts"

/**
 * @category type ids
 * @since 0.3.0
 */
export const TypeId = "~multifiber/SharedMemory"

/**
 * A named block of memory: a handle that may be sent to any agent that shares memory, as an argument of a task or inside of
 * one.
 *
 * @category models
 * @since 0.3.0
 */
export interface SharedMemory {
  readonly [TypeId]: {
    readonly name: string
    readonly words: SharedArrayBuffer
  }
}

/** The bytes of the handles that were used in this agent; none once a handle is closed. */
const known = new WeakMap<SharedMemory, Uint8Array | "closed">()

/**
 * The handle of a block that exists.
 *
 * @internal
 */
export const open = (name: string, words: SharedArrayBuffer): SharedMemory => {
  const self = { [TypeId]: { name, words } }
  known.set(self, bytesOf(self))
  return self
}

const bytesOf = (self: SharedMemory): Uint8Array => new Uint8Array(self[TypeId].words, HEADER)

/**
 * The name of a block, also of one that is closed or unlinked.
 *
 * @category getters
 * @since 0.3.0
 */
export const name = (self: SharedMemory): string => self[TypeId].name

/**
 * The bytes that a block has, also one that is closed or unlinked.
 *
 * @category getters
 * @since 0.3.0
 */
export const size = (self: SharedMemory): number => self[TypeId].words.byteLength - HEADER

/**
 * The memory of a block, without copying: see `SharedMemory.buf`. Never waits. Throws `NotFound` or `IllegalState`.
 *
 * @category getters
 * @since 0.3.0
 */
export const bufSync = (self: SharedMemory): Uint8Array => {
  const found = known.get(self)
  if (found === "closed") {
    throw plainError("IllegalState", { operation: `use shared memory "${name(self)}"`, state: "closed" })
  }
  if (found !== undefined) return found
  if (isUnlinked(self[TypeId].words)) throw plainError("NotFound", { kind: "shared memory", id: name(self) })
  const bytes = bytesOf(self)
  known.set(self, bytes)
  return bytes
}

/**
 * Closes this handle: it has no memory any more. Others, and the block, stay as they are. Nothing where it is closed.
 *
 * @category combinators
 * @since 0.3.0
 */
export const closeSync = (self: SharedMemory): void => {
  known.set(self, "closed")
}
