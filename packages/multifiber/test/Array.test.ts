/** Shared arrays: indices, slices, locks, and agents that write them together. */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import * as Shared from "../src/Array.ts"
import * as ArraySync from "../src/ArraySync.ts"
import * as Lock from "../src/Lock.ts"
import * as Pool from "../src/Pool.ts"
import * as RLock from "../src/RLock.ts"
import type { ValueOf } from "../src/Value.ts"
import { values } from "./fixtures/values.ts"
import { live } from "./live.ts"

const invalid = { _tag: "InvalidArgument" }

const TEN = [680, 626, 934, 821, 150, 233, 548, 982, 714, 831]

describe("Array, in one agent", () => {
  it.effect("VAL-12 indices out of range and slices of another length change nothing", () =>
    Effect.gen(function* () {
      const numbers = yield* Shared.make("i32", [1, 2, 3, 4, 5])
      for (const index of [5, -6, 1.5, Number.NaN]) {
        const outOfRange = { _tag: "OutOfRange", index, length: 5 }
        expect(yield* Effect.flip(Shared.get(numbers, index))).toMatchObject(outOfRange)
        expect(yield* Effect.flip(Shared.set(numbers, index, 0))).toMatchObject(outOfRange)
        expect(yield* Effect.flip(Shared.update(numbers, index, () => 0))).toMatchObject(outOfRange)
        expect(yield* Effect.flip(Shared.fetchAdd(numbers, index, 1))).toMatchObject(outOfRange)
        expect(() => ArraySync.getSync(numbers, index)).toThrow(expect.objectContaining(outOfRange))
      }
      expect([yield* Shared.get(numbers, -1), yield* Shared.get(numbers, -5)]).toEqual([5, 1])
      expect(yield* Effect.flip(Shared.setSlice(numbers, [1, 3], [7, 8, 9]))).toMatchObject(invalid)
      expect(yield* Effect.flip(Shared.setSlice(numbers, [1, 3], [7, 0.5]))).toMatchObject(invalid)
      expect(yield* Effect.flip(Shared.set(numbers, 0, 0.5))).toMatchObject(invalid)
      expect(yield* Shared.toArray(numbers)).toEqual([1, 2, 3, 4, 5])
    }),
  )

  it.effect("it is made of zeros, of values, or not at all", () =>
    Effect.gen(function* () {
      expect(yield* Shared.toArray(yield* Shared.make("u8", 3))).toEqual([0, 0, 0])
      expect(yield* Shared.toArray(yield* Shared.make("i64", new BigInt64Array([1n])))).toEqual([1n])
      const none = yield* Shared.make("f64", 0)
      expect([Shared.length(none), yield* Shared.toArray(none), Shared.view(none).length]).toEqual([0, [], 0])
      const wrong = [-1, 1.5, Number.NaN, 2 ** 50, undefined, null, {}, new Set([1]).values()]
      for (const items of wrong) {
        expect(yield* Effect.flip(Shared.make("f64", items as never))).toMatchObject(invalid)
      }
      expect(yield* Effect.flip(Shared.make("u8", [1, 2.5]))).toMatchObject({
        ...invalid,
        argument: "item 1",
      })
      expect(yield* Effect.flip(Shared.raw("u8", -1))).toMatchObject(invalid)
    }),
  )

  it.effect("items may be structs, texts and booleans", () =>
    Effect.gen(function* () {
      const points = yield* Shared.make({ struct: { x: "i16", name: { string: 3 } } }, 2)
      yield* Shared.set(points, -1, { x: -7, name: "abc" })
      expect(yield* Shared.toArray(points)).toEqual([
        { x: 0, name: "" },
        { x: -7, name: "abc" },
      ])
      expect(Shared.view(points).length).toBe(2 * 6)
      expect(yield* Shared.toArray(yield* Shared.make("bool", [true, false, true]))).toEqual([
        true,
        false,
        true,
      ])
      const words = yield* Shared.make({ string: 2 }, ["a", "bc", ""])
      yield* Shared.setSlice(words, [0, 2], ["de", "f"])
      expect(yield* Shared.toArray(words)).toEqual(["de", "f", ""])
    }),
  )

  it.effect("its view is the same memory, with the items in it and nothing else", () =>
    Effect.gen(function* () {
      const numbers = yield* Shared.make("u16", [1, 2, 3])
      const view = Shared.view(numbers)
      view[1] = 9
      expect([view.length, yield* Shared.toArray(numbers)]).toEqual([3, [1, 9, 3]])
      expect(Shared.view(numbers)).toBe(view)
      expect(view.buffer).toBeInstanceOf(SharedArrayBuffer)
    }),
  )

  it.effect("its lock is its own, the one that is given, or none", () =>
    Effect.gen(function* () {
      const own = yield* Shared.make("i32", 2)
      expect(RLock.isRLock(Shared.getLock(own))).toBe(true)
      const lock = yield* Lock.make
      expect(Shared.getLock(yield* Shared.make("i32", 2, { lock }))).toBe(lock)
      const raw = yield* Shared.raw("i32", 2)
      expect(Shared.getLock(raw)).toBe(undefined)
      expect(yield* Effect.flip(Shared.synchronized(own))).toMatchObject({ _tag: "IllegalState" })
      yield* Shared.set(yield* Shared.synchronized(raw), 0, 4)
      expect(yield* Shared.toArray(raw)).toEqual([4, 0])
      yield* Shared.set(Shared.getObj(own), 1, 5)
      const copy = yield* Shared.copy(own)
      yield* Shared.set(own, 0, 1)
      expect([yield* Shared.toArray(copy), Shared.getLock(copy)]).toEqual([[0, 5], undefined])
      expect([Shared.isArray(own), Shared.isArray([])]).toEqual([true, false])
    }),
  )

  it.live("steps under its lock belong together", () =>
    Effect.gen(function* () {
      const numbers = yield* Shared.make("i32", [1, 2])
      const swap = Effect.gen(function* () {
        const [a, b] = yield* Shared.toArray(numbers)
        yield* Effect.yieldNow()
        yield* Shared.setSlice(numbers, [0, 2], [b as number, a as number])
      })
      const add = Shared.update(numbers, 0, (n) => n + 10)
      yield* Effect.all([Shared.withLock(swap, numbers), add, Shared.withLock(swap, numbers)], {
        concurrency: "unbounded",
      })
      expect(yield* Shared.toArray(numbers)).toEqual([1, 12])
      expect(yield* Shared.modify(numbers, -1, (n) => [`was ${n}`, 0] as const)).toBe("was 12")
      expect([yield* Shared.fetchAdd(numbers, 1, -3), yield* Shared.get(numbers, 1)]).toEqual([0, -3])
    }),
  )
})

/** One call, on the array and on a plain list. */
type Step =
  | { readonly do: "get" | "fetchAdd"; readonly index: number }
  | { readonly do: "set"; readonly index: number; readonly value: number }
  | { readonly do: "slice"; readonly from: number; readonly to: number }
  | { readonly do: "setSlice"; readonly from: number; readonly values: ReadonlyArray<number> }

const index = fc.integer({ min: -8, max: 8 })

const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constantFrom("get" as const, "fetchAdd" as const), index }),
    fc.record({ do: fc.constant("set" as const), index, value: fc.integer() }),
    fc.record({ do: fc.constant("slice" as const), from: index, to: index }),
    fc.record({
      do: fc.constant("setSlice" as const),
      from: index,
      values: fc.array(fc.integer(), { maxLength: 4 }),
    }),
  ),
)

const outcome = <A>(body: () => A): A | string => {
  try {
    return body()
  } catch (error) {
    return (error as { readonly _tag: string })._tag
  }
}

const onShared = (array: ArraySync.Any<"i16">, step: Step): unknown => {
  switch (step.do) {
    case "get":
      return ArraySync.getSync(array, step.index)
    case "fetchAdd":
      return ArraySync.fetchAddSync(array, step.index, 30_000)
    case "set":
      return ArraySync.setSync(array, step.index, step.value)
    case "slice":
      return ArraySync.sliceSync(array, step.from, step.to)
    case "setSlice":
      return ArraySync.setSliceSync(array, [step.from, step.from + step.values.length], step.values)
  }
}

const wrap = (n: number) => (n << 16) >> 16

const onModel = (list: Array<number>, step: Step): unknown => {
  if (step.do === "slice") return list.slice(step.from, step.to)
  if (step.do === "setSlice") {
    const to = step.from + step.values.length
    if (list.slice(step.from, to).length !== step.values.length) throw { _tag: "InvalidArgument" }
    const from = Math.max(step.from < 0 ? step.from + list.length : step.from, 0)
    for (const [i, value] of step.values.entries()) list[from + i] = wrap(value)
    return undefined
  }
  const old = list.at(step.index)
  if (old === undefined) throw { _tag: "OutOfRange" }
  const place = step.index < 0 ? step.index + list.length : step.index
  if (step.do === "set") list[place] = wrap(step.value)
  if (step.do === "fetchAdd") list[place] = wrap(old + 30_000)
  return step.do === "set" ? undefined : old
}

describe("Array, against a list", () => {
  for (const lock of [undefined, false] as const) {
    it(`any sequence of calls does to it what it does to a list, ${lock === false ? "raw" : "with its lock"}`, () => {
      fc.assert(
        fc.property(fc.array(fc.integer({ min: -99, max: 99 }), { maxLength: 6 }), steps, (items, calls) => {
          const list = [...items]
          const array = ArraySync.makeSync("i16", items, { lock })
          for (const step of calls) {
            expect(outcome(() => onShared(array, step))).toEqual(outcome(() => onModel(list, step)))
            expect(ArraySync.toArraySync(array)).toEqual(list)
          }
        }),
      )
    })
  }

  const numeric = {
    f32: fc.float(),
    f64: fc.double(),
    i32: fc.integer(),
    u32: fc.nat({ max: 2 ** 32 - 1 }),
    i64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    u64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  } as const
  for (const [type, values] of Object.entries(numeric) as Array<[keyof typeof numeric, fc.Arbitrary<any>]>) {
    it(`${type} keeps every value of its range`, () => {
      fc.assert(
        fc.property(fc.array(values, { maxLength: 5 }), (items: Array<ValueOf<typeof type>>) => {
          const array = ArraySync.rawSync(type, items)
          expect(ArraySync.toArraySync(array)).toEqual(items)
          expect([...ArraySync.view(array)]).toEqual(items)
        }),
      )
    })
  }
})

describe("Array, between agents", () => {
  for (const { id, lock } of [
    { id: "VAL-05", lock: undefined },
    { id: "VAL-06", lock: false },
  ] as const) {
    live(`${id} another agent sums it up in place, ${lock === false ? "raw" : "with its lock"}`, () =>
      Effect.gen(function* () {
        const list = [...TEN]
        const array = yield* Shared.make("i32", TEN, { lock })
        expect(Shared.length(array)).toBe(10)
        expect(yield* Shared.get(array, 3)).toBe(821)
        expect(yield* Shared.slice(array, 2, 7)).toEqual(list.slice(2, 7))
        list.splice(4, 4, 1, 2, 3, 4)
        yield* Shared.setSlice(array, [4, 8], [1, 2, 3, 4])
        expect(yield* Shared.toArray(array)).toEqual(list)
        for (let i = 1; i < list.length; i++) list[i] = (list[i] as number) + (list[i - 1] as number)
        const pool = yield* Pool.make({ size: 1 })
        yield* Pool.apply(pool, values.sumUp, [array])
        expect(yield* Shared.toArray(array)).toEqual(list)
      }),
    )
  }
})
