import { Main } from "@multifiber/platform"
import { Effect } from "effect"
import { Pool } from "multifiber"
import { burst } from "../burst.ts"
import { report, settings } from "../contender.ts"
import { timesOfDoubling } from "./lengths.ts"

Main.run(
  import.meta,
  Effect.gen(function* () {
    const pool = yield* Pool.make({ size: settings.workers })
    report(yield* Effect.promise(() => timesOfDoubling(burst(pool))))
  }),
)
