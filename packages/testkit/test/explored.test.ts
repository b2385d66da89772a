/** The explorer's short form: the schedules of the primitives' scenarios. `npm run explore` seeds bugs as well. */
import { expect, it } from "@effect/vitest"
import { examine } from "../src/explore.ts"
import { primitives } from "../src/explored/index.ts"

it.each(primitives.map((primitive) => [primitive.name, primitive] as const))(
  "%s keeps its laws in every schedule of its scenarios, and in some at random",
  async (_, primitive) => {
    const finding = await examine(primitive, { preemptions: 2, runs: 50 })
    expect(finding.violations).toEqual([])
    expect(finding.schedules).toBeGreaterThan(100)
  },
  120_000,
)
