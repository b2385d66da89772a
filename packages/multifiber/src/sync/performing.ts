/** Calls of methods of this agent's objects, for others. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Calls from "../agent/Calls.ts"
import { runAtOnce } from "../manager/registered.ts"
import { encodeError } from "../wire/EncodedError.ts"
import type { Outcome } from "../wire/Protocol.ts"
import { isPromise } from "../worker/Call.ts"
import { EffectFailure } from "../worker/EffectRunner.ts"
import type { Entry } from "./managed.ts"
import { isPlain } from "./plainErrors.ts"

/** What others are told of whatever a method has thrown or failed with. */
const outcomeOf = (thrown: unknown): Outcome =>
  isPlain(thrown)
    ? { is: "failed", tag: thrown._tag, fields: { ...thrown } }
    : { is: "raised", failure: { kind: "raised", error: encodeError(thrown) } }

const outcomeOfExit = (exit: Exit.Exit<unknown, unknown>): Outcome => {
  if (Exit.isSuccess(exit)) return { is: "done", value: exit.value }
  if (Cause.isInterruptedOnly(exit.cause)) return { is: "raised", failure: { kind: "interrupted" } }
  const { errors } = new EffectFailure(exit.cause)
  return outcomeOf(errors[0])
}

/** The name of what runs a registered task on the object, whose name and arguments come as arguments. */
export const BY_TASK = "by task"

const call = ({ methods, object }: Entry, method: string, args: ReadonlyArray<unknown>): unknown => {
  const run = methods(method)
  if (run === undefined) throw new TypeError(`there is no method ${method}`)
  return run(object, ...args)
}

/** Calls a method; what it returns may be a promise or an Effect, which is interrupted when the call is withdrawn. */
export const perform = (
  entry: Entry,
  method: string,
  args: ReadonlyArray<unknown>,
  reply: Calls.Reply,
): (() => void) => {
  let returned: unknown
  try {
    returned = method === BY_TASK ? runAtOnce(entry.object, args) : call(entry, method, args)
  } catch (thrown) {
    reply(outcomeOf(thrown))
    return () => {}
  }
  if (Effect.isEffect(returned)) {
    const fiber = Effect.runFork(returned as Effect.Effect<unknown, unknown>)
    fiber.addObserver((exit) => reply(outcomeOfExit(exit)))
    return () => fiber.unsafeInterruptAsFork(fiber.id())
  }
  if (isPromise(returned)) {
    let isOver = false
    const end = (outcome: Outcome) => {
      if (!isOver) reply(outcome)
      isOver = true
    }
    returned.then(
      (value) => end({ is: "done", value }),
      (thrown) => end(outcomeOf(thrown)),
    )
    return () => end({ is: "withdrawn" })
  }
  reply({ is: "done", value: returned })
  return () => {}
}
