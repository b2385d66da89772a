/** What children log, and the spans they run in, by each start method. */
import { describe, expect } from "@effect/vitest"
import * as Marks from "@multifiber/testkit/Marks"
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as List from "effect/List"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Stream from "effect/Stream"
import { getContext } from "../src/Context.ts"
import { RemoteFailure } from "../src/Errors.ts"
import * as Pool from "../src/Pool.ts"
import * as Process from "../src/Process.ts"
import type { Task } from "../src/Task.ts"
import { logging } from "./fixtures/logging.ts"
import { live as liveAnywhere, within } from "./live.ts"
import { marksOfTest } from "./startMethods.ts"

interface Logged {
  readonly level: string
  readonly message: ReadonlyArray<unknown>
  readonly failures: ReadonlyArray<unknown>
  readonly annotations: Readonly<Record<string, unknown>>
  readonly spans: ReadonlyArray<string>
}

/** What an effect and its children log, from a level on. */
const logsOf = <A, E, R>(effect: Effect.Effect<A, E, R>, level = LogLevel.Info) =>
  Effect.suspend(() => {
    const logs: Array<Logged> = []
    const logger = Logger.make<unknown, void>(({ annotations, cause, logLevel, message, spans }) => {
      logs.push({
        level: logLevel.label,
        message: Arr.ensure(message),
        failures: Chunk.toReadonlyArray(Cause.failures(cause)),
        annotations: Object.fromEntries(HashMap.entries(annotations)),
        spans: List.toArray(spans).map(({ label }) => label),
      })
    })
    return Effect.as(effect, logs).pipe(
      Logger.withMinimumLogLevel(level),
      Effect.provide(Logger.replace(Logger.defaultLogger, logger)),
    )
  })

/** Runs a task in a process and waits for its end. */
const ran = <Args extends ReadonlyArray<any>, A, E>(
  task: Task<Args, A, E>,
  args: Args,
  options: Process.Options = {},
) =>
  Effect.gen(function* () {
    const child = yield* Process.make(task, args, options)
    yield* Process.start(child)
    yield* within(20)(Process.join(child))
    return child
  })

const resultOf = <Args extends ReadonlyArray<any>, A, E>(task: Task<Args, A, E>, args: Args) =>
  Effect.flatMap(ran(task, args), (child) => Effect.flatten(Process.result(child)))

for (const method of ["thread", "spawn", "forkserver"] as const) {
  const live: typeof liveAnywhere = (name, body) =>
    liveAnywhere(
      `${name} [${method}]`,
      () => Effect.flatMap(getContext(method), ({ provide }) => provide(body())),
      60,
    )

  describe("Logging", () => {
    live("what an effect logs reaches the logger of the fiber that made the process, as it was logged", () =>
      Effect.gen(function* () {
        const [logged, ...others] = yield* logsOf(ran(logging.byEffect, ["hello"], { name: "child" }))
        expect(others).toEqual([])
        expect(logged).toEqual({
          level: "WARN",
          message: ["hello", { n: 1 }],
          failures: [],
          annotations: { process: "child", ident: expect.any(Number), request: 7 },
          spans: ["work"],
        })
      }),
    )

    live("a cause arrives with its errors", () =>
      Effect.gen(function* () {
        const [logged] = yield* logsOf(ran(logging.failures, []))
        expect(logged?.level).toBe("ERROR")
        expect(logged?.message).toEqual(["it failed"])
        const [error] = logged?.failures ?? []
        expect(error).toBeInstanceOf(RemoteFailure)
        expect(error).toMatchObject({ name: "RangeError", message: "too far", fields: { by: 3 } })
      }),
    )

    live(
      "what a plain task writes to its console is logged, formatted, from the parent's minimum level on",
      () =>
        Effect.gen(function* () {
          const logs = yield* logsOf(ran(logging.byConsole, ["one"], { name: "child" }))
          expect(logs.map(({ level }) => level)).toEqual(["INFO", "WARN", "ERROR"])
          expect(logs[0]?.message).toEqual(["one of 2 { key: 'value' }"])
          expect(logs[0]?.annotations).toEqual({ process: "child", ident: expect.any(Number) })
          expect(logs[1]?.message).toEqual(["careful"])
          expect(logs[2]?.message[0]).toContain("RangeError: too far")
        }),
    )

    live("FIN-03 a child logs at the minimum level of its parent", () =>
      Effect.gen(function* () {
        for (const [level, heard] of [
          [LogLevel.Debug, ["debug", "info"]],
          [LogLevel.Info, ["info"]],
          [LogLevel.None, []],
        ] as const) {
          let label = ""
          const child = Effect.map(resultOf(logging.levels, []), (minimum) => {
            label = minimum
          })
          const logs = yield* logsOf(child, level)
          expect(logs.map(({ message }) => message[0])).toEqual(heard)
          expect(label).toBe(level.label)
        }
      }),
    )

    live("a value that cannot be sent is logged as text", () =>
      Effect.gen(function* () {
        const [logged] = yield* logsOf(ran(logging.odd, []))
        expect(logged?.message[0]).toContain("function")
        expect(String(logged?.message[1])).toContain("SharedArrayBuffer")
      }),
    )

    live("without the option nothing reaches the parent", () =>
      Effect.gen(function* () {
        const off = { logging: false }
        expect(yield* logsOf(ran(logging.byEffect, ["on the child's own output"], off))).toEqual([])
        const pool = yield* Pool.make({ size: 1, ...off })
        expect(yield* logsOf(Pool.apply(pool, logging.byConsole, ["on the child's own output"]))).toEqual([])
      }),
    )

    live("the workers of a pool log, too", () =>
      Effect.gen(function* () {
        const logs = yield* logsOf(
          Effect.scoped(
            Effect.gen(function* () {
              const pool = yield* Pool.make({ size: 1 })
              yield* Pool.apply(pool, logging.byEffect, ["effect"])
              yield* Pool.apply(pool, logging.byConsole, ["console"])
            }),
          ),
        )
        expect(logs.map(({ level }) => level)).toEqual(["WARN", "INFO", "WARN", "ERROR"])
        expect(String(logs[0]?.annotations["process"])).toMatch(/^PoolWorker-/)
      }),
    )

    live("what a grandchild logs passes through its parent and keeps its own name", () =>
      Effect.gen(function* () {
        const [logged, ...others] = yield* logsOf(ran(logging.grandchild, [], { name: "child" }))
        expect(others).toEqual([])
        expect(logged?.message).toEqual(["from below", { n: 1 }])
        expect(logged?.annotations["process"]).toBe("grandchild")
      }),
    )

    live("a span of a task has the caller's span as its parent", () =>
      Effect.gen(function* () {
        const { spanId, traceId } = yield* Effect.currentSpan
        const expected = { traceId, parent: spanId }
        expect(yield* resultOf(logging.spans, [])).toEqual(expected)
        const pool = yield* Pool.make({ size: 1 })
        expect(yield* Pool.apply(pool, logging.spans, [])).toEqual(expected)
        expect(yield* Pool.map(pool, logging.spansOf, [1, 2, 3])).toEqual([expected, expected, expected])
        const parents = yield* Effect.forEach(
          ["one", "two"],
          (name) =>
            Effect.all([
              Effect.map(Effect.currentSpan, ({ spanId }) => spanId),
              Effect.map(Pool.apply(pool, logging.spans, []), ({ parent }) => parent),
            ]).pipe(Effect.withSpan(name)),
          { concurrency: 2 },
        )
        for (const [outside, parent] of parents) expect(parent).toBe(outside)
        expect(parents[0]?.[0]).not.toBe(parents[1]?.[0])
      }).pipe(Effect.withSpan("outside"), Effect.orDie),
    )

    live("without a span of the caller a task begins a trace of its own", () =>
      Effect.gen(function* () {
        expect(yield* resultOf(logging.spans, [])).toMatchObject({ parent: null })
      }),
    )
  })
}

describe("Logging", () => {
  liveAnywhere("what a thread logs just before it exits is not lost", () =>
    Effect.gen(function* () {
      const [logged] = yield* logsOf(ran(logging.lastWords, [3]))
      expect(logged?.message).toEqual(["last words"])
    }),
  )

  liveAnywhere("what an OS process logs just before it exits is logged, or on its standard error", () =>
    Effect.gen(function* () {
      const { provide } = yield* getContext("spawn")
      let errors = ""
      const logs = yield* logsOf(
        Effect.gen(function* () {
          const child = yield* provide(ran(logging.lastWords, [3], { stdio: "pipe" }))
          errors = yield* within(20)(Stream.mkString(Stream.decodeText(Process.stderr(child))))
        }),
      )
      expect([...logs.flatMap(({ message }) => message), errors].join()).toContain("last words")
    }),
  )

  liveAnywhere("nor is the most of what it logs before that, while nobody reads it", () =>
    Effect.gen(function* () {
      const { provide } = yield* getContext("spawn")
      const marks = yield* marksOfTest
      let errors = ""
      const logs = yield* logsOf(
        Effect.gen(function* () {
          const child = yield* provide(Process.make(logging.manyLastWords, [marks, 3000], { stdio: "pipe" }))
          yield* Process.start(child)
          yield* Effect.sync(() => Marks.spin(marks, "logged"))
          errors = yield* within(20)(Stream.mkString(Stream.decodeText(Process.stderr(child))))
          yield* within(20)(Process.join(child))
        }),
      )
      const told = new Set([...logs.flatMap(({ message }) => message), ...errors.split("\n")])
      const missing = Array.from({ length: 3000 }, (_, n) => `last word ${n}`).filter(
        (word) => !told.has(word),
      )
      expect(missing).toEqual([])
    }),
  )
})
