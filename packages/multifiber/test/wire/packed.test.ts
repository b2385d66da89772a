import { describe, expect, it } from "@effect/vitest"
import * as fc from "fast-check"
import { Packer, packed, unpacked } from "../../src/wire/packed.ts"

/** As it arrives. */
const travelled = (items: ArrayLike<unknown>) => unpacked(structuredClone(packed(items)))

const many = { minLength: 32, maxLength: 100, size: "max" } as const

const few = fc.constantFrom("", "a", "of few")

const primitive = fc.oneof(
  fc.double(),
  fc.string(),
  fc.boolean(),
  fc.bigInt(),
  fc.constantFrom(null, undefined, Number.NaN, -0),
)

const keys = fc.uniqueArray(fc.oneof(fc.string(), fc.constantFrom("a", "0", "constructor", "__proto__")), {
  minLength: 1,
  maxLength: 20,
})

/** With a property of its own also where it is called `__proto__`. */
const objectOf = (names: ReadonlyArray<string>, values: ReadonlyArray<unknown>): object =>
  Object.fromEntries(names.map((name, i) => [name, values[i]]))

const records = fc.tuple(keys, fc.constantFrom(primitive, few)).chain(([names, value]) =>
  fc.array(
    fc
      .array(value, { minLength: names.length, maxLength: names.length })
      .map((values) => objectOf(names, values)),
    many,
  ),
)

describe("packed", () => {
  it("numbers and others arrive as they are, many of them in a typed array", () => {
    const items = fc.oneof(
      fc.array(fc.double(), { minLength: 0, maxLength: 100, size: "max" }),
      fc.array(fc.oneof({ weight: 50, arbitrary: fc.double() }, primitive), { maxLength: 100, size: "max" }),
    )
    fc.assert(
      fc.property(items, (items) => {
        const result = travelled(items)
        expect(Array.from(result)).toEqual(items)
        const isMany = items.length >= 32 && items.every((item) => typeof item === "number")
        expect(result instanceof Float64Array).toBe(isMany)
      }),
    )
  })

  it("records of one shape arrive as structured clone would bring them", () => {
    let columns = 0
    fc.assert(
      fc.property(records, (records) => {
        if ("columns" in packed(records)) columns++
        const result = travelled(records)
        expect(result).toEqual(structuredClone(records))
        expect(Array.from(result, (record) => Object.keys(record as object))).toEqual(
          records.map(Object.keys),
        )
      }),
    )
    expect(columns).toBeGreaterThan(10)
  })

  it("of few texts each travels once, of many all", () => {
    for (const different of [1, 64, 65]) {
      const items = Array.from({ length: 200 }, (_, n) => ({ n, text: `text ${n % different}` }))
      const [, column] = (packed(items) as { readonly columns: ReadonlyArray<object> }).columns
      expect("texts" in (column as object)).toBe(different <= 64)
      expect(travelled(items)).toEqual(items)
    }
  })

  it("one record of another kind among many keeps all as they are", () => {
    const shared = { a: 1, b: "x" }
    for (const odd of [
      { b: "x", a: 1 },
      { a: 1 },
      { a: 1, b: "x", c: 1 },
      {},
      { a: { nested: 1 }, b: "x" },
      { a: () => 1, b: "x" },
      { a: Symbol.iterator, b: "x" },
      new (class A {
        a = 1
        b = "x"
      })(),
      Object.assign(Object.create(null), shared),
      [1, "x"],
      new Date(0),
      null,
      undefined,
      7,
    ]) {
      for (const place of [0, 20, 39]) {
        const items: Array<unknown> = Array.from({ length: 40 }, () => ({ ...shared }))
        items[place] = odd
        expect(packed(items)).toBe(items)
      }
    }
    expect(packed(Array.from({ length: 40 }, () => ({})))).toBeInstanceOf(globalThis.Array)
  })

  it("one by one they arrive as they are, whatever comes after what", () => {
    const kinds = [
      (n: number) => n,
      (n: number) => ({ n, text: `${n}` }),
      (n: number) => [n],
      () => undefined,
    ]
    const runs = fc.array(
      fc.record({ kind: fc.nat(kinds.length - 1), count: fc.constantFrom(1, 31, 500, 1024, 1500, 3000) }),
      { maxLength: 4 },
    )
    fc.assert(
      fc.property(runs, (runs) => {
        const items = runs.flatMap(({ count, kind }) =>
          Array.from({ length: count }, (_, n) => kinds[kind]?.(n)),
        )
        const packer = new Packer(items.length)
        for (const item of items) packer.add(item)
        const result = unpacked(structuredClone(packer.end()))
        expect(Array.from(result)).toEqual(items)
        const isMany = items.length >= 32 && runs.every(({ kind }) => kind === 0)
        expect(result instanceof Float64Array).toBe(isMany)
      }),
      { numRuns: 50 },
    )
  })

  it("leaves what cannot be read to who clones it", () => {
    const hostile = {
      get field(): never {
        throw new Error("hostile getter")
      },
    }
    const items = Array.from({ length: 40 }, () => hostile)
    expect(packed(items)).toBe(items)
  })

  it("leaves what has holes, and what is no array, as it is", () => {
    for (const first of [0, { a: 0 }]) {
      const holes = new Array(40)
      holes[0] = first
      expect(packed(holes)).toBe(holes)
    }
    const bytes = new Uint8Array(40)
    expect(packed(bytes)).toBe(bytes)
  })
})
