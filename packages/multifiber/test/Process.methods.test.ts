/** Processes, by each start method: the same tests for threads and for OS processes. */
import process from "node:process"
import { threadId } from "node:worker_threads"
import { describe, expect } from "@effect/vitest"
import * as Marks from "@multifiber/testkit/Marks"
import * as Recorder from "@multifiber/testkit/Recorder"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Agent from "../src/Agent.ts"
import { getContext } from "../src/Context.ts"
import type { EncodingFailed, IllegalState, InvalidArgument, Unsupported } from "../src/Errors.ts"
import * as Inherited from "../src/Inherited.ts"
import type { Platform } from "../src/Platform.ts"
import * as Process from "../src/Process.ts"
import * as Waitable from "../src/Waitable.ts"
import { greeting, marked } from "./fixtures/marked.ts"
import { nested } from "./fixtures/nested.ts"
import { plain } from "./fixtures/plain.ts"
import { live as liveAnywhere, within } from "./live.ts"

const marksOfTest = Effect.acquireRelease(Effect.sync(Marks.make), (marks) =>
  Effect.sync(() => Marks.remove(marks)),
)

const reached = (marks: Marks.Marks, name: string) =>
  within(20)(Effect.promise(() => Marks.reached(marks, name)))

const failure = <A, E>(exit: Exit.Exit<A, E>): unknown =>
  Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined

type Made<A, E> = Effect.Effect<
  Process.Process<A, E>,
  EncodingFailed | IllegalState | InvalidArgument | Unsupported,
  Platform | Scope.Scope
>

/** For those that end by themselves when they are told: the machine may be busy. */
const patient = { grace: "20 seconds" } as const

/** Starts a process whose task sets the mark "begun"; goes on when it runs. */
const running = <A, E>(make: (marks: Marks.Marks) => Made<A, E>) =>
  Effect.gen(function* () {
    const marks = yield* marksOfTest
    const child = yield* make(marks)
    yield* Process.start(child)
    yield* reached(marks, "begun")
    return { marks, child }
  })

const started = <A, E>(make: Made<A, E>) => Effect.tap(make, Process.start)

const resultOf = <A, E>(child: Process.Process<A, E>) => Effect.flatten(within(20)(Process.result(child)))

const codeOf = (child: Process.Process<unknown, unknown>) =>
  Effect.zipRight(within(20)(Process.join(child)), Effect.map(Process.exitCode(child), Option.getOrNull))

for (const method of ["thread", "spawn"] as const) {
  const live: typeof liveAnywhere = (name, body, seconds = 60) =>
    liveAnywhere(
      `${name} [${method}]`,
      () => Effect.flatMap(getContext(method), ({ provide }) => provide(body())),
      seconds,
    )

  describe(`Process by ${method}`, () => {
    live("PROC-02 a child knows the pid and the name of its parent, and its own start method", () =>
      Effect.gen(function* () {
        const child = yield* started(Process.make(marked.who, []))
        const { agent, pid } = yield* resultOf(child)
        expect(agent).toMatchObject({
          name: child.name,
          startMethod: method,
          parent: { name: Agent.current().name, pid: process.pid },
        })
        expect(Option.isNone(yield* Process.parent)).toBe(true)
        expect(pid === process.pid).toBe(method === "thread")
      }),
    )

    live("PROC-05 PROC-07 PROC-14 is an active child from its start to its end, joined or not", () =>
      Effect.gen(function* () {
        const { agents, until } = yield* Recorder.Recorder
        const child = yield* Process.make(plain.square, [3], { name: "squarer", daemon: true })
        expect(yield* Process.activeChildren).toEqual([])
        expect(yield* Process.statistics(child)).toEqual({
          name: "squarer",
          daemon: true,
          startMethod: method,
          status: "initial",
          pid: Option.none(),
          ident: Option.none(),
          exitCode: Option.none(),
        })
        expect(String(child)).toBe("<Process squarer initial daemon>")
        yield* Process.start(child)
        yield* within(20)(until(() => agents[0]?.exit !== undefined))
        expect(yield* Process.activeChildren).toEqual([])
        expect(yield* Process.isAlive(child)).toBe(false)
        const pid = Option.getOrThrow(yield* Process.pid(child))
        expect(pid === process.pid).toBe(method === "thread")
        expect(String(child)).toBe(`<Process squarer pid=${pid} stopped exitCode=0 daemon>`)
      }),
    )

    live("PROC-08 joinWithin(0) and joinWithin(-1) return at once; the child is among the active ones", () =>
      Effect.gen(function* () {
        const { child, marks } = yield* running((marks) => Process.make(marked.wait, [marks]))
        for (const timeout of [0, -1]) {
          yield* within(5)(Process.joinWithin(child, timeout))
          expect(yield* Process.isAlive(child)).toBe(true)
          expect(yield* Process.exitCode(child)).toEqual(Option.none())
        }
        expect(yield* Process.activeChildren).toEqual([child])
        Marks.set(marks, "go")
        expect(yield* resultOf(child)).toBe("released")
        expect(yield* codeOf(child)).toBe(0)
      }),
    )

    const bodies = [
      { name: "waits", task: marked.wait },
      { name: "is busy", task: marked.busy },
      { name: "runs an effect", task: marked.hang },
      { name: "runs an effect whose finalizer never ends", task: marked.hangForGood },
    ]
    for (const { name, task } of bodies) {
      live(`PROC-10 kill of a child that ${name}: code -9, and its task is lost`, () =>
        Effect.gen(function* () {
          const { child, marks } = yield* running(
            (marks) => Process.make(task, [marks]) as Made<unknown, never>,
          )
          yield* Process.kill(child)
          expect(yield* codeOf(child)).toBe(-9)
          expect(failure(yield* Process.result(child))).toMatchObject({ _tag: "WorkerLost", exitCode: -9 })
          expect(Marks.isSet(marks, "finalized")).toBe(false)
          Marks.set(marks, "go")
        }),
      )

      live(`terminate of a child that ${name}: code -15, in bounded time`, () =>
        Effect.gen(function* () {
          const { child, marks } = yield* running(
            (marks) => Process.make(task, [marks], { grace: "200 millis" }) as Made<unknown, never>,
          )
          yield* Process.terminate(child)
          yield* Process.terminate(child)
          expect(yield* codeOf(child)).toBe(-15)
          expect(Exit.isFailure(yield* Process.result(child))).toBe(true)
          Marks.set(marks, "go")
        }),
      )
    }

    live("PROC-11 interrupt runs the finalizers of the effect; the task is interrupted, code 1", () =>
      Effect.gen(function* () {
        const { child, marks } = yield* running((marks) => Process.make(marked.hang, [marks]))
        yield* Process.interrupt(child)
        expect(yield* codeOf(child)).toBe(1)
        expect(Marks.isSet(marks, "finalized")).toBe(true)
        expect(failure(yield* Process.result(child))).toMatchObject({ _tag: "TaskInterrupted" })
        yield* Process.interrupt(child)
      }),
    )

    live("terminate runs the finalizers of an effect within the grace period, code -15", () =>
      Effect.gen(function* () {
        const { child, marks } = yield* running((marks) => Process.make(marked.hang, [marks], patient))
        yield* Process.terminate(child)
        expect(yield* codeOf(child)).toBe(-15)
        expect(Marks.isSet(marks, "finalized")).toBe(true)
      }),
    )

    live("terminate runs the handlers that a plain task registered, but not those that it took back", () =>
      Effect.gen(function* () {
        const { child, marks } = yield* running((marks) => Process.make(marked.handled, [marks], patient))
        yield* Process.terminate(child)
        expect(yield* codeOf(child)).toBe(-15)
        expect(Marks.isSet(marks, "handled")).toBe(true)
        expect(Marks.isSet(marks, "not this one")).toBe(false)
      }),
    )

    live("FIN-02 handlers that come and go while the process is terminated do no harm", () =>
      Effect.gen(function* () {
        for (let round = 0; round < 5; round++) {
          const { child, marks } = yield* running((marks) => Process.make(marked.churn, [marks], patient))
          yield* Process.terminate(child)
          expect(yield* codeOf(child)).toBe(-15)
          expect(Marks.isSet(marks, "handled")).toBe(true)
        }
      }),
    )

    live(
      "PROC-15 WAIT-08 its sentinel: none before the start, not ready while it runs, ready afterwards",
      () =>
        Effect.gen(function* () {
          const marks = yield* marksOfTest
          const child = yield* Process.make(marked.wait, [marks])
          const other = yield* Process.make(marked.wait, [yield* marksOfTest], { daemon: true })
          expect(yield* Effect.flip(Process.sentinel(child))).toMatchObject({ _tag: "IllegalState" })
          yield* Effect.forEach([child, other], Process.start, { concurrency: 2 })
          const [ended, otherEnded] = [yield* Process.sentinel(child), yield* Process.sentinel(other)]
          expect(yield* Waitable.isReady(ended)).toBe(false)
          expect(yield* Waitable.waitWithin([otherEnded, ended], "10 millis")).toEqual([])
          Marks.set(marks, "go")
          expect(yield* within(20)(Waitable.wait([otherEnded, ended]))).toEqual([ended])
          yield* Process.join(child)
          expect(yield* Waitable.isReady(ended)).toBe(true)
          expect(yield* Waitable.waitWithin([ended], 0)).toEqual([ended])
        }),
    )

    const many = method === "thread" ? 100 : 5
    live(
      `PROC-17 ${many} children at once all end with code 0`,
      () =>
        Effect.gen(function* () {
          const children = yield* Effect.forEach(Array.from({ length: many }), () =>
            Process.make(plain.squareLater, [3, 10]),
          )
          yield* Effect.forEach(children, Process.start, { concurrency: "unbounded" })
          expect(yield* Effect.forEach(children, codeOf, { concurrency: "unbounded" })).toEqual(
            children.map(() => 0),
          )
        }),
      300,
    )

    live(
      "PROC-21 a child ends when its last timer has run, and does not wait for those that it may leave",
      () =>
        Effect.gen(function* () {
          const marks = yield* marksOfTest
          const child = yield* started(Process.make(marked.timers, [marks]))
          expect(yield* codeOf(child)).toBe(0)
          expect([Marks.isSet(marks, "timer"), Marks.isSet(marks, "late")]).toEqual([true, false])
        }),
    )

    live("PROC-26 exit hooks of a child run", () =>
      Effect.gen(function* () {
        const marks = yield* marksOfTest
        const child = yield* started(Process.make(marked.atExit, [marks]))
        expect(yield* codeOf(child)).toBe(0)
        expect(Marks.isSet(marks, "exited")).toBe(true)
      }),
    )

    live("PROC-28 name and daemon flag are set before the start only", () =>
      Effect.gen(function* () {
        const { child, marks } = yield* running((marks) =>
          Effect.tap(Process.make(marked.wait, [marks]), (child) =>
            Effect.zip(Process.setName(child, "renamed"), Process.setDaemon(child, true)),
          ),
        )
        expect([child.name, child.daemon]).toEqual(["renamed", true])
        for (const change of [Process.setName(child, "again"), Process.setDaemon(child, false)]) {
          expect(yield* Effect.flip(change)).toMatchObject({ _tag: "IllegalState", state: "started" })
        }
        const unstarted = yield* Process.make(marked.who, [])
        expect(yield* Effect.flip(Process.setName(unstarted, 7 as never))).toMatchObject({
          _tag: "InvalidArgument",
        })
        yield* Process.setName(unstarted, "other")
        yield* Process.start(unstarted)
        expect((yield* resultOf(unstarted)).agent.name).toBe("other")
        Marks.set(marks, "go")
      }),
    )

    live("PROC-32 a grandchild has the runtime options of the program", () =>
      Effect.gen(function* () {
        const child = yield* started(Process.make(nested.execArgvOfChild, []))
        expect(yield* resultOf(child)).toEqual(process.execArgv)
      }),
    )

    live(
      "PROC-35 a chain of 5 nested children reports, and every level exits 0",
      () =>
        Effect.gen(function* () {
          const child = yield* started(Process.make(nested.chain, [4]))
          const levels = yield* Effect.flatten(within(100)(Process.result(child)))
          expect(levels.map(({ code }) => code)).toEqual([0, 0, 0, 0])
          expect(yield* codeOf(child)).toBe(0)
        }),
      120,
    )

    live("PROC-36 a child's child extends its name", () =>
      Effect.gen(function* () {
        const child = yield* started(Process.make(nested.nameOfUnstarted, []))
        expect(yield* resultOf(child)).toBe(`${child.name}:1`)
      }),
    )

    live("PROC-38 has an ident of its own", () =>
      Effect.gen(function* () {
        const child = yield* started(Process.make(marked.who, []))
        const ident = Option.getOrThrow(yield* Process.ident(child))
        const told = yield* resultOf(child)
        expect(ident).toBe(method === "thread" ? told.threadId : told.pid)
        expect(ident).not.toBe(method === "thread" ? threadId : process.pid)
      }),
    )

    live("a daemonic child may not have children", () =>
      Effect.gen(function* () {
        const child = yield* started(Process.make(nested.startChild, [], { daemon: true }))
        expect(yield* resultOf(child)).toBe("IllegalState")
      }),
    )

    live("a process type has its own data and a run of its own", () =>
      Effect.gen(function* () {
        const children = yield* Effect.forEach([1, 10], (step) =>
          started(Process.make(marked.Counter, [{ from: 100, step }])),
        )
        expect(yield* Effect.forEach(children, resultOf)).toEqual([103, 130])
      }),
    )

    live("inherited values are those of the moment of the start, and changes stay where they are made", () =>
      Effect.gen(function* () {
        const first = yield* started(Process.make(marked.greeting, []))
        expect(yield* resultOf(first)).toEqual(["initial"])
        Inherited.set(greeting, ["set by the parent"])
        const second = yield* started(Process.make(marked.changeGreeting, []))
        Inherited.set(greeting, ["set later"])
        expect(yield* resultOf(second)).toEqual(["set by the parent", "changed in the child"])
        expect(Inherited.get(greeting)).toEqual(["set later"])
        Inherited.set(greeting, ["initial"])
      }),
    )

    live("an inherited value that cannot travel fails the start, and leaves nothing behind", () =>
      Effect.gen(function* () {
        const { holds } = yield* Recorder.Recorder
        Inherited.set(greeting, (() => {}) as never)
        const child = yield* Process.make(marked.greeting, [])
        expect(yield* Effect.flip(Process.start(child))).toMatchObject({ _tag: "StartFailed" })
        Inherited.set(greeting, ["initial"])
        expect(yield* Process.activeChildren).toEqual([])
        expect(holds()).toBe(0)
      }),
    )

    if (method === "spawn") {
      for (const [signal, code] of [
        ["SIGTERM", -15],
        ["SIGKILL", -9],
      ] as const) {
        live(`a ${signal} from anywhere ends a child with code ${code}`, () =>
          Effect.gen(function* () {
            const { child, marks } = yield* running((marks) => Process.make(marked.hang, [marks]))
            process.kill(Option.getOrThrow(yield* Process.pid(child)), signal)
            expect(yield* codeOf(child)).toBe(code)
            expect(Marks.isSet(marks, "finalized")).toBe(signal === "SIGTERM")
          }),
        )
      }

      live("a SIGINT from anywhere is left to the program", () =>
        Effect.gen(function* () {
          const { child, marks } = yield* running((marks) => Process.make(marked.wait, [marks]))
          process.kill(Option.getOrThrow(yield* Process.pid(child)), "SIGINT")
          Marks.set(marks, "go")
          expect(yield* resultOf(child)).toBe("released")
          expect(yield* codeOf(child)).toBe(0)
        }),
      )

      live("its standard output and error are read from pipes, while the program's own stay clean", () =>
        Effect.gen(function* () {
          const { holds } = yield* Recorder.Recorder
          const child = yield* Process.make(marked.print, ["12345678", 2 ** 17], {
            stdio: "pipe",
            logging: false,
          })
          const early = yield* Effect.flip(Stream.runDrain(Process.stdout(child)))
          expect(early).toMatchObject({ _tag: "IllegalState", state: "initial" })
          yield* Process.start(child)
          const [output, error] = yield* within(20)(
            Effect.all(
              [Process.stdout, Process.stderr].map((read) => Stream.mkString(Stream.decodeText(read(child)))),
              { concurrency: 2 },
            ),
          )
          expect(output?.length).toBe(2 ** 20 + "logged\n".length)
          // Bun's console overtakes what is still to be written
          expect(output?.replace("logged\n", "")).toBe("12345678".repeat(2 ** 17))
          expect(error).toBe("error")
          expect(yield* codeOf(child)).toBe(0)
          expect((yield* Effect.flip(Stream.runDrain(Process.stdout(child))))._tag).toBe("IllegalState")
          expect(holds()).toBe(0)
        }),
      )

      live("its output can be read after its end, and need not be read", () =>
        Effect.gen(function* () {
          const make = Process.make(marked.print, ["x", 1], { stdio: "pipe", logging: false })
          yield* Effect.flatMap(started(make), codeOf)
          const child = yield* started(make)
          expect(yield* codeOf(child)).toBe(0)
          const text = yield* within(20)(Stream.mkString(Stream.decodeText(Process.stdout(child))))
          expect(text).toBe("xlogged\n")
        }),
      )

      live("PROC-20 a child has as many descriptors as its siblings", () =>
        Effect.gen(function* () {
          const children = yield* Effect.forEach([1, 2, 3, 4, 5], () => Process.make(marked.descriptors, []))
          yield* Effect.forEach(children, Process.start, { concurrency: "unbounded" })
          const counts = yield* Effect.forEach(children, resultOf)
          expect(new Set(counts).size).toBe(1)
        }),
      )

      live("has the environment of the program", () =>
        Effect.gen(function* () {
          process.env["MULTIFIBER_TEST"] = "inherited"
          const child = yield* started(Process.make(marked.environment, ["MULTIFIBER_TEST"]))
          expect(yield* resultOf(child)).toBe("inherited")
        }),
      )

      live("shared memory does not reach it: NotTransferable, at any depth, and nothing hangs", () =>
        Effect.gen(function* () {
          const shared = new SharedArrayBuffer(8)
          for (const argument of [shared, { deep: [new Map([[1, new Int32Array(shared)]])] }]) {
            const child = yield* started(Process.make(plain.echo, [argument]))
            const error = failure(yield* within(20)(Process.result(child)))
            expect(error).toMatchObject({ _tag: "NotTransferable", subject: "argument" })
            expect(String(error)).toContain("thread")
            yield* within(20)(Process.join(child))
          }
        }),
      )
    }

    const ends = [
      [
        "process.exit(7) in its task",
        () => Process.make(plain.exit, [7]),
        7,
        { _tag: "WorkerLost", exitCode: 7 },
      ],
      [
        "an uncaught error",
        () => Process.make(plain.throwLater, ["out"]),
        1,
        { _tag: "WorkerLost", cause: { name: "RangeError", message: "out" } },
      ],
      [
        "an unhandled rejection",
        () => Process.make(plain.rejectLater, ["out"]),
        1,
        { _tag: "WorkerLost", cause: { message: "out" } },
      ],
      [
        "a result that cannot be encoded",
        () => Process.make(plain.returnFunction, []),
        1,
        { _tag: "EncodingFailed", subject: "result" },
      ],
    ] as const
    for (const [name, make, code, error] of ends) {
      live(`after ${name}: code ${code}, and the result says why`, () =>
        Effect.gen(function* () {
          const child = yield* started(make() as Made<unknown, unknown>)
          expect(yield* codeOf(child)).toBe(code)
          expect(failure(yield* Process.result(child))).toMatchObject(error)
        }),
      )
    }

    if (method === "thread") {
      live("pipes need an OS process", () =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(Process.make(plain.square, [1], { stdio: "pipe" }))
          expect(error).toMatchObject({ _tag: "Unsupported", instead: '"spawn"' })
        }),
      )
    }

    live("large arguments and results travel whole", () =>
      Effect.gen(function* () {
        const value = { text: "x".repeat(4 * 2 ** 20), numbers: new Float64Array(2 ** 18).fill(0.5) }
        const child = yield* started(Process.make(plain.echo, [value]))
        expect(yield* resultOf(child)).toEqual(value)
        expect(yield* codeOf(child)).toBe(0)
      }),
    )

    live("the end of a scope that fails terminates its children", () =>
      Effect.gen(function* () {
        const { agents, holds } = yield* Recorder.Recorder
        const scope = yield* Scope.make()
        const { child } = yield* Scope.extend(
          running((marks) => Process.make(marked.hang, [marks])),
          scope,
        )
        yield* within(20)(Scope.close(scope, Exit.fail("no")))
        expect(yield* Process.exitCode(child)).toEqual(Option.some(-15))
        expect(agents.every(({ exit }) => exit !== undefined)).toBe(true)
        expect(holds()).toBe(0)
      }),
    )
  })
}
