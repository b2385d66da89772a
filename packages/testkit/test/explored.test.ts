/** The explorer's short form: the schedules of the primitives' scenarios. `npm run explore` seeds bugs as well. */
import { describe, expect, it } from "@effect/vitest"
import * as Kernel from "@multifiber/kernel"
import { examine } from "../src/explore.ts"
import { primitives } from "../src/explored/index.ts"

for (const primitive of primitives) {
  describe(`${primitive.name} keeps its laws in every schedule, and in some at random`, () => {
    let schedules = 0

    for (const { name } of primitive.scenarios(Kernel)) {
      it(name, { timeout: 120_000 }, async () => {
        const scenarios = (kernel: typeof Kernel) =>
          primitive.scenarios(kernel).filter((scenario) => scenario.name === name)
        const finding = await examine({ ...primitive, scenarios }, { preemptions: 2, runs: 50 })
        expect(finding.violations).toEqual([])
        expect(finding.schedules + finding.deepRuns).toBeGreaterThan(0)
        schedules += finding.schedules
      })
    }

    it("of which there are many", () => expect(schedules).toBeGreaterThan(100))
  })
}
