import { threadId } from "node:worker_threads"
import { describe, expect } from "@effect/vitest"
import * as Flags from "@multifiber/testkit/Flags"
import * as Recorder from "@multifiber/testkit/Recorder"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Agent from "../src/Agent.ts"
import * as Process from "../src/Process.ts"
import * as Task from "../src/Task.ts"
import { effects } from "./fixtures/effects.ts"
import { nested } from "./fixtures/nested.ts"
import { plain } from "./fixtures/plain.ts"
import { live, reached, within } from "./live.ts"

/** Starts a process whose task sets flag 0; goes on when it runs. */
const running = <A, E>(make: (flags: Flags.Flags) => ReturnType<typeof Process.make<any, A, E>>) =>
  Effect.gen(function* () {
    const flags = Flags.make()
    const process = yield* make(flags)
    yield* Process.start(process)
    yield* reached(flags, 0)
    return { flags, process }
  })

const failure = <A, E>(exit: Exit.Exit<A, E>): unknown =>
  Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined

const operations: ReadonlyArray<
  readonly [string, (self: Process.Process<unknown, unknown>) => Effect.Effect<unknown, unknown>]
> = [
  ["start", Process.start],
  ["join", Process.join],
  ["joinWithin", (self) => Process.joinWithin(self, 0)],
  ["exitCode", Process.exitCode],
  ["isAlive", Process.isAlive],
  ["terminate", Process.terminate],
  ["kill", Process.kill],
]

describe("Process", () => {
  live("PROC-02 a child knows the name of its parent, the main agent has none", () =>
    Effect.gen(function* () {
      const process = yield* Process.make(plain.who, [])
      yield* Process.start(process)
      expect(Agent.current().parent).toBe(undefined)
      expect(yield* yield* Process.result(process)).toMatchObject({
        parent: { name: Agent.current().name, pid: globalThis.process.pid },
        name: process.name,
      })
    }),
  )

  live("PROC-04 the daemon flag is that of the creator, or as told", () =>
    Effect.gen(function* () {
      expect((yield* Process.make(plain.who, [])).daemon).toBe(Agent.current().daemon)
      for (const daemon of [true, false]) {
        const process = yield* Process.make(plain.who, [], { daemon })
        yield* Process.start(process)
        expect(process.daemon).toBe(daemon)
        expect(yield* yield* Process.result(process)).toMatchObject({ daemon })
      }
    }),
  )

  live(
    "PROC-05 PROC-07 not alive and without an exit code before its start; code 0 and not alive after its end",
    () =>
      Effect.gen(function* () {
        const { agents, holds } = yield* Recorder.Recorder
        const process = yield* Process.make(plain.sum, [1, 2, 3], { name: "adder", daemon: true })
        expect(process).toMatchObject({ name: "adder", daemon: true })
        expect(yield* Process.isAlive(process)).toBe(false)
        expect(yield* Process.exitCode(process)).toEqual(Option.none())
        expect(agents.length).toBe(0)
        yield* Process.start(process)
        yield* Process.join(process)
        yield* Process.join(process)
        expect(yield* Process.isAlive(process)).toBe(false)
        expect(yield* Process.exitCode(process)).toEqual(Option.some(0))
        expect(yield* yield* Process.result(process)).toBe(6)
        expect(holds()).toBe(0)
      }),
  )

  live("PROC-08 joinWithin(0) and joinWithin(-1) return at once", () =>
    Effect.gen(function* () {
      const { process } = yield* running((flags) => Process.make(plain.never, [flags], { daemon: true }))
      for (const timeout of [0, -1]) {
        yield* within(5)(Process.joinWithin(process, timeout))
        expect(yield* Process.isAlive(process)).toBe(true)
        expect(yield* Process.exitCode(process)).toEqual(Option.none())
      }
      yield* within(5)(Process.joinWithin("10 millis")(process))
    }),
  )

  const bodies = [
    { name: "waits", task: plain.never },
    { name: "blocks its thread", task: plain.block },
    { name: "is busy", task: plain.spin },
    { name: "runs an effect", task: effects.hang },
    { name: "runs an effect whose finalizer never ends", task: effects.hangForGood },
  ]
  for (const { name, task } of bodies) {
    live(`PROC-10 kill of a process that ${name}: code -9, and its task is lost`, () =>
      Effect.gen(function* () {
        const { holds } = yield* Recorder.Recorder
        const { flags, process } = yield* running((flags) => Process.make(task, [flags]))
        yield* Process.kill(process)
        yield* within(10)(Process.join(process))
        expect(yield* Process.exitCode(process)).toEqual(Option.some(-9))
        expect(failure(yield* Process.result(process))).toMatchObject({
          _tag: "WorkerLost",
          exitCode: -9,
          worker: process.name,
        })
        yield* Process.kill(process)
        Flags.add(flags, 1)
        expect(holds()).toBe(0)
      }),
    )

    live(`terminate of a process that ${name}: code -15, in bounded time`, () =>
      Effect.gen(function* () {
        const { flags, process } = yield* running((flags) =>
          Process.make(task, [flags], { grace: "200 millis" }),
        )
        yield* Process.terminate(process)
        yield* Process.terminate(process)
        yield* within(10)(Process.join(process))
        expect(yield* Process.exitCode(process)).toEqual(Option.some(-15))
        expect(Exit.isFailure(yield* Process.result(process))).toBe(true)
        yield* Process.terminate(process)
        // Deno goes on with a thread that is busy.
        Flags.add(flags, 1)
      }),
    )
  }

  live("terminate interrupts the effect in the process: its finalizer runs, code -15", () =>
    Effect.gen(function* () {
      const { flags, process } = yield* running((flags) => Process.make(effects.hang, [flags]))
      yield* Process.terminate(process)
      yield* within(10)(Process.join(process))
      expect(Flags.get(flags, 1)).toBe(1)
      expect(yield* Process.exitCode(process)).toEqual(Option.some(-15))
      expect(Exit.isFailure(yield* Process.result(process))).toBe(true)
    }),
  )

  live("a process that has ended and was never joined is not alive and has its exit code", () =>
    Effect.gen(function* () {
      const { until } = yield* Recorder.Recorder
      const { agents } = yield* Recorder.Recorder
      const process = yield* Process.make(plain.square, [3])
      yield* Process.start(process)
      yield* until(() => agents[0]?.exit !== undefined)
      expect(yield* Process.isAlive(process)).toBe(false)
      expect(yield* Process.exitCode(process)).toEqual(Option.some(0))
    }),
  )

  live("many processes at once all end with code 0", () =>
    Effect.gen(function* () {
      const processes = yield* Effect.forEach(Array.from({ length: 12 }), () =>
        Process.make(plain.squareLater, [3, 10]),
      )
      yield* Effect.forEach(processes, Process.start, { concurrency: "unbounded" })
      yield* Effect.forEach(processes, Process.join, { concurrency: "unbounded" })
      expect(yield* Effect.forEach(processes, Process.exitCode)).toEqual(processes.map(() => Option.some(0)))
    }),
  )

  live(
    "PROC-21 a process ends when its last timer has run, and does not wait for those that it may leave",
    () =>
      Effect.gen(function* () {
        const flags = Flags.make()
        const process = yield* Process.make(plain.timers, [flags])
        yield* Process.start(process)
        yield* within(10)(Process.join(process))
        expect([Flags.get(flags, 0), Flags.get(flags, 1)]).toEqual([1, 0])
        expect(yield* Process.exitCode(process)).toEqual(Option.some(0))
      }),
  )

  live("PROC-26 exit hooks of a process run", () =>
    Effect.gen(function* () {
      const flags = Flags.make()
      const process = yield* Process.make(plain.atExit, [flags])
      yield* Process.start(process)
      yield* Process.join(process)
      expect(Flags.get(flags, 0)).toBe(1)
    }),
  )

  live("a grandchild has the runtime options of the program", () =>
    Effect.gen(function* () {
      const process = yield* Process.make(nested.execArgvOfChild, [])
      yield* Process.start(process)
      expect(yield* yield* Process.result(process)).toEqual(globalThis.process.execArgv)
    }),
  )

  live("PROC-35 a chain of 5 nested processes reports, and every level exits 0", () =>
    Effect.gen(function* () {
      const process = yield* Process.make(nested.chain, [4])
      yield* Process.start(process)
      const names = yield* yield* Process.result(process)
      expect(names.map(({ code }) => code)).toEqual([0, 0, 0, 0])
      expect(names.map(({ name }) => name)).toEqual(
        [1, 2, 3, 4].map((level) => `${process.name}${":1".repeat(level)}`),
      )
      yield* Process.join(process)
      expect(yield* Process.exitCode(process)).toEqual(Option.some(0))
    }),
  )

  live("PROC-36 default names count on, and a child's child extends its name", () =>
    Effect.gen(function* () {
      const [one, two] = [yield* Process.make(plain.who, []), yield* Process.make(plain.who, [])]
      const number = (name: string) => Number(/^Process-(\d+)$/.exec(name)?.[1])
      expect(number(two.name)).toBe(number(one.name) + 1)
      const parent = yield* Process.make(nested.nameOfUnstarted, [])
      yield* Process.start(parent)
      expect(yield* yield* Process.result(parent)).toBe(`${parent.name}:1`)
    }),
  )

  live("PROC-38 a process is a thread of its own", () =>
    Effect.gen(function* () {
      const process = yield* Process.make(plain.who, [])
      yield* Process.start(process)
      expect((yield* yield* Process.result(process)).threadId).not.toBe(threadId)
    }),
  )

  live("IllegalState for a second start, and for what needs a started process", () =>
    Effect.gen(function* () {
      const process = yield* Process.make(plain.square, [1])
      for (const operation of [Process.join, Process.terminate, Process.kill]) {
        expect(yield* Effect.flip(operation(process))).toMatchObject({
          _tag: "IllegalState",
          state: "initial",
        })
      }
      yield* Process.start(process)
      expect(yield* Effect.flip(Process.start(process))).toMatchObject({ _tag: "IllegalState" })
      yield* Process.join(process)
      expect(yield* Effect.flip(Process.start(process))).toMatchObject({
        _tag: "IllegalState",
        state: "stopped",
      })
    }),
  )

  live(
    "close is refused while the process runs; afterwards every operation is IllegalState, but another close",
    () =>
      Effect.gen(function* () {
        const { process } = yield* running((flags) => Process.make(plain.never, [flags]))
        expect(yield* Effect.flip(Process.close(process))).toMatchObject({
          _tag: "IllegalState",
          state: "started",
        })
        yield* Process.kill(process)
        yield* Process.join(process)
        yield* Process.close(process)
        for (const [name, operation] of operations) {
          const error = yield* Effect.flip(operation(process))
          expect([name, error]).toMatchObject([name, { _tag: "IllegalState", state: "closed" }])
        }
        yield* Process.close(process)
        const unstarted = yield* Process.make(plain.square, [1])
        yield* Process.close(unstarted)
        expect(yield* Effect.flip(Process.start(unstarted))).toMatchObject({
          _tag: "IllegalState",
          state: "closed",
        })
      }),
  )

  const ends = [
    {
      name: "a failing task",
      make: () => Process.make(plain.throwHere, ["here"]),
      code: 1,
      error: { _tag: "RemoteFailure", message: "here" },
    },
    {
      name: "process.exit(0) in its task",
      make: () => Process.make(plain.exit, [0]),
      code: 0,
      error: { _tag: "WorkerLost", exitCode: 0 },
    },
    {
      name: "process.exit(7) in its task",
      make: () => Process.make(plain.exit, [7]),
      code: 7,
      error: { _tag: "WorkerLost", exitCode: 7 },
    },
    {
      name: "process.exit(7) later",
      make: () => Process.make(plain.exitLater, [7]),
      code: 7,
      error: { _tag: "WorkerLost", exitCode: 7 },
    },
    {
      name: "an uncaught error",
      make: () => Process.make(plain.throwLater, ["out"]),
      code: 1,
      error: { _tag: "WorkerLost", cause: { name: "RangeError", message: "out" } },
    },
    {
      name: "an unhandled rejection",
      make: () => Process.make(plain.rejectLater, ["out"]),
      code: 1,
      error: { _tag: "WorkerLost", cause: { name: "RangeError", message: "out" } },
    },
    {
      name: "a result that cannot be encoded",
      make: () => Process.make(plain.returnFunction, []),
      code: 1,
      error: { _tag: "EncodingFailed", subject: "result" },
    },
    {
      name: "a module that does not load",
      make: () => Process.make(missing, []),
      code: 1,
      error: { _tag: "ModuleNotLoaded" },
    },
  ]
  for (const { code, error, make, name } of ends) {
    live(`after ${name}: code ${code}, and the result says why`, () =>
      Effect.gen(function* () {
        const process = yield* make() as ReturnType<typeof Process.make<any, unknown, unknown>>
        yield* Process.start(process)
        yield* within(10)(Process.join(process))
        expect(yield* Process.exitCode(process)).toEqual(Option.some(code))
        expect(failure(yield* Process.result(process))).toMatchObject(error)
      }),
    )
  }

  live(
    "arguments that cannot be encoded: the process ends, the result is EncodingFailed, nothing hangs",
    () =>
      Effect.gen(function* () {
        const { holds } = yield* Recorder.Recorder
        const process = yield* Process.make(plain.echo, [() => {}])
        yield* Process.start(process)
        expect(failure(yield* within(5)(Process.result(process)))).toMatchObject({
          _tag: "EncodingFailed",
          subject: "argument",
        })
        yield* within(5)(Process.join(process))
        expect(holds()).toBe(0)
      }),
  )

  const scopes = [
    {
      name: "joins a process that is not daemonic where it succeeded",
      daemon: false,
      exit: Exit.void,
      code: 0,
    },
    { name: "terminates a daemonic process where it succeeded", daemon: true, exit: Exit.void, code: -15 },
    {
      name: "terminates a process that is not daemonic where it failed",
      daemon: false,
      exit: Exit.fail("no"),
      code: -15,
    },
    { name: "terminates a daemonic process where it failed", daemon: true, exit: Exit.fail("no"), code: -15 },
  ]
  for (const { code, daemon, exit, name } of scopes) {
    live(`the end of its scope ${name}`, () =>
      Effect.gen(function* () {
        const { agents, holds } = yield* Recorder.Recorder
        const scope = yield* Scope.make()
        const { flags } = yield* Scope.extend(
          running((flags) => Process.make(plain.wait, [flags], { daemon })),
          scope,
        )
        const closing = yield* Effect.fork(Scope.close(scope, exit))
        if (code === 0) {
          yield* Effect.yieldNow()
          expect(agents[0]?.exit).toBe(undefined)
          Flags.add(flags, 1)
        }
        yield* within(10)(closing)
        expect(agents[0]?.exit?.code === 143 ? -15 : agents[0]?.exit?.code).toBe(code)
        expect(holds()).toBe(0)
      }),
    )
  }

  live("a process that is killed while it starts is dead for good", () =>
    Effect.gen(function* () {
      const process = yield* Process.make(plain.square, [1])
      const start = yield* Effect.fork(Effect.either(Process.start(process)))
      yield* Effect.yieldNow()
      yield* Process.kill(process)
      yield* within(10)(Process.join(process))
      yield* within(10)(start)
      expect(yield* Process.isAlive(process)).toBe(false)
      expect(yield* Process.exitCode(process)).toEqual(Option.some(-9))
      yield* Process.result(process)
    }),
  )
})

const { missing } = Task.module(new URL("./fixtures/missing.ts", import.meta.url).href, { missing: () => 1 })
