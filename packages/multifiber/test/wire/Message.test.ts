/** Values as messages: what arrives is what structured clone would give, or they are refused. */
import { describe, expect, it } from "@effect/vitest"
import * as fc from "fast-check"
import { decode, encode, type Message } from "../../src/wire/Message.ts"

/** As a message arrives: its bytes lie in shared memory. */
const arrived = (message: Message): Message => {
  if (typeof message === "number") return message
  const bytes = new Uint8Array(new SharedArrayBuffer(message.bytes.length + 3), 3)
  bytes.set(message.bytes)
  return { kind: message.kind, bytes }
}

const sent = (value: unknown): unknown => decode(arrived(encode(value)))

/** −0 becomes 0 where it is not the value itself. */
const withoutNegativeZero = fc.double().map((n) => (Object.is(n, -0) ? 0 : n))

const key = fc.string({ unit: "grapheme" }).filter((text) => text !== "__proto__")

const view = fc
  .constantFrom(
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
  )
  .chain((Kind) =>
    fc.record({ before: fc.nat(4), length: fc.nat(5), after: fc.nat(4) }).chain(({ before, length, after }) =>
      fc
        .uint8Array({
          minLength: Kind.BYTES_PER_ELEMENT * (before + length + after),
          maxLength: Kind.BYTES_PER_ELEMENT * (before + length + after),
        })
        // A part of a longer buffer.
        .map(({ buffer }) => new Kind(buffer, Kind.BYTES_PER_ELEMENT * before, length) as ArrayBufferView),
    ),
  )

const named = [Error, TypeError, RangeError, SyntaxError, EvalError, ReferenceError, URIError]

const { value } = fc.letrec((tie) => ({
  leaf: fc.oneof(
    fc.constantFrom(
      undefined,
      null,
      true,
      false,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ),
    fc.integer(),
    withoutNegativeZero,
    fc.bigInt(),
    fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
    fc.string({ unit: "grapheme", maxLength: 40 }),
    fc.string({ unit: "binary-ascii", maxLength: 300 }),
    fc.date(),
    fc.constantFrom(/a+b/gi, /[/\]]/u, /(?<year>\d{4})/dy),
    view,
    fc.uint8Array({ maxLength: 20 }).map((bytes) => bytes.slice().buffer),
  ),
  error: fc
    .record({
      Kind: fc.constantFrom(...named),
      message: fc.string({ unit: "grapheme" }),
      cause: tie("value"),
    })
    .map(({ Kind, cause, message }) => new Kind(message, { cause })),
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    { weight: 4, arbitrary: tie("leaf") },
    fc.array(tie("value"), { maxLength: 6 }),
    fc.dictionary(key, tie("value"), { maxKeys: 6, noNullPrototype: false }),
    fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 4 }).map((entries) => new Map(entries)),
    fc.array(tie("value"), { maxLength: 5 }).map((values) => new Set(values)),
    tie("error"),
  ),
}))

/** The kind of each object, which equality does not always look at. */
const kinds = (value: unknown): unknown => {
  if (typeof value !== "object" || value === null) return typeof value
  const own = Object.prototype.toString.call(value)
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return own
  if (value instanceof Map) return [own, [...value].flat().map(kinds)]
  if (value instanceof Set) return [own, [...value].map(kinds)]
  if (value instanceof Error) return [own, value.name, value.message, kinds(value.cause)]
  return [own, Object.entries(value).map(([key, each]) => [key, kinds(each)])]
}

const encodingFailed = expect.objectContaining({ _tag: "EncodingFailed", subject: "message" })

describe("a message", () => {
  it("brings whatever structured clone carries", () => {
    fc.assert(
      fc.property(value, (value) => {
        const got = sent(value)
        expect(kinds(got)).toEqual(kinds(value))
        expect(got).toEqual(value)
      }),
      { numRuns: 2000 },
    )
  })

  it("brings many objects of different shapes, beside maps and without", () => {
    const shapes = Array.from({ length: 5000 }, (_, i) => ({
      [`key${i}`]: i,
      [`other${i % 70}`]: [{ [`in${i}`]: 1 }],
    }))
    expect(sent(shapes)).toEqual(shapes)
    expect(sent({ shapes, map: new Map([[1, shapes]]) })).toEqual({ shapes, map: new Map([[1, shapes]]) })
    // What one message says of its shapes does not matter to the next.
    expect(sent(new Map([[{ a: 1 }, { b: 2 }]]))).toEqual(new Map([[{ a: 1 }, { b: 2 }]]))
    expect(sent(shapes.slice(40, 80))).toEqual(shapes.slice(40, 80))
  })

  it("keeps what is the same the same, also in a ring", () => {
    const shared = { n: 1 }
    const [first, second] = sent([shared, shared]) as [object, object]
    expect(first).toBe(second)
    const object: Record<string, unknown> = { n: 1 }
    object.self = object
    object.list = [object]
    const ring = sent(object) as typeof object
    expect(ring.self).toBe(ring)
    expect((ring.list as Array<unknown>)[0]).toBe(ring)
    const map = new Map<unknown, unknown>()
    map.set("self", map).set(map, "self")
    const mapped = sent(map) as typeof map
    expect([mapped.get("self"), mapped.get(mapped)]).toEqual([mapped, "self"])
    const set = new Set<unknown>()
    set.add(set).add([set])
    const [inner, [deep]] = sent(set) as unknown as [unknown, [unknown]]
    expect(inner).toBe(deep)
    class Node {
      next: unknown
    }
    const node = new Node()
    node.next = new Set([node])
    const [next] = (sent(node) as { next: Set<unknown> }).next
    expect(next).toEqual(sent(node))
    const holder: { error?: Error } = {}
    holder.error = new Error("in a ring", { cause: holder })
    const held = sent(holder) as typeof holder
    expect(held.error).toBeInstanceOf(Error)
    expect(held.error?.cause).toBe(held)
    const error = new Error("twice")
    const [one, other] = sent([error, { error }]) as [Error, { error: Error }]
    expect(one).toBe(other.error)
    expect(one).toMatchObject({ message: "twice" })
  })

  it("with an error that is a cause of its own is refused: it would arrive as something else", () => {
    const error = new Error("ring")
    error.cause = [error]
    for (const value of [error, { error }]) expect(() => encode(value)).toThrow(encodingFailed)
  })

  it("brings numbers as they are, and −0 only as the value itself", () => {
    for (const n of [
      0,
      -0,
      1,
      -1,
      0.1,
      2 ** 31,
      -(2 ** 31),
      2 ** 32,
      2 ** 53,
      -(2 ** 53) + 1,
      1e308,
      5e-324,
      Number.NaN,
      Number.POSITIVE_INFINITY,
    ]) {
      expect(sent(n)).toBe(n)
      if (!Object.is(n, -0)) expect(sent([n, { n }])).toStrictEqual([n, { n }])
    }
    expect(sent([-0])).toStrictEqual([0])
    for (const n of [
      0n,
      -1n,
      2n ** 63n,
      -(2n ** 63n),
      2n ** 64n,
      -(2n ** 64n),
      2n ** 1000n,
      -(2n ** 1000n),
    ]) {
      expect(sent(n)).toBe(n)
      expect(sent({ n })).toEqual({ n })
    }
  })

  it("brings objects without a prototype, dates that are none, holes, and own fields only", () => {
    const bare = Object.assign(Object.create(null), { a: 1 })
    expect(sent(bare)).toEqual({ a: 1 })
    expect(Number.isNaN((sent(new Date(Number.NaN)) as Date).getTime())).toBe(true)
    expect((sent([new Date(-1), new Date(8.64e15)]) as Array<Date>).map(Number)).toEqual([-1, 8.64e15])
    // biome-ignore lint/suspicious/noSparseArray: it is about the hole
    expect(sent([1, , 3])).toEqual([1, undefined, 3])
    class Point {
      readonly x = 1
      readonly inner = new (class Inner {
        readonly y = 2
      })()
      get sum() {
        return 3
      }
    }
    expect(sent(new Point())).toStrictEqual({ x: 1, inner: { y: 2 } })
    expect(sent({ [Symbol.iterator]: 1, a: 1 })).toStrictEqual({ a: 1 })
  })

  it("refuses an object whose class says how to print it as JSON: msgpackr would send that", () => {
    class Money {
      readonly amount: number
      constructor(amount: number) {
        this.amount = amount
      }
      toJSON() {
        return `${this.amount} €`
      }
    }
    expect(() => encode([new Money(5)])).toThrow("toJSON")
    expect(sent({ toJSON: 1, a: 2 })).toEqual({ toJSON: 1, a: 2 })
  })

  it("with a key __proto__ is refused: msgpackr gives it another name", () => {
    const value = JSON.parse('{"__proto__":{"polluted":true},"a":1}')
    for (const each of [value, [value], new Map([[1, value]])]) {
      expect(() => encode(each)).toThrow(encodingFailed)
    }
    expect(sent(new Map([["__proto__", 1]]))).toEqual(new Map([["__proto__", 1]]))
  })

  it("brings a DataView, and memory that may grow", () => {
    const bytes = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer
    const got = sent(new DataView(bytes, 2, 4)) as DataView
    expect(Object.prototype.toString.call(got)).toBe("[object DataView]")
    expect([got.byteLength, got.getUint8(0), got.getUint8(3)]).toEqual([4, 3, 6])
    const resizable = new (ArrayBuffer as new (n: number, o: object) => ArrayBuffer)(4, { maxByteLength: 8 })
    expect((sent(resizable) as ArrayBuffer).byteLength).toBe(4)
  })

  it("is a snapshot: neither side sees what the other does to it later", () => {
    const bytes = new Uint8Array([1, 2, 3])
    const list = [bytes, { bytes }]
    const message = arrived(encode(list))
    bytes[0] = 9
    const first = decode(message) as [Uint8Array, { bytes: Uint8Array }]
    const second = decode(message) as typeof first
    expect(first).toEqual([new Uint8Array([1, 2, 3]), { bytes: new Uint8Array([1, 2, 3]) }])
    first[0][1] = 7
    expect(second[0][1]).toBe(2)
    expect(first[0].buffer).not.toBeInstanceOf(SharedArrayBuffer)
    const large = decode(arrived(encode([new Uint8Array(100_000).fill(3)]))) as [Uint8Array]
    expect(large[0].buffer).not.toBeInstanceOf(SharedArrayBuffer)
    expect(large[0].every((byte) => byte === 3)).toBe(true)
  })

  const refused: Record<string, unknown> = {
    function: () => 1,
    class: class A {},
    symbol: Symbol("s"),
    promise: Promise.resolve(1),
    "weak map": new WeakMap(),
    "weak set": new WeakSet(),
    "weak reference": new WeakRef({}),
    "half a character": "a\ud800b",
    "other half": "\udc00",
    "boxed number": Object(1),
    "boxed text": Object("text"),
    "boxed bigint": Object(1n),
    "boxed symbol": Object(Symbol("s")),
    generator: (function* () {})(),
  }

  const places: Record<string, (value: unknown) => unknown> = {
    itself: (value) => value,
    "an array": (value) => [1, [value]],
    "an object": (value) => ({ a: { b: value } }),
    "a map": (value) => new Map([["k", value]]),
    "a key of a map": (value) => new Map([[value, 1]]),
    "a set": (value) => [new Set([value])],
    "a cause": (value) => new Error("outer", { cause: new TypeError("inner", { cause: value }) }),
    "an object of a class": (value) =>
      new (class Holder {
        readonly inner = value
      })(),
    "an object without a prototype": (value) => Object.assign(Object.create(null), { value }),
  }

  for (const [kind, value] of Object.entries(refused)) {
    it(`with a ${kind} in it is refused, wherever that lies`, () => {
      for (const [place, put] of Object.entries(places)) {
        expect(() => encode(put(value)), place).toThrow(encodingFailed)
      }
    })
  }

  it("with half of a character in a key, or in the text of an error, is refused", () => {
    for (const value of [
      { "\ud800": 1 },
      [{ a: { "x\udc00": 1 } }],
      new Map([[1, { "\ud800": 1 }]]),
      new Error("half \ud800"),
    ]) {
      expect(() => encode(value)).toThrow(encodingFailed)
    }
  })

  it("whose value throws when it is looked at is refused", () => {
    const hostile = {
      get a() {
        throw new RangeError("hostile")
      },
    }
    expect(() => encode(hostile)).toThrow(encodingFailed)
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    expect(() => encode([proxy])).toThrow(encodingFailed)
  })

  it("that is too deep is refused, and one that is deep is brought", () => {
    const nest = (depth: number): unknown => {
      let value: unknown = 1
      for (let i = 0; i < depth; i++) value = [value]
      return value
    }
    expect(JSON.stringify(sent(nest(1000)))).toBe(JSON.stringify(nest(1000)))
    expect(() => encode(nest(1_000_000))).toThrow(encodingFailed)
  })

  it("of bytes tells a Uint8Array from its kin", () => {
    const bytes = new Uint8Array([1, 2, 3, 4])
    expect(Object.getPrototypeOf(sent(bytes))).toBe(Uint8Array.prototype)
    expect(sent(bytes.subarray(1, 3))).toEqual(new Uint8Array([2, 3]))
    expect(sent(new Uint8Array(0))).toEqual(new Uint8Array(0))
    expect(Object.getPrototypeOf((sent([bytes]) as [object])[0])).toBe(Uint8Array.prototype)
    expect(Object.getPrototypeOf(sent(new Uint8ClampedArray([300])) as object)).toBe(
      Uint8ClampedArray.prototype,
    )
  })
})
