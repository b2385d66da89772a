/**
 * The items and the results of a map on their way. Structured clone takes a microsecond for a small object, and thirty times as long
 * for an array of numbers as for a typed array; so many numbers travel as a typed array, and many records of the same shape as
 * their columns.
 */

/** Below that it gains nothing. */
const WORTHWHILE = 32

/** With more keys objects are hash tables, which gain little. */
const MOST_KEYS = 16

/** Plain objects that have the same keys in the same order, and nothing but primitive values. */
interface Columns {
  readonly keys: ReadonlyArray<string>
  /** The values of each key. */
  readonly columns: ReadonlyArray<ArrayLike<unknown>>
  readonly rows: number
}

/** What `packed` makes of an array. */
export type Packed = ArrayLike<unknown> | Columns

type Record = { [key: string]: unknown }

const isRecord = (value: unknown): value is Record =>
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

/** The values of a record go into the columns, where it has these keys and no others. Symbols do not travel anyway. */
const append = (
  columns: ReadonlyArray<Array<unknown>>,
  keys: ReadonlyArray<string>,
  record: Record,
): boolean => {
  let column = 0
  for (const key in record) {
    const value = record[key]
    if (key !== keys[column] || !isPrimitive(value)) return false
    ;(columns[column++] as Array<unknown>).push(value)
  }
  return column === keys.length
}

const columnsOf = (records: ReadonlyArray<unknown>, keys: ReadonlyArray<string>): Columns | undefined => {
  // To assign to that would change the prototype.
  if (keys.length === 0 || keys.length > MOST_KEYS || keys.includes("__proto__")) return undefined
  const columns = keys.map((): Array<unknown> => [])
  for (const record of records) {
    if (!isRecord(record) || !append(columns, keys, record)) return undefined
  }
  return { keys, columns: columns.map(numbersOr), rows: records.length }
}

const numbersOr = (items: ReadonlyArray<unknown>): ArrayLike<unknown> => {
  for (const item of items) if (typeof item !== "number") return items
  return Float64Array.from(items as ReadonlyArray<number>)
}

/** Arrays of numbers and of records in a form that travels fast, others as they are. */
export const packed = (items: ArrayLike<unknown>): Packed => {
  if (!Array.isArray(items) || items.length < WORTHWHILE) return items
  const [first] = items
  if (isRecord(first)) return columnsOf(items, Object.keys(first)) ?? items
  return numbersOr(items)
}

/** What was packed, numbers in a typed array. */
export const unpacked = (values: Packed): ArrayLike<unknown> => {
  if (!("columns" in values)) return values
  const { columns, keys, rows } = values
  const records = new Array<unknown>(rows)
  for (let row = 0; row < rows; row++) {
    const record: Record = {}
    for (let column = 0; column < keys.length; column++) {
      record[keys[column] as string] = (columns[column] as ArrayLike<unknown>)[row]
    }
    records[row] = record
  }
  return records
}
