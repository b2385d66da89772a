/** Programs without `Main.run`, guarded by hand; nothing but multifiber keeps them alive. The argument says which. */
import process from "node:process"
import { isMainThread } from "node:worker_threads"
import { layer } from "@multifiber/platform"
import * as Flags from "@multifiber/testkit/Flags"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as AsyncResult from "multifiber/AsyncResult"
import type { Platform } from "multifiber/Platform"
import * as Pool from "multifiber/Pool"
import * as Process from "multifiber/Process"
import { tasks } from "./tasks.ts"

const print = (text: string) => Effect.sync(() => console.log(text))

const pool = Pool.make({ size: 1 })
const late = ["late", 400] as const

/** One that is daemonic waits for ever: the program ends all the same. */
const leaveProcess = (daemon: boolean) =>
  Effect.gen(function* () {
    const flags = Flags.make()
    const process = yield* Process.make(tasks.printAfterFlag, ["late", flags], { daemon })
    yield* Process.start(process)
    yield* print("left")
    if (!daemon) Flags.add(flags, 0)
  })

const programs: Record<string, Effect.Effect<unknown, unknown, Platform | Scope.Scope>> = {
  "waits for a pool to start": Effect.zipRight(pool, print("started")),
  "waits for apply": Effect.flatMap(pool, (pool) =>
    Effect.flatMap(Pool.apply(pool, tasks.printLater, [...late]), print),
  ),
  "waits for a result": Effect.gen(function* () {
    const result = yield* Pool.applyAsync(yield* pool, tasks.printLater, [...late])
    yield* print(yield* AsyncResult.get(result))
  }),
  "waits for join": Effect.gen(function* () {
    const made = yield* pool
    yield* Pool.applyAsync(made, tasks.printLater, [...late])
    yield* Pool.close(made)
    yield* Pool.join(made)
    yield* print("joined")
  }),
  "waits for a daemonic process": Effect.gen(function* () {
    const process = yield* Process.make(tasks.printLater, [...late], { daemon: true })
    yield* Process.start(process)
    yield* Process.join(process)
    yield* print("joined")
  }),
  "waits for the result of a daemonic process": Effect.gen(function* () {
    const process = yield* Process.make(tasks.printLater, [...late], { daemon: true })
    yield* Process.start(process)
    yield* print(yield* yield* Process.result(process))
  }),
  "leaves a pool with a task that runs": Effect.flatMap(pool, (pool) =>
    Pool.applyAsync(pool, tasks.printLater, [...late]),
  ),
  "leaves an idle pool": Effect.zipRight(pool, print("left")),
  "leaves a daemonic process": leaveProcess(true),
  "leaves a process that is not daemonic": leaveProcess(false),
}

/** The scope is never closed: what it would end is left to the end of the program. */
const leave = (program: Effect.Effect<unknown, unknown, Platform | Scope.Scope>) =>
  Effect.flatMap(Scope.make(), (scope) => Scope.extend(program, scope)).pipe(Effect.provide(layer))

const chosen = programs[process.argv[2] ?? ""]
if (isMainThread && chosen) {
  Effect.runCallback(leave(chosen), {
    onExit: (exit) => {
      if (Exit.isFailure(exit)) console.error(String(exit.cause))
    },
  })
}
