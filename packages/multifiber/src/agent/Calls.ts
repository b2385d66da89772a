/**
 * Operations on something that another agent has: asked of the starter, which does them, or asks its own. Loads nothing: runners
 * use it.
 */
import * as Agent from "../Agent.ts"
import { plainError } from "../sync/plainErrors.ts"
import type { Call, Outcome } from "../wire/Protocol.ts"

export type Reply = (outcome: Outcome) => void

/** Asks the starter; returns what withdraws the question. There is an answer in any case. */
export const call = (call: Call, reply: Reply): (() => void) => {
  const { callStarter } = Agent.state()
  if (callStarter !== undefined) return callStarter(call, reply)
  reply({ is: "failed", tag: "NotFound", fields: { kind: "object of another agent", id: call.target } })
  return () => {}
}

/** Why plain code cannot use what this agent uses through its starter. */
export const cannotBlock = (module: string): Error =>
  plainError("Unsupported", {
    feature: `${module}Sync in an OS process`,
    reason: "nothing can block it until its starter answers",
    instead: `${module}, in a task that returns an Effect`,
  })

/** Tells the starter that this agent does not use something any more. */
export const release = (target: string): void => Agent.state().releaseAtStarter?.(target)
