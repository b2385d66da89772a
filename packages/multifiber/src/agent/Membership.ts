/** The agents that share memory with each other: the table that they have in common, and which of them this one is. */
import * as Agents from "@multifiber/kernel/Agents"
import { attach, type Memory } from "@multifiber/kernel/Memory"
import * as Agent from "../Agent.ts"

/** Who uses a primitive. */
export interface User {
  readonly id: number
  readonly table: Memory
}

/** This agent. The first to ask, in a program or an OS process, founds the table. */
const own = (): Agent.Membership => {
  const state = Agent.state()
  state.membership ??= found()
  return state.membership
}

const found = (): Agent.Membership => {
  const table = new SharedArrayBuffer(Agents.WORDS * Int32Array.BYTES_PER_ELEMENT)
  return { id: Agents.enter(attachTable(table), 0), table }
}

const attachTable = (table: SharedArrayBuffer): Memory => attach(new Int32Array(table))

/** A member as a user of primitives. */
export const user = ({ id, table }: Agent.Membership): User => ({ id, table: attachTable(table) })

/** This agent as one. */
export const self = (): User => user(own())

/** The agent that started this one, where they share memory. */
export const starter = (): number | undefined => {
  const { membership } = Agent.state()
  return membership && Agents.starterOf(attachTable(membership.table), membership.id)
}

/** Whether one of those that share memory lives. */
export const isAlive = (id: number): boolean => Agents.isAlive(self().table, id)

/** Makes a new agent a member; throws where too many live. */
export const enter = (): Agent.Membership => {
  const { id: starter, table } = own()
  const id = Agents.enter(attachTable(table), starter)
  if (id === 0) throw new Error(`${Agents.PLACES} agents share memory already: join or terminate some`)
  return { id, table }
}

/** Notes that an agent is being ended: while it waits for something shared, it may not hear of it in any other way. */
export const tell = ({ id }: Agent.Membership): void => Agents.tell(self().table, id)

/** Whether it was noted of this agent. */
export const isTold = ({ id, table }: User): boolean => Agents.isTold(table, id)

/** Tells the others that an agent is really gone. */
export const leave = ({ id }: Agent.Membership): void => Agents.leave(self().table, id)

/** A name for something that agents share, which begins with the id of this one: no two in a program are alike. */
export const nextName = (): string => {
  const state = Agent.state()
  state.shared++
  // Agents that share no memory may have the same id.
  return `${own().id}:${state.shared}@${state.path.join(":")}`
}
