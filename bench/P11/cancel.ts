import { Main } from "@multifiber/platform"
import { Effect, Fiber } from "effect"
import { Context } from "multifiber"
import { median } from "simple-statistics"
import { report, settings } from "../contender.ts"
import { busy, busyWithCheckpoints, increment } from "./tasks.ts"

/** How long a task runs before it is cancelled, in milliseconds: a pool of OS processes has another in reserve again by then. */
const LATER = 250

const measured = (method: "thread" | "spawn") =>
  Effect.gen(function* () {
    const task = method === "thread" && "Deno" in globalThis ? busyWithCheckpoints : busy
    const { Pool } = yield* Context.getContext(method)
    const pool = yield* Pool.make({ size: settings.workers })
    const callers: Array<number> = []
    const nexts: Array<number> = []
    const begin = performance.now()
    while (
      nexts.length < settings.n ||
      performance.now() - begin < (settings.warmUpSeconds + settings.seconds) * 1000
    ) {
      const fibers = yield* Effect.replicateEffect(Effect.fork(Pool.apply(pool, task, [])), settings.workers)
      yield* Effect.sleep(LATER)
      const cancelled = performance.now()
      yield* Fiber.interruptAll(fibers)
      callers.push(performance.now() - cancelled)
      const result = yield* Pool.apply(pool, increment, [nexts.length])
      if (result !== nexts.length + 1) return yield* Effect.dieMessage("another value came back")
      nexts.push(performance.now() - cancelled)
    }
    const medianOf = (times: ReadonlyArray<number>) => median(times.slice(times.length / 3))
    return { [`caller, ${method}`]: medianOf(callers), [`next task, ${method}`]: medianOf(nexts) }
  })

Main.run(
  import.meta,
  Effect.gen(function* () {
    const thread = yield* Effect.scoped(measured("thread"))
    report({ ...thread, ...(yield* Effect.scoped(measured("spawn"))) })
  }),
)
