/** The lesson about a value that processes share: the very program of the examples. */
import { expect, it } from "@effect/vitest"
import { run } from "@multifiber/testkit/program"
import * as Effect from "effect/Effect"

const main = new URL("../../../examples/lesson4/main.ts", import.meta.url)

it.live("lesson 4: with its lock the value is exact, without it no more can be lost than was added", () =>
  Effect.gen(function* () {
    const { code, stderr, stdout } = yield* run(main, { seconds: 60 })
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    const [, racy, exact] = stdout.match(/^without the lock: (-?\d+)\nwith the lock: (-?\d+)$/m) ?? []
    expect(exact).toBe("0")
    expect(Math.abs(Number(racy))).toBeLessThanOrEqual(600_000)
  }),
)
