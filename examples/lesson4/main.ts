import { Main } from "@multifiber/platform"
import { Console, Effect } from "effect"
import { Event, Process, Value } from "multifiber"
import { change, changeWithoutLock } from "./tasks.ts"

const times = 300_000

/** Two processes deposit, two withdraw as much. */
const deltas = [1, -1, 1, -1]

/** The balance after all processes have run at the same time. */
const finalBalance = (task: typeof change) =>
  Effect.gen(function* () {
    const account = { balance: yield* Value.make("i32"), start: yield* Event.make }
    const processes = yield* Effect.forEach(deltas, (delta) => Process.make(task, [account, delta, times]))
    yield* Effect.forEach(processes, Process.start)
    yield* Event.set(account.start)
    // The result rather than `join`, so that a process that fails makes the lesson fail.
    yield* Effect.forEach(processes, (process) => Effect.flatten(Process.result(process)))
    return yield* Value.get(account.balance)
  })

/** Lesson 4: processes share a value. Without its lock they lose steps; with it the balance is exact. */
const lesson4 = Effect.gen(function* () {
  yield* Console.log(`${deltas.length} processes change a balance ${times} times each; it should be 0 again`)
  yield* Console.log(`without the lock: ${yield* finalBalance(changeWithoutLock)}`)
  yield* Console.log(`with the lock: ${yield* finalBalance(change)}`)
})

Main.run(import.meta, lesson4)
