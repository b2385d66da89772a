import { Main } from "@multifiber/platform"
import { Effect } from "effect"
import { Pool } from "multifiber"
import { burst } from "../burst.ts"
import { rateOf, report, settings } from "../contender.ts"

Main.run(
  import.meta,
  Effect.gen(function* () {
    const pool = yield* Pool.make({ size: settings.workers })
    report({ applyAsync: yield* Effect.promise(() => rateOf(burst(pool))) })
  }),
)
