/**
 * Who gets what is being sent. A handle that is cloned into a message has a getter that asks this: so it knows of each agent
 * that gets it, however deep it lies. Loads nothing: runners use it.
 */
import * as Agent from "../Agent.ts"

export interface Delivery {
  /** The agent that gets the message; none where it shares no memory, or it is not known yet. */
  receiver: number | undefined
  /** Undo what was done for the receiver. */
  readonly undo: Array<() => void>
}

/** Sends a message; where that throws, nothing is left that was done for its receiver. */
export const deliver = <A>(receiver: number | undefined, send: () => A): A => {
  const agent = Agent.state()
  const outer = agent.delivery
  const delivery: Delivery = { receiver, undo: [] }
  agent.delivery = delivery
  try {
    return send()
  } catch (error) {
    for (const each of delivery.undo) each()
    throw error
  } finally {
    agent.delivery = outer
  }
}

/** The receiver becomes known while the message is being sent. */
export const address = (receiver: number | undefined): void => {
  const { delivery } = Agent.state()
  if (delivery !== undefined) delivery.receiver = receiver
}

/** What is being sent, if anything is. */
export const current = (): Delivery | undefined => Agent.state().delivery
