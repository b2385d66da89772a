/** Tasks of the adapter suite. */
import process from "node:process"
import { threadId } from "node:worker_threads"
import * as Agent from "multifiber/Agent"
import type { Line } from "multifiber/Platform"
import * as Task from "multifiber/Task"
import * as Flags from "./Flags.ts"

let calls = 0

const never = () => new Promise<never>(() => {})

/** What says nothing to a link: outcomes of no call. */
const ANSWER = { op: 20, ids: [], values: [], others: [] }

export const tasks = Task.module(import.meta.url, {
  thread: () => threadId,
  /** Counts the calls in this agent. */
  nth: () => calls++,
  exit: (code: number) => process.exit(code),
  /** Sets flag 0 and answers what comes at its line; after the answer to "exit" it exits. */
  answer: (flags: Flags.Flags) => {
    const line: Line | undefined = Agent.state().serveStarter?.((message: unknown) => {
      line?.post(ANSWER)
      if (message === "exit") process.exit(4)
      queueMicrotask(() => line?.look())
    })
    Flags.add(flags, 0)
    return never()
  },
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
