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
  /** How often the agent got it. */
  times: number
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
  /** How the ids begin of what the receiver has itself, if any. */
  readonly home: string | undefined
  /** Nobody knows who will get it. */
  readonly isLoan: boolean
  /** There are handles in the message. */
  hasHandles: boolean
  /** Undo what was done for the receiver. */
  readonly undo: Array<() => void>
}

/** Sends a message; where that throws, nothing is left that was done for its receiver. */
export const deliver = <A>(
  receiver: number | undefined,
  leases: Leases | undefined,
  send: () => A,
  home?: string,
): A => within(to(receiver, leases, home), send)

const to = (receiver: number | undefined, leases: Leases | undefined, home?: string): Delivery => ({
  receiver,
  leases,
  home,
  isLoan: false,
  hasHandles: false,
  undo: [],
})

/** Does as if it sent a message to the starter, to see whether that throws. */
export const rehearse = (receiver: number | undefined, send: () => void): void => {
  const delivery = to(receiver, undefined)
  within(delivery, send)
  undoAll(delivery)
}

/** The value as whoever receives it will have it, and what undoes that it is on its way. */
export const cloneForAnybody = (value: unknown): { readonly clone: unknown; readonly undo: () => void } => {
  const delivery: Delivery = { ...to(undefined, undefined), isLoan: true }
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

/** It is the receiver's own. Throws where that can have nothing else. */
export const goesHome = ({ home, leases }: Delivery, id: string): boolean => {
  if (home === undefined) return false
  const isHome = id.startsWith(home)
  if (!isHome && leases === undefined) throw new NotTransferable(ELSEWHERE)
  return isHome
}

/** Lets an agent use something through this one; returns how often it got it by now. */
export const lease = ({ leases, undo }: Delivery, id: string, make: () => Omit<Lease, "times">): number => {
  if (leases === undefined) throw new NotTransferable(FROM_BELOW)
  const lease = leases.get(id) ?? { ...make(), times: 0 }
  leases.set(id, lease)
  lease.times++
  undo.push(() => {
    lease.times--
    endLease(leases, id, 0)
  })
  return lease.times
}

/** An agent does not use something any more, unless it has got it more often than it says: then it is on its way once more. */
export const endLease = (leases: Leases, id: string, times = Number.POSITIVE_INFINITY): void => {
  const lease = leases.get(id)
  if (lease === undefined || lease.times > times) return
  leases.delete(id)
  lease.release()
}

/** What the library fails a task with as `NotTransferable`. */
export class NotTransferable extends Error {
  override readonly name = "NotTransferable"
}

const ELSEWHERE = "a manager of another program can have nothing that comes from elsewhere: make it there"

const FROM_BELOW =
  "what an OS process has made does not reach its starter: make it there, and send it to the process"
