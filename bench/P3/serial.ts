import { report } from "../contender.ts"
import { exactFactorial, factorial } from "../peers/workers/tasks.mjs"
import { type Burst, NUMBER, rates } from "./rate.ts"

const burst =
  (task: (n: number) => unknown): Burst =>
  (count) =>
    Array.from({ length: count }, () => task(NUMBER))

report(await rates(burst(factorial), burst(exactFactorial)))
