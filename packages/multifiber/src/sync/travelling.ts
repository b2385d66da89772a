/** Handles that know whom they are sent to: cloning one into a message calls a getter. */
import * as Agent from "../Agent.ts"
import * as Delivery from "../agent/Delivery.ts"

const SECOND_HAND = "an OS process cannot send on in a message what it has from its starter"

/** Tells what a kind of handle does when one has arrived in a message. */
export const onArrival = <Handle>(typeId: string, arrival: Agent.Arrival<Handle>): void => {
  Agent.state().arrivals.set(typeId, arrival)
}

/** Visits the handles in a value that has come as a message. */
export const forEachHandle = (
  value: unknown,
  visit: (arrival: Agent.Arrival<any>, handle: object, typeId: string) => void,
  seen = new Set<object>(),
): void => {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || seen.has(value)) return
  seen.add(value)
  for (const [typeId, arrival] of Agent.state().arrivals) if (typeId in value) visit(arrival, value, typeId)
  const parts = value instanceof Map ? [...value.keys(), ...value.values()] : Object.values(value)
  for (const part of value instanceof Set ? value : parts) forEachHandle(part, visit, seen)
}

/** Puts what `replace` returns in the place of each handle, in a value that nobody else has. */
export const replaceHandles = (
  value: unknown,
  replace: (handle: object, typeId: string) => unknown,
  seen = new Set<object>(),
): unknown => {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || seen.has(value))
    return value
  seen.add(value)
  for (const typeId of Agent.state().arrivals.keys()) {
    if (!(typeId in value)) continue
    const other = replace(value, typeId)
    if (other !== value) return other
  }
  const inside = (part: unknown): unknown => replaceHandles(part, replace, seen)
  if (value instanceof Map) {
    const entries = [...value].map(([key, part]) => [inside(key), inside(part)] as const)
    value.clear()
    for (const [key, part] of entries) value.set(key, part)
  } else if (value instanceof Set) {
    const parts = [...value].map(inside)
    value.clear()
    for (const part of parts) value.add(part)
  } else {
    for (const [key, part] of Object.entries(value)) {
      const other = inside(part)
      if (other !== part) (value as Record<string, unknown>)[key] = other
    }
  }
  return value
}

/** Arguments have arrived: their handles watch whom they are sent to, also those that this agent does not use. */
export const adopt = (value: unknown): void =>
  forEachHandle(value, (arrival, handle) => arrival.adopt(handle))

/** A value has arrived in a message. */
export const arrive = (value: unknown): void =>
  forEachHandle(value, (arrival, handle) => arrival.arrive(handle))

/** This agent keeps a message, with what is in it, for whoever asks. */
export const keep = (value: unknown): void =>
  forEachHandle(value, (arrival, handle) => arrival.keep?.(handle))

/** A value has arrived that this agent passes on; returns what is to be done once it has. */
export const pass = (value: unknown): (() => void) => {
  const passed: Array<() => void> = []
  forEachHandle(value, (arrival, handle) => passed.push(arrival.pass(handle)))
  return () => {
    for (const each of passed) each()
  }
}

/** What happens to a handle on its way. */
export interface Travel<Shared> {
  readonly handle: object
  readonly id: string
  /** The memory of it; none where this agent uses it through its starter. */
  readonly shared: Shared | undefined
  /** An agent that shares the memory gets it; returns what undoes that, if there is anything to undo. */
  readonly share?: (receiver: number) => (() => void) | undefined
  /** It is in a message that nobody has received yet; returns what undoes that. */
  readonly depart?: () => () => void
  /** An agent gets it that will use it through this one; returns what happens when it does not any more. */
  readonly lease: () => () => void
}

/** Makes the memory of a handle a getter, which gives none to those that cannot share it. */
export const watch = <Key extends string, Shared>(
  inner: { readonly [K in Key]: Shared | undefined },
  key: Key,
  { depart, handle, id, lease, share, shared }: Travel<Shared>,
): void => {
  const get = (): Shared | undefined => {
    const delivery = Delivery.current()
    if (delivery === undefined) return shared
    delivery.hasHandles = true
    if (delivery.isLoan) {
      if (shared === undefined) throw new Delivery.NotTransferable(SECOND_HAND)
      if (depart !== undefined) delivery.undo.push(depart())
      return shared
    }
    if (shared !== undefined && delivery.receiver !== undefined) {
      const undo = share?.(delivery.receiver)
      if (undo !== undefined) delivery.undo.push(undo)
      return shared
    }
    if (Delivery.goesHome(delivery, id)) return undefined
    // The starter has it, or reaches it by itself, where it does not come from here.
    if (shared !== undefined || delivery.leases !== undefined) {
      Delivery.lease(delivery, id, () => ({ handle, isRemote: shared === undefined, release: lease() }))
    }
    return undefined
  }
  Object.defineProperty(inner, key, { enumerable: true, configurable: true, get })
}
