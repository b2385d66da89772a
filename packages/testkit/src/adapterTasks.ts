/** Tasks of the adapter suite. */
import process from "node:process"
import { threadId } from "node:worker_threads"
import * as Task from "multifiber/Task"
import * as Flags from "./Flags.ts"

let calls = 0

const never = () => new Promise<never>(() => {})

export const tasks = Task.module(import.meta.url, {
  thread: () => threadId,
  /** Counts the calls in this agent. */
  nth: () => calls++,
  exit: (code: number) => process.exit(code),
  throwLater: (message: string) => {
    setTimeout(() => {
      throw new TypeError(message)
    })
    return never()
  },
  rejectLater: (message: string) => {
    void Promise.reject(new TypeError(message))
    return never()
  },
  /** Sets flag 0 and waits without end. */
  wait: (flags: Flags.Flags) => {
    Flags.add(flags, 0)
    return never()
  },
  /** Sets flag 0 and counts in flag 1, busily, until flag 2 is set. */
  spin: (flags: Flags.Flags) => {
    Flags.add(flags, 0)
    while (Flags.get(flags, 2) === 0) Atomics.add(flags, 1, 1)
  },
})
