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
    expect(Value.make("i32", 1, { lock })).type.toBe<
      Effect.Effect<Value.Value<"i32", Lock>, InvalidArgument>
    >()
    expect(Value.make("i32", 1, { lock: false })).type.toBe<
      Effect.Effect<Value.Raw<"i32">, InvalidArgument>
    >()
    expect(Value.make("i32", 1, { lock: maybe })).type.toBe<
      Effect.Effect<Value.Value<"i32", RLock | undefined>, InvalidArgument>
    >()
  })

  it("takes an initial value of its type", () => {
    expect(Value.make("u64", 1n)).type.toBe<Effect.Effect<Value.Value<"u64">, InvalidArgument>>()
    const type = { struct: { x: "f64", name: { string: 4 } } } as const
    expect(Value.raw(type, { x: 1, name: "a" })).type.toBe<
      Effect.Effect<Value.Raw<typeof type>, InvalidArgument>
    >()
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

  it("has the lock that it was made with", () => {
    expect(Value.getLock(count)).type.toBe<RLock>()
    expect(Value.getLock(rawCount)).type.toBe<undefined>()
  })

  it("offers atomic steps to integers", () => {
    expect(Value.fetchAdd(rawCount, 1)).type.toBe<Effect.Effect<number, InvalidArgument>>()
  })
})

describe("Array", () => {
  it("has items of its type", () => {
    expect(SharedArray.get(list, 0)).type.toBe<Effect.Effect<bigint, OutOfRange>>()
    expect(SharedArray.toArray(list)).type.toBe<Effect.Effect<Array<bigint>>>()
    expect(SharedArray.view(list)).type.toBe<BigInt64Array>()
  })
})

/** What does not compile. */
export const refused = [
  // @ts-expect-error a bigint is asked for
  Value.make("u64", 1),
  // @ts-expect-error a number is asked for
  Value.make("i32", "1"),
  // @ts-expect-error there is no such type
  Value.make("i33"),
  // @ts-expect-error the field is a number
  Value.make({ struct: { x: "f64" } }, { x: "1" }),
  // @ts-expect-error bigints are asked for
  SharedArray.make("i64", [1]),
  // @ts-expect-error it has no lock
  Value.getObj(rawCount),
  // @ts-expect-error it has no lock
  Value.update(rawCount, (n) => n),
  // @ts-expect-error it has no lock
  Value.withLock(Value.get(rawCount), rawCount),
  // @ts-expect-error it is no integer
  Value.fetchAdd(half, 1),
  // @ts-expect-error it is no integer
  Value.compareExchange(half, 1, 2),
]
