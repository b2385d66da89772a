import { it, expect } from "@effect/vitest"
import { Effect } from "effect"
import * as Pool from "multifiber/Pool"
import * as Pool2 from "../src/Pool.ts"
import { layer } from "@multifiber/platform"
import { square } from "./fixtures/plain.ts"
it.scopedLive("x", () => Effect.gen(function* () {
  console.log(process.execPath, process.execArgv, Pool === Pool2, Pool.make === Pool2.make, square.url)
  const pool = yield* Pool.make({ size: 2 })
  expect(yield* Pool.map(pool, square, [1,2,3])).toEqual([1,4,9])
}).pipe(Effect.provide(layer)))
