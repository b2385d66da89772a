// The program of a user that `npm run pack-test` installs the packages for.
export const SOURCES = {
  "tasks.ts": `import * as Effect from "effect/Effect"
import * as Task from "multifiber/Task"

export const { square, fail, later } = Task.module(import.meta.url, {
  square: (n: number) => n * n,
  fail: (n: number): number => {
    throw new RangeError("no " + n)
  },
  later: (n: number) => Effect.delay(Effect.succeed(n), "1 millis"),
})
`,
  "main.ts": `import { Main } from "@multifiber/platform"
import { Effect } from "effect"
import { Context, Manager, Pool, Process } from "multifiber"
import { fail, later, square } from "./tasks.ts"

const program = Effect.gen(function* () {
  const pool = yield* Pool.make({ size: 2 })
  const squares = yield* Pool.map(pool, square, [1, 2, 3])
  console.log(squares.join(","))
  console.log(yield* Pool.apply(pool, later, [4]))
  const failure = yield* Effect.flip(Pool.apply(pool, fail, [5]))
  console.log(failure._tag)
  const manager = yield* Manager.make({ register: [square] })
  const theirs = yield* Manager.pool(manager, { size: 1 })
  console.log((yield* Pool.map(theirs, square, [8, 9])).join(","))
  for (const method of ["forkserver", "spawn"] as const) {
    const context = yield* Context.getContext(method)
    const process = yield* context.Process.make(square, [7])
    const started = yield* Effect.either(Process.start(process))
    console.log(started._tag === "Right" ? yield* yield* Process.result(process) : started.left._tag)
  }
})

Main.run(import.meta, program)
`,
}

export const OUTPUT = "1,4,9\n4\nRemoteFailure\n64,81\n49\n49\n"

/** A single executable starts threads only: the rest fails with a typed error. */
export const COMPILED_OUTPUT = "1,4,9\n4\nRemoteFailure\n64,81\n49\nStartFailed\n"

/** The strictest user: checks the declarations of the libraries too. */
export const COMPILER_OPTIONS = {
  target: "ES2022",
  lib: ["ES2023", "DOM", "DOM.Iterable"],
  types: ["node"],
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
}
