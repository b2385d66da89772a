import process from "node:process"
import { pathToFileURL } from "node:url"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Agent from "../src/Agent.ts"
import * as Context from "../src/Context.ts"
import * as Pool from "../src/Pool.ts"
import * as Process from "../src/Process.ts"
import { marked } from "./fixtures/marked.ts"
import { nested } from "./fixtures/nested.ts"
import { plain } from "./fixtures/plain.ts"
import { live, within } from "./live.ts"

/** Whatever a test chose is undone. */
const unchosen = Effect.addFinalizer(() =>
  Effect.sync(() => Object.assign(Agent.state(), { chosen: undefined, executable: undefined })),
)

const methodOfChild = Effect.gen(function* () {
  const child = yield* Process.make(marked.who, [])
  yield* Process.start(child)
  const { agent, pid } = yield* yield* within(20)(Process.result(child))
  return { startMethod: agent.startMethod, own: pid !== process.pid }
})

describe("Context", () => {
  it.effect("CTX-02 the start method of a context cannot be changed", () =>
    Effect.gen(function* () {
      const context = yield* Context.getContext("spawn")
      for (const method of ["thread", undefined]) {
        expect(yield* Effect.flip(context.setStartMethod(method))).toMatchObject({ _tag: "InvalidArgument" })
      }
      expect(context.startMethod).toBe("spawn")
    }),
  )

  it.effect("CTX-04 every start method can be turned into a context; the default is the first", () =>
    Effect.gen(function* () {
      const methods = Context.getAllStartMethods()
      expect(methods[0]).toBe(yield* Context.getStartMethod)
      expect(new Set(methods).size).toBe(methods.length)
      for (const method of methods) expect((yield* Context.getContext(method)).startMethod).toBe(method)
      expect((yield* Context.getContext()).startMethod).toBe(methods[0])
    }),
  )

  it.effect("CTX-05 an unknown start method is an invalid argument, also with force", () =>
    Effect.gen(function* () {
      const unknown = "magic" as never
      for (const attempt of [
        Context.getContext(unknown),
        Context.setStartMethod(unknown),
        Context.setStartMethod(unknown, { force: true }),
      ]) {
        expect(yield* Effect.flip(attempt as Effect.Effect<unknown, unknown>)).toMatchObject({
          _tag: "InvalidArgument",
        })
      }
      expect(yield* Context.getChosenStartMethod).toEqual(Option.none())
    }),
  )

  it.effect("fork is refused with what to use instead", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Context.getContext("fork" as never))
      expect(error).toMatchObject({ _tag: "Unsupported" })
      expect(String(error)).toContain("forkserver")
    }),
  )

  it.scoped("CTX-06 is chosen once, again with force, and undone with force", () =>
    Effect.gen(function* () {
      yield* unchosen
      const chosen = Context.getChosenStartMethod
      expect(yield* chosen).toEqual(Option.none())
      yield* Context.setStartMethod("spawn")
      expect(yield* Effect.flip(Context.setStartMethod("thread"))).toMatchObject({
        _tag: "IllegalState",
        state: "spawn",
      })
      yield* Context.setStartMethod("forkserver", { force: true })
      expect(yield* Context.getStartMethod).toBe("forkserver")
      yield* Context.setStartMethod(undefined, { force: true })
      expect(yield* chosen).toEqual(Option.none())
    }),
  )

  live("what is chosen counts for processes that do not say, and a child sees its own", () =>
    Effect.gen(function* () {
      yield* unchosen
      yield* Context.setStartMethod("spawn")
      expect(yield* methodOfChild).toEqual({ startMethod: "spawn", own: true })
      const { provide } = yield* Context.getContext("thread")
      expect(yield* provide(methodOfChild)).toEqual({ startMethod: "thread", own: false })
      const { layer } = yield* Context.getContext("forkserver")
      expect(yield* Effect.provide(methodOfChild, layer)).toEqual({ startMethod: "forkserver", own: false })
    }),
  )

  for (const method of ["thread", "spawn", "forkserver"] as const) {
    live(
      `a pool by ${method} maps, survives a lost worker, and ends [${method === "spawn" ? method : "thread"}]`,
      () =>
        Effect.gen(function* () {
          const { Pool: Own } = yield* Context.getContext(method)
          const pool = yield* Own.make({ size: 2 })
          const squares = yield* within(30)(Pool.map(pool, plain.square, [1, 2, 3, 4, 5]))
          expect(squares).toEqual([1, 4, 9, 16, 25])
          expect(yield* Effect.flip(Pool.apply(pool, plain.exit, [3]))).toMatchObject({
            _tag: "WorkerLost",
            exitCode: 3,
          })
          expect(yield* within(30)(Pool.map(pool, plain.square, [6, 7]))).toEqual([36, 49])
          yield* Pool.close(pool)
          yield* within(30)(Pool.join(pool))
        }),
    )
  }

  for (const kind of ["thread", "spawn"] as const) {
    live(
      `forkserver hands out ${kind}s that were started ahead, each once, and starts more when none waits`,
      () =>
        Effect.gen(function* () {
          yield* Context.setForkserverPreload([marked.who.url], { kind, size: 2 })
          const { Process: Own } = yield* Context.getContext("forkserver")
          const children = yield* Effect.forEach([1, 2, 3, 4], () => Own.make(marked.who, []))
          yield* Effect.forEach(children, Process.start, { concurrency: "unbounded" })
          const told = yield* Effect.forEach(children, (child) =>
            Effect.flatten(within(30)(Process.result(child))),
          )
          expect(told.map(({ agent }) => agent.name)).toEqual(children.map(({ name }) => name))
          const idents = yield* Effect.forEach(children, (child) =>
            Effect.map(Process.ident(child), Option.getOrThrow),
          )
          expect(new Set(idents).size).toBe(4)
          expect(told.every(({ pid }) => (pid !== process.pid) === (kind === "spawn"))).toBe(true)
          yield* Effect.forEach(children, (child) => within(30)(Process.join(child)))
        }),
      60,
    )

    live(
      `forkserver hands out ${kind}s that are not done with their modules: they load one after the other`,
      () =>
        Effect.gen(function* () {
          const slow = new URL("./fixtures/slowModule.ts", import.meta.url).href
          yield* Context.setForkserverPreload([nested.chain.url, slow], { kind, size: 1 })
          const { Process: Own } = yield* Context.getContext("forkserver")
          const child = yield* Own.make(nested.nameOfChild, [])
          yield* Process.start(child)
          expect(yield* Effect.flatten(within(30)(Process.result(child)))).toMatch(/^Process-/)
        }),
      60,
    )
  }

  live("a preloaded module that does not load is told of by its task", () =>
    Effect.gen(function* () {
      yield* Context.setForkserverPreload([new URL("./fixtures/throwingModule.ts", import.meta.url).href])
      const { Process: Own } = yield* Context.getContext("forkserver")
      const child = yield* Own.make(plain.square, [3])
      yield* Process.start(child)
      expect(yield* within(30)(Process.result(child))).toEqual(Exit.succeed(9))
    }),
  )

  live("the reserve takes URLs and a size only", () =>
    Effect.gen(function* () {
      for (const [modules, options] of [
        [["no url"], {}],
        [[7 as never], {}],
        [[], { size: -1 }],
        [[], { size: 1.5 }],
      ] as const) {
        expect(yield* Effect.flip(Context.setForkserverPreload(modules, options))).toMatchObject({
          _tag: "InvalidArgument",
        })
      }
    }),
  )

  for (const [form, path] of [
    ["a path", process.execPath],
    ["a URL", pathToFileURL(process.execPath)],
  ] as const) {
    live(`PROC-33 the executable is set by ${form} [spawn]`, () =>
      Effect.gen(function* () {
        yield* unchosen
        yield* Context.setExecutable(path)
        const { Process: Own } = yield* Context.getContext("spawn")
        const child = yield* Own.make(plain.square, [3])
        yield* Process.start(child)
        expect(yield* within(20)(Process.result(child))).toEqual(Exit.succeed(9))
      }),
    )
  }

  live("an executable that cannot be run fails the start; what is no path is refused", () =>
    Effect.gen(function* () {
      yield* unchosen
      yield* Context.setExecutable("/nowhere/to/be/found")
      const { Process: Own } = yield* Context.getContext("spawn")
      for (const stdio of ["inherit", "pipe"] as const) {
        const child = yield* Own.make(plain.square, [3], { stdio })
        expect(yield* Effect.flip(within(20)(Process.start(child)))).toMatchObject({ _tag: "StartFailed" })
        yield* within(20)(Effect.exit(Stream.runDrain(Process.stdout(child))))
      }
      for (const path of ["", 7 as never, new URL("http://example.org/node")]) {
        expect(yield* Effect.flip(Context.setExecutable(path))).toMatchObject({ _tag: "InvalidArgument" })
      }
    }),
  )
})
