import type * as Effect from "effect/Effect"
import * as SharedArray from "multifiber/Array"
import type { InvalidArgument, OutOfRange } from "multifiber/Errors"
import type { Lock } from "multifiber/Lock"
import type { RLock } from "multifiber/RLock"
import * as Value from "multifiber/Value"
import { describe, expect, it } from "tstyche"

declare const lock: Lock
declare const maybe: false | undefined
declare const count: Value.Value<"i32">
declare const rawCount: Value.Raw<"i32">
declare const half: Value.Value<"f64">
declare const list: SharedArray.Array<"i64">

describe("Value.make", () => {
  it("knows the value of a type, and its lock", () => {
    expect(Value.make("i32")).type.toBe<Effect.Effect<Value.Value<"i32", RLock>, InvalidArgument>>()
    expect(Value.make("i32", 1, { lock })).type.toBe<Effect.Effect<Value.Value<"i32", Lock>, InvalidArgument>>()
    expect(Value.make("i32", 1, { lock: false })).type.toBe<Effect.Effect<Value.Raw<"i32">, InvalidArgument>>()
    expect(Value.make("i32", 1, { lock: maybe })).type.toBe<
      Effect.Effect<Value.Value<"i32", RLock | undefined>, InvalidArgument>
    >()
  })

  it("takes an initial value of its type only", () => {
    expect(Value.make).type.toBeCallableWith("u64", 1n)
    expect(Value.make).type.not.toBeCallableWith("u64", 1)
    expect(Value.make).type.not.toBeCallableWith("i32", "1")
    expect(Value.make).type.not.toBeCallableWith("i33")
    expect(Value.make).type.toBeCallableWith({ struct: { x: "f64", name: { string: 4 } } }, { x: 1, name: "a" })
    expect(Value.make).type.not.toBeCallableWith({ struct: { x: "f64" } }, { x: "1" })
  })
})

describe("Value", () => {
  it("has the value of its type", () => {
    expect<Value.ValueOf<{ struct: { flag: "bool"; data: { bytes: 2 } } }>>().type.toBe<{
      readonly flag: boolean
      readonly data: Uint8Array
    }>()
    expect(Value.get(count)).type.toBe<Effect.Effect<number>>()
    expect(Value.view(count)).type.toBe<Int32Array>()
    expect(Value.modify(count, (n) => [`${n}`, n + 1])).type.toBe<Effect.Effect<string, InvalidArgument>>()
  })

  it("offers what needs a lock where there is one", () => {
    expect(Value.getLock(count)).type.toBe<RLock>()
    expect(Value.getLock(rawCount)).type.toBe<undefined>()
    expect(Value.getObj).type.not.toBeCallableWith(rawCount)
    expect(Value.update).type.not.toBeCallableWith(rawCount, (n: number) => n)
    expect(Value.withLock).type.not.toBeCallableWith({} as Effect.Effect<void>, rawCount)
  })

  it("offers atomic steps to integers only", () => {
    expect(Value.fetchAdd).type.toBeCallableWith(rawCount, 1)
    expect(Value.fetchAdd).type.not.toBeCallableWith(half, 1)
    expect(Value.compareExchange).type.not.toBeCallableWith(half, 1, 2)
  })
})

describe("Array", () => {
  it("has items of its type", () => {
    expect(SharedArray.get(list, 0)).type.toBe<Effect.Effect<bigint, OutOfRange>>()
    expect(SharedArray.toArray(list)).type.toBe<Effect.Effect<Array<bigint>>>()
    expect(SharedArray.view(list)).type.toBe<BigInt64Array>()
    expect(SharedArray.make).type.not.toBeCallableWith("i64", [1])
  })
})
