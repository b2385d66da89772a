/** Shared values: their types, their locks, and agents that write them together. */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import * as SharedArray from "../src/Array.ts"
import * as Lock from "../src/Lock.ts"
import * as Pool from "../src/Pool.ts"
import * as RLock from "../src/RLock.ts"
import type * as Task from "../src/Task.ts"
import * as Value from "../src/Value.ts"
import * as ValueSync from "../src/ValueSync.ts"
import { values } from "./fixtures/values.ts"
import { live, within } from "./live.ts"

const invalid = { _tag: "InvalidArgument" }

const PAIR = { struct: { x: "i32", y: "f64" } } as const

/** Calls a task once in each of so many other agents, at the same time. */
const inOtherAgents = <Args extends ReadonlyArray<any>, A>(
  size: number,
  task: Task.Task<Args, A>,
  args: Args,
) =>
  Effect.gen(function* () {
    const pool = yield* Pool.make({ size })
    const calls = Array.from({ length: size }, () => Pool.apply(pool, task, args))
    return yield* within(25)(Effect.all(calls, { concurrency: "unbounded" }))
  })

/** What Python's test doubles in a child. */
const everything = (lock: undefined | false) =>
  Effect.all({
    whole: Value.make("i32", 7, { lock }),
    third: Value.make("f64", 1 / 3, { lock }),
    big: Value.make("i64", 2n ** 33n, { lock }),
    pair: Value.make(PAIR, { x: 3, y: 2 }, { lock }),
    numbers: SharedArray.make("f64", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], { lock }),
    text: Value.make({ string: 20 }, "hello", { lock }),
  })

describe("Value, types", () => {
  it.effect("a value is zero at first", () =>
    Effect.gen(function* () {
      const numeric = ["i8", "u8", "i16", "u16", "i32", "u32", "f32", "f64"] as const
      for (const type of numeric) expect(yield* Value.get(yield* Value.make(type))).toBe(0)
      expect(yield* Value.get(yield* Value.make("u64"))).toBe(0n)
      expect(yield* Value.get(yield* Value.make("bool"))).toBe(false)
      expect(yield* Value.get(yield* Value.make({ string: 3 }))).toBe("")
      expect(yield* Value.get(yield* Value.make({ bytes: 2 }))).toEqual(new Uint8Array(2))
      expect(yield* Value.get(yield* Value.make(PAIR))).toEqual({ x: 0, y: 0 })
    }),
  )

  it.effect("an integer out of range wraps", () =>
    Effect.gen(function* () {
      expect(yield* Value.get(yield* Value.make("u8", 300))).toBe(44)
      expect(yield* Value.get(yield* Value.make("i8", 200))).toBe(-56)
      expect(yield* Value.get(yield* Value.make("u32", -1))).toBe(2 ** 32 - 1)
      expect(yield* Value.get(yield* Value.make("i64", 2n ** 63n))).toBe(-(2n ** 63n))
      const last = yield* Value.make("u16", 65_535)
      expect([yield* Value.fetchAdd(last, 2), yield* Value.get(last)]).toEqual([65_535, 1])
    }),
  )

  it.effect("what a type does not accept is refused, and the old value stays", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<readonly [Value.Type, unknown, ReadonlyArray<unknown>]> = [
        ["i32", 1, [1.5, Number.NaN, Number.POSITIVE_INFINITY, 1n, "1", null, true]],
        ["f64", 1.5, [1n, "1", null, {}]],
        ["i64", 1n, [1, 1.5, "1"]],
        ["bool", true, [0, 1, "true", null]],
        [{ string: 4 }, "four", ["fünf!", "fünf", "a\0b", "\ud800", 4]],
        [{ bytes: 2 }, new Uint8Array([1, 2]), [new Uint8Array(3), [1], "ab", new Uint16Array(1)]],
        [PAIR, { x: 1, y: 2.5 }, [{ x: 1 }, { x: 1.5, y: 2 }, null, 3]],
      ]
      for (const [type, initial, wrong] of cases) {
        const value = yield* Value.make(type, initial as never)
        for (const each of wrong) {
          expect(yield* Effect.flip(Value.set(value, each as never))).toMatchObject(invalid)
          expect(yield* Effect.flip(Value.make(type, each as never))).toMatchObject(invalid)
          expect(() => ValueSync.setSync(value, each as never)).toThrow(expect.objectContaining(invalid))
          expect(yield* Value.get(value)).toEqual(initial)
        }
      }
      const number = yield* Value.make("i32", 5)
      expect(yield* Effect.flip(Value.fetchAdd(number, 0.5))).toMatchObject({ ...invalid, argument: "delta" })
      expect(yield* Effect.flip(Value.compareExchange(number, 0.5, 1))).toMatchObject(invalid)
      expect(yield* Effect.flip(Value.compareExchange(number, 5, 0.5))).toMatchObject(invalid)
      expect(yield* Effect.flip(Value.modify(number, (n) => [n, n / 2]))).toMatchObject(invalid)
      expect(yield* Value.get(number)).toBe(5)
    }),
  )

  it.effect("VAL-17 a type that is none is refused with its name", () =>
    Effect.gen(function* () {
      const wrong = ["x32", "I32", undefined, null, 4, {}, { string: 0 }, { bytes: 1.5 }, { struct: {} }]
      for (const type of [...wrong, { struct: { x: "x32" } }]) {
        const refused = yield* Effect.flip(Value.make(type as never))
        expect(refused).toMatchObject({ ...invalid, argument: "type" })
        expect(yield* Effect.flip(SharedArray.make(type as never, 3))).toMatchObject(invalid)
      }
      expect((yield* Effect.flip(Value.make("x32" as never))).message).toContain("x32")
      expect((yield* Effect.flip(SharedArray.make("x32" as never, 3))).message).toContain("x32")
    }),
  )

  it.effect("VAL-15 a text of 10 bytes", () =>
    Effect.gen(function* () {
      const text = yield* Value.make({ string: 10 })
      const raw = () => [...Value.view(text)]
      expect(raw()).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
      yield* Value.set(text, "hello")
      expect(yield* Value.get(text)).toBe("hello")
      expect(raw()).toEqual([104, 101, 108, 108, 111, 0, 0, 0, 0, 0])
      yield* Value.set(text, "0123456789")
      expect(yield* Value.get(text)).toBe("0123456789")
      expect(yield* Effect.flip(Value.set(text, "01234567890"))).toMatchObject(invalid)
      expect(yield* Value.get(text)).toBe("0123456789")
      yield* Value.set(text, "ab")
      expect([yield* Value.get(text), ...raw()]).toEqual(["ab", 97, 98, 0, 0, 0, 0, 0, 0, 0, 0])
    }),
  )

  it("a struct is laid out as in C: each field at a multiple of its size", () => {
    const type = { struct: { flag: "bool", big: "i64", name: { string: 3 }, half: "i16" } } as const
    const value = ValueSync.makeSync(type, { flag: true, big: -2n, name: "abc", half: -3 })
    expect(ValueSync.view(value).length).toBe(24)
    expect(ValueSync.getSync(value)).toEqual({ flag: true, big: -2n, name: "abc", half: -3 })
    const words = new DataView(ValueSync.view(value).buffer)
    expect([words.getInt8(0), words.getBigInt64(8, true), words.getInt16(20, true)]).toEqual([1, -2n, -3])
  })

  it("text and bytes come back as they were, whatever was there before", () => {
    const text = ValueSync.rawSync({ string: 24 })
    const bytes = ValueSync.rawSync({ bytes: 24 })
    const word = fc.string({ unit: "grapheme", maxLength: 6 }).filter((s) => !s.includes("\0"))
    fc.assert(
      fc.property(word, fc.uint8Array({ maxLength: 24 }), (s, b) => {
        fc.pre(new TextEncoder().encode(s).length <= 24)
        ValueSync.setSync(text, s)
        ValueSync.setSync(bytes, b)
        expect(ValueSync.getSync(text)).toBe(s)
        expect([...ValueSync.getSync(bytes)]).toEqual([...b, ...new Uint8Array(24 - b.length)])
      }),
    )
  })

  it.effect("fetchAdd and compareExchange return what was there", () =>
    Effect.gen(function* () {
      const small = yield* Value.raw("i8", 5)
      expect([yield* Value.fetchAdd(small, -6), yield* Value.get(small)]).toEqual([5, -1])
      expect([yield* Value.compareExchange(small, 5, 9), yield* Value.get(small)]).toEqual([-1, -1])
      expect([yield* Value.compareExchange(small, -1, 9), yield* Value.get(small)]).toEqual([-1, 9])
      const big = yield* Value.make("u64", 5n)
      expect([yield* Value.fetchAdd(big, 1n), yield* Value.compareExchange(big, 6n, 7n)]).toEqual([5n, 6n])
      expect([yield* Value.get(big), Value.view(big)]).toEqual([7n, new BigUint64Array([7n])])
    }),
  )
})

describe("Value, its lock", () => {
  it.effect("VAL-03 its own by default, the very one that is given, or none", () =>
    Effect.gen(function* () {
      const own = yield* Value.make("i32")
      const undefinedLock = yield* Value.make("i32", 0, {})
      for (const value of [own, undefinedLock]) expect(RLock.isRLock(Value.getLock(value))).toBe(true)
      expect(Value.getLock(own)).not.toBe(Value.getLock(undefinedLock))
      const lock = yield* Lock.make
      expect(Value.getLock(yield* Value.make("i32", 0, { lock }))).toBe(lock)
      const recursive = yield* RLock.make
      expect(Value.getLock(yield* Value.make("i32", 0, { lock: recursive }))).toBe(recursive)
      expect(Value.getLock(yield* Value.make("i32", 0, { lock: false }))).toBe(undefined)
      expect(Value.getLock(yield* Value.raw("i32"))).toBe(undefined)
      const inner = Value.getObj(own)
      yield* Value.set(inner, 3)
      expect([yield* Value.get(own), Value.getLock(inner)]).toEqual([3, undefined])
      expect(yield* Effect.flip(Value.make("i32", 0, { lock: "lock" as never }))).toMatchObject({
        ...invalid,
        argument: "lock",
      })
    }),
  )

  it.effect("VAL-18 a second lock is refused, and a lock for a raw value shares its memory", () =>
    Effect.gen(function* () {
      const value = yield* Value.make("i32", 1)
      expect(yield* Effect.flip(Value.synchronized(value))).toMatchObject({ _tag: "IllegalState" })
      const raw = yield* Value.raw("i32", 1)
      const locked = yield* Value.synchronized(raw)
      yield* Value.set(locked, 2)
      expect(yield* Value.get(raw)).toBe(2)
      const lock = yield* Lock.make
      expect(Value.getLock(yield* Value.synchronized(raw, lock))).toBe(lock)
    }),
  )

  it.live("a fiber that has the lock reads and writes, another one waits", () =>
    Effect.gen(function* () {
      const value = yield* Value.make("i32", 1)
      const add = Value.update(value, (n) => n + 10)
      const slowly = Effect.gen(function* () {
        const before = yield* Value.get(value)
        yield* Effect.sleep(30)
        yield* Value.set(value, before + 1)
      })
      yield* Effect.all([Value.withLock(slowly, value), add, Value.fetchAdd(value, 100)], {
        concurrency: "unbounded",
      })
      expect(yield* Value.get(value)).toBe(112)
      expect(yield* RLock.isLocked(Value.getLock(value))).toBe(false)
    }),
  )

  it.effect("modify gives its result, and frees the lock where it throws", () =>
    Effect.gen(function* () {
      const value = yield* Value.make({ string: 8 }, "ab")
      expect(yield* Value.modify(value, (s) => [s.length, `${s}c`] as const)).toBe(2)
      const died = yield* Effect.exit(
        Value.update(value, () => {
          throw new Error("inside")
        }),
      )
      expect(died._tag).toBe("Failure")
      expect([yield* Value.get(value), yield* RLock.isLocked(Value.getLock(value))]).toEqual(["abc", false])
    }),
  )

  it.effect("a copy has memory of its own, and no lock; a cloned handle has the same", () =>
    Effect.gen(function* () {
      const value = yield* Value.make(PAIR, { x: 1, y: 2 })
      const copy = yield* Value.copy(value)
      const clone = structuredClone(value)
      yield* Value.set(clone, { x: 3, y: 4 })
      expect([yield* Value.get(value), yield* Value.get(copy)]).toEqual([
        { x: 3, y: 4 },
        { x: 1, y: 2 },
      ])
      expect([Value.getLock(copy), Value.isValue(clone), Value.isValue({})]).toEqual([undefined, true, false])
    }),
  )
})

describe("Value, between agents", () => {
  live("VAL-02 another agent writes values without a lock", () =>
    Effect.gen(function* () {
      const all = [
        [yield* Value.raw("i32", 4343), 24_234],
        [yield* Value.raw("f64", 3.625), -4.25],
        [yield* Value.raw("i16", -232), 234],
        [yield* Value.raw("i64", 2n ** 33n), 2n ** 34n],
        [yield* Value.raw({ bytes: 1 }, new Uint8Array([120])), new Uint8Array([121])],
      ] as ReadonlyArray<readonly [Value.Raw<any>, unknown]>
      const read = Effect.forEach(all, ([value]) => Value.get(value))
      expect(yield* read).toEqual([4343, 3.625, -232, 2n ** 33n, new Uint8Array([120])])
      yield* inOtherAgents(1, values.write, [all])
      expect(yield* read).toEqual(all.map(([, next]) => next))
    }),
  )

  for (const { id, lock, what } of [
    { id: "VAL-09", what: "without locks", lock: false },
    { id: "VAL-10", what: "with their locks", lock: undefined },
  ] as const) {
    live(`${id} another agent doubles one of everything, ${what}`, () =>
      Effect.gen(function* () {
        const all = yield* everything(lock)
        yield* inOtherAgents(1, values.double, [all])
        expect(yield* Value.get(all.whole)).toBe(14)
        expect(yield* Value.get(all.third)).toBeCloseTo(2 / 3)
        expect(yield* Value.get(all.big)).toBe(2n ** 34n)
        expect(yield* Value.get(all.pair)).toEqual({ x: 6, y: 4 })
        expect(yield* SharedArray.toArray(all.numbers)).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18])
        expect(yield* Value.get(all.text)).toBe("hellohello")
      }),
    )
  }

  for (const task of [values.count, values.countByHand, values.fetchAdd]) {
    live(`VAL-13 four agents that each ${task.name} 5000 times with the lock come to 20000`, () =>
      Effect.gen(function* () {
        const total = yield* Value.make("i32")
        yield* inOtherAgents(4, task, [total, 5000])
        expect(yield* Value.get(total)).toBe(20_000)
      }),
    )
  }

  live("fetchAdd without a lock loses nothing, next to fibers of this agent", () =>
    Effect.gen(function* () {
      const raw = yield* Value.raw("i32")
      const fibers = Effect.forEach(
        Array.from({ length: 100 }),
        () => Effect.zipRight(Effect.yieldNow(), Value.fetchAdd(raw, 1)),
        { concurrency: 10 },
      )
      const agents = inOtherAgents(2, values.fetchAdd, [raw, 20_000])
      yield* Effect.all([agents, fibers], { concurrency: "unbounded" })
      expect(yield* Value.get(raw)).toBe(40_100)
    }),
  )

  live("plain tasks that use values load nothing of effect", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 1 })
      yield* Pool.apply(pool, values.fetchAdd, [yield* Value.make("i32"), 1])
      expect(yield* Pool.apply(pool, values.marksOfEffect, [])).toEqual([])
    }),
  )
})
