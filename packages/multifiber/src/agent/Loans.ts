/**
 * Values with shared memory on their way in messages of a ring, which holds bytes only: the main agent of those that share memory
 * keeps them until whoever receives the message asks. Loads nothing: runners use it.
 */
import * as Agent from "../Agent.ts"
import type { Call } from "../wire/Protocol.ts"
import type { Reply } from "./Calls.ts"
import { nextName } from "./Membership.ts"

/** What such calls have as their target. */
export const TARGET = "loans"

const LEND = "lend"
const BORROW = "borrow"

/** Gives a value away under a name that nobody else has. It is there, or on its way there, when this returns. */
export const lend = (value: unknown): string => {
  const name = nextName()
  serve({ target: TARGET, method: LEND, args: [name, value] }, () => {})
  return name
}

/** Asks for a value, which is there once. */
export const borrow = (name: string, receive: (value: unknown) => void): void => {
  serve({ target: TARGET, method: BORROW, args: [name] }, (outcome) => {
    if (outcome.is === "done") receive(outcome.value)
  })
}

/** Does it here, where this is the main agent; else asks the starter. There is an answer, once both have come. */
export const serve = ({ args: [name, value], ...call }: Call, reply: Reply): (() => void) => {
  const { askStarter, callStarter, loans } = Agent.state()
  // Who asks the starter for names shares memory with it.
  if (askStarter !== undefined && callStarter !== undefined) {
    return callStarter({ ...call, args: [name, value] }, reply)
  }
  const key = name as string
  const { asked, kept } = loans.get(key) ?? {}
  if (call.method === LEND) {
    reply({ is: "done", value: undefined })
    if (asked) asked({ is: "done", value })
    else loans.set(key, { kept: { value } })
  } else if (kept) reply({ is: "done", value: kept.value })
  // The message was quicker than the value.
  else loans.set(key, { asked: reply })
  if (asked || (kept && call.method === BORROW)) loans.delete(key)
  return () => {}
}
