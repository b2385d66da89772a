/** Handles that know whom they are sent to: cloning one into a message calls a getter. */
import * as Delivery from "../agent/Delivery.ts"

const SECOND_HAND = "an OS process cannot send on in a message what it has from its starter"

/** What handles do that have arrived in a message, by the key of their kind. */
const arrivals = new Map<string, (handle: any) => void>()

/** Tells what a kind of handle does when it has arrived in a message. */
export const onArrival = (typeId: string, arrive: (handle: any) => void): void => {
  arrivals.set(typeId, arrive)
}

/** A value has arrived in a message: tells the handles in it. */
export const arrive = (value: unknown, seen = new Set<object>()): void => {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || seen.has(value)) return
  seen.add(value)
  for (const [typeId, told] of arrivals) if (typeId in value) told(value)
  const parts = value instanceof Map ? [...value.keys(), ...value.values()] : Object.values(value)
  for (const part of value instanceof Set ? value : parts) arrive(part, seen)
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

/** Makes `shared` of a handle a getter, which gives no memory to those that cannot share it. */
export const watch = <Shared>(
  inner: { readonly shared: Shared | undefined },
  { depart, handle, id, lease, share, shared }: Travel<Shared>,
): void => {
  const get = (): Shared | undefined => {
    const delivery = Delivery.current()
    if (delivery === undefined) return shared
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
    // The starter has it, or reaches it by itself, where it does not come from here.
    if (shared !== undefined || delivery.leases !== undefined) {
      Delivery.lease(delivery, id, () => ({ handle, isRemote: shared === undefined, release: lease() }))
    }
    return undefined
  }
  Object.defineProperty(inner, "shared", { enumerable: true, configurable: true, get })
}
