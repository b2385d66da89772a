import { Main } from "@multifiber/platform"
import { Effect } from "effect"
import { report } from "../contender.ts"
import { startOf } from "./startOf.ts"
import { medianOfStarts } from "./starts.ts"

Main.run(
  import.meta,
  Effect.gen(function* () {
    const start = yield* startOf("thread")
    report({ thread: yield* Effect.promise(() => medianOfStarts(start, 10)) })
  }),
)
