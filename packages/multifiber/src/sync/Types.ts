/**
 * The types that shared memory can hold, and how their values lie in it.
 *
 * Everything is read and written through typed arrays: they take a number whole, while a `DataView` may take it byte by
 * byte, so that another agent sees half of it. So each value lies at a multiple of its size, as in C, and memory comes in
 * multiples of 8 bytes.
 */
import { cannotBlock } from "../agent/Calls.ts"
import * as Membership from "../agent/Membership.ts"
import { plainError } from "./plainErrors.ts"

const VIEWS = {
  i8: Int8Array,
  u8: Uint8Array,
  i16: Int16Array,
  u16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
  f32: Float32Array,
  f64: Float64Array,
  i64: BigInt64Array,
  u64: BigUint64Array,
}

/** The integers that are `number`s. */
export type SmallIntegerType = "i8" | "u8" | "i16" | "u16" | "i32" | "u32"

/** The integers that are `bigint`s. */
export type BigIntegerType = "i64" | "u64"

export type IntegerType = SmallIntegerType | BigIntegerType

export type NumericType = IntegerType | "f32" | "f64"

/** The type of one shared value: a number, a boolean, text or bytes of at most so many bytes, or fields of such types. */
export type Type =
  | NumericType
  | "bool"
  | { readonly string: number }
  | { readonly bytes: number }
  | { readonly struct: Readonly<Record<string, Type>> }

/** What a value of a type is in TypeScript. */
export type ValueOf<T extends Type> = T extends SmallIntegerType | "f32" | "f64"
  ? number
  : T extends BigIntegerType
    ? bigint
    : T extends "bool"
      ? boolean
      : T extends { readonly string: number }
        ? string
        : T extends { readonly bytes: number }
          ? Uint8Array
          : T extends { readonly struct: infer Fields extends Readonly<Record<string, Type>> }
            ? { readonly [K in keyof Fields]: ValueOf<Fields[K]> }
            : never

interface Views {
  readonly i8: Int8Array
  readonly u8: Uint8Array
  readonly i16: Int16Array
  readonly u16: Uint16Array
  readonly i32: Int32Array
  readonly u32: Uint32Array
  readonly f32: Float32Array
  readonly f64: Float64Array
  readonly i64: BigInt64Array
  readonly u64: BigUint64Array
}

/** The memory of a type as a typed array: of its numbers, else of its bytes. */
export type ViewOf<T extends Type> = T extends NumericType ? Views[T] : Uint8Array

/** Values of one type in memory, `stride` bytes apart. */
export interface Slots {
  readonly get: (index: number) => any
  /** Takes what the type accepts; anything else may be written in part. */
  readonly set: (index: number, value: any) => void
}

export interface Layout {
  readonly bytes: number
  /** A value lies at a multiple of so many bytes. */
  readonly align: number
  /** What it accepts, in words. */
  readonly expected: string
  readonly accepts: (value: any) => boolean
  readonly slots: (memory: SharedArrayBuffer, offset: number, stride: number) => Slots
}

/** All or some of the memory as numbers of a type. For the compiler all kinds of typed arrays are alike here. */
const numbersIn = (type: NumericType, memory: SharedArrayBuffer, length?: number): Int32Array =>
  new (VIEWS[type] as typeof Int32Array)(memory, 0, length)

const roundUp = (bytes: number, unit: number): number => Math.ceil(bytes / unit) * unit

const integer = (type: IntegerType, isBig: boolean): Layout => {
  const bytes = VIEWS[type].BYTES_PER_ELEMENT
  return {
    bytes,
    align: bytes,
    expected: isBig ? "a bigint" : "an integer",
    accepts: isBig ? (value) => typeof value === "bigint" : Number.isInteger,
    slots: (memory, offset, stride) => {
      const words = numbersIn(type, memory)
      return {
        get: (index) => Atomics.load(words, (offset + index * stride) / bytes),
        set: (index, value) => Atomics.store(words, (offset + index * stride) / bytes, value),
      }
    },
  }
}

const float = (type: "f32" | "f64"): Layout => {
  const bytes = VIEWS[type].BYTES_PER_ELEMENT
  return {
    bytes,
    align: bytes,
    expected: "a number",
    accepts: (value) => typeof value === "number",
    slots: (memory, offset, stride) => {
      const words = numbersIn(type, memory)
      return {
        get: (index) => words[(offset + index * stride) / bytes],
        set: (index, value) => {
          words[(offset + index * stride) / bytes] = value
        },
      }
    },
  }
}

const bool: Layout = {
  bytes: 1,
  align: 1,
  expected: "a boolean",
  accepts: (value) => typeof value === "boolean",
  slots: (memory, offset, stride) => {
    const { get, set } = integer("u8", false).slots(memory, offset, stride)
    return { get: (index) => get(index) !== 0, set: (index, value) => set(index, value ? 1 : 0) }
  },
}

const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array

const bytes = (size: number): Layout => ({
  bytes: size,
  align: 1,
  expected: `a Uint8Array of at most ${size} bytes`,
  accepts: (value) => isBytes(value) && value.length <= size,
  slots: (memory, offset, stride) => {
    const all = new Uint8Array(memory)
    return {
      get: (index) => all.slice(offset + index * stride, offset + index * stride + size),
      // The rest becomes zero: what was there before may be longer.
      set: (index, value: Uint8Array) => {
        const begin = offset + index * stride
        all.set(value, begin)
        all.fill(0, begin + value.length, begin + size)
      },
    }
  },
})

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { ignoreBOM: true })

/** A text as bytes; none where it has half of a character, which UTF-8 cannot hold. */
export const encodeText = (text: string): Uint8Array | undefined => {
  const encoded = encoder.encode(text)
  return decodeText(encoded) === text ? encoded : undefined
}

/** Takes bytes of its own: not every runtime decodes shared memory. */
export const decodeText = (own: Uint8Array): string => decoder.decode(own)

const text = (size: number): Layout => ({
  bytes: size,
  align: 1,
  expected: `a string of at most ${size} bytes in UTF-8, without NUL`,
  accepts: (value) => {
    if (typeof value !== "string" || value.includes("\0")) return false
    const encoded = encodeText(value)
    return encoded !== undefined && encoded.length <= size
  },
  slots: (memory, offset, stride) => {
    const { get, set } = bytes(size).slots(memory, offset, stride)
    return {
      get: (index) => {
        const all: Uint8Array = get(index)
        const end = all.indexOf(0)
        return decodeText(end < 0 ? all : all.subarray(0, end))
      },
      set: (index, value: string) => set(index, encoder.encode(value)),
    }
  },
})

const struct = (types: Readonly<Record<string, Type>>): Layout => {
  let end = 0
  let align = 1
  const fields = Object.entries(types).map(([name, type]) => {
    const layout = layoutOf(type)
    const offset = roundUp(end, layout.align)
    end = offset + layout.bytes
    align = Math.max(align, layout.align)
    return { name, layout, offset }
  })
  return {
    bytes: roundUp(end, align),
    align,
    expected: `an object with ${fields.map(({ name, layout }) => `${name}: ${layout.expected}`).join(", ")}`,
    accepts: (value) =>
      typeof value === "object" &&
      value !== null &&
      fields.every(({ name, layout }) => layout.accepts(value[name])),
    slots: (memory, offset, stride) => {
      const all = fields.map(({ name, layout, offset: within }) => ({
        name,
        slots: layout.slots(memory, offset + within, stride),
      }))
      return {
        get: (index) => Object.fromEntries(all.map(({ name, slots }) => [name, slots.get(index)])),
        set: (index, value) => {
          for (const { name, slots } of all) slots.set(index, value[name])
        },
      }
    },
  }
}

const isSize = (size: unknown): size is number => Number.isSafeInteger(size) && (size as number) > 0

const SIMPLE = new Map<unknown, Layout>([
  ...(["i8", "u8", "i16", "u16", "i32", "u32"] as const).map((type) => [type, integer(type, false)] as const),
  ...(["i64", "u64"] as const).map((type) => [type, integer(type, true)] as const),
  ...(["f32", "f64"] as const).map((type) => [type, float(type)] as const),
  ["bool", bool],
])

/** How values of a type lie in memory. Throws `InvalidArgument` where there is no such type. */
export const layoutOf = (type: Type): Layout => {
  const simple = SIMPLE.get(type)
  if (simple !== undefined) return simple
  if (typeof type === "object" && type !== null) {
    if ("string" in type && isSize(type.string)) return text(type.string)
    if ("bytes" in type && isSize(type.bytes)) return bytes(type.bytes)
    if ("struct" in type && Object.keys(type.struct).length > 0) return struct(type.struct)
  }
  throw plainError("InvalidArgument", {
    argument: "type",
    value: typeof type === "object" ? JSON.stringify(type) : type,
    expected: `${[...SIMPLE.keys()].join(", ")}, { string: bytes }, { bytes: number } or { struct: types }`,
  })
}

/** What a handle says of the memory of its values. */
export interface Cells<T extends Type> {
  readonly id: string
  readonly type: T
  readonly length: number
  /** None in an OS process, which uses it through its starter. */
  readonly memory: SharedArrayBuffer | undefined
}

/** The memory of some values, ready for use. */
export interface Bound extends Slots {
  readonly layout: Layout
  readonly view: any
}

const isNumeric = (type: Type): type is NumericType => typeof type === "string" && type !== "bool"

const bind = (memory: SharedArrayBuffer, { length, type }: Cells<Type>): Bound => {
  const layout = layoutOf(type)
  const view = isNumeric(type)
    ? numbersIn(type, memory, length)
    : new Uint8Array(memory, 0, length * layout.bytes)
  return { layout, view, ...layout.slots(memory, 0, layout.bytes) }
}

const known = new WeakMap<SharedArrayBuffer, Bound>()

/** Binds the cells of values of one kind; throws `Unsupported` where this agent does not share the memory. */
export const binder =
  (kind: "Value" | "Array") =>
  (cells: Cells<Type>): Bound => {
    const { memory } = cells
    if (memory === undefined) throw cannotBlock(kind)
    const found = known.get(memory)
    if (found !== undefined) return found
    const bound = bind(memory, cells)
    known.set(memory, bound)
    return bound
  }

/** New memory of zeros. Throws `InvalidArgument` where there is not so much. */
export const allocate = (size: number, argument: string): SharedArrayBuffer => {
  try {
    return new SharedArrayBuffer(size)
  } catch {
    throw plainError("InvalidArgument", { argument, value: size, expected: "a size that fits into memory" })
  }
}

/** Memory for so many values of a type: of `false`, of zeros, of empty texts. */
export const makeCells = <T extends Type>(type: T, length: number): Cells<T> => ({
  id: Membership.nextName(),
  type,
  length,
  memory: allocate(roundUp(layoutOf(type).bytes * length, 8), "size"),
})

/** The content of cells whose memory this agent shares. */
export const contentOf = ({ memory }: Cells<Type>): Uint8Array =>
  new Uint8Array(memory as SharedArrayBuffer).slice()

/** Cells of the same shape, with this content. */
export const cellsLike = <T extends Type>({ length, type }: Cells<T>, content: Uint8Array): Cells<T> => {
  const cells = makeCells(type, length)
  new Uint8Array(cells.memory as SharedArrayBuffer).set(content)
  return cells
}

/** Throws `InvalidArgument` for a value that the type does not accept. */
export const check = ({ accepts, expected }: Layout, value: unknown, argument = "value"): void => {
  if (!accepts(value)) throw plainError("InvalidArgument", { argument, value, expected })
}
