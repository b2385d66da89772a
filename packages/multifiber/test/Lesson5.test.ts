/** The lesson about gathering results: the very program of the examples. */
import { expect, it } from "@effect/vitest"
import { run } from "@multifiber/testkit/program"
import * as Effect from "effect/Effect"

const main = new URL("../../../examples/lesson5/main.ts", import.meta.url)

it.live(
  "lesson 5: pipes, a queue and a shared array gather the same results",
  () =>
    Effect.gen(function* () {
      const { code, stderr, stdout } = yield* run(main, { seconds: 60 })
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
      expect(stdout.split("\n").slice(1, 4)).toEqual([
        "through pipes: 7837",
        "through a queue: 7837",
        "through an array: 7837",
      ])
    }),
  70_000,
)
