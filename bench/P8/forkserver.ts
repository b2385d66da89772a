import { Main } from "@multifiber/platform"
import { Effect } from "effect"
import { Context } from "multifiber"
import { report, settings } from "../contender.ts"
import { increment } from "../tasks.ts"
import { startOf } from "./startOf.ts"
import { medianOfStarts } from "./starts.ts"

/** Milliseconds between two starts, in which the reserve is filled again. */
const REFILL = 150

const measured = (kind: "thread" | "spawn") =>
  Effect.gen(function* () {
    yield* Context.setForkserverPreload([increment.url], { kind, size: 2 })
    yield* Effect.sleep(settings.warmUpSeconds * 1000)
    const start = yield* startOf("forkserver")
    return yield* Effect.promise(() => medianOfStarts(start, REFILL))
  })

Main.run(
  import.meta,
  Effect.gen(function* () {
    const threads = yield* measured("thread")
    report({ "forkserver, threads": threads, "forkserver, OS processes": yield* measured("spawn") })
  }),
)
