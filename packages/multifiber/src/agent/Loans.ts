/**
 * Values with shared memory on their way in messages of a ring, which holds bytes only: the main agent of those that share memory
 * keeps them until whoever receives the message asks. Loads nothing: runners use it.
 */
import * as Agent from "../Agent.ts"
import { keep } from "../sync/travelling.ts"
import type { Call, Outcome } from "../wire/Protocol.ts"
import type { Reply } from "./Calls.ts"
import * as Membership from "./Membership.ts"

/** What such calls have as their target. */
export const TARGET = "loans"

const LEND = "lend"
const BORROW = "borrow"

/** Looks so often whether the lender lives, and gives what it lent so long to arrive after its death, in milliseconds. */
const LOOK = 100
const ON_ITS_WAY = 1000

/** A name for a loan, which tells who lends. */
export const nextName = Membership.nextName

const lenderOf = (name: string): number => Number.parseInt(name, 10)

/** Gives a value away. It is there, or on its way there, when this returns. */
export const lend = (name: string, value: unknown): void => {
  serve({ target: TARGET, method: LEND, args: [name, value] }, () => {})
}

/** Asks for a value, which is there once; or it was lost with its lender. */
export const borrow = (name: string, receive: (value: unknown) => void, lose: () => void): void => {
  let deadSince: number | undefined
  const timer = setInterval(() => {
    if (Membership.isAlive(lenderOf(name))) return
    deadSince ??= performance.now()
    if (performance.now() - deadSince > ON_ITS_WAY) withdraw()
  }, LOOK)
  const withdraw = serve({ target: TARGET, method: BORROW, args: [name] }, (outcome) => {
    clearInterval(timer)
    if (outcome.is === "done") receive(outcome.value)
    else lose()
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
    keep(value)
    if (asked === undefined) loans.set(key, { kept: { value } })
    else asked({ is: "done", value })
    return () => {}
  }
  loans.delete(key)
  if (kept !== undefined) {
    reply({ is: "done", value: kept.value })
    return () => {}
  }
  // The message was quicker than the value.
  const asking = (outcome: Outcome): void => {
    if (loans.get(key)?.asked !== asking) return
    loans.delete(key)
    reply(outcome)
  }
  loans.set(key, { asked: asking })
  return () => asking({ is: "withdrawn" })
}
