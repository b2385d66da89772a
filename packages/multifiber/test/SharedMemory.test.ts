/** Named blocks of memory: their names, their handles, and other agents that find them. */
import { describe, expect, it } from "@effect/vitest"
import * as Flags from "@multifiber/testkit/Flags"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import { getContext } from "../src/Context.ts"
import * as Process from "../src/Process.ts"
import * as ShareableList from "../src/ShareableList.ts"
import * as SharedMemory from "../src/SharedMemory.ts"
import * as SharedMemorySync from "../src/SharedMemorySync.ts"
import type * as Task from "../src/Task.ts"
import { blocks } from "./fixtures/blocks.ts"
import { given } from "./fixtures/givenBlocks.ts"
import { live, reached, within } from "./live.ts"

const invalid = { _tag: "InvalidArgument" }
const notFound = { _tag: "NotFound" }
const closed = { _tag: "IllegalState", state: "closed" }

const byteOf = (block: SharedMemory.SharedMemory) => Effect.map(SharedMemory.buf(block), ([first]) => first)

const start = <Args extends ReadonlyArray<any>, A, E>(task: Task.Task<Args, A, E>, args: Args) =>
  Effect.tap(Process.make(task, args), Process.start)

const resultOf = <A, E>(child: Process.Process<A, E>) => Effect.flatten(within(10)(Process.result(child)))

/** Runs a task in another thread. */
const elsewhere = <Args extends ReadonlyArray<any>, A, E>(task: Task.Task<Args, A, E>, args: Args) =>
  Effect.flatMap(start(task, args), resultOf)

describe("SharedMemory, in one agent", () => {
  it.scoped("SHM-03 a size of less than a byte is refused", () =>
    Effect.gen(function* () {
      for (const size of [-1, 0, 1.5, Number.NaN, 2 ** 53, undefined]) {
        const options = { size } as SharedMemory.Options
        expect(yield* Effect.flip(SharedMemory.create(options))).toMatchObject({
          ...invalid,
          argument: "size",
        })
      }
    }),
  )

  it.scoped("SHM-05 a name that is taken is refused, and its block is not touched", () =>
    Effect.gen(function* () {
      const block = yield* SharedMemory.create({ name: "taken", size: 4 })
      const bytes = yield* SharedMemory.buf(block)
      expect([...bytes]).toEqual([0, 0, 0, 0])
      bytes[0] = 42
      const refused = yield* Effect.flip(SharedMemory.create({ name: "taken", size: 8 }))
      expect(refused).toMatchObject({ _tag: "AlreadyExists", id: "taken" })
      const found = yield* SharedMemory.attach("taken")
      expect([yield* byteOf(found), SharedMemory.size(found)]).toEqual([42, 4])
    }),
  )

  it.scoped("SHM-07 without a name it gets one that nobody has", () =>
    Effect.gen(function* () {
      const create = Effect.map(SharedMemory.create({ size: 1 }), SharedMemory.name)
      const sameNames = (n: number) =>
        Effect.withRandom(Effect.all(Array.from({ length: n }, () => create)), Random.make("the same names"))
      const [a] = yield* sameNames(1)
      const [b, c] = yield* sameNames(2)
      expect(new Set([a, b, c]).size).toBe(3)
      // Both runs begin with the same names: the second passes over the first of them.
      const all = yield* Effect.scoped(Effect.zipRight(unlinkAll([a, b, c]), sameNames(3)))
      expect(all).toEqual([a, b, c])
    }),
  )

  it.scoped("SHM-08 a name with NUL is refused, as is none", () =>
    Effect.gen(function* () {
      yield* SharedMemory.create({ name: "nul", size: 4 })
      for (const name of ["nul\0a", "", undefined as unknown as string]) {
        expect(yield* Effect.flip(SharedMemory.attach(name))).toMatchObject({ ...invalid, argument: "name" })
      }
      expect(yield* Effect.flip(SharedMemory.create({ name: "a\0", size: 4 }))).toMatchObject(invalid)
      expect(yield* Effect.flip(SharedMemory.attach("nobody"))).toMatchObject({ ...notFound, id: "nobody" })
    }),
  )

  it.scoped("SHM-10 a handle that is decoded when its block is unlinked is refused", () =>
    Effect.gen(function* () {
      const block = yield* SharedMemory.create({ name: "dead", size: 4 })
      const before = structuredClone(block)
      expect(yield* byteOf(before)).toBe(0)
      yield* SharedMemory.close(block)
      yield* SharedMemory.unlink(block)
      const decoded = structuredClone(block)
      expect(yield* Effect.flip(SharedMemory.buf(decoded))).toMatchObject({ ...notFound, id: "dead" })
      expect(() => SharedMemorySync.bufSync(decoded)).toThrow(expect.objectContaining(notFound))
      expect(yield* byteOf(before)).toBe(0)
      expect([SharedMemory.isSharedMemory(decoded), SharedMemory.isSharedMemory({})]).toEqual([true, false])
    }),
  )

  it.scoped("SHM-16 close is for one handle, unlink for the name", () =>
    Effect.gen(function* () {
      const first = yield* SharedMemory.create({ name: "both", size: 4 })
      const second = yield* SharedMemory.attach("both")
      yield* SharedMemory.close(second)
      yield* SharedMemory.close(second)
      expect(yield* Effect.flip(SharedMemory.buf(second))).toMatchObject(closed)
      expect(() => SharedMemorySync.bufSync(second)).toThrow(expect.objectContaining(closed))
      expect([SharedMemory.name(second), SharedMemory.size(second)]).toEqual(["both", 4])
      const bytes = yield* SharedMemory.buf(first)
      bytes[0] = 9
      yield* SharedMemory.unlink(first)
      expect(yield* byteOf(first)).toBe(9)
      expect(yield* Effect.flip(SharedMemory.attach("both"))).toMatchObject(notFound)
      expect(yield* Effect.flip(SharedMemory.unlink(second))).toMatchObject(notFound)
    }),
  )

  it.scoped(
    "the name of a block that is unlinked is free, and unlinking the old one again does not touch the new",
    () =>
      Effect.gen(function* () {
        const old = yield* SharedMemory.create({ name: "again", size: 4 })
        yield* SharedMemory.unlink(old)
        const block = yield* SharedMemory.create({ name: "again", size: 8 })
        expect(yield* Effect.flip(SharedMemory.unlink(old))).toMatchObject(notFound)
        expect(SharedMemory.size(yield* SharedMemory.attach("again"))).toBe(8)
        yield* SharedMemory.unlink(block)
      }),
  )

  it.effect("the end of its scope closes and unlinks a block", () =>
    Effect.gen(function* () {
      const block = yield* Effect.scoped(SharedMemory.create({ name: "scoped", size: 4 }))
      expect(yield* Effect.flip(SharedMemory.buf(block))).toMatchObject(closed)
      expect(yield* Effect.flip(SharedMemory.attach("scoped"))).toMatchObject(notFound)
    }),
  )
})

const unlinkAll = (names: ReadonlyArray<string | undefined>) =>
  Effect.forEach(names, (name) => Effect.flatMap(SharedMemory.attach(name as string), SharedMemory.unlink))

describe("SharedMemory, between agents", () => {
  live("SHM-01 another thread finds a block by its name, as does a thread of that thread", () =>
    Effect.gen(function* () {
      const block = yield* SharedMemory.create({ name: "n", size: 512 })
      expect(SharedMemory.name(block)).toBe("n")
      expect(SharedMemory.size(block)).toBeGreaterThanOrEqual(512)
      const bytes = yield* SharedMemory.buf(block)
      bytes[0] = 42
      expect(yield* byteOf(yield* SharedMemory.attach("n"))).toBe(42)
      expect(yield* elsewhere(blocks.exchange, ["n", 43])).toBe(42)
      expect(yield* elsewhere(blocks.exchangeBelow, ["n", 44])).toBe(43)
      expect(bytes[0]).toBe(44)
    }),
  )

  live("a name that another thread has taken is taken here, until that one lets it go", () =>
    Effect.gen(function* () {
      const flags = Flags.make()
      const keeper = yield* start(blocks.keep, ["kept", flags])
      yield* reached(flags, 0)
      expect(yield* Effect.flip(SharedMemory.create({ name: "kept", size: 4 }))).toMatchObject({
        _tag: "AlreadyExists",
      })
      expect(yield* elsewhere(blocks.create, ["kept"])).toBe("AlreadyExists")
      expect(yield* byteOf(yield* SharedMemory.attach("kept"))).toBe(7)
      Flags.add(flags, 1)
      yield* resultOf(keeper)
      expect(yield* Effect.flip(SharedMemory.attach("kept"))).toMatchObject(notFound)
      expect(yield* elsewhere(blocks.create, ["kept"])).toBe("done")
    }),
  )

  live("the block of a thread that is killed is unlinked", () =>
    Effect.gen(function* () {
      const flags = Flags.make()
      const keeper = yield* start(blocks.keep, ["orphan", flags])
      yield* reached(flags, 0)
      const block = yield* SharedMemory.attach("orphan")
      yield* Process.kill(keeper)
      yield* within(10)(Process.join(keeper))
      const again = SharedMemory.create({ name: "orphan", size: 4 })
      // On Deno a thread is gone only some time after its end.
      yield* within(10)(Effect.retry(again, Schedule.spaced("20 millis")))
      expect(yield* byteOf(block)).toBe(7)
    }),
  )

  live("unlink of another thread holds for all", () =>
    Effect.gen(function* () {
      const block = yield* SharedMemory.create({ name: "theirs", size: 4 })
      expect(yield* elsewhere(blocks.unlink, ["theirs"])).toEqual(["done", "NotFound"])
      expect(yield* Effect.flip(SharedMemory.attach("theirs"))).toMatchObject(notFound)
      expect(yield* Effect.flip(SharedMemory.unlink(block))).toMatchObject(notFound)
      expect(yield* elsewhere(blocks.attach, ["theirs"])).toBe("NotFound")
    }),
  )

  live("SHM-09 a handle that another thread gets is the same memory, under the same name", () =>
    Effect.gen(function* () {
      const block = yield* SharedMemory.create({ name: "sent", size: 16 })
      const bytes = yield* SharedMemory.buf(block)
      bytes.set(new TextEncoder().encode("pickle"))
      expect(yield* elsewhere(given.replace, [block, "oldval"])).toEqual(["sent", "pickle"])
      expect(new TextDecoder().decode(bytes.slice(0, 6))).toBe("oldval")
      bytes.set(new TextEncoder().encode("newval"))
      expect(yield* elsewhere(given.replace, [block, "oldval"])).toEqual(["sent", "newval"])
    }),
  )

  live("SHM-13 a scope manages the blocks and lists that are made in it", () =>
    Effect.gen(function* () {
      const manager = yield* Scope.make()
      const items = Array.from({ length: 9 }, (_, n) => n)
      const lists = yield* Effect.forEach([5, 6, 7, 8, 9], (length) =>
        Scope.extend(ShareableList.make(items.slice(0, length)), manager),
      )
      const made = yield* Effect.forEach([32, 48, 64, 80, 96, 112], (size) =>
        Scope.extend(SharedMemory.create({ size }), manager),
      )
      const [list, block] = [
        ShareableList.shm(lists[0] as (typeof lists)[number]),
        made[0] as (typeof made)[number],
      ].map(SharedMemory.name) as [string, string]
      expect(yield* ShareableList.length(yield* ShareableList.attach(list))).toBe(5)
      expect(SharedMemory.size(yield* SharedMemory.attach(block))).toBe(32)
      expect(yield* elsewhere(blocks.attach, [block])).toBe("done")
      yield* Scope.close(manager, Exit.void)
      for (const name of [...lists.map((each) => ShareableList.shm(each)), ...made].map(SharedMemory.name)) {
        expect(yield* Effect.flip(SharedMemory.attach(name))).toMatchObject(notFound)
      }
      expect(yield* Effect.flip(ShareableList.attach(list))).toMatchObject(notFound)
      expect(yield* elsewhere(blocks.attach, [block])).toBe("NotFound")
    }),
  )

  live("a handle that is first used when its block is unlinked fails there with NotFound", () =>
    Effect.gen(function* () {
      const flags = Flags.make()
      const block = yield* SharedMemory.create({ name: "late", size: 4 })
      const child = yield* start(given.useLate, [block, flags])
      yield* reached(flags, 0)
      yield* SharedMemory.unlink(block)
      Flags.add(flags, 1)
      expect(yield* Effect.flip(resultOf(child))).toMatchObject({ name: "NotFound", fields: { id: "late" } })
    }),
  )

  live("plain tasks that use blocks load nothing of effect", () =>
    Effect.gen(function* () {
      expect(yield* elsewhere(given.marksOfEffect, [])).toEqual([])
    }),
  )

  live("SHM-01 SHM-09 [spawn] an OS process is refused a handle, and has names of its own", () =>
    Effect.gen(function* () {
      const block = yield* SharedMemory.create({ name: "ours", size: 4 })
      const { Process: Spawned } = yield* getContext("spawn")
      const refused = yield* Spawned.make(given.replace, [block, "oldval"])
      yield* Process.start(refused)
      expect(yield* Effect.flip(resultOf(refused))).toMatchObject({ _tag: "NotTransferable" })
      const stranger = yield* Spawned.make(blocks.attach, ["ours"])
      yield* Process.start(stranger)
      expect(yield* resultOf(stranger)).toBe("NotFound")
    }),
  )
})
