import { Effect, Exit, Runtime, Scope } from "effect"
import { Context, Process } from "multifiber"
import type { Platform } from "multifiber/Platform"
import { increment } from "../tasks.ts"

/** Starts a process by a start method and waits for its result, then lets it end. */
export const startOf = (method: "thread" | "forkserver") =>
  Effect.zipWith(
    Effect.runtime<Platform>(),
    Context.getContext(method),
    (runtime, context) => async (n: number) => {
      const run = Runtime.runPromise(runtime)
      const scope = await run(Scope.make())
      const result = await run(
        context.Process.make(increment, [n]).pipe(
          Effect.tap(Process.start),
          Effect.flatMap(Process.result),
          Effect.flatten,
          Scope.extend(scope),
        ),
      )
      if (result !== n + 1) throw new Error(`Wrong answer: ${result}`)
      return () => run(Scope.close(scope, Exit.void))
    },
  )
