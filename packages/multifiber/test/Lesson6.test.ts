/** The lesson about pools: the very program of the examples. */
import { expect, it } from "@effect/vitest"
import { run } from "@multifiber/testkit/program"
import * as Effect from "effect/Effect"

const main = new URL("../../../examples/lesson6/main.ts", import.meta.url)

const all = [
  "  below 300000: 230631",
  "  below 100000: 77031",
  "  below 30000: 26623",
  "  below 10000: 6171",
  "  below 3000: 2919",
]

it.live(
  "lesson 6: a pool gives the same results at once, in order, and by callbacks",
  () =>
    Effect.gen(function* () {
      const { code, stderr, stdout } = yield* run(main, { seconds: 60 })
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
      const lines = stdout.trimEnd().split("\n")
      expect(lines.slice(0, 12)).toEqual(["map:", ...all, "imap:", ...all])
      expect(lines[12]).toBe("imapUnordered, in any order:")
      expect(lines.slice(13, 18).sort()).toEqual([...all].sort())
      expect(lines.slice(18, 22)).toEqual([
        "imap of endless input, the first three:",
        "  below 1000: 871",
        "  below 2000: 1161",
        "  below 4000: 3711",
      ])
      expect(lines[22]).toBe("applyAsync with callbacks:")
      expect(lines.slice(23, 25).sort()).toEqual([
        "  below 1000: 871",
        "  there is no number from 1 on below 0",
      ])
      expect(lines.slice(25)).toEqual(["successful: true, false"])
    }),
  70_000,
)
