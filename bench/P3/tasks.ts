import * as Task from "multifiber/Task"
import * as same from "../peers/workers/tasks.mjs"

export const { exactFactorial, factorial } = Task.module(import.meta.url, {
  factorial: same.factorial,
  exactFactorial: same.exactFactorial,
})
