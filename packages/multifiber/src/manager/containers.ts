/** What others may do to the containers of an agent: each call is one step. */
import type { Methods } from "../sync/managed.ts"
import { plainError } from "../sync/plainErrors.ts"
import { describe } from "../wire/EncodedError.ts"

type Table = Readonly<Record<string, (self: any, ...args: ReadonlyArray<any>) => unknown>>

const among =
  (table: Table): Methods =>
  (name) =>
    Object.hasOwn(table, name) ? table[name] : undefined

const missing = (key: unknown): Error => plainError("MissingKey", { key })

/** What can be a key: others would be equal to nothing that arrives later. */
const checkKey = (key: unknown): void => {
  if ((typeof key === "object" && key !== null) || typeof key === "function" || typeof key === "symbol") {
    throw plainError("InvalidArgument", { argument: "key", value: key, expected: "a primitive value" })
  }
}

const checkKeys = (keys: ReadonlyArray<unknown>): void => keys.forEach(checkKey)

type Dict = Map<unknown, unknown>

type Entries = ReadonlyArray<readonly [unknown, unknown]>

export const dictOf = (items: Entries): Dict => {
  checkKeys(items.map(([key]) => key))
  return new Map(items)
}

export const ofDict = among({
  get: (self: Dict, key) => (self.has(key) ? [self.get(key)] : []),
  set: (self: Dict, key, value) => {
    checkKey(key)
    self.set(key, value)
  },
  has: (self: Dict, key) => self.has(key),
  setDefault: (self: Dict, key, value) => {
    checkKey(key)
    if (!self.has(key)) self.set(key, value)
    return self.get(key)
  },
  remove: (self: Dict, key) => {
    if (!self.delete(key)) throw missing(key)
  },
  pop: (self: Dict, key) => {
    if (!self.has(key)) throw missing(key)
    const value = self.get(key)
    self.delete(key)
    return value
  },
  popItem: (self: Dict) => {
    const last = [...self].at(-1)
    if (last === undefined) throw missing(undefined)
    self.delete(last[0])
    return last
  },
  update: (self: Dict, items: Entries) => {
    checkKeys(items.map(([key]) => key))
    for (const [key, value] of items) self.set(key, value)
  },
  clear: (self: Dict) => self.clear(),
  copy: (self: Dict) => self,
  keys: (self: Dict) => [...self.keys()],
  values: (self: Dict) => [...self.values()],
  items: (self: Dict) => [...self],
  size: (self: Dict) => self.size,
})

type Elements = Set<unknown>

export const setOf = (values: ReadonlyArray<unknown>): Elements => {
  checkKeys(values)
  return new Set(values)
}

export const ofSet = among({
  add: (self: Elements, value) => {
    checkKey(value)
    self.add(value)
  },
  has: (self: Elements, value) => self.has(value),
  remove: (self: Elements, value) => {
    if (!self.delete(value)) throw missing(value)
  },
  discard: (self: Elements, value) => self.delete(value),
  pop: (self: Elements) => {
    const [first] = self
    if (self.size === 0) throw missing(undefined)
    self.delete(first)
    return first
  },
  update: (self: Elements, values: ReadonlyArray<unknown>) => {
    checkKeys(values)
    for (const value of values) self.add(value)
  },
  clear: (self: Elements) => self.clear(),
  copy: (self: Elements) => self,
  size: (self: Elements) => self.size,
  union: (self: Elements, values: ReadonlyArray<unknown>) => new Set([...self, ...values]),
  intersection: (self: Elements, values: ReadonlyArray<unknown>) =>
    new Set(values.filter((value) => self.has(value))),
  difference: (self: Elements, values: ReadonlyArray<unknown>) => {
    const others = new Set(values)
    return new Set([...self].filter((value) => !others.has(value)))
  },
  symmetricDifference: (self: Elements, values: ReadonlyArray<unknown>) => {
    const others = new Set(values)
    return new Set([
      ...[...self].filter((value) => !others.has(value)),
      ...values.filter((value) => !self.has(value)),
    ])
  },
})

type List = Array<unknown>

/** The place of an index, which counts from the end where it is negative. */
const placeIn = ({ length }: List, index: number): number => {
  const place = index < 0 ? length + index : index
  if (!Number.isInteger(place) || place < 0 || place >= length)
    throw plainError("OutOfRange", { index, length })
  return place
}

const searched = (self: List, value: unknown): number => {
  const index = self.findIndex((each) => Object.is(each, value))
  if (index === -1) throw plainError("NotFound", { kind: "value", id: describe(value) })
  return index
}

/** Numbers by size, texts by their code units; other values have no order in common. */
const compare = (left: any, right: any): number => {
  if (typeof left !== typeof right || !["number", "bigint", "string", "boolean"].includes(typeof left)) {
    throw plainError("InvalidArgument", {
      argument: "list",
      value: `${describe(left)} and ${describe(right)}`,
      expected: "values with an order: all numbers, or all texts",
    })
  }
  return left < right ? -1 : left > right ? 1 : 0
}

/** Long lists are not spread into arguments, of which there may not be so many. */
const replace = (self: List, from: number, to: number, values: ReadonlyArray<unknown>): void => {
  const tail = self.slice(to)
  self.length = from
  for (const value of values) self.push(value)
  for (const value of tail) self.push(value)
}

/** Where a slice begins and ends, as `slice` of an array takes its arguments. */
const bounds = ({ length }: List, start = 0, end = length): readonly [number, number] => {
  const clamp = (index: number) => Math.min(Math.max(index < 0 ? length + index : index, 0), length)
  return [clamp(start), Math.max(clamp(start), clamp(end))]
}

export const ofList = among({
  get: (self: List, index: number) => self[placeIn(self, index)],
  set: (self: List, index: number, value) => {
    self[placeIn(self, index)] = value
  },
  slice: (self: List, start?: number, end?: number) => self.slice(start, end),
  setSlice: (self: List, start: number, end: number, values: ReadonlyArray<unknown>) =>
    replace(self, ...bounds(self, start, end), values),
  removeAt: (self: List, index: number) => void self.splice(placeIn(self, index), 1),
  removeSlice: (self: List, start?: number, end?: number) => replace(self, ...bounds(self, start, end), []),
  append: (self: List, value) => void self.push(value),
  extend: (self: List, values: ReadonlyArray<unknown>) => replace(self, self.length, self.length, values),
  insert: (self: List, index: number, value) => void self.splice(index, 0, value),
  pop: (self: List, index: number) => self.splice(placeIn(self, index), 1)[0],
  remove: (self: List, value) => void self.splice(searched(self, value), 1),
  count: (self: List, value) => self.filter((each) => Object.is(each, value)).length,
  indexOf: (self: List, value) => searched(self, value),
  includes: (self: List, value) => self.some((each) => Object.is(each, value)),
  sort: (self: List, reverse: boolean) => {
    const sorted = self.toSorted(compare)
    replace(self, 0, self.length, reverse ? sorted.reverse() : sorted)
  },
  reverse: (self: List) => void self.reverse(),
  repeat: (self: List, times: number) => Array.from({ length: times }, () => self).flat(),
  concat: (self: List, values: ReadonlyArray<unknown>) => [...self, ...values],
  repeatInPlace: (self: List, times: number) => {
    const once = [...self]
    self.length = 0
    for (let i = 0; i < times; i++) for (const value of once) self.push(value)
  },
  clear: (self: List) => {
    self.length = 0
  },
  copy: (self: List) => self,
  size: (self: List) => self.length,
})

/** An object without a prototype, whose fields are shared. */
export class Namespace {
  readonly fields: Map<string, unknown>

  constructor(fields: object) {
    this.fields = new Map(Object.entries(fields))
  }
}

export const ofNamespace = among({
  get: ({ fields }: Namespace, key: string) => {
    if (!fields.has(key)) throw missing(key)
    return fields.get(key)
  },
  set: ({ fields }: Namespace, key: string, value) => void fields.set(key, value),
  remove: ({ fields }: Namespace, key: string) => {
    if (!fields.delete(key)) throw missing(key)
  },
  has: ({ fields }: Namespace, key: string) => fields.has(key),
  copy: ({ fields }: Namespace) => Object.fromEntries(fields),
})
