/**
 * Who gets what is being sent. A handle that is cloned into a message has a getter that asks this: so it knows of each agent
 * that gets it, however deep it lies, and what it may take along. Loads nothing: runners use it.
 */
import * as Agent from "../Agent.ts"

/** Something that an agent which does not share its memory uses through its starter. */
export interface Lease {
  readonly handle: object
  /** The starter does not have it either, but its own starter has, or that one's. */
  readonly isRemote: boolean
  /** The agent does not use it any more. */
  readonly release: () => void
}

/** Where to note what an agent uses through its starter, by the id of the handle. */
export type Leases = Map<string, Lease>

export interface Delivery {
  /** The agent that gets the message, where it shares memory. */
  receiver: number | undefined
  /** Of that agent; none where it is the starter. */
  readonly leases: Leases | undefined
  /** Nobody knows who will get it. */
  readonly isLoan: boolean
  /** There are handles in the message. */
  hasHandles: boolean
  /** Undo what was done for the receiver. */
  readonly undo: Array<() => void>
}

/** Sends a message; where that throws, nothing is left that was done for its receiver. */
export const deliver = <A>(receiver: number | undefined, leases: Leases | undefined, send: () => A): A =>
  within({ receiver, leases, isLoan: false, hasHandles: false, undo: [] }, send)

/** The value as whoever receives it will have it, and what undoes that it is on its way. */
export const cloneForAnybody = (value: unknown): { readonly clone: unknown; readonly undo: () => void } => {
  const delivery: Delivery = {
    receiver: undefined,
    leases: undefined,
    isLoan: true,
    hasHandles: false,
    undo: [],
  }
  return { clone: within(delivery, () => structuredClone(value)), undo: () => undoAll(delivery) }
}

const undoAll = ({ undo }: Delivery): void => {
  for (const each of undo) each()
}

const within = <A>(delivery: Delivery, send: () => A): A => {
  const agent = Agent.state()
  const outer = agent.delivery
  agent.delivery = delivery
  try {
    return send()
  } catch (error) {
    undoAll(delivery)
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

/** Lets an agent use something through its starter; nothing where it does already. */
export const lease = ({ leases, undo }: Delivery, id: string, make: () => Lease): void => {
  if (leases === undefined) throw new NotTransferable(FROM_BELOW)
  if (leases.has(id)) return
  const made = make()
  leases.set(id, made)
  undo.push(() => {
    leases.delete(id)
    made.release()
  })
}

/** What the library fails a task with as `NotTransferable`. */
export class NotTransferable extends Error {
  override readonly name = "NotTransferable"
}

const FROM_BELOW =
  "what an OS process has made does not reach its starter: make it there, and send it to the process"
