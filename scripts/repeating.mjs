// The runner of vitest that runs each test as often as MULTIFIBER_REPEATS says; a test fails that failed once.
import process from "node:process"
import { setImmediate } from "node:timers/promises"
import { VitestTestRunner } from "vitest/runners"

const times = Number(process.env.MULTIFIBER_REPEATS)
if (!(Number.isInteger(times) && times > 0)) {
  throw new Error(
    `MULTIFIBER_REPEATS is "${process.env.MULTIFIBER_REPEATS}": expected a whole number of at least 1`,
  )
}

export default class RepeatingRunner extends VitestTestRunner {
  onBeforeRunTask(test) {
    test.repeats = times - 1
    return super.onBeforeRunTask(test)
  }

  /** What a weak reference has given stays in memory until the runtime comes to its next turn. */
  async onBeforeTryTask(test, options) {
    await setImmediate()
    return super.onBeforeTryTask(test, options)
  }
}
