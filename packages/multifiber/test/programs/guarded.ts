/** Programs under `Main.run`; the arguments say which, and by which start method. */
import process from "node:process"
import { Main } from "@multifiber/platform"
import * as Flags from "@multifiber/testkit/Flags"
import * as Marks from "@multifiber/testkit/Marks"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { StartMethod } from "multifiber/Agent"
import * as AsyncResult from "multifiber/AsyncResult"
import { getContext } from "multifiber/Context"
import * as Lock from "multifiber/Lock"
import type { Platform } from "multifiber/Platform"
import * as Pool from "multifiber/Pool"
import * as Process from "multifiber/Process"
import * as Task from "multifiber/Task"
import { hang, hangMarked } from "./hanging.ts"
import { tasks } from "./tasks.ts"

/** A task in the main module itself. */
export const { square } = Task.module(import.meta.url, { square: (n: number) => n * n })

const print = (...values: ReadonlyArray<unknown>) => Effect.sync(() => console.log(...values))
const reached = (flags: Flags.Flags, index: number, value: number) =>
  Effect.promise(() => Flags.reached(flags, index, value))

const marksOfProgram = Effect.acquireRelease(Effect.sync(Marks.make), (marks) =>
  Effect.sync(() => Marks.remove(marks)),
)

/** One that is daemonic waits for ever: the program ends all the same. */
const child = (daemon: boolean) =>
  Effect.gen(function* () {
    const marks = yield* marksOfProgram
    const process = yield* Process.make(tasks.printAfterGo, ["child is done", marks], { daemon })
    yield* Process.start(process)
    yield* print("main is done")
    if (!daemon) Marks.set(marks, "go")
  })

/** For those that end by themselves when they are told: the machine may be busy. */
const patience = "20 seconds"

/** Starts what a signal must end, and waits for ever; tells at the end how many agents were interrupted in time. */
const untilSignal = (busy: boolean) =>
  Effect.gen(function* () {
    const flags = Flags.make()
    yield* Effect.addFinalizer(() => print(`interrupted: ${Flags.get(flags, 1)}`))
    const pool = yield* Pool.make({ size: 2, grace: patience, logging: false })
    yield* Pool.applyAsync(pool, hang, [flags])
    yield* Pool.applyAsync(pool, busy ? tasks.spin : hang, [flags])
    const process = yield* Process.make(hang, [flags], { grace: patience })
    yield* Process.start(process)
    yield* reached(flags, 0, 3)
    yield* print("ready")
    yield* Effect.never
  })

const programs: Record<string, Effect.Effect<unknown, unknown, Platform | Scope.Scope>> = {
  success: print("done"),
  "own exit code": Effect.sync(() => {
    process.exitCode = 4
  }),
  failure: Effect.fail(new Error("the program failed")),
  defect: Effect.die(new Error("the program broke")),

  "tasks in the main module": Effect.gen(function* () {
    const pool = yield* Pool.make({ size: 5 })
    const result = yield* Pool.mapAsync(pool, square, [1, 2, 3])
    yield* print((yield* AsyncResult.get(result)).join(" "))
  }),

  "until a signal": untilSignal(false),
  "until a signal, busy": untilSignal(true),
  "joins a child at its end": Effect.gen(function* () {
    const flags = Flags.make()
    yield* Effect.addFinalizer(() => print("finalizer ran"))
    const process = yield* Process.make(tasks.never, [flags])
    yield* Process.start(process)
    yield* reached(flags, 0, 1)
    yield* print("ready")
  }),

  "child that is not daemonic": child(false),
  "child that is daemonic": child(true),
  "idle pool": Effect.zipRight(Pool.make({ size: 2 }), print("done")),
  "tasks that are not done": Effect.gen(function* () {
    const flags = Flags.make()
    const pool = yield* Pool.make({ size: 2, logging: false })
    yield* Pool.applyAsync(pool, tasks.never, [flags])
    yield* Pool.applyAsync(pool, tasks.spin, [flags])
    yield* reached(flags, 0, 2)
    yield* print("done")
  }),

  "a process that fails": Effect.gen(function* () {
    const process = yield* Process.make(tasks.failHere, ["wrong in the child"])
    yield* Process.start(process)
    yield* Process.join(process)
    yield* print((yield* Process.exitCode(process))._tag)
  }),
  "a process that throws a list": Effect.gen(function* () {
    const process = yield* Process.make(tasks.throwList, [])
    yield* Process.start(process)
    yield* Process.join(process)
    yield* print(yield* yield* Process.exitCode(process))
  }),
  "a process that throws a text": Effect.gen(function* () {
    const process = yield* Process.make(tasks.throwText, [])
    yield* Process.start(process)
    yield* Process.join(process)
    yield* print(yield* yield* Process.exitCode(process))
  }),

  "a process that is killed while it waits for a lock": Effect.gen(function* () {
    const lock = yield* Lock.make
    yield* Lock.acquire(lock)
    const flags = Flags.make()
    const process = yield* Process.make(tasks.waitFor, [lock, flags])
    yield* Process.start(process)
    yield* reached(flags, 0, 1)
    yield* Process.kill(process)
    yield* Process.join(process)
    yield* print(yield* yield* Process.exitCode(process))
  }),

  "children that wait and children that are busy": Effect.gen(function* () {
    const marks = yield* marksOfProgram
    const waitingOnes = [0, 1, 2, 3]
    const interrupted = () => waitingOnes.filter((n) => Marks.isSet(marks, `interrupted ${n}`)).length
    yield* Effect.addFinalizer(() => print(`interrupted: ${interrupted()}`))
    const waiting = yield* Effect.forEach(waitingOnes, (n) =>
      Process.make(hangMarked, [marks, n], { grace: patience }),
    )
    const busy = yield* Effect.forEach([4, 5, 6, 7], (n) => Process.make(tasks.spinMarked, [marks, n]))
    yield* Effect.forEach([...waiting, ...busy], Process.start, { concurrency: 2 })
    for (let n = 0; n < 8; n++) yield* Effect.promise(() => Marks.reached(marks, `begun ${n}`))
    yield* print("ready")
    yield* Effect.never
  }),

  "process.exit with busy workers": Effect.gen(function* () {
    const flags = Flags.make()
    const pool = yield* Pool.make({ size: 2 })
    yield* Pool.applyAsync(pool, tasks.spin, [flags])
    yield* reached(flags, 0, 1)
    process.exit(6)
  }),

  "arguments are let go": Effect.gen(function* () {
    const global = globalThis as {
      readonly gc?: () => void
      readonly Bun?: { readonly gc: (sync: boolean) => void }
    }
    const gc = () => global.gc?.() ?? global.Bun?.gc(true)
    const [child, ref] = yield* Effect.suspend(() => {
      const argument = { big: new Uint8Array(1000) }
      const ref = new WeakRef(argument)
      return Effect.map(Process.make(tasks.size, [argument]), (child) => [child, ref] as const)
    })
    yield* Process.start(child)
    yield* Process.join(child)
    yield* Effect.sleep("10 millis")
    gc()
    yield* Effect.sleep("10 millis")
    gc()
    yield* print(ref.deref() === undefined ? "let go" : "held", child.name.length > 0)
  }),
}

const [, , which = "", startMethod = "thread"] = process.argv
const program = programs[which] ?? Effect.die(new Error(`no program ${which}`))
Main.run(
  import.meta,
  Effect.flatMap(getContext(startMethod as StartMethod), ({ provide }) => provide(program)),
)
