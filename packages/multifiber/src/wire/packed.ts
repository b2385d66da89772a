/**
 * The items and the results of a map on their way. Structured clone takes a microsecond for a small object, and thirty times as long
 * for an array of numbers as for a typed array; so many numbers travel as a typed array, and many records of the same shape as
 * their columns. A worker has few of them as objects at a time: those die young, which costs the garbage collector nothing.
 */

/** Below that it gains nothing. */
const WORTHWHILE = 32

/** So many results are packed at a time. */
const BLOCK = 1024

/** With more keys objects are hash tables, which gain little. */
const MOST_KEYS = 16

/** With more texts than these it is not worth it to tell them apart. */
const MOST_TEXTS = 64

/** A few texts, and which of them each row has: one by one they take longer to clone than all else. */
interface Texts {
  readonly texts: ReadonlyArray<string>
  readonly rows: Uint8Array
}

type Column = ArrayLike<unknown> | Texts

/** Plain objects that have the same keys in the same order, and nothing but primitive values. */
interface Columns {
  readonly keys: ReadonlyArray<string>
  /** The values of each key. */
  readonly columns: ReadonlyArray<Column>
  readonly length: number
}

/** What an array becomes. */
export type Packed = ArrayLike<unknown> | Columns

/** What results become that came one by one. */
export type PackedResults = Packed | { readonly blocks: ReadonlyArray<Columns> }

type PlainObject = { [key: string]: unknown }

const isRecord = (value: unknown): value is PlainObject =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype

const isPrimitive = (value: unknown): boolean => {
  switch (typeof value) {
    case "object":
      return value === null
    case "function":
    case "symbol":
      return false
    default:
      return true
  }
}

/** A record with these keys and no others. Symbols do not travel anyway. */
const isAlike = (value: unknown, keys: ReadonlyArray<string>): boolean => {
  if (!isRecord(value)) return false
  let count = 0
  for (const key in value) if (key !== keys[count++]) return false
  return count === keys.length
}

const columnsOf = (values: ReadonlyArray<unknown>): Columns | undefined => {
  const [first] = values
  if (!isRecord(first)) return undefined
  const keys = Object.keys(first)
  // To assign to that would change the prototype.
  if (keys.length === 0 || keys.length > MOST_KEYS || keys.includes("__proto__")) return undefined
  const records = values as ReadonlyArray<PlainObject>
  const columns: Array<Column> = []
  try {
    for (const record of records) if (!isAlike(record, keys)) return undefined
    for (const key of keys) {
      const column = columnOf(records, key)
      if (column === undefined) return undefined
      columns.push(column)
    }
  } catch {
    // A getter threw: it will again, for who clones the records and tells of it.
    return undefined
  }
  return { keys, columns, length: records.length }
}

/** The primitive values of a key; numbers as a typed array, into which they go as fast as they are read. */
const columnOf = (records: ReadonlyArray<PlainObject>, key: string): Column | undefined => {
  if (typeof (records[0] as PlainObject)[key] !== "number") return primitivesOf(records, key, [])
  const numbers = new Float64Array(records.length)
  for (let row = 0; row < numbers.length; row++) {
    const value = (records[row] as PlainObject)[key]
    if (typeof value !== "number") return primitivesOf(records, key, Array.from(numbers.subarray(0, row)))
    numbers[row] = value
  }
  return numbers
}

/** The same after those that are in the column. */
const primitivesOf = (
  records: ReadonlyArray<PlainObject>,
  key: string,
  column: Array<unknown>,
): Column | undefined => {
  for (let row = column.length; row < records.length; row++) {
    const value = (records[row] as PlainObject)[key]
    if (!isPrimitive(value)) return undefined
    column.push(value)
  }
  return textsOf(column) ?? column
}

const textsOf = (column: ReadonlyArray<unknown>): Texts | undefined => {
  const numbers = new Map<string, number>()
  const rows = new Uint8Array(column.length)
  for (let row = 0; row < column.length; row++) {
    const text = column[row]
    if (typeof text !== "string") return undefined
    let number = numbers.get(text)
    if (number === undefined) {
      number = numbers.size
      if (number === MOST_TEXTS) return undefined
      numbers.set(text, number)
    }
    rows[row] = number
  }
  return { texts: Array.from(numbers.keys()), rows }
}

const listed = (column: Column): ArrayLike<unknown> => {
  if (!("texts" in column)) return column
  const { rows, texts } = column
  const list = new Array<unknown>(rows.length)
  for (let row = 0; row < rows.length; row++) list[row] = texts[rows[row] as number]
  return list
}

const numbersOr = (items: ReadonlyArray<unknown>): ArrayLike<unknown> => {
  for (const item of items) if (typeof item !== "number") return items
  return Float64Array.from(items as ReadonlyArray<number>)
}

/** Arrays of numbers and of records in a form that travels fast, others as they are. */
export const packed = (items: ArrayLike<unknown>): Packed => {
  if (!Array.isArray(items) || items.length < WORTHWHILE) return items
  return columnsOf(items) ?? numbersOr(items)
}

/** Packs what comes one by one: records in blocks, anything else at the end. */
export class Packer {
  private readonly blocks: Array<Columns> = []
  private items: Array<unknown>
  private size = 0

  /** So many will come. */
  constructor(count: number) {
    // A long list that grows is copied again and again.
    this.items = new Array(count)
  }

  add(item: unknown): void {
    if (this.size === 0 && isRecord(item)) this.items = []
    this.items[this.size++] = item
    if (this.size === BLOCK) this.pack()
  }

  private pack(): void {
    const block = columnsOf(this.items)
    if (block === undefined) return
    this.blocks.push(block)
    this.items = []
    this.size = 0
  }

  end(): PackedResults {
    const { blocks, items, size } = this
    if (blocks.length === 0) return packed(items)
    if (size === 0) return { blocks }
    const last = columnsOf(items)
    return last ? { blocks: [...blocks, last] } : listOf([...blocks, items])
  }
}

/** The same as objects have them: V8 looks up slowly what has arrived as text. They come in the order of an object's keys. */
const interned = (keys: ReadonlyArray<string>): ReadonlyArray<string> =>
  Object.keys(Object.fromEntries(keys.map((key) => [key, undefined])))

/**
 * Makes the record of a row, in a literal as far as it goes: a place in it meets one key only, as long as all records are of the
 * same shape. In a loop one place meets them all, which takes V8 two to four times as long.
 */
const recordReader = (packed: Columns): ((row: number) => PlainObject) => {
  const keys = interned(packed.keys)
  const columns = packed.columns.map(listed)
  const [a = "", b = "", c = "", d = ""] = keys
  const [as = [], bs = [], cs = [], ds = []] = columns
  switch (keys.length) {
    case 1:
      return (row) => ({ [a]: as[row] })
    case 2:
      return (row) => ({ [a]: as[row], [b]: bs[row] })
    case 3:
      return (row) => ({ [a]: as[row], [b]: bs[row], [c]: cs[row] })
    default:
      return (row) => {
        const record: PlainObject = { [a]: as[row], [b]: bs[row], [c]: cs[row], [d]: ds[row] }
        for (let i = 4; i < keys.length; i++) {
          record[keys[i] as string] = (columns[i] as ArrayLike<unknown>)[row]
        }
        return record
      }
  }
}

const isArray = (values: PackedResults): values is ArrayLike<unknown> =>
  Array.isArray(values) || ArrayBuffer.isView(values)

/** Reads the items of what `packed` has made, each by its place. */
export const reader = (values: Packed): ((index: number) => unknown) =>
  isArray(values) ? (index) => values[index] : recordReader(values)

/** All that was packed; nothing but numbers may be a typed array. */
export const unpacked = (values: PackedResults): ArrayLike<unknown> =>
  isArray(values) ? values : listOf("blocks" in values ? values.blocks : [values])

const listOf = (blocks: ReadonlyArray<Packed>): Array<unknown> => {
  const items: Array<unknown> = []
  for (const block of blocks) {
    const read = reader(block)
    for (let i = 0; i < block.length; i++) items.push(read(i))
  }
  return items
}
