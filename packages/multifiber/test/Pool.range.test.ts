/** Loops over ranges, and buffers that move. */
import { describe, expect } from "@effect/vitest"
import * as Flags from "@multifiber/testkit/Flags"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Pool from "../src/Pool.ts"
import { ranged } from "./fixtures/ranged.ts"
import { within } from "./live.ts"
import { onEach, onThreads } from "./startMethods.ts"

const soon = within(20)

const bytes = (length: number) => new Uint8Array(length).fill(length).buffer

describe("Pool.forRange", () => {
  onEach("gives the results of all slices in their order, the last one shorter", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 2 })
      for (const task of [ranged.slice, ranged.sliceLater, ranged.sliceEffect, ranged.sliceBySchema]) {
        const slices = yield* soon(Pool.forRange(pool, task, { from: -3, to: 8, grain: 3 }, []))
        expect(slices).toEqual([
          [-3, 0],
          [0, 3],
          [3, 6],
          [6, 8],
        ])
      }
      expect(yield* soon(Pool.forRange(ranged.slice, { from: 5, to: 5 }, [])(pool))).toEqual([])
      const many = yield* soon(Pool.forRange(pool, ranged.slice, { to: 1000 }, []))
      expect(many.map(([from]) => from)).toEqual(many.map((_, slice) => slice * 32))
    }),
  )

  onThreads("touches each place of a shared array once", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 4 })
      const numbers = new Int32Array(new SharedArrayBuffer(4 * 100_000))
      yield* soon(Pool.forRange(pool, ranged.add, { to: numbers.length, grain: 7 }, [numbers]))
      expect(numbers.every((n) => n === 1)).toBe(true)
    }),
  )

  onThreads("one slow slice holds up no other", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 2 })
      const flags = Flags.make()
      const [slow, ...others] = yield* soon(
        Pool.forRange(pool, ranged.uneven, { to: 100, grain: 1 }, [flags, 99]),
      )
      expect(new Set(others).has(slow as number)).toBe(false)
    }),
  )

  onEach("fails with the failure of a slice, and does not go on", (startMethod) =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 2 })
      const error = yield* soon(Effect.flip(Pool.forRange(pool, ranged.failAt, { to: 100, grain: 10 }, [42])))
      expect(error).toMatchObject({ _tag: "RemoteFailure", message: "slice of 42" })
      if (startMethod === "thread") {
        const flags = Flags.make()
        yield* soon(Effect.flip(Pool.forRange(pool, ranged.failAt, { to: 1_000_000, grain: 1 }, [0, flags])))
        expect(Flags.get(flags, 0)).toBeLessThan(1_000_000)
      }
      expect(yield* soon(Pool.forRange(pool, ranged.slice, { to: 2, grain: 2 }, []))).toEqual([[0, 2]])
    }),
  )

  onEach("fails with WorkerLost where a worker dies", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 2 })
      const error = yield* soon(Effect.flip(Pool.forRange(pool, ranged.exitAt, { to: 50, grain: 5 }, [30])))
      expect(error).toMatchObject({ _tag: "WorkerLost", exitCode: 3 })
      expect(yield* soon(Pool.forRange(pool, ranged.slice, { to: 1 }, []))).toEqual([[0, 1]])
    }),
  )

  onThreads("refuses a range that is none", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 1 })
      const ranges = [
        ["from", { from: 0.5, to: 2 }],
        ["to", { from: 3, to: 2 }],
        ["to", { to: Number.NaN }],
        ["grain", { to: 2, grain: 0 }],
        ["grain", { to: 2 ** 40, grain: 1 }],
      ] as const
      for (const [argument, range] of ranges) {
        const error = yield* Effect.flip(Pool.forRange(pool, ranged.slice, range, []))
        expect(error).toMatchObject({ _tag: "InvalidArgument", argument })
      }
    }),
  )
})

describe("Pool, buffers that move", () => {
  onEach("an argument arrives, and is empty here where memory is shared", (startMethod) =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 2 })
      const buffers = Array.from({ length: 20 }, (_, n) => bytes(n))
      const arrived = yield* soon(
        Effect.forEach(
          buffers,
          (buffer) => Pool.apply(pool, ranged.bytesOf, [buffer], { transfer: [buffer] }),
          { concurrency: "unbounded" },
        ),
      )
      expect(arrived).toEqual(buffers.map((_, n) => Array(n).fill(n)))
      const left = startMethod === "thread" ? 0 : 190
      expect(buffers.reduce((sum, { byteLength }) => sum + byteLength, 0)).toBe(left)
    }),
  )

  onEach("a result arrives, and is empty there where memory is shared", (startMethod) =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 1 })
      expect((yield* soon(Pool.apply(pool, ranged.give, [3]))).bytes).toEqual(new Uint8Array([3, 3, 3]))
      const [second, third] = yield* soon(Pool.map(pool, ranged.give, [2, 1], { chunkSize: 2 }))
      expect([second?.bytes, third?.bytes]).toEqual([new Uint8Array([2, 2]), new Uint8Array([1])])
      expect(second?.before).toBe(startMethod === "thread" ? 0 : 3)
      expect(yield* soon(Pool.apply(pool, ranged.giveLater, [2]))).toEqual(new Uint8Array([2, 2]))
      expect(yield* soon(Pool.apply(pool, ranged.keep, [2]))).toBe(2)
      expect(yield* soon(Pool.apply(pool, ranged.giveLater, [1]))).toEqual(new Uint8Array([1]))
    }),
  )

  onEach("a buffer that has moved already fails its task alone", (startMethod) =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 1 })
      const buffer = bytes(4)
      const send = Pool.apply(pool, ranged.bytesOf, [buffer], { transfer: [buffer] })
      yield* soon(send)
      const again = yield* soon(Effect.either(send))
      expect(again._tag).toBe(startMethod === "thread" ? "Left" : "Right")
      if (again._tag === "Left") expect(again.left).toMatchObject({ _tag: "EncodingFailed" })
      expect((yield* Pool.statistics(pool)).respawned).toBe(0)
    }),
  )

  onEach("a task that is lost with its buffers is lost, and cannot be one that is tried again", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 1 })
      const lost = bytes(4)
      const error = yield* soon(Effect.flip(Pool.apply(pool, ranged.exitWith, [lost], { transfer: [lost] })))
      expect(error._tag).toBe("WorkerLost")
      const kept = bytes(4)
      const options = { transfer: [kept], retry: Schedule.recurs(1) }
      expect(yield* Effect.flip(Pool.apply(pool, ranged.bytesOf, [kept], options))).toMatchObject({
        _tag: "InvalidArgument",
        argument: "transfer",
      })
      expect(kept.byteLength).toBe(4)
    }),
  )
})
