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

  const bodies = [
    { name: "blocks its thread", task: plain.block },
    { name: "is busy", task: plain.spin },
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
      name: "process.exit(7) later",
      make: () => Process.make(plain.exitLater, [7]),
      code: 7,
      error: { _tag: "WorkerLost", exitCode: 7 },
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
