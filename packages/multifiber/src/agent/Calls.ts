/**
 * Operations on something that another agent has: asked of the manager that has it, or else of the starter, which does them, or asks
 * its own. Loads nothing: runners use it.
 */
import * as Agent from "../Agent.ts"
import { plainError } from "../sync/plainErrors.ts"
import type { Call, Outcome } from "../wire/Protocol.ts"

export type Reply = (outcome: Outcome) => void

/** Between the name of a route and the id that the manager knows. */
const STEP = "/"

/** The id that this agent has for what a manager calls so. */
export const idBy = (route: string, id: string): string => `${route}${STEP}${id}`

/** The way to what has this id, and the id there; none where only the starter may know. */
export const routeTo = (id: string): { readonly route: Agent.Route; readonly there: string } | undefined => {
  const at = id.indexOf(STEP)
  const route = at === -1 ? undefined : Agent.state().routes.get(id.slice(0, at))
  return route && { route, there: id.slice(at + 1) }
}

/** Asks for something; returns what withdraws the question. There is an answer in any case. */
export const call = (call: Call, reply: Reply): (() => void) => {
  const way = routeTo(call.target)
  if (way !== undefined) return way.route.call({ ...call, target: way.there }, reply)
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

/** Tells who has it that this agent does not use something any more; or what came so many times. */
export const release = (target: string, times?: number): void => {
  const way = routeTo(target)
  if (way === undefined) Agent.state().releaseAtStarter?.(target, times)
  else way.route.release(way.there, times)
}

/** Tells all that could have been asked for an agent that it is gone. */
export const leave = (agent: string): void => {
  const { leaveAtStarter, routes } = Agent.state()
  leaveAtStarter?.(agent)
  for (const route of routes.values()) route.leave(agent)
}
