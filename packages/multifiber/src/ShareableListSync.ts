/**
 * The synchronous form of `ShareableList`, for plain tasks that were given one. Loads nothing of `effect`.
 *
 * Layout of the block, in Int32 slots:
 *
 * | slot | name | values |
 * | --- | --- | --- |
 * | 0 | MAGIC | says that the block holds a list |
 * | 1 | LENGTH | number of items, fixed |
 * | 2 + 4i | KIND | what item i is: an index into `KINDS` |
 * | 3 + 4i | BYTES | how many bytes it has now |
 * | 4 + 4i | CAPACITY | how many it may have, a multiple of 8; fixed |
 * | 5 + 4i | PLACE | where they begin in the block, a multiple of 8; fixed |
 *
 * Behind that come the items.
 *
 * @since 0.3.0
 */
import { HEADER } from "./agent/Names.ts"
import { bufSync, name as nameOf, type SharedMemory, TypeId as SharedMemoryId } from "./SharedMemorySync.ts"
import { plainError } from "./sync/plainErrors.ts"
import { decodeText, encodeText } from "./sync/Types.ts"
import { describe } from "./wire/EncodedError.ts"

/**
 * @category type ids
 * @since 0.3.0
 */
export const TypeId = "~multifiber/ShareableList"

/**
 * A list in a named block of memory: a handle that may be sent to any agent that shares memory, as an argument of a task or
 * inside of one.
 *
 * @category models
 * @since 0.3.0
 */
export interface ShareableList {
  readonly [TypeId]: { readonly shm: SharedMemory }
}

/**
 * What a list holds. An integer of 64 bits may be given as a number or a bigint, and reads as a number where that is exact.
 *
 * @category models
 * @since 0.3.0
 */
export type Item = number | bigint | boolean | string | Uint8Array | null

const KINDS = ["null", "boolean", "integer", "float", "string", "bytes"] as const

/**
 * What an item is.
 *
 * @category models
 * @since 0.3.0
 */
export type Kind = (typeof KINDS)[number]

const MAGIC_SLOT = 0
const LENGTH = 1
const ITEMS = 2
const SLOTS = 4
const KIND = 0
const BYTES = 1
const CAPACITY = 2
const PLACE = 3

/** "mfl1" */
const MAGIC = 0x6d_66_6c_31

const WORD = 8

const LEAST = -(2n ** 63n)
const MOST = 2n ** 63n - 1n

/** An item on its way into memory. A number is written whole, the rest byte by byte. */
type Encoded =
  | { readonly kind: "null" | "boolean" | "integer"; readonly integer: bigint }
  | { readonly kind: "float"; readonly float: number }
  | { readonly kind: "string" | "bytes"; readonly bytes: Uint8Array }

const refuse = (value: unknown, expected: string): Error =>
  plainError("InvalidArgument", { argument: "item", value, expected })

const encode = (item: Item): Encoded => {
  if (item === null) return { kind: "null", integer: 0n }
  if (typeof item === "boolean") return { kind: "boolean", integer: item ? 1n : 0n }
  if (typeof item === "number") {
    // −0 is no integer.
    return Number.isSafeInteger(item) && !Object.is(item, -0)
      ? { kind: "integer", integer: BigInt(item) }
      : { kind: "float", float: item }
  }
  if (typeof item === "bigint") {
    if (item < LEAST || item > MOST) throw refuse(item, "an integer of 64 bits")
    return { kind: "integer", integer: item }
  }
  if (typeof item === "string") {
    const bytes = encodeText(item)
    if (bytes === undefined) throw refuse(item, "a string without half of a character")
    return { kind: "string", bytes }
  }
  if (item instanceof Uint8Array) return { kind: "bytes", bytes: item }
  throw refuse(item, "a number, bigint, boolean, string, Uint8Array or null")
}

const sizeOf = (encoded: Encoded): number => ("bytes" in encoded ? encoded.bytes.length : WORD)

/** Text and bytes have room to grow up to the next multiple of 8, and at least one byte, as in Python. */
const capacityOf = (encoded: Encoded): number =>
  "bytes" in encoded ? WORD * (Math.floor(encoded.bytes.length / WORD) + 1) : WORD

/** The block as the kinds of numbers that it holds. */
interface Memory {
  readonly slots: Int32Array
  readonly bytes: Uint8Array
  readonly integers: BigInt64Array
  readonly floats: Float64Array
}

const known = new WeakMap<SharedArrayBuffer, Memory>()

const memoryOf = (shm: SharedMemory): Memory => {
  const bytes = bufSync(shm)
  const { words } = shm[SharedMemoryId]
  const found = known.get(words)
  if (found !== undefined) return found
  const whole = Math.floor(bytes.length / WORD)
  const made: Memory = {
    bytes,
    slots: new Int32Array(words, HEADER, 2 * whole),
    integers: new BigInt64Array(words, HEADER, whole),
    floats: new Float64Array(words, HEADER, whole),
  }
  known.set(words, made)
  return made
}

const listOf = (self: ShareableList): Memory => memoryOf(self[TypeId].shm)

const slot = (memory: Memory, index: number, field: number): number =>
  memory.slots[ITEMS + SLOTS * index + field] as number

const setSlot = (memory: Memory, index: number, field: number, value: number): void => {
  memory.slots[ITEMS + SLOTS * index + field] = value
}

const lengthOf = (memory: Memory): number => memory.slots[LENGTH] as number

const placeOf = (memory: Memory, index: number): number => {
  const length = lengthOf(memory)
  const place = index < 0 ? index + length : index
  if (Number.isInteger(index) && place >= 0 && place < length) return place
  throw plainError("OutOfRange", { index, length })
}

const write = (memory: Memory, index: number, encoded: Encoded): void => {
  const place = slot(memory, index, PLACE)
  if ("bytes" in encoded) memory.bytes.set(encoded.bytes, place)
  else if ("float" in encoded) memory.floats[place / WORD] = encoded.float
  else memory.integers[place / WORD] = encoded.integer
  setSlot(memory, index, BYTES, sizeOf(encoded))
  setSlot(memory, index, KIND, KINDS.indexOf(encoded.kind))
}

const kindAt = (memory: Memory, index: number): Kind => KINDS[slot(memory, index, KIND)] as Kind

const read = (memory: Memory, index: number): Item => {
  const place = slot(memory, index, PLACE)
  const own = () => memory.bytes.slice(place, place + slot(memory, index, BYTES))
  switch (kindAt(memory, index)) {
    case "null":
      return null
    case "boolean":
      return memory.integers[place / WORD] !== 0n
    case "integer":
      return narrow(memory.integers[place / WORD] as bigint)
    case "float":
      return memory.floats[place / WORD] as number
    case "string":
      return decodeText(own())
    case "bytes":
      return own()
  }
}

/** An integer as a number, where that is exact. */
const narrow = (integer: bigint): number | bigint => {
  const number = Number(integer)
  return Number.isSafeInteger(number) ? number : integer
}

const isSame = (left: Item, right: Item): boolean =>
  left instanceof Uint8Array
    ? right instanceof Uint8Array &&
      left.length === right.length &&
      left.every((byte, i) => byte === right[i])
    : left === (typeof right === "bigint" ? narrow(right) : right)

/**
 * A list on its way into a block of `size` bytes. Throws `InvalidArgument` for what is no item.
 *
 * @internal
 */
export const prepare = (items: ReadonlyArray<Item>) => {
  const encoded = items.map(encode)
  const begin = 4 * (ITEMS + SLOTS * items.length)
  const size = encoded.reduce((sum, each) => sum + capacityOf(each), begin)
  const fill = (shm: SharedMemory): ShareableList => {
    const memory = memoryOf(shm)
    let place = begin
    encoded.forEach((each, index) => {
      setSlot(memory, index, CAPACITY, capacityOf(each))
      setSlot(memory, index, PLACE, place)
      place += capacityOf(each)
      write(memory, index, each)
    })
    memory.slots[LENGTH] = items.length
    memory.slots[MAGIC_SLOT] = MAGIC
    return { [TypeId]: { shm } }
  }
  return { size, fill }
}

/**
 * The list in a block. Throws `InvalidArgument` where it holds none.
 *
 * @internal
 */
export const listIn = (shm: SharedMemory): ShareableList => {
  if (memoryOf(shm).slots[MAGIC_SLOT] === MAGIC) return { [TypeId]: { shm } }
  throw plainError("InvalidArgument", {
    argument: "name of a list",
    value: nameOf(shm),
    expected: "a block that holds a ShareableList",
  })
}

/**
 * The block that holds the list.
 *
 * @category getters
 * @since 0.3.0
 */
export const shm = (self: ShareableList): SharedMemory => self[TypeId].shm

/**
 * How many items the list has. Throws `NotFound` or `IllegalState`, as do all functions below, where its block cannot be used.
 *
 * @category getters
 * @since 0.3.0
 */
export const lengthSync = (self: ShareableList): number => lengthOf(listOf(self))

/**
 * Reads an item; a negative index counts from the end. Throws `OutOfRange`.
 *
 * @category combinators
 * @since 0.3.0
 */
export const getSync = (self: ShareableList, index: number): Item => {
  const memory = listOf(self)
  return read(memory, placeOf(memory, index))
}

/**
 * Writes an item: see `ShareableList.set`. Throws `OutOfRange` or `InvalidArgument`, and has changed nothing then.
 *
 * @category combinators
 * @since 0.3.0
 */
export const setSync = (self: ShareableList, index: number, item: Item): void => {
  const memory = listOf(self)
  const place = placeOf(memory, index)
  const encoded = encode(item)
  const capacity = slot(memory, place, CAPACITY)
  if (sizeOf(encoded) > capacity) throw refuse(item, `at most ${capacity} bytes in this place`)
  write(memory, place, encoded)
}

/**
 * Reads all items.
 *
 * @category combinators
 * @since 0.3.0
 */
export const toArraySync = (self: ShareableList): Array<Item> => {
  const memory = listOf(self)
  return Array.from({ length: lengthOf(memory) }, (_, index) => read(memory, index))
}

/**
 * How many items equal this one.
 *
 * @category combinators
 * @since 0.3.0
 */
export const countSync = (self: ShareableList, item: Item): number =>
  toArraySync(self).filter((each) => isSame(each, item)).length

/**
 * The first index of an item. Throws `NotFound` where no item equals it.
 *
 * @category combinators
 * @since 0.3.0
 */
export const indexSync = (self: ShareableList, item: Item): number => {
  const index = toArraySync(self).findIndex((each) => isSame(each, item))
  if (index < 0) throw plainError("NotFound", { kind: "item", id: describe(item) })
  return index
}

/**
 * What each item is at the moment.
 *
 * @category combinators
 * @since 0.3.0
 */
export const formatSync = (self: ShareableList): Array<Kind> => {
  const memory = listOf(self)
  return Array.from({ length: lengthOf(memory) }, (_, index) => kindAt(memory, index))
}
