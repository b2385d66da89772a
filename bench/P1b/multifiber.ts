import { Main } from "@multifiber/platform"
import { Effect } from "effect"
import { Pool } from "multifiber"
import { settings } from "../contender.ts"
import { increment } from "../tasks.ts"
import { drive } from "./drive.ts"

Main.run(
  import.meta,
  Effect.gen(function* () {
    const pool = yield* Pool.make({ size: settings.workers })
    yield* Effect.promise(() => drive((n) => Pool.apply(pool, increment, [n])))
  }),
)
