import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as AsyncResult from "multifiber/AsyncResult"
import type {
  EncodingFailed,
  IllegalState,
  InvalidArgument,
  PoolNotRunning,
  TaskError,
  TimedOut,
  Unsupported,
} from "multifiber/Errors"
import type { Platform } from "multifiber/Platform"
import * as Pool from "multifiber/Pool"
import * as Process from "multifiber/Process"
import * as Task from "multifiber/Task"
import * as TaskSchema from "multifiber/TaskSchema"
import { describe, expect, it } from "tstyche"

class Odd extends Schema.TaggedError<Odd>()("Odd", { n: Schema.Number }) {}

class Even extends Schema.TaggedError<Even>()("Even", { n: Schema.Number }) {}

const tasks = Task.module(import.meta.url, {
  square: (n: number) => n * n,
  join: (left: string, right: string) => left + right,
  zero: () => 0,
  optional: (n: number, by?: number) => n + (by ?? 1),
  half: TaskSchema.make({ payload: Schema.Tuple(Schema.Number), error: Odd }, (n) =>
    n % 2 === 0 ? Effect.succeed(n / 2) : Effect.fail(new Odd({ n })),
  ),
})

declare const pool: Pool.Pool

describe("Pool.apply", () => {
  it("takes the arguments of the task, and no others", () => {
    expect(Pool.apply(pool, tasks.square, [1])).type.toBe<Effect.Effect<number, TaskError | PoolNotRunning>>()
    expect(Pool.apply(pool, tasks.zero, [])).type.toBe<Effect.Effect<number, TaskError | PoolNotRunning>>()
    void Pool.apply(pool, tasks.optional, [1])
    void Pool.apply(pool, tasks.optional, [1, 2])
    // @ts-expect-error
    void Pool.apply(pool, tasks.square, ["1"])
    // @ts-expect-error
    void Pool.apply(pool, tasks.square, [])
    // @ts-expect-error
    void Pool.apply(pool, tasks.square, [1, 2])
    // @ts-expect-error
    void Pool.apply(pool, tasks.join, ["left"])
    // @ts-expect-error
    void Pool.apply(pool, (n: number) => n, [1])
  })

  it("has the typed failure of an error schema", () => {
    expect(Pool.apply(pool, tasks.half, [1])).type.toBe<
      Effect.Effect<number, Odd | TaskError | PoolNotRunning>
    >()
  })

  it("takes the pool last, too", () => {
    expect(Pool.apply(tasks.square, [1])(pool)).type.toBe<Effect.Effect<number, TaskError | PoolNotRunning>>()
  })
})

describe("Pool.applyAsync", () => {
  it("keeps the failures of the task in the result", () => {
    expect(Pool.applyAsync(pool, tasks.half, [1])).type.toBe<
      Effect.Effect<AsyncResult.AsyncResult<number, Odd>, TaskError | PoolNotRunning>
    >()
  })
})

describe("Pool.map", () => {
  it("takes items of the task's argument, in any iterable", () => {
    type Mapped = Effect.Effect<Array<number>, TaskError | PoolNotRunning | InvalidArgument>
    expect(Pool.map(pool, tasks.square, [1, 2])).type.toBe<Mapped>()
    expect(Pool.map(pool, tasks.square, new Set([1]), { chunkSize: 2 })).type.toBe<Mapped>()
    expect(Pool.map(pool, tasks.square, Float64Array.of(1))).type.toBe<Mapped>()
    expect(Pool.map(tasks.square, [1])(pool)).type.toBe<Mapped>()
    // @ts-expect-error
    void Pool.map(pool, tasks.square, ["1"])
    // @ts-expect-error
    void Pool.map(pool, tasks.join, ["1"])
    // @ts-expect-error
    void Pool.map(pool, tasks.square, [1], { chunksize: 2 })
  })

  it("has the typed failure of an error schema", () => {
    expect(Pool.map(pool, tasks.half, [1])).type.toBe<
      Effect.Effect<Array<number>, Odd | TaskError | PoolNotRunning | InvalidArgument>
    >()
    expect(Pool.mapAsync(pool, tasks.half, [1])).type.toBe<
      Effect.Effect<AsyncResult.AsyncResult<Array<number>, Odd>, TaskError | PoolNotRunning | InvalidArgument>
    >()
  })
})

describe("Pool.make", () => {
  it("needs a platform and a scope", () => {
    expect<Effect.Effect.Context<ReturnType<typeof Pool.make>>>().type.toBe<Platform | Scope.Scope>()
    // @ts-expect-error
    void Pool.make({ processes: 2 })
  })
})

describe("AsyncResult", () => {
  const result = {} as AsyncResult.AsyncResult<number, Odd>

  it("get has the value, the typed failure and every TaskError; getWithin TimedOut, too", () => {
    expect(AsyncResult.get(result)).type.toBe<Effect.Effect<number, Odd | TaskError>>()
    expect(AsyncResult.getWithin(result, "1 second")).type.toBe<
      Effect.Effect<number, Odd | TaskError | TimedOut>
    >()
    expect(AsyncResult.getWithin("1 second")(result)).type.toBe<
      Effect.Effect<number, Odd | TaskError | TimedOut>
    >()
  })

  it("wait never fails", () => {
    expect(AsyncResult.wait(result)).type.toBe<Effect.Effect<void>>()
    expect(AsyncResult.waitWithin(result, 1)).type.toBe<Effect.Effect<void>>()
    expect(AsyncResult.ready(result)).type.toBe<Effect.Effect<boolean>>()
  })

  it("is covariant", () => {
    expect(result).type.toBeAssignableTo<AsyncResult.AsyncResult<number | string, Odd | Error>>()
    expect(result).type.not.toBeAssignableTo<AsyncResult.AsyncResult<1, Odd>>()
  })
})

describe("Process", () => {
  it("make takes the arguments of the task, and no others", () => {
    expect(Process.make(tasks.half, [1], { daemon: true })).type.toBe<
      Effect.Effect<Process.Process<number, Odd>, EncodingFailed | Unsupported, Platform | Scope.Scope>
    >()
    // @ts-expect-error
    void Process.make(tasks.half, ["1"])
    // @ts-expect-error
    void Process.make(tasks.join, ["left"])
  })

  it("result is an Exit of the value, the typed failure and every TaskError", () => {
    const process = {} as Process.Process<number, Odd>
    expect(Process.result(process)).type.toBe<Effect.Effect<Exit.Exit<number, Odd | TaskError>>>()
    expect(Process.join(process)).type.toBe<Effect.Effect<void, IllegalState>>()
  })

  it("PROC-28 name and daemon cannot be changed", () => {
    const process = {} as Process.Process<number>
    // @ts-expect-error
    process.daemon = true
    // @ts-expect-error
    process.name = "other"
  })
})

describe("TaskSchema.make", () => {
  it("refuses a function that does not fit its schemas", () => {
    // @ts-expect-error
    TaskSchema.make({ payload: Schema.Tuple(Schema.Number) }, (text: string) => text)
    // @ts-expect-error
    TaskSchema.make({ success: Schema.Number }, () => "text")
    // @ts-expect-error
    TaskSchema.make({ error: Odd }, () => Effect.fail(new Even({ n: 2 })))
  })
})
