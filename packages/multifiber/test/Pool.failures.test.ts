/** What a pool tells of tasks that fail, and that it goes on. */
import { describe, expect } from "@effect/vitest"
import * as Flags from "@multifiber/testkit/Flags"
import * as Recorder from "@multifiber/testkit/Recorder"
import * as Effect from "effect/Effect"
import * as AsyncResult from "../src/AsyncResult.ts"
import { RemoteFailure } from "../src/Errors.ts"
import * as Pool from "../src/Pool.ts"
import * as Task from "../src/Task.ts"
import { effects } from "./fixtures/effects.ts"
import { unreachable as exiting } from "./fixtures/exitingModule.ts"
import { mainOnly } from "./fixtures/mainOnly.ts"
import { nested } from "./fixtures/nested.ts"
import { plain } from "./fixtures/plain.ts"
import { unreachable as throwing } from "./fixtures/throwingModule.ts"
import { first, second } from "./fixtures/twice.ts"
import { live, reached, within } from "./live.ts"
import { onEach } from "./startMethods.ts"

const one = (url: string) => Task.module(url, { one: () => 1 }).one

const missing = one(new URL("./fixtures/missing.ts", import.meta.url).href)
const malformed = one("data:text/javascript,export const = 1")
const empty = one("data:text/javascript,//empty")
const noUrl = one("no url at all")

/** A pool of 2 that must be as good as new afterwards, though it lost so many workers. */
const poolThatGoesOn = <A, E>(
  lost: number,
  use: (pool: Pool.Pool) => Effect.Effect<A, E, Recorder.Recorder>,
  seconds = 15,
) =>
  Effect.gen(function* () {
    const { holds } = yield* Recorder.Recorder
    const pool = yield* Pool.make({ size: 2 })
    const result = yield* within(seconds)(use(pool))
    expect(yield* within(15)(Pool.map(pool, plain.square, [1, 2, 3, 4], { chunkSize: 1 }))).toEqual([
      1, 4, 9, 16,
    ])
    const statistics = Effect.zipRight(Effect.sleep(5), Pool.statistics(pool))
    const last = yield* within(15)(Effect.repeat(statistics, { until: ({ respawned }) => respawned >= lost }))
    expect({ respawned: last.respawned, workers: last.workers.length }).toEqual({
      respawned: lost,
      workers: 2,
    })
    expect(holds()).toBe(0)
    return result
  })

describe("Pool failures", () => {
  const lossless: ReadonlyArray<{ readonly kind: any; readonly expected: Record<string, unknown> }> = [
    { kind: "string", expected: { message: "just text", thrown: "just text" } },
    { kind: "undefined", expected: { thrown: undefined } },
    { kind: "null", expected: { thrown: null } },
    { kind: "number", expected: { thrown: 42 } },
    { kind: "object", expected: { thrown: { code: 7, nested: [1, { two: 2 }] } } },
    { kind: "object that is no primitive", expected: { thrown: { toString: 1, valueOf: 1 } } },
    { kind: "function", expected: { thrown: "function (anonymous)" } },
    {
      kind: "error with an own field",
      expected: { name: "Error", message: "fields", fields: { code: "E_CODE", detail: { a: 1 } } },
    },
    {
      kind: "error with a field that cannot be cloned",
      expected: { name: "Error", message: "fields", fields: { run: "function run", kept: 1 } },
    },
    {
      kind: "error with a cause",
      expected: {
        message: "outer",
        cause: { _tag: "RemoteFailure", name: "TypeError", message: "inner", cause: { thrown: "root" } },
      },
    },
    {
      kind: "aggregate error",
      expected: {
        name: "AggregateError",
        message: "several",
        errors: [{ _tag: "RemoteFailure", name: "TypeError", message: "one" }, { thrown: "two" }],
      },
    },
    { kind: "error with a hostile getter", expected: { name: "Error", message: "kept" } },
  ]
  for (const { expected, kind } of lossless) {
    live(`a thrown ${kind} arrives as a RemoteFailure with all that it was, and no worker is lost`, () =>
      Effect.gen(function* () {
        const error = yield* poolThatGoesOn(0, (pool) =>
          Effect.flip(Pool.apply(pool, plain.throwThat, [kind])),
        )
        expect(error).toBeInstanceOf(RemoteFailure)
        expect(error).toMatchObject({ _tag: "RemoteFailure", ...expected })
      }),
    )
  }

  for (const [how, task] of [
    ["thrown", plain.throwHere],
    ["rejected", plain.rejectHere],
  ] as const) {
    onEach(
      `POOL-18 the stack of a ${how} error names the remote function and file, the task, and the caller`,
      () =>
        Effect.gen(function* () {
          const pool = yield* Pool.make({ size: 1, callSites: true })
          // Not a tail call, which Bun leaves no trace of.
          const callHere = () => {
            const call = Pool.apply(pool, task, ["somewhere"])
            return call
          }
          const error = (yield* Effect.flip(callHere())) as RemoteFailure
          expect(error).toMatchObject({
            name: "RangeError",
            message: "somewhere",
            source: expect.stringContaining(task.name),
          })
          expect(error.remoteStack).toMatch(/throwHere.*plain\.[jt]s/)
          expect(error.remoteStack).not.toContain("Pool.failures.test")
          expect(error.stack).toContain(error.remoteStack)
          expect(error.stack).toContain(`task "${task.name}" of file:///`)
          expect(error.stack).toMatch(/callHere.*Pool\.failures\.test/)
        }),
    )
  }

  onEach("POOL-18 map records its caller without being asked", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 1 })
      const mapHere = () => {
        const call = Pool.map(pool, plain.throwHere, ["somewhere"])
        return call
      }
      const error = (yield* Effect.flip(mapHere())) as RemoteFailure
      expect(error.stack).toMatch(/mapHere.*Pool\.failures\.test/)
    }),
  )

  const unloadable = [
    { name: "a module that is missing", task: missing, error: { _tag: "ModuleNotLoaded", url: missing.url } },
    {
      name: "a module whose top level throws",
      task: throwing,
      error: { _tag: "ModuleNotLoaded", cause: { name: "TypeError", message: "not today" } },
    },
    {
      name: "a module with a syntax error",
      task: malformed,
      error: {
        _tag: "ModuleNotLoaded",
        cause: { _tag: "RemoteFailure", message: expect.stringMatching(/Unexpected|errors building/) },
      },
    },
    { name: "a URL that is none", task: noUrl, error: { _tag: "ModuleNotLoaded" } },
    {
      name: "a module that does not define the task",
      task: empty,
      error: { _tag: "TaskNotFound", task: "one" },
    },
    {
      name: "a module that defines the task in the main agent only",
      task: mainOnly?.here ?? empty,
      error: { _tag: "TaskNotFound", task: "here" },
    },
    {
      name: "a module that defines the task twice",
      task: first.same,
      error: { _tag: "TaskNotFound", reason: expect.stringContaining("twice") },
    },
  ]
  for (const { error, name, task } of unloadable) {
    live(`${name} fails each call, also of a map, and no worker is lost`, () =>
      Effect.gen(function* () {
        const errors = yield* poolThatGoesOn(0, (pool) =>
          Effect.all([
            Effect.flip(Pool.apply(pool, task, [])),
            Effect.flip(Pool.apply(pool, task, [])),
            Effect.flip(Pool.map(pool, task as unknown as Task.Task<[item: number], number>, [1, 2])),
          ]),
        )
        expect(errors).toMatchObject([error, error, error])
      }),
    )
  }

  live("a module that defines different names in two calls has them all", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 1 })
      expect(yield* Pool.apply(pool, first.other, [])).toBe(3)
      expect(yield* Pool.apply(pool, second.more, [])).toBe(4)
    }),
  )

  const losses = [
    {
      name: "process.exit(0)",
      call: (pool: Pool.Pool) => Pool.apply(pool, plain.exit, [0]),
      error: { exitCode: 0 },
    },
    {
      name: "process.exit(3)",
      call: (pool: Pool.Pool) => Pool.apply(pool, plain.exit, [3]),
      error: { exitCode: 3 },
    },
    {
      name: "process.exit(3) later",
      call: (pool: Pool.Pool) => Pool.apply(pool, plain.exitLater, [3]),
      error: { exitCode: 3 },
    },
    {
      name: "an uncaught error",
      call: (pool: Pool.Pool) => Pool.apply(pool, plain.throwLater, ["out of line"]),
      error: { exitCode: 1, cause: { _tag: "RemoteFailure", name: "RangeError", message: "out of line" } },
    },
    {
      name: "an unhandled rejection",
      call: (pool: Pool.Pool) => Pool.apply(pool, plain.rejectLater, ["out of hand"]),
      error: { exitCode: 1, cause: { _tag: "RemoteFailure", name: "RangeError", message: "out of hand" } },
    },
    {
      name: "process.exit(5) at the top level of its module",
      call: (pool: Pool.Pool) => Pool.apply(pool, exiting, []),
      error: { exitCode: 5 },
    },
    {
      name: "process.exit(3) in a map",
      call: (pool: Pool.Pool) => Pool.map(pool, plain.exit, [3]),
      error: { exitCode: 3 },
    },
  ]
  for (const { call, error, name } of losses) {
    onEach(
      `EXEC-03 a task lost by ${name} is WorkerLost with the code and the last error; another worker comes`,
      () =>
        Effect.gen(function* () {
          const { agents } = yield* Recorder.Recorder
          const lost = yield* poolThatGoesOn(1, (pool) =>
            Effect.flip(call(pool) as Effect.Effect<unknown, unknown>),
          )
          expect(lost).toMatchObject({ _tag: "WorkerLost", ...error })
          expect(agents.map(({ name }) => name)).toContain((lost as { readonly worker: string }).worker)
        }),
    )
  }

  live("EXEC-01 a worker that is killed from outside loses the task it ran, and nothing else", () =>
    Effect.gen(function* () {
      const { agents } = yield* Recorder.Recorder
      const flags = Flags.make()
      const lost = yield* poolThatGoesOn(1, (pool) =>
        Effect.gen(function* () {
          const running = yield* Effect.forEach([0, 1], () => Pool.applyAsync(pool, plain.wait, [flags]))
          yield* reached(flags, 0, 2)
          const queued = yield* Effect.forEach([2, 3, 4], (n) => Pool.applyAsync(pool, plain.square, [n]))
          agents[0]?.handle.end(-9)
          yield* Effect.forEach(queued, AsyncResult.get)
          Flags.add(flags, 1)
          return yield* Effect.forEach(running, (result) => Effect.either(AsyncResult.get(result)))
        }),
      )
      expect(lost.filter(({ _tag }) => _tag === "Right").length).toBe(1)
      expect(lost.find(({ _tag }) => _tag === "Left")).toMatchObject({
        left: { _tag: "WorkerLost", exitCode: -9, worker: agents[0]?.name },
      })
    }),
  )

  onEach("EXEC-08 a worker that is lost while the pool closes does not hold up join", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 2 })
      const results = yield* Effect.forEach([1, 2, 3], (code) =>
        Pool.applyAsync(pool, plain.exitLater, [code]),
      )
      yield* Pool.close(pool)
      yield* within(20)(Pool.join(pool))
      for (const result of results)
        expect(yield* Effect.flip(AsyncResult.get(result))).toMatchObject({ _tag: "WorkerLost" })
    }),
  )

  onEach(
    "EXEC-10 ten tasks that crash with 4 MiB of argument each fail, without a deadlock",
    () =>
      Effect.gen(function* () {
        const exit = plain.exit as unknown as Task.Task<[code: number, rest: Uint8Array], never>
        const big = new Uint8Array(4 * 2 ** 20 + 1)
        const errors = yield* poolThatGoesOn(
          10,
          (pool) =>
            Effect.forEach(Array.from({ length: 10 }), () => Effect.flip(Pool.apply(pool, exit, [1, big])), {
              concurrency: "unbounded",
            }),
          // A thread of Deno takes a quarter of a second to receive a mebibyte.
          90,
        )
        expect(errors.map(({ _tag }) => _tag)).toEqual(errors.map(() => "WorkerLost"))
      }),
    120,
  )

  const unencodable = [
    {
      name: "function",
      call: (pool: Pool.Pool) => Pool.apply(pool, plain.echo, [() => {}]),
      subject: "argument",
    },
    {
      name: "symbol, deep down",
      call: (pool: Pool.Pool) => Pool.apply(pool, plain.echo, [{ a: [Symbol("s")] }]),
      subject: "argument",
    },
    {
      name: "getter that throws",
      call: (pool: Pool.Pool) =>
        Pool.apply(pool, plain.echo, [
          {
            get field(): never {
              throw new Error("hostile getter")
            },
          },
        ]),
      subject: "argument",
    },
    {
      name: "getter that throws, in each item of a map,",
      call: (pool: Pool.Pool) =>
        Pool.map(
          pool,
          plain.echo,
          Array.from({ length: 40 }, () => ({
            get field(): never {
              throw new Error("hostile getter")
            },
          })),
          { chunkSize: 40 },
        ),
      subject: "argument",
    },
    {
      name: "function",
      call: (pool: Pool.Pool) => Pool.apply(pool, plain.returnFunction, []),
      subject: "result",
    },
    {
      name: "symbol, deep down",
      call: (pool: Pool.Pool) => Pool.apply(pool, plain.returnSymbolIn, []),
      subject: "result",
    },
    {
      name: "getter that throws",
      call: (pool: Pool.Pool) => Pool.apply(pool, plain.returnHostile, []),
      subject: "result",
    },
  ]
  for (const { call, name, subject } of unencodable) {
    onEach(`an ${subject} with a ${name} is EncodingFailed, and no worker is lost`, () =>
      Effect.gen(function* () {
        const error = yield* poolThatGoesOn(0, (pool) => Effect.flip(call(pool)))
        expect(error).toMatchObject({ _tag: "EncodingFailed", subject, cause: expect.anything() })
      }),
    )
  }

  live("an un-encodable result in the middle of many fails alone", () =>
    Effect.gen(function* () {
      const results = yield* poolThatGoesOn(0, (pool) =>
        Effect.gen(function* () {
          const pending = yield* Effect.forEach(
            Array.from({ length: 100 }, (_, n) => n),
            (n) =>
              n % 10 === 3
                ? Pool.applyAsync(pool, plain.returnFunction, [])
                : n % 10 === 7
                  ? Pool.applyAsync(pool, plain.throwHere, [`${n}`])
                  : Pool.applyAsync(pool, plain.echo, [n]),
          )
          return yield* Effect.forEach(pending, (each) =>
            Effect.either(AsyncResult.get<unknown, never>(each)),
          )
        }),
      )
      results.forEach((result, n) => {
        if (n % 10 === 3)
          expect(result).toMatchObject({ left: { _tag: "EncodingFailed", subject: "result" } })
        else if (n % 10 === 7)
          expect(result).toMatchObject({ left: { _tag: "RemoteFailure", message: `${n}` } })
        else expect(result).toMatchObject({ right: n })
      })
    }),
  )

  onEach("POOL-46 EXEC-05 what can be encoded but not decoded is EncodingFailed, in either direction", () =>
    Effect.gen(function* () {
      const errors = yield* poolThatGoesOn(0, (pool) =>
        Effect.all([
          Effect.flip(Pool.apply(pool, effects.undecodableResult, [])),
          Effect.flip(Pool.apply(pool, effects.undecodableArgument, [new Date(0)])),
        ]),
      )
      expect(errors).toMatchObject([
        { _tag: "EncodingFailed", subject: "result", task: "undecodableResult" },
        { _tag: "EncodingFailed", subject: "argument", task: "undecodableArgument" },
      ])
    }),
  )

  onEach("POOL-41 a pool's worker may start neither processes nor pools: IllegalState", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ size: 1 })
      expect(yield* Pool.apply(pool, nested.startChild, [])).toBe("IllegalState")
      expect(yield* Pool.apply(pool, nested.makePool, [])).toBe("IllegalState")
    }),
  )
})
