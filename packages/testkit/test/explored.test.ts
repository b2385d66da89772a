/** The explorer's short form: the schedules of the primitives' scenarios. `npm run explore` seeds bugs as well. */
import { expect, it } from "@effect/vitest"
import * as Kernel from "@multifiber/kernel"
import { examine } from "../src/explore.ts"
import { primitives } from "../src/explored/index.ts"

const each = primitives.flatMap((primitive) =>
  primitive.scenarios(Kernel).map(({ name }) => [primitive.name, name, primitive] as const),
)

it.each(each)(
  "%s keeps its laws in every schedule, or in some at random: %s",
  async (_, name, primitive) => {
    const only = {
      ...primitive,
      scenarios: (kernel: typeof Kernel) =>
        primitive.scenarios(kernel).filter((scenario) => scenario.name === name),
    }
    const finding = await examine(only, { preemptions: 2, runs: 50 })
    expect(finding.violations).toEqual([])
    expect(finding.schedules + finding.deepRuns).toBeGreaterThan(0)
  },
  120_000,
)
