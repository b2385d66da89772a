import { describe, expect, it } from "@effect/vitest"
import * as Recorder from "@multifiber/testkit/Recorder"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Pool from "../src/Pool.ts"
import * as TaskSchema from "../src/TaskSchema.ts"
import { effects } from "./fixtures/effects.ts"
import { live } from "./live.ts"

describe("TaskSchema", () => {
  it("make without schemas passes every value through, and knows no error", () => {
    const { codec, fn } = TaskSchema.make({}, (n: number) => n + 1)
    const value = { any: [1] }
    expect(fn(1)).toBe(2)
    expect(codec.encodeArgs([value])).toEqual([value])
    expect(codec.decodeArgs([value])).toEqual([value])
    expect(codec.decodeSuccess(codec.encodeSuccess(value))).toBe(value)
    expect(codec.encodeError(new Error("any"))).toBe(undefined)
  })

  it("make with schemas encodes and decodes arguments, success and error", () => {
    class Late extends Schema.TaggedError<Late>()("Late", { by: Schema.Date }) {}
    const { codec } = TaskSchema.make(
      { payload: Schema.Tuple(Schema.Date), success: Schema.DateFromNumber, error: Late },
      (date: Date) => date,
    )
    const date = new Date(86_400_000)
    expect(codec.encodeArgs([date])).toEqual(["1970-01-02T00:00:00.000Z"])
    expect(codec.decodeArgs(["1970-01-02T00:00:00.000Z"])).toEqual([date])
    expect(codec.encodeSuccess(date)).toBe(86_400_000)
    expect(codec.decodeSuccess(86_400_000)).toEqual(date)
    const encoded = codec.encodeError(new Late({ by: date }))
    expect(encoded).toEqual({ value: { _tag: "Late", by: "1970-01-02T00:00:00.000Z" } })
    expect(codec.decodeError(encoded?.value)).toEqual(new Late({ by: date }))
    expect(codec.encodeError(new Error("other"))).toBe(undefined)
    expect(codec.encodeError({ _tag: "Late" })).toBe(undefined)
  })

  live("values with schemas travel through a worker", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 1 })
      const date = new Date("2020-05-17T00:00:00Z")
      expect(yield* Pool.apply(pool, effects.nextYear, [date])).toEqual(new Date("2021-05-17T00:00:00Z"))
      expect(yield* Pool.map(pool, effects.nextYear, [date, date])).toEqual(
        Array.from({ length: 2 }, () => new Date("2021-05-17T00:00:00Z")),
      )
    }),
  )

  live("arguments that the schema refuses are EncodingFailed before anything is sent", () =>
    Effect.gen(function* () {
      const { agents } = yield* Recorder.Recorder
      const pool = yield* Pool.make({ size: 1 })
      const messages = agents[0]?.events.length
      const wrong = ["no number"] as unknown as [number]
      const expected = { _tag: "EncodingFailed", subject: "argument", task: "half" }
      expect(yield* Effect.flip(Pool.apply(pool, effects.half, wrong))).toMatchObject(expected)
      expect(yield* Effect.flip(Pool.applyAsync(pool, effects.half, wrong))).toMatchObject(expected)
      expect(yield* Effect.flip(Pool.map(pool, effects.half, [2, ...wrong]))).toMatchObject(expected)
      expect(agents[0]?.events.length).toBe(messages)
      expect(yield* Pool.apply(pool, effects.half, [2])).toBe(1)
    }),
  )

  live("a result that the schema refuses is EncodingFailed, and the worker goes on", () =>
    Effect.gen(function* () {
      const { agents } = yield* Recorder.Recorder
      const pool = yield* Pool.make({ size: 1 })
      expect(yield* Effect.flip(Pool.apply(pool, effects.wrongSuccess, []))).toMatchObject({
        _tag: "EncodingFailed",
        subject: "result",
        task: "wrongSuccess",
        value: "no number",
      })
      expect(yield* Pool.apply(pool, effects.half, [2])).toBe(1)
      expect(agents.length).toBe(1)
    }),
  )
})
