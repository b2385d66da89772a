/** Lists in named blocks of memory. */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as fc from "fast-check"
import { getContext } from "../src/Context.ts"
import * as Pool from "../src/Pool.ts"
import * as Process from "../src/Process.ts"
import * as ShareableList from "../src/ShareableList.ts"
import * as ShareableListSync from "../src/ShareableListSync.ts"
import * as SharedMemory from "../src/SharedMemory.ts"
import { blocks } from "./fixtures/blocks.ts"
import { given } from "./fixtures/givenBlocks.ts"
import { live, within } from "./live.ts"

const invalid = { _tag: "InvalidArgument", argument: "item" }
const notFound = { _tag: "NotFound" }

const bytesOf = (text: string) => new TextEncoder().encode(text)

const SEVEN: ReadonlyArray<ShareableList.Item> = ["howdy", bytesOf("HoWdY"), -273.154, 100, null, true, 42]

describe("ShareableList, in one agent", () => {
  it.scoped("SHL-01 it holds seven items of six kinds", () =>
    Effect.gen(function* () {
      const list = yield* ShareableList.make(SEVEN)
      expect(yield* ShareableList.length(list)).toBe(7)
      for (const [i, item] of SEVEN.entries()) expect(yield* ShareableList.get(list, i)).toStrictEqual(item)
      expect(yield* ShareableList.toArray(list)).toStrictEqual(SEVEN)
      expect(yield* ShareableList.get(list, -2)).toBe(true)
      const kinds = ["string", "bytes", "float", "integer", "null", "boolean", "integer"]
      expect(yield* ShareableList.format(list)).toEqual(kinds)
      expect([ShareableList.isShareableList(list), ShareableList.isShareableList([])]).toEqual([true, false])
    }),
  )

  it.scoped("an item may become one of another kind", () =>
    Effect.gen(function* () {
      const list = yield* ShareableList.make(SEVEN)
      yield* ShareableList.set(list, 3, "12345678")
      yield* ShareableList.set(list, 0, null)
      yield* ShareableList.set(list, 4, 2n ** 60n)
      yield* ShareableList.set(list, 5, -0)
      yield* ShareableList.set(list, 6, 5n)
      const expected = [null, SEVEN[1], -273.154, "12345678", 2n ** 60n, -0, 5]
      expect(yield* ShareableList.toArray(list)).toStrictEqual(expected)
      expect((yield* ShareableList.format(list)).slice(3)).toEqual(["string", "integer", "float", "integer"])
    }),
  )

  it.scoped("SHL-04 a text that is too long is refused, and the old one stays", () =>
    Effect.gen(function* () {
      const list = yield* ShareableList.make(["some", 1])
      expect(yield* Effect.flip(ShareableList.set(list, 0, "far too long"))).toMatchObject(invalid)
      expect(yield* ShareableList.toArray(list)).toEqual(["some", 1])
    }),
  )

  it.scoped("SHL-05 a text may use all the bytes of its place, and no more", () =>
    Effect.gen(function* () {
      const list = yield* ShareableList.make(["howdy", bytesOf("HoWdY")])
      yield* ShareableList.set(list, 0, "abcdéfg")
      expect(bytesOf("abcdéfg").length).toBe(8)
      expect(yield* ShareableList.toArray(list)).toEqual(["abcdéfg", bytesOf("HoWdY")])
      expect(yield* Effect.flip(ShareableList.set(list, 0, "abcdéfgh"))).toMatchObject(invalid)
      expect(yield* ShareableList.toArray(list)).toEqual(["abcdéfg", bytesOf("HoWdY")])
    }),
  )

  it.scoped("SHL-06 bytes that are too many are refused, and the old ones stay", () =>
    Effect.gen(function* () {
      const list = yield* ShareableList.make([bytesOf("HoWdY"), "next"])
      expect(yield* Effect.flip(ShareableList.set(list, 0, new Uint8Array(9)))).toMatchObject(invalid)
      expect(yield* ShareableList.toArray(list)).toEqual([bytesOf("HoWdY"), "next"])
      yield* ShareableList.set(list, 0, new Uint8Array([1, 0, 0]))
      expect(yield* ShareableList.get(list, 0)).toEqual(new Uint8Array([1, 0, 0]))
    }),
  )

  it.scoped("the room of the first text is counted in bytes", () =>
    Effect.gen(function* () {
      const list = yield* ShareableList.make(["ééééé", "next"])
      expect(yield* ShareableList.toArray(list)).toEqual(["ééééé", "next"])
    }),
  )

  it.scoped("what is no item is refused, and a list with it is not made", () =>
    Effect.gen(function* () {
      const list = yield* ShareableList.make([1, "text"], { name: "items" })
      const wrong = [2n ** 63n, -(2n ** 63n) - 1n, undefined, {}, [], Symbol("s"), new Date(), "\ud800"]
      for (const item of wrong as Array<never>) {
        for (const index of [0, 1]) {
          expect(yield* Effect.flip(ShareableList.set(list, index, item))).toMatchObject(invalid)
        }
        expect(yield* Effect.flip(ShareableList.make([1, item], { name: "wrong" }))).toMatchObject(invalid)
      }
      expect(yield* ShareableList.toArray(list)).toEqual([1, "text"])
      expect(yield* Effect.flip(ShareableList.attach("wrong"))).toMatchObject(notFound)
      expect(yield* Effect.flip(ShareableList.make([], { name: "items" }))).toMatchObject({
        _tag: "AlreadyExists",
      })
    }),
  )

  it.scoped("SHL-08 a copy has a block of its own", () =>
    Effect.gen(function* () {
      const list = yield* ShareableList.make(SEVEN)
      const copy = yield* ShareableList.copy(list, { name: "duplicate" })
      expect(SharedMemory.name(ShareableList.shm(copy))).toBe("duplicate")
      expect(SharedMemory.name(ShareableList.shm(list))).not.toBe("duplicate")
      expect(yield* ShareableList.toArray(copy)).toEqual(SEVEN)
      yield* ShareableList.set(copy, -1, "J")
      expect([yield* ShareableList.get(list, 6), yield* ShareableList.get(copy, 6)]).toEqual([42, "J"])
    }),
  )

  it.scoped("SHL-12 a handle has the same size, whatever the length of the list", () =>
    Effect.gen(function* () {
      // A shared buffer is sent as a reference, which JSON leaves out.
      const encodedSize = (length: number, name: string) =>
        Effect.map(
          ShareableList.make(
            Array.from({ length }, (_, i) => i),
            { name },
          ),
          (list) => JSON.stringify(list).length,
        )
      const [short, long] = yield* Effect.all([encodedSize(10, "list-a"), encodedSize(400, "list-b")])
      expect(long).toBe(short)
      expect(yield* ShareableList.toArray(structuredClone(yield* ShareableList.attach("list-a")))).toEqual(
        Array.from({ length: 10 }, (_, i) => i),
      )
    }),
  )

  it.scoped("SHL-13 a handle that is decoded when its block is unlinked is refused", () =>
    Effect.gen(function* () {
      const list = yield* ShareableList.make([1, 2])
      yield* SharedMemory.unlink(ShareableList.shm(list))
      const decoded = structuredClone(list)
      expect(yield* Effect.flip(ShareableList.get(decoded, 0))).toMatchObject(notFound)
      expect(yield* Effect.flip(ShareableList.length(decoded))).toMatchObject(notFound)
      expect(yield* ShareableList.get(list, 0)).toBe(1)
      yield* SharedMemory.close(ShareableList.shm(list))
      expect(yield* Effect.flip(ShareableList.get(list, 0))).toMatchObject({ _tag: "IllegalState" })
    }),
  )

  it.scoped("SHL-14 an index out of range is refused, a negative one too", () =>
    Effect.gen(function* () {
      const list = yield* ShareableList.make(SEVEN)
      for (const index of [-8, 7, 0.5]) {
        const outOfRange = { _tag: "OutOfRange", index, length: 7 }
        expect(yield* Effect.flip(ShareableList.get(list, index))).toMatchObject(outOfRange)
        expect(yield* Effect.flip(ShareableList.set(list, index, 1))).toMatchObject(outOfRange)
      }
      expect(yield* ShareableList.get(list, -7)).toBe("howdy")
      expect(yield* ShareableList.toArray(list)).toEqual(SEVEN)
    }),
  )

  it.scoped("count and index find equal items", () =>
    Effect.gen(function* () {
      const list = yield* ShareableList.make([
        1,
        "1",
        1.5,
        1n,
        true,
        bytesOf("1"),
        bytesOf("1"),
        null,
        2n ** 60n,
      ])
      const counts = yield* Effect.forEach([1, 1n, "1", true, bytesOf("1"), 2n ** 60n, 9], (item) =>
        ShareableList.count(list, item),
      )
      expect(counts).toEqual([2, 2, 1, 1, 2, 1, 0])
      expect(yield* ShareableList.index(list, bytesOf("1"))).toBe(5)
      expect(yield* ShareableList.index(list, null)).toBe(7)
      expect(yield* Effect.flip(ShareableList.index(list, "none"))).toMatchObject({ ...notFound, id: "none" })
    }),
  )

  it.scoped("a block without a list is none", () =>
    Effect.gen(function* () {
      for (const size of [1, 7, 64]) {
        yield* SharedMemory.create({ name: `bare-${size}`, size })
        const refused = yield* Effect.flip(ShareableList.attach(`bare-${size}`))
        expect(refused).toMatchObject({ _tag: "InvalidArgument", value: `bare-${size}` })
      }
      expect(yield* ShareableList.toArray(yield* ShareableList.make([]))).toEqual([])
    }),
  )
})

const item: fc.Arbitrary<ShareableList.Item> = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.bigInt({ min: -(2n ** 63n) - 1n, max: 2n ** 63n }),
  fc.boolean(),
  fc.constant(null),
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.uint8Array({ maxLength: 20 }),
)

const steps = fc.array(fc.record({ index: fc.integer({ min: -6, max: 6 }), item }))

const sizeIn = (value: ShareableList.Item) =>
  typeof value === "string" ? bytesOf(value).length : value instanceof Uint8Array ? value.length : undefined

const isItem = (value: ShareableList.Item) => typeof value !== "bigint" || BigInt.asIntN(64, value) === value

/** As a list gives it back. */
const given64 = (value: ShareableList.Item) =>
  typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value

describe("ShareableList, against a list", () => {
  it("any sequence of writes does to it what it does to a list with room", () => {
    fc.assert(
      fc.property(fc.array(item.filter(isItem), { maxLength: 5 }), steps, (items, writes) => {
        const scope = Effect.runSync(Scope.make())
        const shared = Effect.runSync(Scope.extend(ShareableList.make(items), scope))
        const list = items.map(given64)
        const rooms = items.map((each) => 8 * (Math.floor((sizeIn(each) ?? 0) / 8) + 1))
        for (const { index, item } of writes) {
          const place = index < 0 ? index + list.length : index
          const fits = isItem(item) && (sizeIn(item) ?? 8) <= (rooms[place] ?? -1)
          const set = () => ShareableListSync.setSync(shared, index, item)
          if (fits) {
            set()
            list[place] = given64(item)
          } else {
            const _tag = rooms[place] === undefined ? "OutOfRange" : "InvalidArgument"
            expect(set).toThrow(expect.objectContaining({ _tag }))
          }
          expect(ShareableListSync.toArraySync(shared)).toStrictEqual(list)
        }
        expect(ShareableListSync.toArraySync(shared)).toStrictEqual(list)
        Effect.runSync(Scope.close(scope, Exit.void))
      }),
    )
  })
})

describe("ShareableList, between agents", () => {
  live("SHL-09 another thread finds it by its name, and its writes are seen here", () =>
    Effect.gen(function* () {
      const list = yield* ShareableList.make(SEVEN, { name: "found" })
      const pool = yield* Pool.make({ size: 1 })
      yield* within(10)(Pool.apply(pool, blocks.setLast, ["found", 880]))
      expect(yield* ShareableList.get(list, -1)).toBe(880)
      yield* ShareableList.set(yield* ShareableList.attach("found"), -1, 881)
      expect(yield* ShareableList.get(list, 6)).toBe(881)
    }),
  )

  live("a plain task writes to the list that it is given", () =>
    Effect.gen(function* () {
      const list = yield* ShareableList.make(SEVEN)
      const pool = yield* Pool.make({ size: 1 })
      const seen = yield* within(10)(Pool.apply(pool, given.setLast, [list, "there"]))
      expect(seen).toEqual([...SEVEN.slice(0, 6), "there"])
      expect(yield* ShareableList.get(list, 6)).toBe("there")
      expect(yield* Pool.apply(pool, given.marksOfEffect, [])).toEqual([])
    }),
  )

  live("SHL-09 [spawn] an OS process is refused it", () =>
    Effect.gen(function* () {
      const { Process: Spawned } = yield* getContext("spawn")
      const child = yield* Spawned.make(given.setLast, [yield* ShareableList.make([1]), 2])
      yield* Process.start(child)
      const refused = yield* Effect.flip(Effect.flatten(within(10)(Process.result(child))))
      expect(refused).toMatchObject({ _tag: "NotTransferable" })
    }),
  )
})
